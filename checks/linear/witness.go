package linear

import (
	"fmt"
	"math"
)

// Linearization is the certificate of a pass: an order of the operations that explains every answer. An
// entry i >= 0 is operation i; ^i is operation i, which nobody answered and which was refused under a
// version of its own. Operations that are left out must be unanswered: they did not happen.
type Linearization []int32

// Verify replays the linearization against the specification, knowing nothing of how it was found:
// every answered operation is in it once, no operation stands before one that returned before its call,
// and each answer is the one that the specification gives. Nil: the history is linearizable. It needs
// ids that count from 0 ([Intern]) and takes O(n).
func (l Linearization) Verify(spec Spec, ops []Op) error {
	in := make([]bool, len(ops))
	ids := make([]memory, idLimit(ops))
	state, latest := spec.Initial, int64(math.MinInt64) // latest: call so far
	for at, i := range l {
		as := Unknown
		if i < 0 {
			i, as = ^i, NoEffect
		}
		op := &ops[i]
		switch {
		case in[i]:
			return fmt.Errorf("place %d: %v stands twice", at, op)
		case op.Outcome == Unknown && as == Unknown:
			as = OK
		case op.Outcome != Unknown && as == Unknown:
			as = op.Outcome
		case op.Outcome != Unknown || !spec.Sequenced:
			return fmt.Errorf("place %d: %v cannot have been refused under a version", at, op)
		}
		if op.Return < latest {
			return fmt.Errorf("place %d: %v returned before the call, at %d, of what stands before it", at, op, latest)
		}
		if !spec.step(&state, ids, op, as) {
			return fmt.Errorf("place %d: %v is not what the specification answers", at, op)
		}
		in[i], latest = true, max(latest, op.Call)
	}
	for i := range ops {
		if !in[i] && ops[i].answered() {
			return fmt.Errorf("operation %d, %v, has no place", i, ops[i])
		}
	}
	return nil
}

// idLimit is one above the largest id.
func idLimit(ops []Op) int64 {
	top := int64(Absent)
	for i := range ops {
		top = max(top, ops[i].ID, ops[i].Ref())
	}
	return max(top, -1) + 1
}
