package linear

import (
	"strings"
	"testing"
)

// ok is an answered operation.
func ok(kind Kind, id, qty, call, ret, seq, remaining int64) Op {
	op := NewOp(kind, qty, call)
	op.ID, op.Return, op.Seq, op.Remaining, op.Outcome = id, ret, seq, remaining, OK
	return op
}

// wrote is a row of a ledger.
func wrote(seq, id, qty, delta, stock int64, k Kind, o Outcome) Entry {
	return Entry{Seq: seq, ID: id, Qty: qty, Delta: delta, Stock: stock, Kind: k, Outcome: o, Arg: Absent}
}

func told(op Op, o Outcome) Op { op.Outcome = o; return op }

func about(op Op, deduction int64) Op { op.Arg = deduction; return op }

func shelf(units int64) Spec { return Spec{Initial: State{Stock: units}} }

func TestALinearizationThatExplainsNothingIsRefused(t *testing.T) {
	sold := ok(Deduct, 0, 3, 1, 4, 1, 2)
	read := ok(Read, Absent, 0, 5, 6, 1, 2)
	cancel := about(ok(Cancel, 1, 3, 7, 8, 2, 5), 0)
	lost := NewOp(Deduct, 2, 2)
	lost.ID = 2
	short := told(ok(Deduct, 3, 9, 7, 9, 2, 5), Rejected)
	again := told(ok(Deduct, 0, 3, 9, 9, 1, 2), Duplicate)
	ops := []Op{sold, read, cancel, lost, short, again}
	for _, c := range []struct {
		order Linearization
		says  string // "": it explains all
	}{
		{Linearization{0, 1, 2, 4, 5}, ""},
		{Linearization{0, 1, 2, 4, 5, 3}, ""},
		{Linearization{0, 1, 2, 4}, "has no place"},
		{Linearization{0, 1, 2, 4, 5, 5}, "stands twice"},
		{Linearization{1, 0, 2, 4, 5}, "not what the specification answers"},
		{Linearization{0, 3, 1, 2, 4, 5}, "not what the specification answers"},
		{Linearization{0, 2, 1, 4, 5}, "returned before the call"},
		{Linearization{0, 1, 2, 4, 5, ^3}, "cannot have been refused"},
		{Linearization{0, 1, 4, 2, 5}, "not what the specification answers"},
	} {
		err := c.order.Verify(shelf(5), ops)
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%v: %v, want %q", c.order, err, c.says)
		}
	}
}

func TestRefusalsHaveVersionsWhereEveryCommandHas(t *testing.T) {
	spec := Spec{Sequenced: true, Initial: State{Seq: 4, Stock: 2, Limit: 1}}
	ops := []Op{
		ok(Deduct, 0, 2, 1, 1, 5, 0),
		told(ok(Deduct, 1, 1, 2, 2, 6, -1), Partial),
		told(ok(Deduct, 2, 1, 3, 3, 7, -1), Rejected),
		about(told(ok(Cancel, 3, Absent, 4, 4, 8, -1), NoEffect), 2),
		about(ok(Commit, 4, Absent, 5, 5, 9, -1), 0),
		about(told(ok(Cancel, 5, Absent, 6, 6, 10, -1), NoEffect), 0),
		about(ok(SetLimit, 6, 3, 7, 7, 11, -4), Absent),
		ok(Adjust, 7, 5, 8, 8, 12, 1),
		about(ok(Deduct, 8, 2, 9, 9, 13, 0), 1),
		told(ok(Withdraw, 9, 1, 10, 10, 14, 0), Rejected),
		NewOp(Deduct, 1, 11),
		ok(Note, 10, 0, 12, 12, 16, 0),
	}
	if err := (Linearization{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ^10, 11}).Verify(spec, ops); err != nil {
		t.Error(err)
	}
	ops[2].Qty = 0 // it would have fitted
	if err := (Linearization{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ^10, 11}).Verify(spec, ops); err == nil {
		t.Error("a rejection with the units there passed")
	}
}

func TestALedgerSaysWhatBecameOfTheUnanswered(t *testing.T) {
	ask := func(id, qty, call int64) Op { op := NewOp(Deduct, qty, call); op.ID = id; return op }
	ops := []Op{ok(Deduct, 0, 1, 1, 2, 1, 9), ask(1, 2, 3), ask(1, 2, 5), ask(2, 4, 3), ask(0, 1, 0)}
	ledger := []Entry{wrote(1, 0, 1, -1, 9, Deduct, OK), wrote(2, 1, 2, -2, 7, Deduct, OK)}
	Resolve(ops, shelf(10), ledger)
	for i, want := range []Outcome{OK, OK, Never, Never, Never} {
		if ops[i].Outcome != want {
			t.Errorf("operation %d: %v, want %v", i, ops[i], want)
		}
	}
	if ops[1].Seq != 2 || ops[1].Remaining != 7 || ops[1].Return != Open {
		t.Errorf("resolved as %v", ops[1])
	}
	if r := Certify(ops, shelf(10), ledger); r.Verdict != Pass {
		t.Error(r)
	}
	for _, c := range []struct {
		says   string
		change func(ledger []Entry)
	}{
		{"from version 1 to 3", func(l []Entry) { l[1].Seq = 3 }},
		{"-2 is not 8", func(l []Entry) { l[1].Stock = 8 }},
		{"no operation asked for", func(l []Entry) { l[1].ID = 7 }},
		{"id 0 twice", func(l []Entry) { l[1].ID = 0 }},
		{"says otherwise of version 2", func(l []Entry) { l[1].Outcome = Partial }},
	} {
		changed := append([]Entry(nil), ledger...)
		c.change(changed)
		if r := Certify(ops, shelf(10), changed); r.Verdict != Fail || !strings.Contains(r.Why, c.says) {
			t.Errorf("%v, want %q", r, c.says)
		}
	}
	if r := Certify(ops, shelf(10), ledger[:1]); r.Verdict != Fail || !strings.Contains(r.Why, "no version 2") {
		t.Error(r)
	}
}
