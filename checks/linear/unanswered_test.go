package linear

import "testing"

// Two cancels of one deduction were never answered, and a retry of one of them found that it had nothing to do any
// more: that says nothing of the other, which is the one that happened. Found by the cross-check with porcupine.
func TestACancelThatFoundNothingDoesNotSpeakForAnother(t *testing.T) {
	op := func(k Kind, qty int64, as Outcome, id, arg, seq, remaining, call, ret int64) Op {
		return Op{ID: id, Arg: arg, Qty: qty, Call: call, Return: ret, Seq: seq, Remaining: remaining, Epoch: NoEpoch, Kind: k, Outcome: as}
	}
	ops := []Op{
		op(Deduct, 2, OK, 4, Absent, 1, 1, 1, 2),
		op(Cancel, Absent, Unknown, 5, 4, Absent, Absent, 0, Open),
		op(Cancel, Absent, Unknown, 6, 4, Absent, Absent, 3, Open),
		op(Cancel, Absent, NoEffect, 5, 4, 2, 3, 4, 8),
	}
	spec := Spec{Initial: State{Stock: 3}}
	r, order := Versioned(ops, spec, Options{Order: true})
	if want := Porcupine(ops, spec, 0); r.Verdict != want || want != Pass {
		t.Fatalf("%v, porcupine says %s", r, want)
	}
	if err := order.Verify(spec, ops); err != nil {
		t.Error(err)
	}
}

// Nobody was answered first, and the answer to a retry shows a stock that nothing can have left: the verdict names
// an offender all the same. Found by the cross-check.
func TestAStockThatOnlyADuplicateShowsHasAnOffender(t *testing.T) {
	ops := []Op{
		{ID: 0, Arg: Absent, Qty: 3, Call: 2, Return: Open, Seq: Absent, Remaining: Absent, Epoch: NoEpoch, Kind: Deduct, Outcome: Unknown},
		{ID: 0, Arg: Absent, Qty: 3, Call: 4, Return: 6, Seq: Absent, Remaining: 3, Epoch: NoEpoch, Kind: Deduct, Outcome: Duplicate},
	}
	r, _ := Monotone(ops, Spec{Initial: State{Stock: 7}}, Options{})
	if r.Verdict != Fail || len(r.Evidence) == 0 || r.Evidence[0].Role != Offender {
		t.Errorf("%v", r)
	}
}

// What nobody was answered stands before a restock too, not only before deductions and reads: the search for it did not
// look there. Found by the cross-check.
func TestWhatStandsBeforeARestockIsSearchedFor(t *testing.T) {
	epoch := func(op Op, n int32) Op { op.Seq, op.Epoch = Absent, n; return op }
	in, read := epoch(ok(Restock, 0, 1, 5, 10, 0, 1), 1), epoch(ok(Read, Absent, 0, 9, 13, 0, 0), 2)
	ops := []Op{in, read, unansweredOp(Deduct, 2, 3, 1), about(unansweredOp(Cancel, 3, Absent, 11), 2), unansweredOp(Restock, 4, 2, 4),
		unansweredOp(Deduct, 5, 3, 2), unansweredOp(Deduct, 6, 2, 4)}
	r, order := Monotone(ops, shelf(5), Options{Capability: Epoch, Order: true})
	if want := Porcupine(ops, shelf(5), 0); r.Verdict != want || want != Pass {
		t.Fatalf("%v, porcupine says %s", r, want)
	}
	if err := order.Verify(shelf(5), ops); err != nil {
		t.Error(err)
	}
}
