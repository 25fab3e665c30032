package linear

import (
	"container/heap"
	"fmt"
	"slices"
)

// filler matches vacant places with unanswered operations: per effect, each vacant place in order takes
// the candidate with the earliest deadline of those that were called in time. While the stock on both
// sides of every vacant place is known and no candidate depends on another, that is convex bipartite
// matching, and the exchange argument makes it exact (CHECKERS.md, 2.3 B); else what it finds is right
// and finding nothing proves nothing.
type filler struct {
	*chain
	u       *unanswered
	waiting []candidate          // by lo, the next one last
	pools   map[int64]*deadlines // by effect: those that can stand at the current place
	effects []int64              // all there are, sorted
	exact   bool
	steps   int               // of the current run's search
	tiles   map[int32][]int32 // what fills a place; ^i: refused
}

// deadlines is a heap of candidates, the earliest hi first.
type deadlines []candidate

func (d deadlines) Len() int { return len(d) }
func (d deadlines) Less(i, j int) bool {
	return d[i].hi < d[j].hi || d[i].hi == d[j].hi && d[i].op < d[j].op
}
func (d deadlines) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *deadlines) Push(x any)   { *d = append(*d, x.(candidate)) }
func (d *deadlines) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}

func newFiller(c *chain, u *unanswered) *filler {
	f := &filler{chain: c, u: u, pools: map[int64]*deadlines{}, exact: !u.coupled, tiles: map[int32][]int32{}}
	for _, k := range u.list {
		if !k.leans {
			f.waiting = append(f.waiting, k)
		}
	}
	slices.SortFunc(f.waiting, func(x, y candidate) int { return int(y.lo) - int(x.lo) })
	for _, k := range f.waiting {
		if f.pools[k.delta] == nil {
			f.pools[k.delta] = &deadlines{}
			f.effects = append(f.effects, k.delta)
		}
	}
	slices.Sort(f.effects)
	return f
}

// run fills all vacant places. It answers the place that it could not fill and why; 0: all are filled.
func (f *filler) run() (int32, string) {
	for p := int32(1); p < int32(len(f.slot)); p++ {
		if f.slot[p] != none {
			continue
		}
		last := p
		for int(last)+1 < len(f.slot) && f.slot[last+1] == none && f.stock[last] == Absent {
			last++
		}
		if why := f.gap(p, last); why != "" {
			return p, why
		}
		p = last
	}
	f.admit(int32(len(f.slot)))
	for _, e := range f.effects {
		for _, k := range *f.pools[e] {
			if k.must {
				return max(k.lo, 1), fmt.Sprintf("%v happened, as an answer shows, and no vacant version is left for it", f.ops[k.op])
			}
		}
	}
	return 0, ""
}

// gap fills the places first to last, of which only the stock before and after is known.
func (f *filler) gap(first, last int32) string {
	before, after := f.stock[first-1], f.stock[last]
	switch {
	case f.free:
		return f.tile(first, after-before)
	case first == last && before != Absent && after != Absent:
		return f.one(first, after-before)
	case len(f.effects) == 1 && before != Absent:
		for p := first; p <= last; p++ {
			before += f.effects[0]
			if f.stock[p] == Absent {
				f.stock[p] = before
			}
			if why := f.one(p, f.effects[0]); why != "" {
				return why
			}
		}
		if after != Absent && before != after {
			return fmt.Sprintf("the stock after version %d would be %d, and is %d", f.version(last), before, after)
		}
		return ""
	}
	f.exact = false
	return f.several(first, last, before, after)
}

// admit lets in what can stand at place p.
func (f *filler) admit(p int32) {
	for n := len(f.waiting); n > 0 && f.waiting[n-1].lo <= p; n-- {
		heap.Push(f.pools[f.waiting[n-1].delta], f.waiting[n-1])
		f.waiting = f.waiting[:n-1]
	}
}

// one fills place p with an operation of that effect.
func (f *filler) one(p int32, delta int64) string {
	f.admit(p)
	if limit := f.limitAt(p).units; delta < 0 && f.stock[p] != Absent && f.stock[p] < -limit {
		return fmt.Sprintf("version %d took the stock to %d, below the limit of %d, and nobody was told so", f.version(p),
			f.stock[p], -limit)
	}
	if pool := f.pools[delta]; pool != nil && pool.Len() > 0 {
		return f.take(pool, p, false)
	}
	if f.spec.Sequenced && delta == 0 {
		for _, e := range f.effects {
			if pool := f.pools[e]; pool.Len() > 0 && !(*pool)[0].must {
				return f.take(pool, p, true)
			}
		}
	}
	return fmt.Sprintf("version %d changed the stock by %+d, and no operation without an answer can have done that",
		f.version(p), delta)
}

// take fills place p from the pool.
func (f *filler) take(pool *deadlines, p int32, refused bool) string {
	k := heap.Pop(pool).(candidate)
	if k.hi < p {
		return fmt.Sprintf("%v happened before version %d, as an answer shows, and no vacant version is left for it", f.ops[k.op],
			f.version(k.hi+1))
	}
	i := k.op
	if refused {
		i = ^i
	}
	f.tiles[p] = append(f.tiles[p], i)
	return ""
}
