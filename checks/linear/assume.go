package linear

import "fmt"

// assume is why the operations are no history that these checkers can judge; "" if they are one. Checked
// first, so that no verdict rests on what nobody looked at.
func assume(ops []Op, shows Capability) string {
	top := int64(len(ops))*8 + 1024
	for i := range ops {
		op := &ops[i]
		why := ""
		switch {
		case op.Key != ops[0].Key:
			why = fmt.Sprintf("is of key %d, the first one of key %d", op.Key, ops[0].Key)
		case op.Kind < Deduct || op.Kind > Read:
			why = "is no operation on a counter"
		case op.Outcome > Never || !answerable(op):
			why = "has an answer that its kind does not have"
		case op.Return < op.Call:
			why = "returned before its call"
		case (op.Outcome == Unknown || op.Outcome == Never) && op.Return != Open:
			why = "has a return and no outcome"
		case op.ID != Absent && (op.ID < 0 || op.ID > top) || op.Ref() != Absent && (op.Ref() < 0 || op.Ref() > top):
			why = "has an id that does not count from 0 (Intern)"
		case op.Ref() == Absent && (op.Kind == Cancel || op.Kind == Commit):
			why = "does not say which deduction it is about"
		case (op.Kind == Deduct || op.Kind == Withdraw || op.Kind == Restock) && op.Qty < 0:
			why = "has no quantity"
		case op.answered() && !op.showsAs(shows):
			why = fmt.Sprintf("does not show what capability %s promises", shows)
		}
		if why != "" {
			return fmt.Sprintf("operation %d, %v, %s", i, op, why)
		}
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
