package linear

import (
	"fmt"
	"sort"
)

// transitions walks the places in order: each stock follows from the one before, within the limit, and
// where refusals have places they were right. It derives what the neighbours of a vacant place show of it.
func (c *chain) transitions() *Report {
	now, units := c.limits[0], c.units
	for p := int32(1); p < int32(len(c.slot)); p++ {
		i := c.slot[p]
		if i == none {
			continue
		}
		op := &c.ops[i]
		before, after := c.stock[p-1], c.stock[p]
		delta, sure := op.change(now.safety, units)
		switch {
		case op.Outcome == Rejected || op.Outcome == NoEffect:
			delta, sure = 0, true
		case op.Kind == Reconcile:
			before, delta, sure = after, after-op.Qty, true
			if before+delta != after {
				return c.transition(i, p, fmt.Sprintf("the stock was set to %d and is %d", op.Qty, after))
			}
		}
		switch {
		case before == Absent && sure:
			before = after - delta
			c.stock[p-1] = before
		case sure && before+delta != after:
			return c.transition(i, p, fmt.Sprintf("at version %d the stock is %d; %+d is not %d", c.version(p-1), before, delta,
				after))
		}
		if op.Kind == SetLimit && op.Outcome == OK {
			now.from = p
			if op.Qty != Absent {
				now.safety = op.Qty
			}
			if op.Arg != Absent {
				now.units = op.Arg
			}
			c.limits = append(c.limits, now)
		}
		if r := c.withinLimit(i, p, before, now.units); r != nil {
			return r
		}
	}
	return nil
}

// withinLimit judges mutation i at place p by the stock before and after it.
func (c *chain) withinLimit(i, p int32, before, limit int64) *Report {
	op := &c.ops[i]
	rule, why := RuleLimit, op.excess(c.stock[p], limit)
	if op.Outcome == Rejected && before != Absent && !c.short(op, p, before, limit) {
		rule, why = RuleAnswer, fmt.Sprintf("it was rejected with %d in stock and a limit of %d", before, -limit)
	}
	if why == "" {
		return nil
	}
	r := failed(rule, why, show(Offender, c.ops, int(i)))
	r.Evidence = append(r.Evidence, c.shownAt(p-1, int(i))...)
	return &r
}

// short reports whether units in stock at place p were too few for a rejected deduction.
func (c *chain) short(op *Op, p int32, units, limit int64) bool {
	if op.Ref() != Absent {
		if c.unsettled(op.Arg) {
			c.doubt = true
			return true
		}
		if c.heldAt(op.Arg, p) {
			more, _ := c.units(op.Arg)
			units += more
		}
	}
	return op.tooMuch(units, limit)
}

// unsettled reports whether an unanswered operation bears on whether deduction id can be given back.
func (c *chain) unsettled(id int64) bool {
	for _, i := range c.spare {
		if op := &c.ops[i]; op.ID == id || op.Ref() == id {
			return true
		}
	}
	return false
}

func (c *chain) transition(i, p int32, why string) *Report {
	r := failed(RuleTransition, why, show(Offender, c.ops, int(i)))
	r.Evidence = append(r.Evidence, c.shownAt(p-1, int(i))...)
	r.Slice = &Slice{c.version(p) - 1, c.version(p)}
	return &r
}

// limitAt is what holds at a place.
func (c *chain) limitAt(p int32) limit {
	l := len(c.limits) - 1
	if c.limits[l].from > p {
		l = sort.Search(l, func(n int) bool { return c.limits[n].from > p }) - 1
	}
	return c.limits[l]
}
