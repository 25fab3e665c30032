package model

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// anySKU is a valid SKU, with what JSON and keys treat specially over-represented.
func anySKU(t *rapid.T) SKU {
	s := rapid.StringOfN(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("\"\\/<>&{}:#%\u2028\u007f é😀"))),
		0, 40, MaxSKUBytes).Draw(t, "sku")
	return SKU(strings.ReplaceAll(s, "\x00", ""))
}

func TestCommandsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sku := anySKU(t)
		r := CommandRecord{IntakeEpoch: numbers(t), IntakeXID: numbers(t)}
		for _, c := range drawCommands(t, 12) {
			c.SKU, c.SubmittedAt = sku, numbers(t)
			if c.Kind == Reserve {
				c.Siblings = NameID("siblings")
			}
			back, err := DecodeCommand(EncodeCommand(c))
			if err != nil || back != c {
				t.Fatalf("%+v comes back as %+v, %v", c, back, err)
			}
			if back.Fingerprint() != c.Fingerprint() {
				t.Fatal("the wire changes the fingerprint")
			}
			r.Commands = append(r.Commands, c)
		}
		head, items, err := DecodeCommandRecord(EncodeCommandRecord(r))
		if err != nil || head.IntakeEpoch != r.IntakeEpoch || head.IntakeXID != r.IntakeXID ||
			len(items) != len(r.Commands) {
			t.Fatalf("%+v, %v", head, err)
		}
		for i, item := range items {
			if item.Err != nil || item.Command != r.Commands[i] || item.ID != r.Commands[i].ID ||
				item.Ref != r.Commands[i].Ref {
				t.Fatalf("entry %d: %+v, want %+v", i, item, r.Commands[i])
			}
		}
	})
}

func TestStatesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := StateRecord{Lane: LaneKey{anySKU(t), Location(anySKU(t))}, Epoch: numbers(t), FromSeq: numbers(t),
			Seq: numbers(t), OnHand: numbers(t), Reserved: numbers(t), Avail: numbers(t) * rapid.SampledFrom([]int64{-1, 1}).Draw(t, "sign"),
			Limit: numbers(t), DecidedAt: numbers(t), Entries: []StateEntry{}}
		for _, c := range drawCommands(t, 4) {
			e := StateEntry{Command: c.ID, Kind: c.Kind, Line: c.Line,
				Outcome: Outcome(rapid.IntRange(1, 9).Draw(t, "outcome")), Granted: numbers(t)}
			if !c.OrderID.IsZero() {
				e.OrderID = &c.OrderID
			}
			r.Entries = append(r.Entries, e)
		}
		back, err := DecodeState(EncodeState(r))
		if err != nil {
			t.Fatal(err)
		}
		sameEntry := func(x, y StateEntry) bool {
			xo, yo := idOf(x.OrderID), idOf(y.OrderID)
			x.OrderID, y.OrderID = nil, nil
			return x == y && xo == yo
		}
		if !slices.EqualFunc(back.Entries, r.Entries, sameEntry) {
			t.Fatalf("%+v comes back as %+v", r.Entries, back.Entries)
		}
		back.Entries, r.Entries = nil, nil
		if fmt.Sprint(back) != fmt.Sprint(r) {
			t.Fatalf("%+v comes back as %+v", r, back)
		}
	})
}

func TestDecisionsAndHeartbeatsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := DecisionRecord{OrderID: NameID("order")}
		for i := range rapid.IntRange(1, 5).Draw(t, "entries") {
			r.Entries = append(r.Entries, DecisionEntry{Command: NameID(fmt.Sprint(i)), Line: int32(i),
				Lane: LaneKey{anySKU(t), "east"}, Epoch: numbers(t), Decision: Decision{
					Outcome: Outcome(rapid.IntRange(1, 9).Draw(t, "outcome")), Granted: numbers(t),
					Backordered: numbers(t), Seq: numbers(t), ToSeq: numbers(t), Avail: -numbers(t)}})
		}
		back, err := DecodeDecision(EncodeDecision(r))
		if err != nil || back.OrderID != r.OrderID || !slices.Equal(back.Entries, r.Entries) {
			t.Fatalf("%+v comes back as %+v, %v", r, back, err)
		}
		h := Heartbeat{At: numbers(t)}
		if got, ok := DecodeHeartbeat(EncodeHeartbeat(h)); got != h || !ok {
			t.Fatalf("%+v comes back as %+v, %t", h, got, ok)
		}
		if _, ok := DecodeHeartbeat(EncodeDecision(r)); ok {
			t.Fatal("a decision is taken for a heartbeat")
		}
		if _, err := DecodeState(EncodeHeartbeat(h)); err == nil {
			t.Fatal("a heartbeat is taken for a state")
		}
	})
}

const anID = "29216a95-9c22-58da-a89d-a24f88772539"

// command is a RESTOCK with one member replaced, or another one added.
func commandJSON(member, value string) string {
	members := [][2]string{{"command_id", `"` + anID + `"`}, {"kind", `"RESTOCK"`}, {"sku", `"A"`},
		{"loc", `"main"`}, {"qty", "3"}}
	found := false
	for i := range members {
		if members[i][0] == member {
			members[i][1], found = value, true
		}
	}
	if !found {
		members = append(members, [2]string{member, value})
	}
	var parts []string
	for _, m := range members {
		if m[1] != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", m[0], m[1]))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestAMalformedCommandIsRefusedByTheNameOfItsField(t *testing.T) {
	if c, err := DecodeCommand([]byte(commandJSON("qty", "3"))); err != nil || c.Qty != 3 {
		t.Fatalf("the well-formed one: %+v, %v", c, err)
	}
	for _, v := range []struct{ member, value, field, says string }{
		{"qty", "0", "qty", "0 is outside 1..1000000000"},
		{"qty", "-7", "qty", "-7 is outside"},
		{"qty", "1.5", "qty", "number 1.5"},
		{"qty", "1.0", "qty", "number 1.0"},
		{"qty", "1e1", "qty", "number 1e1"},
		{"qty", "1000000001", "qty", "1000000001 is outside"},
		{"qty", "9007199254740993", "qty", "is outside"},
		{"qty", "99999999999999999999999", "qty", "number 99999999999999999999999"},
		{"qty", "0x2", "value", "is not the JSON of this record"},
		{"qty", "+1", "value", "is not the JSON of this record"},
		{"qty", "01", "value", "is not the JSON of this record"},
		{"qty", "NaN", "value", "is not the JSON of this record"},
		{"qty", `"3"`, "qty", "string"},
		{"qty", `"0x2"`, "qty", "string"},
		{"qty", "true", "qty", "bool"},
		{"qty", "[3]", "qty", "array"},
		{"qty", "{}", "qty", "object"},
		{"qty", "null", "qty", "0 is outside"},
		{"qty", "", "qty", "0 is outside"},
		{"sku", "", "command_id", "needs command_id, kind and sku"},
		{"sku", "null", "command_id", "needs command_id, kind and sku"},
		{"sku", "5", "sku", "number"},
		{"sku", `"a\u0000b"`, "sku", "U+0000"},
		{"sku", `"\ud800"`, "value", "half a surrogate pair"},
		{"sku", `"\udc00\ud800"`, "value", "half a surrogate pair"},
		{"sku", `"\ud800\u0041"`, "value", "half a surrogate pair"},
		{"sku", `"\ud800x"`, "value", "half a surrogate pair"},
		{"sku", "\"\xff\"", "value", "not valid UTF-8"},
		{"sku", "\"\xed\xa0\x80\"", "value", "not valid UTF-8"}, // a surrogate in UTF-8
		{"sku", `"` + strings.Repeat("x", MaxSKUBytes+1) + `"`, "sku", "513 bytes"},
		{"command_id", "", "command_id", "needs command_id"},
		{"command_id", `"x"`, "id", "36 characters"},
		{"command_id", `"29216a95-9c22-58da-a89d-a24f8877253g"`, "id", "not a UUID"},
		{"command_id", `"00000000-0000-0000-0000-000000000000"`, "command_id", "is absent"},
		{"command_id", "7", "command_id", "number"},
		{"kind", `"STEAL"`, "kind", "not a kind"},
		{"kind", `"restock"`, "kind", "not a kind"},
		{"kind", "5", "kind", "number"},
		{"policy", `"maybe"`, "policy", "not a policy"},
		{"policy", `"partial"`, "policy", "has no use"},
		{"delta", "1", "delta", "has no use"},
		{"delta", "1.5", "delta", "number 1.5"},
		{"ref", `"` + anID + `"`, "ref", "has no use"},
		{"submitted_at", "-1", "submitted_at", "outside"},
		{"QTY", "4", "value", `has the member "QTY" twice`},
		{"q\\u0074y", "4", "value", "twice"},
	} {
		b := commandJSON(v.member, v.value)
		b = strings.ReplaceAll(b, `q\\u0074y`, `q\u0074y`)
		c, err := DecodeCommand([]byte(b))
		var contract *ContractError
		if !errors.As(err, &contract) || contract.Field != v.field || !strings.Contains(contract.Reason, v.says) {
			t.Errorf("%s: %+v, %v; want %s: ... %s", b, c, err, v.field, v.says)
		}
	}
	for _, b := range []string{"", "null", "[]", `"x"`, "5", "{", "{}{}", "{} x", "{}", "\xff"} {
		if c, err := DecodeCommand([]byte(b)); err == nil {
			t.Errorf("%q is the command %+v", b, c)
		}
	}
}

// A pair of escapes is one character, an escaped backslash before "ud800" is six; neither is refused.
func TestWholeSurrogatePairsAndEscapedBackslashesAreText(t *testing.T) {
	for value, want := range map[string]SKU{
		`"\ud83d\ude00"`: "😀", `"\\ud800"`: `\ud800`, `"\u00e9"`: "é", `"\"\\\/"`: `"\/`, `""`: "",
		`"\ud83D\uDE00x"`: "😀x",
	} {
		if c, err := DecodeCommand([]byte(commandJSON("sku", value))); err != nil || c.SKU != want {
			t.Errorf("%s: %q, %v", value, c.SKU, err)
		}
	}
	c, err := DecodeCommand([]byte(commandJSON("loc", "")))
	if err != nil || c.Loc != MainLocation {
		t.Errorf("without a location: %q, %v", c.Loc, err)
	}
}

func TestABadCommandRecordIsRefusedAsAWhole(t *testing.T) {
	good := commandJSON("qty", "3")
	record := func(v, ie, ix, commands string) string {
		return fmt.Sprintf(`{"v":%s,"ie":%s,"ix":%s,"commands":%s}`, v, ie, ix, commands)
	}
	many := "[" + strings.Repeat(good+",", MaxRecordCommands) + good + "]"
	for _, v := range []struct{ b, field, says string }{
		{"", "value", "JSON"}, {"null", "v", "0 is not a version"}, {"[]", "value", "array"},
		{record("2", "1", "1", "["+good+"]"), "v", "2 is not a version"},
		{record(`"1"`, "1", "1", "["+good+"]"), "v", "string"},
		{record("1.0", "1", "1", "["+good+"]"), "v", "number 1.0"},
		{record("1", "-1", "1", "["+good+"]"), "ie", "outside"},
		{record("1", "1", "-1", "["+good+"]"), "ix", "outside"},
		{record("1", "9007199254740992", "1", "["+good+"]"), "ie", "outside"},
		{record("1", "1", "1", "[]"), "commands", "none"},
		{record("1", "1", "1", "null"), "commands", "none"},
		{record("1", "1", "1", `"x"`), "commands", "string"},
		{record("1", "1", "1", many), "commands", "201, at most 200"},
		{record("1", "1", "1", "["+good+"]") + "x", "value", "JSON"},
		{`{"v":1,"v":1}`, "value", "twice"},
		{record("1", "1", "1", "["+strings.Repeat(" ", MaxRecordBytes)+good+"]"), "value", "bytes"},
		{record("1", "1", "1", "[\"\xff\"]"), "value", "UTF-8"},
	} {
		_, items, err := DecodeCommandRecord([]byte(v.b))
		var contract *ContractError
		if !errors.As(err, &contract) || contract.Field != v.field || !strings.Contains(contract.Reason, v.says) {
			t.Errorf("%.80s: %d entries, %v; want %s: ... %s", v.b, len(items), err, v.field, v.says)
		}
	}
}

// One bad entry does not take the others of its record with it, and says what is readable of it.
func TestABadEntryLeavesTheRestOfItsRecord(t *testing.T) {
	ref := `"kind":"COMMIT","ref":"` + anID + `"`
	entries := []string{commandJSON("qty", "3"), commandJSON("qty", "-3"), commandJSON("sku", `"B"`), "null",
		`"x"`, strings.Replace(commandJSON("qty", "1.5"), `"kind":"RESTOCK"`, ref, 1), commandJSON("qty", "4")}
	_, items, err := DecodeCommandRecord([]byte(`{"v":1,"ie":1,"ix":2,"commands":[` +
		strings.Join(entries, ",") + "]}"))
	if err != nil || len(items) != len(entries) {
		t.Fatalf("%d entries, %v", len(items), err)
	}
	id, _ := ParseID(anID)
	for i, want := range []struct {
		says    string
		id, ref ID
	}{{"", id, ID{}}, {"qty: -3", id, ID{}}, {`sku: "B" in a record of "A"`, id, ID{}}, {"command_id", ID{}, ID{}},
		{"value: string", ID{}, ID{}}, {"qty: number 1.5", id, id}, {"", id, ID{}}} {
		item := items[i]
		if (want.says == "") != (item.Err == nil) || item.Err != nil && !strings.Contains(item.Err.Error(), want.says) {
			t.Errorf("entry %d: %v, want %q", i, item.Err, want.says)
		}
		if item.ID != want.id || item.Ref != want.ref || string(item.Raw) != entries[i] {
			t.Errorf("entry %d: id %s, ref %s, raw %s", i, item.ID, item.Ref, item.Raw)
		}
	}
}

func TestBadStatesDecisionsAndHeartbeatsAreRefused(t *testing.T) {
	state := EncodeState(StateRecord{Lane: LaneKey{"A", MainLocation}, Epoch: 1, Seq: 5, OnHand: 3, Avail: 3,
		Entries: []StateEntry{{Command: NameID("c"), Kind: Restock, Outcome: Granted, Granted: 3}}})
	decision := EncodeDecision(DecisionRecord{OrderID: NameID("o"), Entries: []DecisionEntry{{
		Command: NameID("c"), Line: 1, Lane: LaneKey{"A", MainLocation}, Epoch: 1,
		Decision: Decision{Outcome: Granted, Granted: 3, Seq: 5, Backordered: 1, ToSeq: 1, Avail: 2}}}})
	beat := EncodeHeartbeat(Heartbeat{At: 7})
	decodes := func(b []byte) (state, decision, beat bool) {
		_, err1 := DecodeState(b)
		_, err2 := DecodeDecision(b)
		_, ok := DecodeHeartbeat(b)
		return err1 == nil, err2 == nil, ok
	}
	if s, _, _ := decodes(state); !s {
		t.Fatal("the good state")
	}
	if _, d, _ := decodes(decision); !d {
		t.Fatal("the good decision")
	}
	if _, _, h := decodes(beat); !h {
		t.Fatal("the good heartbeat")
	}
	for _, v := range []struct {
		good     []byte
		old, new string
	}{
		{state, `"v":1`, `"v":2`}, {state, `"sku":"A"`, `"sku":null`}, {state, `"loc":"main"`, `"loc":5`},
		{state, `"seq":5`, `"seq":-5`}, {state, `"seq":5`, `"seq":9007199254740992`},
		{state, `"epoch":1`, `"epoch":1.5`}, {state, `"on_hand":3`, `"on_hand":-1`},
		{state, `"avail":3`, `"avail":-9007199254740992`}, {state, `"reserved":0`, `"reserved":"0"`},
		{state, `"limit":0`, `"limit":-1`}, {state, `"from_seq":0`, `"from_seq":-1`},
		{state, `"decided_at":0`, `"decided_at":-1`}, {state, `"kind":"RESTOCK"`, `"kind":"X"`},
		{state, `"outcome":"GRANTED"`, `"outcome":""`}, {state, `"outcome":"GRANTED"`, `"outcome":"MAYBE"`},
		{state, `"sku":"A"`, `"sku":"\udfff"`}, {state, `"seq":5`, `"seq":5,"seq":6`},
		{decision, `"v":1`, `"v":0`}, {decision, `"outcome":"GRANTED"`, `"outcome":""`},
		{decision, `"seq":5`, `"seq":-5`}, {decision, `"epoch":1`, `"epoch":-1`},
		{decision, `"granted":3`, `"granted":9007199254740992`}, {decision, `"line":1`, `"line":1001`},
		{decision, `"backordered":1`, `"backordered":-1`}, {decision, `"to_seq":1`, `"to_seq":-1`},
		{decision, `"avail":2`, `"avail":9007199254740992`}, {decision, `"sku":"A"`, `"sku":"a\u0000"`},
		{decision, `"order_id"`, `"ORDER_ID":"x","order_id"`},
		{beat, `"v":1`, `"v":2`}, {beat, `"heartbeat":true`, `"heartbeat":false`}, {beat, `"at":7`, `"at":-7`},
		{beat, `"at":7`, `"at":9007199254740992`}, {beat, `"at":7`, `"at":"7"`},
	} {
		b := bytes.Replace(v.good, []byte(v.old), []byte(v.new), 1)
		if bytes.Equal(b, v.good) {
			t.Errorf("%s has no %s", v.good, v.old)
		}
		if s, d, h := decodes(b); s || d || h {
			t.Errorf("%s is accepted", b)
		}
	}
	for _, b := range []string{"", "null", "{}", "[]", "\x00", "{"} {
		if s, d, h := decodes([]byte(b)); s || d || h {
			t.Errorf("%q is accepted", b)
		}
	}
}
