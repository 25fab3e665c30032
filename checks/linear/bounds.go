package linear

import "fmt"

// Bounds judges what bare answers show in O(1) per event, of a counter that starts at a known stock and whose
// refusals observe: within what every order of the operations allows, there was enough for what was granted and too
// little for what was refused, and what was read can have been there. It is the counting approximation of
// linearizability (Bouajjani, Emmi, Enea & Hamza, POPL 2015): a Fail is certain, a pass means only that these
// bounds hold. Histories with other operations than deductions, restocks, cancels and reads are not judged.
func Bounds(ops []Op, spec Spec) Report {
	r, _ := judged("bounds", ops, Bare, func() (Report, Linearization) { return bounds(ops, &spec), nil })
	return r
}

// span is how much stock there can be at most and at least.
type span struct{ least, most int64 }

func bounds(ops []Op, spec *Spec) Report {
	c, bad := consolidate(ops, spec.Sequenced)
	if bad != nil {
		return *bad
	}
	units := make([]int64, idLimit(ops))
	for i := range c.ops {
		op := &c.ops[i]
		if op.Kind != Deduct && op.Kind != Restock && op.Kind != Cancel && op.Kind != Read || op.Kind == Deduct && op.Arg != Absent {
			return Report{Why: fmt.Sprintf("%v is not judged by bounds", op)}
		}
		if op.Kind == Deduct && op.ID >= 0 && op.Outcome != Rejected {
			units[op.ID] = op.Qty
		}
	}
	now := span{spec.Initial.Stock, spec.Initial.Stock}
	then := make([]span, len(c.ops)) // by operation: at its call
	rise, fall := int64(0), int64(0) // that were called so far
	called := make([]span, len(c.ops))
	for _, e := range events(c.ops) {
		op := &c.ops[e.op]
		effect := int64(0)
		switch {
		case op.Kind == Deduct && op.Outcome != Rejected && op.Outcome != NoEffect:
			effect = -op.Qty
		case op.Kind == Restock && op.Outcome != NoEffect:
			effect = op.Qty
		case op.Kind == Cancel && op.Outcome != NoEffect:
			effect = units[op.Arg]
		}
		if !e.returns {
			then[e.op], called[e.op] = now, span{fall, rise}
			now.least, now.most = now.least+min(effect, 0), now.most+max(effect, 0)
			rise, fall = rise+max(effect, 0), fall+min(effect, 0)
			continue
		}
		while := span{then[e.op].least + fall - called[e.op].least, then[e.op].most + rise - called[e.op].most}
		if why := op.outside(while, spec.Initial.Limit, effect); why != "" {
			return failed(RuleBounds, why, show(Offender, ops, int(c.origin[e.op])))
		}
		now.least, now.most = now.least+max(effect, 0), now.most+min(effect, 0)
	}
	return Report{Verdict: Pass}
}

// outside says why an answer cannot be, with that much stock while the operation was under way, its own effect
// included; "" if it can.
func (o *Op) outside(while span, limit, effect int64) string {
	switch {
	case o.Kind == Deduct && effect < 0 && while.most-o.Qty < -limit:
		return fmt.Sprintf("it was granted, and there were at most %d units", while.most)
	case o.Kind == Deduct && o.Outcome == Rejected && while.least-o.Qty >= -limit:
		return fmt.Sprintf("it was rejected, and there were at least %d units", while.least)
	case o.Kind == Read && o.Remaining != Absent && (o.Remaining < while.least || o.Remaining > while.most):
		return fmt.Sprintf("it read %d, and there were between %d and %d units", o.Remaining, while.least, while.most)
	}
	return ""
}
