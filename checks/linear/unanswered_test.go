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
