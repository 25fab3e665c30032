package linear

import (
	"fmt"
	"slices"
)

// Quiesce ends the history: nothing is under way any more, what was not answered stays unknown, final
// reads have been taken. The unanswered operations are matched with the versions that nobody was answered
// for as in [Versioned], and what that does not settle is undecided, for a stream keeps no history to
// search.
func (s *Stream) Quiesce(final []Op) Report {
	for i := range final {
		s.Return(s.Invoke(&final[i]), &final[i])
	}
	s.clock(s.now + 1)
	for s.oldest != none {
		s.Timeout(s.oldest)
	}
	s.replay()
	r := s.problem
	if r.Why == "" {
		r = s.settle()
	}
	r.Method = "stream"
	if len(s.flights) > 0 {
		r.Key = s.flight(0).op.Key
	}
	return r
}

// settle accounts for what nobody was answered for.
func (s *Stream) settle() Report {
	q := s.quiescence()
	for i := range s.later {
		op := &s.later[i].op
		if op.Seq-s.spec.Initial.Seq > s.invoked {
			s.fail(RuleVersions, fmt.Sprintf("version %d was shown, and %d operations were called", op.Seq, s.invoked), op, Absent)
		} else if op.Outcome == Duplicate {
			q.duplicate(op)
		}
	}
	if s.ahead {
		s.undecided("a version was shown before the operations in front of it were called")
	}
	q.candidates()
	for i := range s.later {
		q.judge(&s.later[i])
	}
	if s.problem.Verdict == Fail || s.problem.Why != "" {
		return s.problem
	}
	f := newFiller(q.chain, q.u)
	p, why := f.run()
	switch {
	case p == 0 && !q.u.doubt && (!q.risky || len(f.tiles) == 0):
		return Report{Verdict: Pass}
	case p == 0:
		why = "what filled the vacant versions bears on other answers"
	case f.exact || q.chain.vacant() > len(q.u.list):
		return q.unexplained(p, why)
	}
	return Report{Why: why + "; a stream keeps no history to search"}
}

// quiescence is what is left to settle at the end: a chain of the vacant versions alone.
type quiescence struct {
	*Stream
	chain *chain
	u     *unanswered
	lost  []Op // unanswered operations, one of each id
	floor []int64
	byID  map[int64]int // in lost; -1: it was found
	risky bool          // what fills one version may spoil what fills another
}

func (s *Stream) quiescence() *quiescence {
	n := 0
	for h := range s.handles {
		if s.flight(h).state == timedOut {
			n++
		}
	}
	q := &quiescence{Stream: s, byID: make(map[int64]int, n), u: &unanswered{byID: map[int64]int{}, byRef: map[int64][]int{}},
		lost: make([]Op, 0, n), floor: make([]int64, 0, n)}
	for h := range s.handles {
		f := s.flight(h)
		if f.state != timedOut || f.op.Kind == Read || f.op.ID >= 0 && s.ids.at(f.op.ID).seq > 0 {
			continue
		}
		if n, again := q.byID[f.op.ID]; again && f.op.ID >= 0 {
			if f.floor < q.floor[n] {
				q.lost[n], q.floor[n] = f.op, f.floor
			}
			continue
		}
		q.byID[f.op.ID] = len(q.lost)
		q.lost, q.floor = append(q.lost, f.op), append(q.floor, f.floor)
	}
	q.chain = q.vacancies()
	return q
}

// vacancies is the chain: each vacant version a place, before each run of them one that is taken and shows
// the stock.
func (q *quiescence) vacancies() *chain {
	c := &chain{spec: &q.spec, ops: q.lost, slot: []int32{none}, stock: []int64{Absent}, names: []int64{q.spec.Initial.Seq}}
	last := q.spec.Initial.Seq - 1
	for _, v := range q.vacant {
		if v.seq != last+1 {
			c.slot, c.stock, c.names = append(c.slot, 0), append(c.stock, v.before), append(c.names, v.seq-1)
		}
		c.slot, c.stock, c.names = append(c.slot, none), append(c.stock, v.after), append(c.names, v.seq)
		last = v.seq
	}
	for _, l := range q.limits {
		c.limits = append(c.limits, limit{from: c.placeFrom(l.seq), units: l.limit})
	}
	return c
}

// placeFrom is the first place whose version is not before seq.
func (c *chain) placeFrom(seq int64) int32 {
	p, _ := slices.BinarySearch(c.names, seq)
	return int32(p)
}

// duplicate takes that an unanswered operation was done at the version that its duplicate shows.
func (q *quiescence) duplicate(op *Op) {
	a := q.ids.at(op.ID)
	if a.seq > 0 {
		if a.seq != op.Seq || a.remaining != op.Remaining {
			q.fail(RuleOnce, fmt.Sprintf("id %d took version %d and left %d, and is answered again in another way", op.ID, a.seq,
				a.remaining), op, a.seq)
		}
		return
	}
	n, asked := q.byID[op.ID]
	v, vacant := q.vacancyAt(op.Seq)
	switch {
	case !asked || n == none:
		q.fail(RuleOnce, fmt.Sprintf("id %d is answered as known, and nobody sent it before", op.ID), op, Absent)
		return
	case !vacant:
		q.fail(RuleVersions, fmt.Sprintf("two operations took version %d", op.Seq), op, op.Seq)
		return
	case q.spec.Sequenced || q.lost[n].Kind == SetLimit || q.lost[n].Ref() != Absent:
		q.undecided("%v shows the place of what was not answered, and that bears on other answers", op)
		return
	}
	done := q.lost[n]
	done.Seq, done.Remaining, done.Outcome = op.Seq, op.Remaining, OK
	done.Return = op.Return
	if q.floor[n] >= op.Seq {
		q.fail(RuleRealTime, fmt.Sprintf("version %d had been returned before the call of what stands at %d", q.floor[n], op.Seq),
			&done, op.Seq)
		return
	}
	gap := q.vacant[v]
	if gap.before == Absent {
		q.undecided("%v shows the place of what was not answered, and nothing shows the stock before it", op)
		return
	}
	q.byID[op.ID] = none
	q.fillLate(&done)
	p := q.chain.placeFrom(op.Seq)
	q.chain.slot[p], q.chain.stock[p] = 0, op.Remaining
}

// candidates are the unanswered operations that may have filled vacant places.
func (q *quiescence) candidates() {
	for n := range q.lost {
		op := &q.lost[n]
		if op.ID >= 0 && q.byID[op.ID] != n || q.idle(op) {
			continue
		}
		k := candidate{op: int32(n), lo: q.chain.placeFrom(q.floor[n] + 1), hi: anywhere, delta: -op.Qty}
		if op.ID >= 0 {
			q.u.byID[op.ID] = len(q.u.list)
			if refused := q.ids.at(op.ID).seq; refused < 0 {
				k.lo = max(k.lo, q.chain.placeFrom(-refused))
			}
		}
		if op.Ref() != Absent {
			q.u.byRef[op.Arg] = append(q.u.byRef[op.Arg], len(q.u.list))
		}
		switch {
		case q.spec.Sequenced || op.Kind != Deduct && op.Kind != Restock && op.Kind != Cancel || op.Kind == Deduct && op.Arg != Absent:
			q.u.coupled, q.risky = true, true
			k.leans = op.Kind != Restock && op.Kind != Adjust && op.Kind != Deduct && op.Kind != Withdraw
			if op.Kind == Restock || op.Kind == Adjust {
				k.delta = op.Qty
			}
		case op.Kind == Restock:
			k.delta = op.Qty
		case op.Kind == Cancel:
			q.cancel(op, &k)
		}
		q.u.list = append(q.u.list, k)
	}
}

// idle reports whether an unanswered operation certainly did nothing: what it names took nothing, or was undone by
// another. Where refusals have versions, it may still have taken one.
func (q *quiescence) idle(op *Op) bool {
	if op.Ref() == Absent || q.spec.Sequenced {
		return false
	}
	a := q.ids.at(op.Arg)
	return a.undone != 0 || a.seq > 0 && a.units == 0
}

// cancel is a candidate that gives back what a deduction took: that one's place, if it was answered,
// bounds it from below; if not, it leans on it. Of several for one deduction at most one has an effect.
func (q *quiescence) cancel(op *Op, k *candidate) {
	a := q.ids.at(op.Arg)
	k.delta = a.units
	switch {
	case a.seq <= 0 || len(q.u.byRef[op.Arg]) > 1:
		q.u.coupled, k.leans = true, true
	default:
		k.lo = max(k.lo, q.chain.placeFrom(a.seq+1))
	}
}

// judge judges an answer that depends on unanswered operations.
func (q *quiescence) judge(met *unsettled) {
	op := &met.op
	if op.Outcome == Duplicate {
		return
	}
	a := q.ids.at(max(op.Ref(), 0))
	k, asked := q.u.byID[op.Ref()]
	seq := op.Seq
	if q.spec.Sequenced {
		seq-- // it is judged on what it met
	}
	switch {
	case op.Outcome == Rejected && op.Ref() == Absent:
		q.rejected(op, op.Remaining, q.limitAt(op.Seq))
	case op.Outcome == Rejected && (asked || len(q.u.byRef[op.Arg]) > 0):
		q.u.doubt = true
	case op.Outcome == Rejected && a.heldAt(seq):
		q.rejected(op, op.Remaining+a.units, q.limitAt(op.Seq))
	case op.Outcome == Rejected:
		q.rejected(op, op.Remaining, q.limitAt(op.Seq))
	case op.Outcome == NoEffect && op.Ref() == Absent:
		q.fail(RuleAnswer, "it was refused without a reason", op, Absent)
	case op.Outcome == NoEffect && !a.heldAt(seq):
		if asked && (a.undone == 0 || a.undone > seq) {
			if len(q.u.byRef[op.Arg]) > 0 {
				q.u.coupled, q.u.doubt = true, true
			}
			q.u.list[k].lo = max(q.u.list[k].lo, q.chain.placeFrom(seq+1))
		}
	case op.Outcome == NoEffect:
		if !q.u.undoes(op.Arg, q.chain.placeFrom(seq+1)-1) {
			q.fail(RuleAnswer, "it did not find the deduction that it names", op, a.seq)
		}
	case a.seq > 0 || !asked: // it undoes what was answered meanwhile, or what nobody ordered
		if a.seq <= 0 {
			q.fail(RuleAnswer, "it undoes what nobody ordered", op, Absent)
			return
		}
		q.undoes(op, Absent)
		q.undone(op, a.units, met.gaveBack)
	default:
		q.u.list[k].must = true
		q.u.list[k].hi = min(q.u.list[k].hi, q.chain.placeFrom(op.Seq)-1)
		q.undone(op, q.lost[q.u.list[k].op].Qty, met.gaveBack)
	}
}

// undone takes in how many units the deduction took that op undoes, and so the stock before op. gaveBack is what op
// gave back by the stock around it; [Absent]: nothing showed that.
func (q *quiescence) undone(op *Op, units, gaveBack int64) {
	if op.Kind == Commit {
		return
	}
	if op.Kind == Cancel && op.Qty != Absent && op.Qty != units || gaveBack != Absent && gaveBack != units {
		q.fail(RuleAnswer, fmt.Sprintf("it gives back %d units of %d", max(gaveBack, op.Qty), units), op, Absent)
	}
	p := q.chain.placeFrom(op.Seq - 1)
	if int(p) == len(q.chain.names) || q.chain.names[p] != op.Seq-1 {
		return
	}
	before := op.Remaining - units
	if op.Kind == Deduct {
		before += op.Qty
	}
	switch q.chain.stock[p] {
	case Absent:
		q.chain.stock[p] = before
	case before:
	default:
		q.fail(RuleTransition, fmt.Sprintf("at version %d the stock is %d; %+d is not %d", op.Seq-1, q.chain.stock[p], units,
			op.Remaining), op, Absent)
	}
}

// vacant is how many places nothing is known to fill.
func (c *chain) vacant() (n int) {
	for _, i := range c.slot[1:] {
		if i == none {
			n++
		}
	}
	return n
}

// unexplained reports the vacant version at place p.
func (q *quiescence) unexplained(p int32, why string) Report {
	seq := q.chain.names[min(int(p), len(q.chain.names)-1)] // what happened may be bound to stand behind all that is vacant
	for _, near := range []int64{seq + 1, seq - 1} {
		if v := q.window.at(near); v != nil && v.state == taken {
			r := failed(RuleUnknown, why, Evidence{Offender, none, v.op, v.op.String()})
			r.Slice = &Slice{seq - 1, seq + 1}
			return r
		}
	}
	op := NewOp(Note, 0, q.now)
	op.Seq = seq
	return Report{Verdict: Fail, Rule: RuleUnknown, Why: why, Slice: &Slice{seq - 1, seq + 1},
		Evidence: []Evidence{{Offender, none, op, fmt.Sprintf("version %d, which nobody was answered for", seq)}}}
}
