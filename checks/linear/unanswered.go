package linear

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// candidate is an unanswered operation that may have filled a vacant place.
type candidate struct {
	op     int32
	lo, hi int32 // the places it can have taken, by real time and by what answers say of its id
	delta  int64 // its effect on the stock
	must   bool  // it did happen: an answer shows that
	leans  bool  // on another candidate having happened: only the search tries it
}

// attempt is one of several operations that stand as one candidate.
type attempt struct {
	op int32
	id int64
	lo int32
}

// unanswered are all candidates of a chain.
type unanswered struct {
	list  []candidate
	byID  map[int64]int   // of the operation
	byRef map[int64][]int // those that undo a deduction, by its id
	// merged are the cancels of one deduction that stand as one candidate, which is the first of them that can have
	// happened: by its place in list. Only where there are several.
	merged map[int][]attempt
	// coupled: where one candidate stands bears on where another can: matching by effect is then no
	// longer exact, and finding no match proves nothing.
	coupled bool
	// doubt: nor does finding one prove anything, until it has been replayed.
	doubt bool
	// opaque: a candidate's effect cannot be known; no search helps.
	opaque bool
}

// anywhere is the hi of a candidate that nothing bounds.
const anywhere = math.MaxInt32

// candidates lists what may have filled vacant places. It needs realTime and undoings.
func (c *chain) candidates() *unanswered {
	u := &unanswered{byID: map[int64]int{}, byRef: map[int64][]int{}, merged: map[int][]attempt{}}
	for _, i := range c.spare {
		op := &c.ops[i]
		k := candidate{op: i, lo: c.earliest(op.Call), hi: anywhere}
		if !c.effect(u, op, &k) {
			continue
		}
		if op.ID >= 0 && c.undone != nil && c.undone[op.ID] != none {
			k.must, k.hi = true, c.at[c.undone[op.ID]]-1
		}
		if op.ID >= 0 {
			u.byID[op.ID] = len(u.list)
		}
		if op.Ref() != Absent {
			u.byRef[op.Arg] = append(u.byRef[op.Arg], len(u.list))
		}
		u.list = append(u.list, k)
	}
	return u
}

// earliest is the first place that a call is not too late for: its basic lemma, by binary search.
func (c *chain) earliest(call int64) int32 {
	return int32(1 + sort.Search(len(c.slot)-1, func(p int) bool { return call <= c.behind[p+1] }))
}

// effect is what the operation does to the stock if it happens; false: it cannot have taken a place.
func (c *chain) effect(u *unanswered, op *Op, k *candidate) bool {
	if c.spec.Sequenced || op.Ref() != Absent && op.Kind == Deduct {
		u.coupled, u.doubt = true, true // it may have been refused instead, or gives back what another may have
	}
	switch op.Kind {
	case Deduct:
		k.delta = -op.Qty
		if op.Ref() != Absent {
			units, _ := c.units(op.Arg)
			k.delta += units
		}
		return true
	case Restock:
		k.delta = op.Qty
		return true
	case Cancel:
		return c.cancelEffect(u, op, k)
	case Adjust, Withdraw, Reconcile:
		k.delta = op.Qty
		if op.Kind == Withdraw {
			k.delta = -op.Qty
		}
		u.opaque = u.opaque || op.Qty == Absent
	}
	u.coupled, u.doubt = true, true // it passes the limit, or sets what others change, or is one of several alike
	return true
}

// cancelEffect is effect of a cancel. Cancels of one deduction are merged: at most one has an effect, and
// not before the earliest was called.
func (c *chain) cancelEffect(u *unanswered, op *Op, k *candidate) bool {
	first := c.first[op.Arg]
	units, deducted := c.units(op.Arg)
	k.delta = units
	if c.spec.Sequenced {
		return true
	}
	if !deducted || c.undone != nil && c.undone[op.Arg] != none {
		return false
	}
	if first == none { // of one that is unanswered itself
		u.coupled, k.leans = true, true
		return true
	}
	k.lo = max(k.lo, c.at[first]+1)
	for _, other := range u.byRef[op.Arg] {
		o := &u.list[other]
		if c.ops[o.op].Kind == Cancel {
			if u.merged[other] == nil {
				u.merged[other] = []attempt{{o.op, c.ops[o.op].ID, o.lo}}
			}
			u.merged[other] = append(u.merged[other], attempt{k.op, op.ID, k.lo})
			if op.ID >= 0 {
				u.byID[op.ID] = other
			}
			u.first(other)
			return false
		}
		u.coupled, u.doubt = true, true
	}
	return true
}

// notBefore bounds the unanswered operation id from below: an answer shows that it had not been done yet.
func (u *unanswered) notBefore(id int64, p int32) {
	k, asked := u.byID[id]
	switch {
	case !asked:
	case u.merged[k] == nil:
		u.list[k].lo = max(u.list[k].lo, p)
	default:
		for n := range u.merged[k] {
			if a := &u.merged[k][n]; a.id == id {
				a.lo = max(a.lo, p)
			}
		}
		u.first(k)
	}
}

// first makes candidate k the one of its attempts that can have happened first.
func (u *unanswered) first(k int) {
	a := slices.MinFunc(u.merged[k], func(x, y attempt) int { return cmp.Compare(x.lo, y.lo) })
	u.list[k].op, u.list[k].lo = a.op, a.lo
}

// idleAt takes in that a cancel found nothing at place p, where its deduction is unanswered: that one
// stands behind, unless an answered cancel stands between, or an unanswered one may.
func (u *unanswered) idleAt(id int64, p int32, c *chain) {
	switch {
	case c.undone != nil && c.undone[id] != none && c.at[c.undone[id]] <= p:
	case len(u.byRef[id]) > 0:
		u.coupled, u.doubt = true, true
	default:
		u.notBefore(id, p+1)
	}
}

// undoes takes in that deduction id was gone at place p, and reports whether an unanswered operation can
// have done that.
func (u *unanswered) undoes(id int64, p int32) bool {
	of := u.byRef[id]
	switch len(of) {
	case 0:
		return false
	case 1:
		k := &u.list[of[0]]
		k.must, k.hi = true, min(k.hi, p)
	default:
		u.coupled, u.doubt = true, true
	}
	return true
}
