package linear

import (
	"cmp"
	"fmt"

	"github.com/anishathalye/porcupine"
)

// Register judges the history of one register that holds a value or [Nil], with [Read], [Write],
// [CompareAndSet] and [Append], by the just-in-time search. values are needed for Append alone, and grow by what it
// makes.
func Register(ops []Op, initial int64, values *Values, o Options) (Report, Linearization) {
	if len(ops) == 0 {
		return Report{Method: "register", Verdict: Pass}, Linearization{}
	}
	kept, origin := make([]Op, 0, len(ops)), make([]int32, 0, len(ops))
	for i := range ops {
		op := &ops[i]
		if op.Kind < Read || op.Kind == Append && values == nil || op.Outcome == Partial ||
			op.Outcome > Rejected && op.Outcome != Never || op.Return < op.Call || op.Key != ops[0].Key {
			return Report{Method: "register", Key: ops[0].Key, Why: "operation " + op.String() + " is none on this register"}, nil
		}
		if op.answered() || op.Outcome == Unknown && op.Kind != Read {
			kept, origin = append(kept, *op), append(origin, int32(i))
		}
	}
	j := &justInTime[int64]{ops: kept, most: cmp.Or(o.Configurations, configurationsMost), machine: machine[int64]{initial: initial,
		step:     func(value int64, op *Op, as Outcome) (int64, bool) { return stepRegister(values, value, op, as) },
		observes: func(op *Op) bool { return op.Kind == Read || op.Outcome == Rejected },
		alone:    func(*Op) bool { return false },
		leaves:   func(*Op) func(int64) int64 { return nil },
	}}
	r, l := j.judge()
	r.Method, r.Key = "register", ops[0].Key
	for n := range r.Evidence {
		r.Evidence[n] = show(r.Evidence[n].Role, ops, int(origin[r.Evidence[n].Index]))
	}
	for at := range l {
		l[at] = origin[l[at]]
	}
	return r, l
}

// stepRegister is the specification of a register.
func stepRegister(values *Values, value int64, op *Op, as Outcome) (int64, bool) {
	switch {
	case op.Kind == Read:
		return value, op.Remaining == value
	case op.Kind == Write:
		return op.Qty, as == OK
	case op.Kind == Append:
		return values.Intern(values.Text(value) + values.Text(op.Qty)), as == OK
	case as == Rejected:
		return value, value != op.Arg
	}
	return op.Qty, value == op.Arg && as == OK
}

// registerModel steps the same specification for porcupine. An unanswered operation that never happened stands last.
func registerModel(initial int64, values *Values) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return initial },
		Step: func(state, input, _ any) (bool, any) {
			value, op := state.(int64), input.(*Op)
			if op.Outcome != Unknown {
				next, ok := stepRegister(values, value, op, op.Outcome)
				return ok, next
			}
			if next, ok := stepRegister(values, value, op, OK); ok {
				return true, next
			}
			return true, value
		},
		DescribeOperation: func(input, _ any) string { return DescribeRegister(values, input.(*Op)) },
	}
}

// DescribeRegister is an operation on a register with the values that its numbers stand for.
func DescribeRegister(values *Values, op *Op) string {
	name := func(n int64) string {
		switch {
		case n == Nil:
			return "nil"
		case values == nil:
			return fmt.Sprint(n)
		}
		return values.Text(n)
	}
	switch {
	case op.Kind == Read && op.Outcome == OK:
		return "read -> " + name(op.Remaining)
	case op.Kind == Read:
		return "read -> " + op.Outcome.String()
	case op.Kind == CompareAndSet:
		return fmt.Sprintf("cas %s to %s -> %s", name(op.Arg), name(op.Qty), op.Outcome)
	}
	return fmt.Sprintf("%s %s -> %s", op.Kind, name(op.Qty), op.Outcome)
}
