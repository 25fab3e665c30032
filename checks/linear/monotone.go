package linear

import (
	"cmp"
	"fmt"
	"slices"
)

// Monotone judges the history of one key whose answers show the stock but no version, while stock only falls
// (case C of CHECKERS.md, 2.3): each deduction is the interval of stock between what it found and what it left,
// intervals are disjoint, and their order is the order of the operations, for no stock is entered twice. With
// [Epoch], the stock may rise too: answers show how often it did, and the order is by epoch and then by stock
// (case C'). What no answer covers must be tiled by unanswered deductions. O(n log n).
func Monotone(ops []Op, spec Spec, o Options) (Report, Linearization) {
	shows := min(max(o.Capability, Remaining), Epoch)
	return judged("monotone", ops, Remaining, func() (Report, Linearization) { return monotone(ops, &spec, shows, o) })
}

// falls is why [Monotone] does not apply to a history; "" if it does.
func falls(ops []Op, spec *Spec, shows Capability) string {
	if spec.Sequenced {
		return "refusals are remembered"
	}
	for i := range ops {
		op := &ops[i]
		shown := op.Outcome == OK || op.Outcome == Partial || op.Outcome == Rejected || op.Outcome == NoEffect
		switch {
		case op.Kind == Deduct && op.Arg == Absent, op.Kind == Read, op.Outcome == Never:
		case shows < Epoch || op.Kind != Restock && op.Kind != Cancel:
			return fmt.Sprintf("operation %d, %v, may raise the stock or moves what bounds it", i, *op)
		}
		if shows == Epoch && (shown && op.Epoch == NoEpoch) {
			return fmt.Sprintf("operation %d, %v, shows no epoch", i, *op)
		}
	}
	return ""
}

func monotone(ops []Op, spec *Spec, shows Capability, o Options) (Report, Linearization) {
	if why := falls(ops, spec, shows); why != "" {
		return Report{Why: why}, nil
	}
	kept, bad := consolidate(ops, false)
	if bad != nil {
		return *bad, nil
	}
	if shows == Epoch && slices.ContainsFunc(kept.ops, func(op Op) bool { return op.Epoch == NoEpoch && op.Return != Open }) {
		return Report{Why: "an answer that only a duplicate shows has no epoch"}, nil
	}
	c, r := byStock(spec, kept.ops, shows)
	for _, rule := range []func() *Report{c.undoings, c.transitions, c.realTime} {
		if r == nil {
			r = rule()
		}
	}
	l := Linearization(nil)
	if r == nil {
		var judged Report
		judged, l = c.explained(o)
		r = &judged
	}
	for n := range r.Evidence {
		if e := &r.Evidence[n]; e.Index >= 0 {
			*e = show(e.Role, ops, int(kept.origin[e.Index]))
		}
	}
	if l != nil {
		l = kept.restore(l, ops)
	}
	return *r, l
}

// level is a stock in an epoch: what was before in time has a lower epoch, or more units.
type level struct {
	epoch int32
	units int64
}

func (x level) compare(y level) int {
	return cmp.Or(cmp.Compare(x.epoch, y.epoch), cmp.Compare(y.units, x.units))
}

// levels knows where an operation stands by what it was answered.
type levels struct {
	start  level
	epochs bool
	units  map[int64]int64 // by id: what a deduction took, for the cancels
	all    []level
}

// of is the level that an answer shows.
func (l *levels) of(op *Op) level {
	if !l.epochs {
		return level{0, op.Remaining}
	}
	return level{op.Epoch, op.Remaining}
}

// before is the level that a mutation found; false where it does not say.
func (l *levels) before(op *Op) (level, bool) {
	at := l.of(op)
	switch op.Kind {
	case Deduct:
		return level{at.epoch, at.units + op.Qty}, true
	case Restock:
		return level{at.epoch - 1, at.units - op.Qty}, true
	}
	units, known := l.units[op.Arg]
	return level{at.epoch - 1, at.units - units}, known
}

func newLevels(spec *Spec, ops []Op, shows Capability) *levels {
	l := &levels{start: level{0, spec.Initial.Stock}, epochs: shows == Epoch, units: map[int64]int64{}}
	if l.epochs {
		l.start.epoch = int32(spec.Initial.Epoch)
	}
	for i := range ops {
		if op := &ops[i]; l.epochs && op.ID >= 0 && op.Kind == Deduct && op.Outcome != Rejected {
			l.units[op.ID] = op.Qty
		}
	}
	l.all = append(l.all, l.start)
	for i := range ops {
		op := &ops[i]
		if op.Outcome == Unknown && op.Return == Open {
			continue
		}
		l.all = append(l.all, l.of(op))
		if before, known := l.before(op); known && mutates(op) {
			l.all = append(l.all, before)
		}
	}
	slices.SortFunc(l.all, level.compare)
	l.all = slices.Compact(l.all)
	return l
}

// mutates reports whether a consolidated operation changed the stock.
func mutates(op *Op) bool { return op.Outcome == Unknown || takesVersion(op, false) }

// byStock places every operation at the level that its answer shows.
func byStock(spec *Spec, ops []Op, shows Capability) (*chain, *Report) {
	l := newLevels(spec, ops, shows)
	c := newChain(spec, ops, int64(len(l.all)-1))
	c.free, c.pending = true, map[int64]int32{}
	for p, at := range l.all {
		c.stock[p] = at.units
	}
	for i := range ops {
		op := &ops[i]
		c.at[i] = none
		if op.Outcome == Unknown && op.Return == Open {
			c.spare = append(c.spare, int32(i))
			if op.ID >= 0 {
				c.pending[op.ID] = int32(i)
			}
			continue
		}
		found, _ := slices.BinarySearchFunc(l.all, l.of(op), level.compare)
		p := int32(found)
		if why := l.misplaced(op, p); why != "" {
			r := failed(RuleTransition, why, show(Offender, ops, i))
			if p > 0 {
				r.Evidence = append(r.Evidence, c.shownAt(p-1, i)...)
			}
			return c, &r
		}
		if mutates(op) {
			if r := c.put(int32(i), p); r != nil {
				return c, r
			}
		}
		c.at[i] = p
	}
	for p := 1; p < len(l.all); p++ { // what raised the stock in between cannot be told from what it is
		c.doubt = c.doubt || c.slot[p] == none && l.all[p].epoch != l.all[p-1].epoch
	}
	return c, nil
}

// misplaced is why an operation cannot stand at place p; "" if it can.
func (l *levels) misplaced(op *Op, p int32) string {
	if l.all[p].compare(l.start) < 0 {
		return fmt.Sprintf("it shows %d units, and there were %d at the start", op.Remaining, l.start.units)
	}
	if !mutates(op) {
		return ""
	}
	before, known := l.before(op)
	switch {
	case known && before.compare(l.start) < 0 || p == 0:
		return fmt.Sprintf("it found %d units, and there were %d at the start", before.units, l.start.units)
	case known && l.all[p-1] != before:
		return fmt.Sprintf("it took the stock from %d to %d, past %d, which another answer shows", before.units, op.Remaining,
			l.all[p-1].units)
	}
	return ""
}
