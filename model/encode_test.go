package model

import (
	"bytes"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// What the encoders append by hand is byte for byte what encoding/json makes of the same record.
func TestTheEncodersWriteWhatEncodingJSONWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lane := LaneKey{anySKU(t), Location(anySKU(t))}
		record := CommandRecord{IntakeEpoch: numbers(t), IntakeXID: numbers(t)}
		state := StateRecord{Lane: lane, Epoch: numbers(t), FromSeq: numbers(t), Seq: numbers(t),
			OnHand: numbers(t), Reserved: numbers(t), Avail: -numbers(t), Limit: numbers(t), DecidedAt: numbers(t)}
		decision := DecisionRecord{OrderID: NameID("order")}
		for i, c := range drawCommands(t, 5) {
			if c.SKU, c.SubmittedAt = lane.SKU, numbers(t); i%2 == 0 {
				c.Siblings = NameID("siblings")
			}
			outcome := Outcome(rapid.IntRange(1, 9).Draw(t, "outcome"))
			record.Commands = append(record.Commands, c)
			entry := StateEntry{Command: c.ID, Kind: c.Kind, Line: c.Line, Outcome: outcome, Granted: -numbers(t)}
			if !c.OrderID.IsZero() {
				entry.OrderID = &c.OrderID
			}
			state.Entries = append(state.Entries, entry)
			decision.Entries = append(decision.Entries, DecisionEntry{Command: c.ID, Line: c.Line, Lane: lane,
				Epoch: numbers(t), Decision: Decision{Outcome: outcome, Granted: numbers(t), Avail: -numbers(t),
					Backordered: numbers(t), Seq: numbers(t), ToSeq: numbers(t)}})
			sameAsJSON[wireCommand](t, EncodeCommand(c))
		}
		sameAsJSON[wireCommandRecord](t, EncodeCommandRecord(record))
		sameAsJSON[wireState](t, EncodeState(state))
		sameAsJSON[wireDecision](t, EncodeDecision(decision))
		sameAsJSON[wireHeartbeat](t, EncodeHeartbeat(Heartbeat{At: numbers(t)}))
	})
}

// sameAsJSON reads b into the wire struct T, every member of b being one of T's, and writes it again.
func sameAsJSON[T any](t *rapid.T, b []byte) {
	t.Helper()
	var w T
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	var again bytes.Buffer
	e := json.NewEncoder(&again)
	e.SetEscapeHTML(false)
	if err := e.Encode(w); err != nil {
		t.Fatal(err)
	}
	if want := bytes.TrimSuffix(again.Bytes(), []byte("\n")); !bytes.Equal(b, want) {
		t.Fatalf("written  %s\nnot      %s", b, want)
	}
}

// An empty list is a list.
func TestAStateWithoutEntriesHasAnEmptyList(t *testing.T) {
	if b := EncodeState(StateRecord{}); !bytes.Contains(b, []byte(`"entries":[]`)) {
		t.Fatalf("%s", b)
	}
}
