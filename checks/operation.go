package checks

import (
	"stockproof/checks/linear"
	"stockproof/model"
)

// asOperation is a command as an operation on the counter of one lane, and what was said to it: doc.go has
// the table. Stock is what can be promised (avail), so that RESERVE takes and COMMIT changes nothing.
type asOperation struct {
	kind    linear.Kind
	qty     int64
	ref     model.ID // that Arg names; zero: none
	arg     int64    // other than a ref
	outcome linear.Outcome
}

// operation maps a command, and what was decided of one leg of it, to an operation. together: it is a line of an
// all-or-nothing order of several lines, which may be refused for what its siblings take.
func operation(c model.Command, o model.Outcome, granted int64, leg int16, together bool) asOperation {
	x := asOperation{kind: linear.Note, qty: linear.Absent, arg: linear.Absent, outcome: linear.NoEffect}
	switch {
	case o == 0:
		x.outcome = linear.Unknown
	case o.Grants():
		x.outcome = linear.OK
	case o != model.RejectedInsufficient || together:
		return x // the counter does not know why
	}
	switch c.Kind {
	case model.Reserve:
		return reservation(x, c, o, granted)
	case model.Commit:
		if o.Grants() {
			x.kind, x.ref = linear.Commit, c.Ref
		}
	case model.Release, model.Expire:
		if o.Grants() && granted > 0 {
			x.kind, x.ref, x.qty = linear.Cancel, c.Ref, granted
		}
	case model.Restock, model.Return:
		x.kind, x.qty = linear.Restock, c.Qty
	case model.Adjust:
		x.kind, x.qty = linear.Adjust, granted
	case model.Transfer:
		x.kind, x.qty = linear.Withdraw, c.Qty
		if leg == 1 {
			x.kind = linear.Restock
		} else if o == model.RejectedInsufficient {
			x.outcome = linear.Rejected
		}
	case model.SetLimit:
		x.kind = linear.SetLimit
		if c.Safety.Present {
			x.qty = c.Safety.Value
		}
		if c.BackorderLimit.Present {
			x.arg = c.BackorderLimit.Value
		}
	}
	if o == model.RejectedInsufficient && x.kind != linear.Withdraw {
		x.kind, x.qty, x.arg = linear.Note, linear.Absent, linear.Absent // what is in the building is none of its numbers
	}
	return x
}

func reservation(x asOperation, c model.Command, o model.Outcome, granted int64) asOperation {
	x.kind, x.qty, x.ref = linear.Deduct, c.Qty, c.Ref
	switch {
	case o == model.PartiallyGranted:
		x.qty, x.outcome = granted, linear.Partial
	case o == model.RejectedInsufficient:
		x.outcome = linear.Rejected
		if c.Policy == model.Partial { // it would have taken a single unit
			x.qty = 1
		}
	}
	return x
}
