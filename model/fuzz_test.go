package model

import (
	"errors"
	"testing"
)

// Fuzz targets: no input panics a decoder; what is refused is refused with a ContractError; what is
// accepted is within the contract and survives another round.

func wantContract(t *testing.T, err error) {
	t.Helper()
	var contract *ContractError
	if err != nil && (!errors.As(err, &contract) || contract.Field == "") {
		t.Fatalf("not a contract error with a field: %v", err)
	}
}

func FuzzDecodeCommandRecord(f *testing.F) {
	f.Add(EncodeCommandRecord(CommandRecord{IntakeEpoch: 1, IntakeXID: 2, Commands: []Command{
		reserveOf("a", 3, Partial), onRef(Commit, "c", "a"), moveOf("m", 1, "east"), adjustTo("s", 4, 2),
		limits("l", Some(1), Some(2)), expireOf("e", "a", 9)}}))
	f.Add([]byte(`{"v":1,"ie":1,"ix":1,"commands":[null,{"command_id":5},{"sku":"\ud800"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, items, err := DecodeCommandRecord(b)
		wantContract(t, err)
		for _, item := range items {
			wantContract(t, item.Err)
			if item.Err != nil {
				continue
			}
			if err := item.Command.Validate(); err != nil {
				t.Fatalf("%+v is accepted: %v", item.Command, err)
			}
			if back, err := DecodeCommand(EncodeCommand(item.Command)); err != nil || back != item.Command {
				t.Fatalf("%+v comes back as %+v, %v", item.Command, back, err)
			}
		}
	})
}

func FuzzDecodeState(f *testing.F) {
	f.Add(EncodeState(StateRecord{Lane: LaneKey{"A", "main"}, Epoch: 1 << 20, FromSeq: 3, Seq: 4, Avail: -1,
		Limit: 5, Entries: []StateEntry{{Command: NameID("c"), Kind: Reserve, Outcome: Granted}}}))
	f.Add(EncodeHeartbeat(Heartbeat{At: 1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeState(b)
		wantContract(t, err)
		if err == nil {
			if again, err := DecodeState(EncodeState(r)); err != nil || again.Lane != r.Lane ||
				again.Seq != r.Seq || again.Avail != r.Avail || len(again.Entries) != len(r.Entries) {
				t.Fatalf("%+v comes back as %+v, %v", r, again, err)
			}
		}
		if _, ok := DecodeHeartbeat(b); ok && err == nil {
			t.Fatal("both a state and a heartbeat")
		}
	})
}

func FuzzDecodeDecision(f *testing.F) {
	f.Add(EncodeDecision(DecisionRecord{OrderID: NameID("o"), Entries: []DecisionEntry{{Command: NameID("c"),
		Lane: LaneKey{"A", "main"}, Decision: Decision{Outcome: Granted, Granted: 3, Seq: 5}}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeDecision(b)
		wantContract(t, err)
		if err != nil {
			return
		}
		if again, err := DecodeDecision(EncodeDecision(r)); err != nil || again.OrderID != r.OrderID ||
			len(again.Entries) != len(r.Entries) {
			t.Fatalf("%+v comes back as %+v, %v", r, again, err)
		}
	})
}

func FuzzKeyCodec(f *testing.F) {
	for _, s := range []string{"", "%", "A}B", "%7D", "\xff\x00", "a:b#c{d}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if back, err := DecodeKey(EncodeKey(s)); err != nil || back != s {
			t.Fatalf("%q comes back as %q, %v", s, back, err)
		}
		name, err := DecodeKey(s)
		wantContract(t, err)
		if err == nil && EncodeKey(name) != s {
			t.Fatalf("%q has two keys: %q and %q", name, s, EncodeKey(name))
		}
	})
}
