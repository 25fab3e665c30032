package linear

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// workload is what random histories are made of.
type workload struct {
	shows     Capability
	sequenced bool
	rises     bool  // restocks, cancels, adjustments and the like too
	couples   bool  // and operations whose effect depends on others: reconciles, limits, replacements
	ids       bool  // retries and duplicates
	lost      int   // of 100 answers
	quantity  int64 // largest
	spread    int64 // of times: small ones make ties
}

// system is the specification made to answer: what a correct server does.
type system struct {
	spec Spec
	st   State
	ids  []memory
}

func newSystem(spec Spec, ids int) *system {
	return &system{spec, spec.Initial, make([]memory, ids)}
}

// execute carries out one operation and fills in what was answered.
func (s *system) execute(op *Op) {
	for _, as := range []Outcome{Duplicate, OK, Partial, Rejected, NoEffect} {
		if as == Duplicate && (op.ID < 0 || s.ids[op.ID].state == unseen) || as == Partial && op.Client%2 == 0 {
			continue
		}
		try, st, ids := *op, s.st, slices.Clone(s.ids)
		try.Outcome = as
		if as == Partial {
			try.Qty = s.st.Stock + s.st.Limit
		}
		if as == Partial && (op.Kind != Deduct || try.Qty <= 0 || try.Qty >= op.Qty || op.Arg >= 0) || !answerable(&try) {
			continue
		}
		if !s.spec.step(&st, ids, &try, as) {
			continue
		}
		*op, s.st, s.ids = try, st, ids
		op.Seq, op.Remaining, op.Epoch = st.Seq, st.Stock, int32(st.Epoch)
		if as == Duplicate {
			op.Seq, op.Remaining = ids[op.ID].seq, ids[op.ID].remaining
		}
		return
	}
	panic("no answer to " + op.String())
}

// random is a history of up to n operations that a correct system could have given, and the system's ledger.
func (w workload) random(r *rand.Rand, n int) ([]Op, Spec, []Entry) {
	spec := Spec{Sequenced: w.sequenced, Initial: State{Stock: r.Int64N(3 * w.quantity), Seq: r.Int64N(2) * 7}}
	if w.sequenced {
		spec.Initial.Limit = r.Int64N(3)
	}
	asked := make([]Op, 0, n)
	for i := range 1 + r.IntN(n) {
		asked = append(asked, w.ask(r, asked, int64(i)))
	}
	type event struct {
		op int
		at int64
	}
	var events []event
	for i := range asked {
		asked[i].Client = int32(i)
		asked[i].Call = r.Int64N(w.spread)
		at := asked[i].Call + r.Int64N(1+w.spread/3)
		asked[i].Return = at + r.Int64N(1+w.spread/3)
		if r.IntN(100) < w.lost {
			asked[i].Return = Open
			at += r.Int64N(w.spread)
			if r.IntN(2) == 0 {
				continue // it never happens
			}
		}
		events = append(events, event{i, at})
	}
	r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	slices.SortStableFunc(events, func(x, y event) int { return cmp.Compare(x.at, y.at) })
	system := newSystem(spec, n)
	done := make([]Op, len(asked))
	copy(done, asked)
	ledger := []Entry{} // there is one, if an empty one
	for _, e := range events {
		op := &done[e.op]
		before := system.st
		system.execute(op)
		if system.st.Seq != before.Seq {
			e := wrote(op.Seq, op.ID, op.Qty, system.st.Stock-before.Stock, op.Remaining, op.Kind, op.Outcome)
			e.Arg = op.Arg
			ledger = append(ledger, e)
		}
	}
	for i := range done {
		if asked[i].Return == Open {
			done[i] = asked[i]
		}
		w.hide(&done[i])
	}
	return done, spec, ledger
}

// ask is one operation, a retry of an earlier one among them.
func (w workload) ask(r *rand.Rand, asked []Op, id int64) Op {
	if w.ids && len(asked) > 0 && r.IntN(4) == 0 {
		if again := asked[r.IntN(len(asked))]; again.ID >= 0 {
			return again
		}
	}
	op := NewOp(Deduct, 1+r.Int64N(w.quantity), 0)
	kinds := []Kind{Deduct, Deduct, Deduct, Read}
	if w.rises {
		kinds = append(kinds, Restock, Cancel)
	}
	if w.couples {
		kinds = append(kinds, Reconcile, Adjust, Withdraw, Commit, SetLimit, Note)
	}
	op.Kind = kinds[r.IntN(len(kinds))]
	if op.Kind != Read && r.IntN(4) > 0 || w.shows == Ledger {
		op.ID = id
	}
	switch op.Kind {
	case Read, Note:
		op.Qty = 0
		if op.Kind == Read {
			op.ID = Absent
		}
	case Cancel, Commit:
		op.Qty = Absent
		op.Arg = someDeduction(r, asked)
		if op.Arg == Absent {
			op.Kind, op.Qty = Deduct, 1+r.Int64N(w.quantity)
		}
	case Adjust:
		op.Qty *= []int64{-1, 1}[r.IntN(2)]
	case SetLimit:
		op.Qty, op.Arg = r.Int64N(3), r.Int64N(3)
		if r.IntN(2) == 0 {
			op.Qty = Absent
		}
	case Deduct:
		if w.couples && r.IntN(6) == 0 {
			op.Arg = someDeduction(r, asked)
		}
	}
	return op
}

func someDeduction(r *rand.Rand, asked []Op) int64 {
	var ids []int64
	for _, op := range asked {
		if op.Kind == Deduct && op.ID >= 0 {
			ids = append(ids, op.ID)
		}
	}
	if len(ids) == 0 {
		return Absent
	}
	return ids[r.IntN(len(ids))]
}

// hide drops what the capability does not show.
func (w workload) hide(op *Op) {
	if w.shows < Version {
		op.Seq = Absent
	}
	if w.shows != Epoch || op.Outcome == Duplicate {
		op.Epoch = NoEpoch
	}
	if w.shows < Remaining {
		op.Remaining = Absent
	}
}

// spoil changes one thing that a client saw; what it makes of the history, the oracle says.
func spoil(r *rand.Rand, ops []Op) {
	op := &ops[r.IntN(len(ops))]
	step := []int64{-1, 1}[r.IntN(2)]
	switch r.IntN(6) {
	case 0:
		if op.Seq != Absent && op.answered() {
			op.Seq += step
		}
	case 1:
		if op.Remaining != Absent && op.answered() {
			op.Remaining += step
		}
	case 2: // it was called later than it was
		if op.Return != Open {
			op.Call = op.Return
		}
	case 3: // it returned sooner than it did
		if op.Return != Open {
			op.Return = op.Call
		}
	case 4: // all of it was later
		if op.Return != Open {
			op.Call, op.Return = op.Call+4, op.Return+4
		}
	case 5:
		if other := ops[r.IntN(len(ops))]; other.Kind == op.Kind && op.answered() && other.answered() {
			op.Outcome, op.Seq, op.Remaining, op.Epoch = other.Outcome, other.Seq, other.Remaining, other.Epoch
			if (op.Outcome == Duplicate || op.Outcome == Partial) && op.ID < 0 {
				op.Outcome = OK
			}
		}
	}
}
