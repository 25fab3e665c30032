package model

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/google/uuid"
)

// FuzzCanonicalAgrees: what the short way reads, the strict way reads likewise; what it refuses is the strict
// way's business.
func FuzzCanonicalAgrees(f *testing.F) {
	commands := []Command{reserveOf("a", 3, Partial), onRef(Commit, "c", "a"), moveOf("m", 1, "east"),
		adjustTo("s", 4, 2), limits("l", Some(1), Some(2)), expireOf("e", "a", 9)}
	for _, c := range commands {
		f.Add(EncodeCommand(c))
	}
	f.Add(EncodeCommandRecord(CommandRecord{IntakeEpoch: 1, IntakeXID: 2, Commands: commands}))
	id := NameID("o")
	f.Add(EncodeState(StateRecord{Lane: LaneKey{"A", "main"}, Epoch: 1 << 20, FromSeq: 3, Seq: 4, Avail: -1,
		Entries: []StateEntry{{Command: id, Kind: Reserve, OrderID: &id, Line: 1, Outcome: Granted}}}))
	for _, odd := range []string{`{"qty":1,"qty":2}`, `{"qty":-0}`, `{"qty":01}`, `{"qty":1.0}`, `{"qty":1e3}`,
		`{"line":4294967297}`, `{"sku":"\u0041"}`, `{"SKU":"A"}`, `{"sku":null}`, `{}`, `{"commands":[]}`,
		`{"commands":[{"qty":1,"qty":2}]}`, `{"v":1,"commands":[{"sku":"A"},{}]}`, `{"qty":9223372036854775808}`,
		`{"v":1,"sku":"A","loc":"","entries":[{"line":1,"line":2}]}`, `{"sku":"é"}`, ` {"qty":1}`, `{"qty":1}x`} {
		f.Add([]byte(odd))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, ok := canonicalCommand(b); ok {
			strict := strictItem(b)
			if c.Validate() == nil != (strict.Err == nil) || strict.Err == nil && c != strict.Command ||
				strict.ID != c.ID || strict.Ref != c.Ref {
				t.Errorf("%s: %+v, strictly %+v", b, c, strict)
			}
		}
		if w, commands, ok := canonicalRecord(b); ok {
			var strict wireCommandRecord
			if err := decode(b, &strict); err != nil || len(strict.Commands) != len(commands) || w.V != strict.V ||
				w.IntakeEpoch != strict.IntakeEpoch || w.IntakeXID != strict.IntakeXID {
				t.Fatalf("%s: %+v, strictly %+v, %v", b, w, strict, err)
			}
			for i, c := range commands {
				if !bytes.Equal(c, strict.Commands[i]) {
					t.Errorf("%s: command %d is %s, strictly %s", b, i, c, strict.Commands[i])
				}
			}
		}
		if r, ok := canonicalState(b); ok {
			r, err := validState(r)
			strict, strictErr := strictState(b)
			if (err == nil) != (strictErr == nil) || err == nil && !reflect.DeepEqual(r, strict) {
				t.Errorf("%s: %+v, %v, strictly %+v, %v", b, r, err, strict, strictErr)
			}
		}
	})
}

// TestWhatIsWrittenIsReadTheShortWay: else nothing is gained.
func TestWhatIsWrittenIsReadTheShortWay(t *testing.T) {
	c := reserveOf("a", 3, Partial)
	if _, ok := canonicalCommand(EncodeCommand(c)); !ok {
		t.Error("a command")
	}
	if _, _, ok := canonicalRecord(EncodeCommandRecord(CommandRecord{Commands: []Command{c, c}})); !ok {
		t.Error("a command record")
	}
	s := StateRecord{Lane: LaneKey{"A", "main"}, Entries: []StateEntry{{Command: c.ID, Kind: Reserve, Outcome: Granted}}}
	if _, ok := canonicalState(EncodeState(s)); !ok {
		t.Error("a state")
	}
	if mayBeat(EncodeState(s)) || !mayBeat(EncodeHeartbeat(Heartbeat{At: 1})) || !mayBeat([]byte(`{"HeartBeat":true}`)) {
		t.Error("a heartbeat")
	}
}

// TestNamesAreVersion5: NameID is uuid5 as package uuid computes it.
func TestNamesAreVersion5(t *testing.T) {
	for _, s := range []string{"", "a", string(make([]byte, 600))} {
		if got, want := NameID(s), ID(uuid.NewSHA1(uuid.UUID(Namespace), appendPart(nil, s))); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}
