package linear

import (
	"cmp"
	"fmt"
	"slices"
)

// runSteps bounds the search in one run of vacant places.
const runSteps = 4096

// several fills a run of vacant places of which only the sum is known, by trying the effects at hand in
// every order. It stops at the first that adds up: that may take away what a later run needs.
func (f *filler) several(first, last int32, before, after int64) string {
	f.admit(first)
	f.steps = runSteps
	slices.SortFunc(f.effects, func(x, y int64) int { // the most urgent first
		return cmp.Or(cmp.Compare(f.pools[x].urgency(), f.pools[y].urgency()), cmp.Compare(x, y))
	})
	used := make([]int, len(f.effects))
	chosen := make([]int, 0, last-first+1)
	if !f.try(first, last, before, after, used, &chosen) {
		return fmt.Sprintf("versions %d to %d took the stock from %s to %s, and no operations without an answer were found "+
			"that did that", f.version(first), f.version(last), known(before), known(after))
	}
	for n, e := range chosen {
		p := first + int32(n)
		f.admit(p)
		if why := f.take(f.pools[f.effects[e]], p, false); why != "" {
			return why
		}
		if f.stock[p] == Absent && f.stock[p-1] != Absent {
			f.stock[p] = f.stock[p-1] + f.effects[e]
		}
	}
	return ""
}

// try chooses effects for the places from p on.
func (f *filler) try(p, last int32, stock, after int64, used []int, chosen *[]int) bool {
	if p > last {
		return stock == Absent || after == Absent || stock == after
	}
	for e, delta := range f.effects {
		if f.steps--; f.steps < 0 {
			return false
		}
		if used[e] >= f.inTime(e, p) {
			continue
		}
		next := stock
		if stock != Absent {
			next += delta
			if delta < 0 && next < -f.limitAt(p).units {
				continue
			}
		}
		used[e]++
		*chosen = append(*chosen, e)
		if f.try(p+1, last, next, after, used, chosen) {
			return true
		}
		used[e]--
		*chosen = (*chosen)[:len(*chosen)-1]
	}
	return false
}

// inTime is how many operations of effect e can stand at place p or before it.
func (f *filler) inTime(e int, p int32) int {
	n := f.pools[f.effects[e]].Len()
	for w := len(f.waiting) - 1; w >= 0 && f.waiting[w].lo <= p; w-- {
		if f.waiting[w].delta == f.effects[e] {
			n++
		}
	}
	return n
}

func known(units int64) string {
	if units == Absent {
		return "an unknown amount"
	}
	return fmt.Sprint(units)
}

// urgency is the earliest deadline.
func (d deadlines) urgency() int32 {
	if len(d) == 0 {
		return anywhere
	}
	return d[0].hi
}

// tile fills one place with as many operations as its change of stock takes. With one effect that is forced;
// with several it stops at the first that adds up.
func (f *filler) tile(p int32, change int64) string {
	f.admit(p)
	if limit := f.limitAt(p).units; change < 0 && f.stock[p] < -limit {
		return fmt.Sprintf("the stock went to %d, below the limit of %d, and nobody was told so", f.stock[p], -limit)
	}
	if len(f.effects) == 1 && f.effects[0] != 0 && change%f.effects[0] == 0 && change/f.effects[0] > 0 {
		for range change / f.effects[0] {
			if why := f.one(p, f.effects[0]); why != "" {
				return why
			}
		}
		return ""
	}
	f.exact = f.exact && len(f.effects) < 2
	f.steps = runSteps
	used := make([]int, len(f.effects))
	var chosen []int
	if !f.addUp(change, 0, used, &chosen) {
		return fmt.Sprintf("the stock went from %d to %d, and no operations without an answer were found that did that",
			f.stock[p]-change, f.stock[p])
	}
	for _, e := range chosen {
		if why := f.take(f.pools[f.effects[e]], p, false); why != "" {
			return why
		}
	}
	return ""
}

// addUp chooses effects from number e on that come to the change together, all in its direction.
func (f *filler) addUp(change int64, e int, used []int, chosen *[]int) bool {
	if change == 0 {
		return true
	}
	for ; e < len(f.effects); e++ {
		if f.steps--; f.steps < 0 {
			return false
		}
		effect := f.effects[e]
		if effect == 0 || effect < 0 != (change < 0) || used[e] >= f.pools[effect].Len() ||
			change < 0 && effect < change || change > 0 && effect > change {
			continue
		}
		used[e]++
		*chosen = append(*chosen, e)
		if f.addUp(change-effect, e, used, chosen) {
			return true
		}
		used[e]--
		*chosen = (*chosen)[:len(*chosen)-1]
	}
	return false
}
