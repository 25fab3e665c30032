package linear

import (
	"cmp"
	"slices"
	"sort"
)

// order is the linearization of a chain whose places are all filled: each place's mutation, then its
// observers by call, for they change nothing and so commute.
func (c *chain) order(tiles map[int32][]int32) Linearization {
	ends := make([]int32, len(c.slot)+1) // where each place's observers end
	answered, duplicates := 0, 0
	for i := range c.ops {
		switch p := c.at[i]; {
		case c.ops[i].Outcome == Duplicate:
			duplicates++
		case p != none && c.slot[p] != int32(i):
			ends[p+1]++
			answered++
		}
	}
	for p := 1; p < len(ends); p++ {
		ends[p] += ends[p-1]
	}
	observers := make([]int32, answered)
	next := slices.Clone(ends)
	for i := range c.ops {
		if p := c.at[i]; p != none && c.slot[p] != int32(i) && c.ops[i].Outcome != Duplicate {
			observers[next[p]] = int32(i)
			next[p]++
		}
	}
	l := make(Linearization, 0, len(c.ops))
	for p := range c.slot {
		if i := c.slot[p]; i != none {
			l = append(l, i)
		}
		l = append(l, tiles[int32(p)]...)
		here := observers[ends[p]:ends[p+1]]
		if len(here) > 1 {
			slices.SortStableFunc(here, func(x, y int32) int { return cmp.Compare(c.ops[x].Call, c.ops[y].Call) })
		}
		l = append(l, here...)
	}
	if duplicates == 0 {
		return l
	}
	return withDuplicates(l, c.ops, duplicates)
}

// withDuplicates puts every duplicate at the last place that its return allows: before the first operation
// that was called after it. Nothing behind that place returned before the duplicate's call, or it would be
// inverted with that operation.
func withDuplicates(l Linearization, ops []Op, n int) Linearization {
	latest := make([]int64, len(l)) // call up to here
	for at, i := range l {
		latest[at] = ops[max(i, ^i)].Call
		if at > 0 {
			latest[at] = max(latest[at], latest[at-1])
		}
	}
	type place struct{ op, before int32 }
	places := make([]place, 0, n)
	for i := range ops {
		if r := ops[i].Return; ops[i].Outcome == Duplicate {
			places = append(places, place{int32(i), int32(sort.Search(len(l), func(at int) bool { return latest[at] > r }))})
		}
	}
	slices.SortStableFunc(places, func(x, y place) int {
		return cmp.Or(cmp.Compare(x.before, y.before), cmp.Compare(ops[x.op].Call, ops[y.op].Call))
	})
	merged := make(Linearization, 0, len(l)+len(places))
	for at, i := range l {
		for len(places) > 0 && int(places[0].before) <= at {
			merged = append(merged, places[0].op)
			places = places[1:]
		}
		merged = append(merged, i)
	}
	for _, d := range places {
		merged = append(merged, d.op)
	}
	return merged
}
