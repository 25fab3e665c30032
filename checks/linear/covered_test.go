package linear

import "testing"

// unansweredOp is an operation that nobody was answered for.
func unansweredOp(kind Kind, id, qty, call int64) Op {
	op := NewOp(kind, qty, call)
	op.ID = id
	return op
}

// judgedAs gives a history to both checkers by version and to porcupine, which must all say the same. streams: the stream decides it too; else what it
// says may be undecided, for it keeps no history to search.
func judgedAs(t *testing.T, want Verdict, spec Spec, streams bool, ops ...Op) {
	t.Helper()
	if got := Porcupine(ops, spec, 0); got != want {
		t.Errorf("porcupine says %s, want %s\n%s", got, want, listing(ops))
	}
	r, order := Versioned(ops, spec, Options{Order: true})
	if r.Verdict != want {
		t.Errorf("%v, want %s\n%s", r, want, listing(ops))
	}
	if r.Verdict == Pass {
		if err := order.Verify(spec, ops); err != nil {
			t.Errorf("the certificate %v is wrong: %v", order, err)
		}
	}
	if r := stream(ops, spec); r.Verdict != want && (streams || r.Verdict != Undecided) {
		t.Errorf("%v, want %s\n%s", r, want, listing(ops))
	}
}

// Intervals are closed: what returns at the very time at which another is called may stand behind it; one later it may not.
func TestAtEqualTimesEitherOrderIsAllowed(t *testing.T) {
	behind := ok(Deduct, 0, 1, 1, 5, 2, 8)
	judgedAs(t, Pass, shelf(10), true, behind, ok(Deduct, 1, 1, 5, 7, 1, 9))
	judgedAs(t, Fail, shelf(10), true, behind, ok(Deduct, 1, 1, 6, 7, 1, 9))
	// all at one time, told in the order opposite to that of the versions, reads of each among them
	judgedAs(t, Pass, shelf(10), true, ok(Read, Absent, 0, 5, 5, 2, 8), ok(Deduct, 0, 1, 5, 5, 2, 8), ok(Read, Absent, 0, 5, 5, 1, 9),
		ok(Deduct, 1, 1, 5, 5, 1, 9), ok(Read, Absent, 0, 5, 5, 0, 10))
	// a rejection and the limit that it saw
	limit := about(ok(SetLimit, 1, Absent, 5, 6, 1, 2), 3)
	judgedAs(t, Fail, shelf(2), true, told(ok(Deduct, 0, 4, 4, 5, 1, 2), Rejected), limit)
	judgedAs(t, Pass, shelf(2), true, told(ok(Deduct, 0, 6, 4, 5, 1, 2), Rejected), limit)
}

// A deduction was not answered, its retry was as known, and it was cancelled.
func TestUnknownThenDuplicateThenCancel(t *testing.T) {
	lost := unansweredOp(Deduct, 0, 3, 1)
	again := told(ok(Deduct, 0, 3, 4, 6, 1, 7), Duplicate)
	cancel := func(qty, seq, remaining int64) Op { return about(ok(Cancel, 1, qty, 7, 9, seq, remaining), 0) }
	read := ok(Read, Absent, 0, 10, 11, 2, 10)
	judgedAs(t, Pass, shelf(10), true, lost, again, cancel(Absent, 2, 10), read)
	judgedAs(t, Pass, shelf(10), true, lost, cancel(Absent, 2, 10), again, read) // it was told after the cancel
	judgedAs(t, Fail, shelf(10), true, lost, again, cancel(Absent, 2, 9))        // it gives back two of three
	judgedAs(t, Fail, shelf(10), true, lost, again, cancel(2, 2, 10))            // it says two, and gives back three
	judgedAs(t, Fail, shelf(10), true, lost, again, cancel(Absent, 3, 10))       // nothing can have taken version 2
	judgedAs(t, Fail, shelf(10), true, again, cancel(Absent, 2, 10))             // nobody sent it before
	judgedAs(t, Fail, shelf(10), true, lost, again, cancel(Absent, 2, 10), about(ok(Cancel, 2, Absent, 7, 9, 3, 13), 0))
	// two cancels, one of them unanswered: either may have been the one
	other := about(unansweredOp(Cancel, 2, Absent, 7), 0)
	judgedAs(t, Pass, shelf(10), true, lost, again, other, read)
	judgedAs(t, Pass, shelf(10), true, lost, again, other, told(cancel(Absent, 2, 10), NoEffect))
	judgedAs(t, Fail, shelf(10), true, lost, again, other, cancel(Absent, 3, 13))
}

// A reconciliation sets the stock: what is vacant before it may have left anything, what is vacant behind it not.
func TestAReconcileBesideAGap(t *testing.T) {
	lost, set := unansweredOp(Deduct, 0, 3, 1), ok(Reconcile, 1, 20, 4, 6, 2, 20)
	sold := ok(Deduct, 2, 1, 7, 8, 3, 19)
	judgedAs(t, Pass, shelf(10), true, lost, set, sold)
	judgedAs(t, Fail, shelf(10), true, set, sold)                                // nobody can have taken version 1
	judgedAs(t, Fail, shelf(2), true, lost, set, sold)                           // nor this, with so little there
	judgedAs(t, Fail, shelf(10), true, unansweredOp(Deduct, 0, 3, 7), set, sold) // it was called too late
	judgedAs(t, Fail, shelf(10), true, lost, ok(Reconcile, 1, 20, 4, 6, 2, 21))  // it is not set to what it says
	judgedAs(t, Fail, shelf(10), true, lost, ok(Reconcile, 1, 20, 4, 6, 1, 20),  // behind it the stock is known
		ok(Deduct, 2, 1, 7, 8, 3, 18))
	judgedAs(t, Pass, shelf(10), true, lost, ok(Reconcile, 1, 20, 4, 6, 1, 20), ok(Deduct, 2, 1, 7, 8, 3, 16))
	// the reconciliation itself is not answered
	judgedAs(t, Pass, shelf(10), false, unansweredOp(Reconcile, 0, 20, 1), ok(Deduct, 2, 1, 7, 8, 2, 19))
	judgedAs(t, Fail, shelf(10), false, unansweredOp(Reconcile, 0, 21, 1), ok(Deduct, 2, 1, 7, 8, 2, 19))
}
