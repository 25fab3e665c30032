package linear

import "fmt"

// chain is a history whose operations show where they stand: place 0 is the initial state, each further
// place one operation that took a version (a mutation), and every other answered operation (an observer)
// stands at the place whose state it saw, behind the mutation. What nobody answered for is vacant.
type chain struct {
	spec   *Spec
	ops    []Op
	at     []int32 // by operation: its place; none: it has none
	slot   []int32 // by place: the mutation; none: vacant
	stock  []int64 // by place: units after it; Absent: nothing shows them
	behind []int64 // by place: the least return of its observers and of all that stands behind
	first  []int32 // by id: the operation that is remembered under it; none
	undone []int32 // by id of a deduction: what cancelled, replaced or committed it; none. Nil: nothing did
	limits []limit // in order of place
	names  []int64 // by place: the version, where places are not all versions; nil: they are
	free   bool    // a vacant place may hold several operations: places are stocks, not versions
	doubt  bool    // an answer was given the benefit of it: whether rightly, the replay says
	spare  []int32 // unanswered operations that have no place and could have one
	pinned []int32 // unanswered operations whose place a duplicate shows
	// pending is, by id, the earliest unanswered attempt of what nobody was answered first. Nil: none.
	pending map[int64]int32
}

// limit is what a SetLimit made of the lane, from a place on.
type limit struct {
	from          int32
	safety, units int64
}

func newChain(spec *Spec, ops []Op, places int64) *chain {
	c := &chain{spec: spec, ops: ops, at: make([]int32, len(ops)), slot: make([]int32, places+1),
		stock: make([]int64, places+1), first: make([]int32, idLimit(ops)),
		limits: []limit{{0, spec.Initial.Safety, spec.Initial.Limit}}}
	fill(c.first, none)
	fill(c.slot, none)
	fill(c.stock, Absent)
	c.stock[0] = spec.Initial.Stock
	return c
}

func fill[T any](s []T, v T) {
	for i := range s {
		s[i] = v
	}
}

// put gives mutation i its place.
func (c *chain) put(i int32, place int32) *Report {
	op := &c.ops[i]
	if other := c.slot[place]; other != none {
		r := failed(RuleVersions, fmt.Sprintf("two operations took version %d", c.version(place)), show(Offender, c.ops, int(i)),
			show(Witness, c.ops, int(other)))
		return &r
	}
	if op.ID >= 0 {
		if other := c.first[op.ID]; other != none {
			r := failed(RuleOnce, fmt.Sprintf("id %d took effect twice", op.ID), show(Offender, c.ops, int(i)),
				show(Witness, c.ops, int(other)))
			return &r
		}
		c.first[op.ID] = i
	}
	c.slot[place], c.at[i] = i, place
	return nil
}

// see records what operation i showed of the stock at a place.
func (c *chain) see(i int32, place int32, units int64) *Report {
	switch known := c.stock[place]; {
	case units == Absent || known == units:
	case known == Absent:
		c.stock[place] = units
	default:
		r := failed(RuleAnswer, fmt.Sprintf("at version %d the stock is %d, not %d", c.version(place), known, units),
			show(Offender, c.ops, int(i)))
		r.Evidence = append(r.Evidence, c.shownAt(place, int(i))...)
		return &r
	}
	return nil
}

// version is what clients call a place.
func (c *chain) version(place int32) int64 {
	if c.names != nil {
		return c.names[place]
	}
	return c.spec.Initial.Seq + int64(place)
}

// shownAt is evidence of another operation that shows the state at a place.
func (c *chain) shownAt(place int32, but int) []Evidence {
	for i := range c.ops {
		if i != but && c.ops[i].answered() && c.placeOf(i) == place {
			return []Evidence{show(Witness, c.ops, i)}
		}
	}
	return nil
}

// placeOf is where an operation stands, a duplicate with its first answer.
func (c *chain) placeOf(i int) int32 {
	if op := &c.ops[i]; op.Outcome == Duplicate && c.first[op.ID] != none {
		return c.at[c.first[op.ID]]
	}
	return c.at[i]
}

// units is what deduction id took, answered or, if it happened, not.
func (c *chain) units(id int64) (int64, bool) {
	if i := c.first[id]; i != none {
		op := &c.ops[i]
		return op.Qty, op.Kind == Deduct && op.Outcome != Rejected && op.Outcome != NoEffect
	}
	i, asked := c.pending[id]
	return c.ops[i].Qty, asked && c.ops[i].Kind == Deduct
}
