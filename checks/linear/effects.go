package linear

import "fmt"

// change is what a mutation does to the stock when it is granted; sure is false where that does not
// follow from the operation, or units does not know what the deduction took that it undoes.
func (o *Op) change(safety int64, units func(id int64) (int64, bool)) (delta int64, sure bool) {
	switch o.Kind {
	case Deduct, Withdraw:
		delta = -o.Qty
		if o.Ref() != Absent {
			back, known := units(o.Arg)
			return delta + back, known
		}
	case Restock, Adjust:
		delta = o.Qty
	case Cancel:
		return units(o.Arg)
	case Reconcile:
		return 0, false
	case SetLimit:
		if o.Qty != Absent {
			delta = safety - o.Qty
		}
	}
	return delta, delta != Absent
}

// excess says how a granted operation broke the limit by the stock that it left; "" if it did not.
func (o *Op) excess(after, limit int64) string {
	took := o.Kind == Deduct && o.Outcome != Rejected && o.Outcome != NoEffect
	switch {
	case took && after < -limit:
		return fmt.Sprintf("it took the stock to %d, below the limit of %d", after, -limit)
	case o.Outcome == Partial && after != -limit:
		return fmt.Sprintf("it got a part and left %d above the limit of %d", after, -limit)
	case o.Kind == Withdraw && o.Outcome == OK && after < 0:
		return fmt.Sprintf("it took the stock to %d", after)
	}
	return ""
}

// tooMuch reports whether units in stock are too few for the deduction or withdrawal.
func (o *Op) tooMuch(units, limit int64) bool {
	if o.Kind == Withdraw {
		return units < o.Qty
	}
	return units-o.Qty < -limit
}
