package linear

import (
	"cmp"
	"fmt"
	"slices"
)

// replay goes through the versions that nothing under way can still take.
func (s *Stream) replay() {
	w, lowest := &s.window, s.lowest()
	for w.done < s.top && s.problem.Why == "" {
		v := w.reach(w.done + 1)
		if v.state == untaken && lowest <= w.done {
			break
		}
		if v.state == untaken {
			s.vacant = append(s.vacant, vacancy{w.done + 1, w.at(w.done).stock, v.stock})
		} else {
			s.step(v, w.at(w.done))
		}
		w.done++
	}
	w.trim(lowest)
}

// step replays the mutation at v upon the version before it.
func (s *Stream) step(v, before *version) {
	op, limit := &v.op, s.limits[len(s.limits)-1].limit
	delta, sure := int64(0), true
	switch {
	case op.Outcome == Rejected || op.Outcome == NoEffect:
		s.refused(op, v.stock, limit)
	case op.Kind == Reconcile:
		if sure = op.Qty == v.stock; !sure {
			s.fail(RuleTransition, fmt.Sprintf("the stock was set to %d and is %d", op.Qty, v.stock), op, Absent)
		}
		sure = false
	default:
		delta, sure = op.change(s.safety, s.ids.units)
		s.undoes(op, before.stock)
	}
	switch {
	case sure && before.stock == Absent:
		before.stock = v.stock - delta
		s.shown(op.Seq-1, before.stock)
	case sure && before.stock+delta != v.stock && op.Kind == SetLimit:
		s.beyond(RuleTransition, fmt.Sprintf("at version %d the stock is %d; %+d is not %d", op.Seq-1, before.stock, delta, v.stock),
			op, op.Seq-1)
	case sure && before.stock+delta != v.stock:
		s.fail(RuleTransition, fmt.Sprintf("at version %d the stock is %d; %+d is not %d", op.Seq-1, before.stock, delta, v.stock), op,
			op.Seq-1)
	}
	if op.Kind == SetLimit {
		s.moving--
		if op.Outcome == OK && op.Arg != Absent {
			limit = op.Arg
			s.limits = append(s.limits, limitFrom{op.Seq, limit})
		}
		if op.Outcome == OK && op.Qty != Absent {
			s.safety = op.Qty
		}
	}
	if why := op.excess(v.stock, limit); why != "" {
		s.beyond(RuleLimit, why, op, op.Seq-1)
	}
}

// refused judges what was refused under a version of its own, by what it met and left.
func (s *Stream) refused(op *Op, stock, limit int64) {
	switch {
	case op.Outcome == Rejected:
		if op.Ref() != Absent {
			a := s.ids.at(op.Arg)
			if a.seq <= 0 {
				s.putOff(op, Absent)
				return
			}
			if a.heldAt(op.Seq-1) && op.tooMuch(stock, limit) && !op.tooMuch(stock+a.units, limit) {
				s.putOff(op, Absent) // it was right if something unanswered undid the deduction
				return
			}
		}
		s.rejected(op, stock, limit)
	case op.Outcome == NoEffect && (op.Kind == Cancel || op.Kind == Commit) && !s.settled(op):
		s.putOff(op, Absent)
	}
}

// undoes judges whether what an operation undoes was there. If that is unanswered, what it took follows from the
// stock before.
func (s *Stream) undoes(op *Op, before int64) {
	if op.Ref() == Absent {
		return
	}
	a := s.ids.at(op.Arg)
	switch {
	case a.seq <= 0:
		gaveBack := Absent
		if before != Absent {
			gaveBack = op.Remaining - before
			if op.Kind == Deduct {
				gaveBack += op.Qty
			}
		}
		s.putOff(op, gaveBack)
	case a.units == 0:
		s.fail(RuleAnswer, "it undoes what took no units", op, a.seq)
	case a.seq >= op.Seq:
		s.fail(RuleAnswer, "it undoes what had not happened yet", op, a.seq)
	case op.Kind == Cancel && op.Qty != Absent && op.Qty != a.units:
		s.fail(RuleAnswer, fmt.Sprintf("it gives back %d units of %d", op.Qty, a.units), op, a.seq)
	}
}

// fillLate takes a mutation whose version was passed: it was given up, and its answer came after all.
func (s *Stream) fillLate(op *Op) {
	n, found := s.vacancyAt(op.Seq)
	if !found {
		s.fail(RuleVersions, fmt.Sprintf("two operations took version %d", op.Seq), op, op.Seq)
		return
	}
	gap := s.vacant[n]
	if gap.after != Absent && gap.after != op.Remaining {
		s.fail(RuleAnswer, fmt.Sprintf("at version %d the stock is %d, not %d", op.Seq, gap.after, op.Remaining), op, Absent)
		return
	}
	if op.Kind == SetLimit || op.Ref() != Absent || gap.before == Absent || op.Outcome == Rejected || op.Outcome == NoEffect {
		s.undecided("%v came after it was given up: what it bears on is forgotten", op)
		return
	}
	if !s.remember(op) {
		return
	}
	delta, _ := op.change(s.safety, s.ids.units)
	if op.Kind == Reconcile {
		delta = op.Qty - gap.before
	}
	if gap.before+delta != op.Remaining {
		s.fail(RuleTransition, fmt.Sprintf("at version %d the stock is %d; %+d is not %d", op.Seq-1, gap.before, delta,
			op.Remaining), op, op.Seq-1)
	}
	if why := op.excess(op.Remaining, s.limitAt(op.Seq)); why != "" {
		s.beyond(RuleLimit, why, op, op.Seq-1)
	}
	s.shown(op.Seq, op.Remaining)
	if v := s.window.at(op.Seq); v != nil {
		v.stock = op.Remaining
	}
	s.vacant = slices.Delete(s.vacant, n, n+1)
}

func (s *Stream) vacancyAt(seq int64) (int, bool) {
	return slices.BinarySearchFunc(s.vacant, seq, func(v vacancy, seq int64) int { return cmp.Compare(v.seq, seq) })
}
