package linear

import "fmt"

// assume is why the operations are no history that these checkers can judge; "" if they are one. Checked
// first, so that no verdict rests on what nobody looked at.
func assume(ops []Op, shows Capability) string {
	top := int64(len(ops))*8 + 1024
	for i := range ops {
		op := &ops[i]
		why := op.flaw(shows, top)
		if op.Key != ops[0].Key {
			why = fmt.Sprintf("is of key %d, the first one of key %d", op.Key, ops[0].Key)
		}
		if why != "" {
			return fmt.Sprintf("operation %d, %v, %s", i, op, why)
		}
	}
	return ""
}

// flaw is why an operation is none that can be judged; "" if it is one. Ids count from 0 to top.
func (o *Op) flaw(shows Capability, top int64) string {
	switch {
	case o.Kind < Deduct || o.Kind > Read:
		return "is no operation on a counter"
	case o.Outcome > Never || !answerable(o):
		return "has an answer that its kind does not have"
	case o.Return < o.Call:
		return "returned before its call"
	case !o.answered() && o.Return != Open:
		return "has a return and no outcome"
	case o.ID != Absent && (o.ID < 0 || o.ID > top) || o.Ref() != Absent && (o.Ref() < 0 || o.Ref() > top):
		return "has an id that does not count from 0 (Intern)"
	case o.Ref() == Absent && (o.Kind == Cancel || o.Kind == Commit):
		return "does not say which deduction it is about"
	case o.Kind <= Restock && o.Qty < 1:
		return "has no quantity"
	case o.answered() && !o.showsAs(shows):
		return fmt.Sprintf("does not show what capability %s promises", shows)
	}
	return ""
}

// answerable reports whether the kind can be told the outcome.
func answerable(op *Op) bool {
	switch op.Outcome {
	case Partial:
		return op.Kind == Deduct
	case Rejected:
		return op.Kind == Deduct || op.Kind == Withdraw
	case NoEffect, Duplicate:
		return op.Kind != Read && (op.Outcome == NoEffect || op.ID != Absent)
	}
	return true
}

// showsAs reports whether an answer shows all that the capability promises.
func (o *Op) showsAs(c Capability) bool {
	switch c {
	case Bare:
		return true
	case Remaining:
		return o.Remaining != Absent
	case Epoch:
		return o.Remaining != Absent && o.Epoch != NoEpoch
	}
	return o.Remaining != Absent && o.Seq != Absent
}
