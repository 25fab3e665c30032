package linear

import "fmt"

// heldAt reports whether deduction id had been made at place p, and not been undone or committed.
func (c *chain) heldAt(id int64, p int32) bool {
	first := c.first[id]
	if first == none || c.at[first] > p || !c.took(first) {
		return false
	}
	return c.undone == nil || c.undone[id] == none || c.at[c.undone[id]] > p
}

// took reports whether a mutation with a place took units.
func (c *chain) took(i int32) bool {
	op := &c.ops[i]
	return op.Kind == Deduct && op.Outcome != Rejected && op.Outcome != NoEffect
}

// undoings notes what cancelled, replaced or committed each deduction: at most one operation, behind it.
func (c *chain) undoings() *Report {
	for i := range c.ops {
		op := &c.ops[i]
		if op.Ref() == Absent || c.at[i] == none || op.Outcome == Duplicate || op.Outcome == Rejected || op.Outcome == NoEffect {
			continue
		}
		if c.undone == nil {
			c.undone = make([]int32, len(c.first))
			fill(c.undone, none)
		}
		if other := c.undone[op.Arg]; other != none {
			r := failed(RuleOnce, fmt.Sprintf("deduction %d was undone twice", op.Arg), show(Offender, c.ops, i),
				show(Witness, c.ops, int(other)))
			return &r
		}
		c.undone[op.Arg] = int32(i)
		first := c.first[op.Arg]
		_, pending := c.pending[op.Arg]
		units, deducted := c.units(op.Arg)
		why := ""
		switch {
		case first == none && !pending:
			why = "it undoes what nobody ordered"
		case !deducted:
			why = "it undoes what took no units"
		case first != none && c.at[first] >= c.at[i]:
			why = "it undoes what had not happened yet"
		case op.Kind == Cancel && op.Qty != Absent && op.Qty != units:
			why = fmt.Sprintf("it gives back %d units of %d", op.Qty, units)
		}
		if why != "" {
			r := failed(RuleAnswer, why, show(Offender, c.ops, i))
			if first != none {
				r.Evidence = append(r.Evidence, show(Witness, c.ops, int(first)))
			}
			return &r
		}
	}
	return nil
}

// refusals judges what was refused without a place of its own, and cancels that had nothing to do. What
// depends on an unanswered operation becomes a bound on where that one can stand.
func (c *chain) refusals(u *unanswered) *Report {
	for i := range c.ops {
		op := &c.ops[i]
		if op.Outcome != Rejected && op.Outcome != NoEffect {
			continue
		}
		p := c.at[i]
		if !c.spec.Sequenced && op.ID >= 0 {
			if first := c.first[op.ID]; first != none && c.at[first] <= p {
				r := failed(RuleOnce, "it was refused after it had been done", show(Offender, c.ops, i),
					show(Witness, c.ops, int(first)))
				return &r
			}
			u.notBefore(op.ID, p+1)
		}
		var r *Report
		switch {
		case op.Outcome == NoEffect && (op.Kind == Cancel || op.Kind == Commit || op.Ref() != Absent && !c.spec.Sequenced):
			r = c.idle(int32(i), p, u)
		case op.Outcome == NoEffect && !c.spec.Sequenced:
			f := failed(RuleAnswer, "it was refused without a reason", show(Offender, c.ops, i))
			r = &f
		case op.Outcome == Rejected && !c.spec.Sequenced:
			r = c.rejection(int32(i), p)
		}
		if r != nil {
			return r
		}
	}
	return nil
}

// rejection judges a rejection that observed place p.
func (c *chain) rejection(i, p int32) *Report {
	units := c.stock[p]
	if c.short(&c.ops[i], p, units, c.limitAt(p).units) {
		return nil
	}
	r := failed(RuleAnswer, fmt.Sprintf("it was rejected with %d in stock and a limit of %d", units, -c.limitAt(p).units),
		show(Offender, c.ops, int(i)))
	r.Evidence = append(r.Evidence, c.shownAt(p, int(i))...)
	return &r
}

// idle judges what had nothing to do at place p: the deduction it names was not there, or no longer.
func (c *chain) idle(i, p int32, u *unanswered) *Report {
	op := &c.ops[i]
	if c.spec.Sequenced {
		p-- // it changed nothing itself, and is judged on what it met
	}
	if !c.heldAt(op.Arg, p) {
		if _, pending := c.pending[op.Arg]; pending {
			u.idleAt(op.Arg, p, c)
		}
		return nil
	}
	if u.undoes(op.Arg, p) {
		return nil
	}
	r := failed(RuleAnswer, "it did not find the deduction that it names", show(Offender, c.ops, int(i)),
		show(Witness, c.ops, int(c.first[op.Arg])))
	return &r
}
