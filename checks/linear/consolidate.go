package linear

import "fmt"

// consolidated is a history without what follows from the rest: duplicates are gone, and the first answer
// of each id returns when the first of its duplicates did, for it had been done by then; unanswered
// attempts of one id are one, and those of an id that was answered first are gone, for they did nothing.
// An operation whose answer only a duplicate shows stays [Unknown] and has a return.
type consolidated struct {
	ops    []Op
	origin []int32 // index in the history
	copies int     // duplicates that were taken out
}

// consolidate needs no places: it works on what any capability shows. It fails where an id is answered
// twice as the first, or as known when nobody sent it, or in another way than at first.
func consolidate(ops []Op, sequenced bool) (consolidated, *Report) {
	c := consolidated{ops: make([]Op, 0, len(ops))}
	pending := pendingAttempts(ops, sequenced)
	at := make([]int32, len(pending)) // by id, in c.ops
	fill(at, none)
	for i := range ops {
		op := &ops[i]
		switch {
		case op.Outcome == Never || op.Outcome == Duplicate || op.Outcome == Unknown && (op.Kind == Read ||
			op.ID >= 0 && pending[op.ID] != int32(i)):
			continue
		case op.ID >= 0 && (takesVersion(op, sequenced) || op.Outcome == Unknown):
			if other := at[op.ID]; other != none {
				r := failed(RuleOnce, fmt.Sprintf("id %d took effect twice", op.ID), show(Offender, ops, i),
					show(Witness, ops, int(c.origin[other])))
				return c, &r
			}
			at[op.ID] = int32(len(c.ops))
		}
		c.ops, c.origin = append(c.ops, *op), append(c.origin, int32(i))
	}
	for i := range ops {
		if ops[i].Outcome == Duplicate {
			c.copies++
			if r := c.absorb(ops, i, at); r != nil {
				return c, r
			}
		}
	}
	return c, nil
}

// absorb takes in what duplicate i says of the first answer.
func (c *consolidated) absorb(ops []Op, i int, at []int32) *Report {
	op := &ops[i]
	if at[op.ID] == none {
		r := failed(RuleOnce, fmt.Sprintf("id %d is answered as known, and nobody sent it before", op.ID), show(Offender, ops, i))
		return &r
	}
	first := &c.ops[at[op.ID]]
	if first.Seq == Absent {
		first.Seq = op.Seq
	}
	if first.Remaining == Absent {
		first.Remaining = op.Remaining
	}
	if op.Seq != Absent && op.Seq != first.Seq || op.Remaining != Absent && op.Remaining != first.Remaining {
		r := failed(RuleOnce, fmt.Sprintf("id %d is answered again in another way", op.ID), show(Offender, ops, i),
			show(Witness, ops, int(c.origin[at[op.ID]])))
		return &r
	}
	first.Return = min(first.Return, op.Return)
	if first.Return < first.Call {
		r := failed(RuleRealTime, fmt.Sprintf("id %d is answered as known before it was sent", op.ID), show(Offender, ops, i),
			show(Witness, ops, int(c.origin[at[op.ID]])))
		return &r
	}
	return nil
}

// restore turns an order of the consolidated operations into one of the history.
func (c *consolidated) restore(l Linearization, ops []Op) Linearization {
	whole := make(Linearization, len(l), len(l)+c.copies)
	for at, i := range l {
		whole[at] = c.origin[max(i, ^i)]
		if i < 0 {
			whole[at] = ^whole[at]
		}
	}
	if c.copies == 0 {
		return whole
	}
	return withDuplicates(whole, ops, c.copies)
}
