package linear

import "fmt"

// answer puts what was answered at its version. late: it was given up before.
func (s *Stream) answer(op *Op, floor int64, late bool) {
	w := &s.window
	if why := op.flaw(Version, 16*s.invoked+1024); why != "" {
		s.undecided("%v %s", op, why)
		return
	}
	takes := takesVersion(op, s.spec.Sequenced)
	switch {
	case !op.answered():
		s.undecided("%v was returned without an outcome", op)
	case op.Outcome == Duplicate:
		s.duplicate(op)
	case op.Seq < floor || takes && op.Seq == floor:
		s.fail(RuleRealTime, fmt.Sprintf("version %d had been returned before the call of what stands at %d", floor, op.Seq), op,
			floor)
	case op.Seq-s.window.tail > s.invoked+reserve:
		s.putOff(op, Absent)
		s.ahead = true
	case takes && op.Seq <= w.done:
		s.fillLate(op)
	case takes:
		s.mutation(op)
	case op.Seq < w.tail && late:
		s.undecided("%v came after it was given up: what it saw is forgotten", op)
	default:
		s.observer(op)
	}
}

// reserve is how many operations may be called at one time after the first of them returned: no version
// further ahead gets a place in the window.
const reserve = 1 << 16

// mutation takes its version.
func (s *Stream) mutation(op *Op) {
	v := s.window.reach(op.Seq)
	switch {
	case v.state == taken:
		s.fail(RuleVersions, fmt.Sprintf("two operations took version %d", op.Seq), op, op.Seq)
	case v.stock != Absent && v.stock != op.Remaining:
		s.fail(RuleAnswer, fmt.Sprintf("at version %d the stock is %d, not %d", op.Seq, v.stock, op.Remaining), op, op.Seq)
	case s.remember(op):
		v.op, v.state, v.stock = *op, taken, op.Remaining
	}
}

// remember notes the first answer of an id, and what it undoes. False: the answer cannot be.
func (s *Stream) remember(op *Op) bool {
	if op.ID >= 0 {
		a := s.ids.at(op.ID)
		if a.seq > 0 {
			s.fail(RuleOnce, fmt.Sprintf("id %d took effect at version %d and at %d", op.ID, a.seq, op.Seq), op, a.seq)
			return false
		}
		if -a.seq > op.Seq {
			s.fail(RuleOnce, fmt.Sprintf("id %d was refused at version %d, after it had been done", op.ID, -a.seq-1), op, -a.seq-1)
			return false
		}
		a.seq, a.remaining = op.Seq, op.Remaining
		if op.Kind == Deduct && op.Outcome != Rejected && op.Outcome != NoEffect {
			a.units = op.Qty
		}
	}
	if op.Ref() != Absent && (op.Outcome == OK || op.Outcome == Partial) {
		a := s.ids.at(op.Arg)
		if a.undone != 0 {
			s.fail(RuleOnce, fmt.Sprintf("deduction %d was undone at version %d and at %d", op.Arg, a.undone, op.Seq), op, a.undone)
			return false
		}
		a.undone = op.Seq
	}
	return true
}

// duplicate compares with the first answer, if that came already.
func (s *Stream) duplicate(op *Op) {
	a := s.ids.at(op.ID)
	switch {
	case a.seq <= 0:
		if op.Seq-s.window.tail > s.invoked+reserve || op.Seq <= s.spec.Initial.Seq {
			s.fail(RuleVersions, fmt.Sprintf("version %d cannot have been taken", op.Seq), op, Absent)
			return
		}
		s.putOff(op, Absent)
	case a.seq != op.Seq || a.remaining != op.Remaining:
		s.fail(RuleOnce, fmt.Sprintf("id %d took version %d and left %d, and is answered again in another way", op.ID, a.seq,
			a.remaining), op, a.seq)
	}
}

// observer compares with the version that it saw.
func (s *Stream) observer(op *Op) {
	v := s.window.reach(op.Seq)
	switch {
	case v.stock == Absent:
		v.stock = op.Remaining
		s.shown(op.Seq, op.Remaining)
	case v.stock != op.Remaining:
		s.fail(RuleAnswer, fmt.Sprintf("at version %d the stock is %d, not %d", op.Seq, v.stock, op.Remaining), op, op.Seq)
		return
	}
	if op.Kind == Read {
		return
	}
	if op.ID >= 0 {
		a := s.ids.at(op.ID)
		if a.seq > 0 && a.seq <= op.Seq {
			s.fail(RuleOnce, fmt.Sprintf("it was refused at version %d, and had been done at %d", op.Seq, a.seq), op, a.seq)
			return
		}
		if a.seq <= 0 {
			a.seq = min(a.seq, -op.Seq-1)
		}
	}
	switch {
	case op.Outcome == Rejected && op.Ref() == Absent && op.Seq <= s.window.done:
		s.rejected(op, op.Remaining, s.limitAt(op.Seq))
		return
	case op.Outcome == Rejected && op.Ref() == Absent && s.moving == 0:
		s.tied = append(s.tied, *op)
		return
	}
	if !s.settled(op) {
		s.putOff(op, Absent)
	}
}

// untie judges rejections that returned at the time that is over. No SetLimit was under way then; one that was called
// at that very time may stand before them.
func (s *Stream) untie() {
	for i := range s.tied {
		if op := &s.tied[i]; s.moving == 0 {
			s.rejected(op, op.Remaining, s.limitAt(op.Seq))
		} else {
			s.putOff(op, Absent)
		}
	}
	s.tied = s.tied[:0]
}

// settled reports whether an operation that had nothing to do needs no further look: its deduction came
// later, or had been undone.
func (s *Stream) settled(op *Op) bool {
	if op.Outcome != NoEffect || op.Ref() == Absent {
		return false
	}
	a := s.ids.at(op.Arg)
	return a.seq > op.Seq || a.seq > 0 && a.undone > 0 && a.undone <= op.Seq
}

// rejected judges a rejection with units in stock.
func (s *Stream) rejected(op *Op, units, limit int64) {
	if !op.tooMuch(units, limit) {
		s.beyond(RuleAnswer, fmt.Sprintf("it was rejected with %d in stock and a limit of %d", units, -limit), op, op.Seq)
	}
}

// shown completes a vacancy with the stock that something shows after it.
func (s *Stream) shown(seq, stock int64) {
	if n, found := s.vacancyAt(seq); found && s.vacant[n].after == Absent {
		s.vacant[n].after = stock
	}
	if n, found := s.vacancyAt(seq + 1); found && s.vacant[n].before == Absent {
		s.vacant[n].before = stock
	}
}

// unsettled is an answer that is judged at the end.
type unsettled struct {
	op       Op
	gaveBack int64 // units, by the stock around it; [Absent]: nothing shows that, or it gave nothing back
}

// putOff leaves an answer to the end.
func (s *Stream) putOff(op *Op, gaveBack int64) { s.later = append(s.later, unsettled{*op, gaveBack}) }
