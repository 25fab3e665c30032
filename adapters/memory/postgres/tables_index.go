package postgres

import "slices"

// index finds values by key, and walks them in the order of their keys. A map answers the look-ups;
// the order is kept in a list of sorted blocks that is brought up to date when somebody walks, so
// that a table which is only written and looked up never pays for it. No walk goes over the map: two
// runs see the same order.
type index[K comparable, V any] struct {
	compare func(a, b K) int
	at      map[K]V
	blocks  [][]K // sorted, none empty; keys that were dropped since may still be there
	fresh   []K   // not in the blocks yet
	stale   int   // at least as many keys in blocks and fresh are not in the map
}

// blockSize is where a block is split in two: an insertion moves at most one block.
const blockSize = 128

func newIndex[K comparable, V any](compare func(a, b K) int) *index[K, V] {
	return &index[K, V]{compare: compare, at: map[K]V{}}
}

// roomLimit is for how many keys an index keeps its room: to clear more takes longer than to make it anew.
const roomLimit = 256

// reset forgets everything and keeps the room for it.
func (x *index[K, V]) reset() {
	if len(x.at)+x.stale > roomLimit {
		*x = *newIndex[K, V](x.compare)
		return
	}
	clear(x.at)
	clear(x.blocks)
	clear(x.fresh)
	x.blocks, x.fresh, x.stale = x.blocks[:0], x.fresh[:0], 0
}

func (x *index[K, V]) get(k K) (V, bool) {
	v, ok := x.at[k]
	return v, ok
}

// put sets the value of a key.
func (x *index[K, V]) put(k K, v V) {
	n := len(x.at)
	if x.at[k] = v; len(x.at) > n {
		x.fresh = append(x.fresh, k)
	}
}

// drop forgets a key.
func (x *index[K, V]) drop(k K) {
	n := len(x.at)
	if delete(x.at, k); len(x.at) < n {
		x.stale++
		if x.stale > len(x.at)/2+blockSize {
			x.sweep()
		}
	}
}

// sweep takes the dropped keys out of the order.
func (x *index[K, V]) sweep() {
	gone := func(k K) bool { _, ok := x.at[k]; return !ok }
	for i := range x.blocks {
		x.blocks[i] = slices.DeleteFunc(x.blocks[i], gone)
	}
	x.blocks = slices.DeleteFunc(x.blocks, func(b []K) bool { return len(b) == 0 })
	x.fresh = slices.DeleteFunc(x.fresh, gone)
	x.stale = 0
}

// all walks every value in order, until fn says stop. fn must not change the index.
func (x *index[K, V]) all(fn func(k K, v V) bool) {
	x.order()
	x.walk(0, 0, fn)
}

// from walks the values whose key is at least k.
func (x *index[K, V]) from(k K, fn func(k K, v V) bool) {
	if len(x.at) > 0 {
		x.order()
		b, i, _ := x.seek(k)
		x.walk(b, i, fn)
	}
}

// after walks the values whose key is above k.
func (x *index[K, V]) after(k K, fn func(k K, v V) bool) {
	x.from(k, func(at K, v V) bool { return x.compare(at, k) == 0 || fn(at, v) })
}

func (x *index[K, V]) walk(b, i int, fn func(k K, v V) bool) {
	for ; b < len(x.blocks); b, i = b+1, 0 {
		for _, k := range x.blocks[b][i:] {
			if v, ok := x.at[k]; ok && !fn(k, v) {
				return
			}
		}
	}
}

// order puts the fresh keys into the blocks.
func (x *index[K, V]) order() {
	for _, k := range x.fresh {
		x.place(k)
	}
	clear(x.fresh)
	x.fresh = x.fresh[:0]
}

func (x *index[K, V]) place(k K) {
	b, i, found := x.seek(k)
	switch {
	case found: // it was dropped and came back
		return
	case len(x.blocks) == 0:
		x.blocks = append(x.blocks, nil) // a short table stays small
	}
	keys := slices.Insert(x.blocks[b], i, k)
	x.blocks[b] = keys
	if n := len(keys); n >= blockSize {
		half := n / 2
		if i == n-1 && b == len(x.blocks)-1 {
			half = n - 1 // keys that come in order fill their blocks
		}
		next := append(make([]K, 0, blockSize), keys[half:]...)
		clear(keys[half:])
		x.blocks[b] = keys[:half]
		x.blocks = slices.Insert(x.blocks, b+1, next)
	}
}

// seek finds the place of the first key in the blocks that is at least k.
func (x *index[K, V]) seek(k K) (b, i int, found bool) {
	lo, hi := 0, len(x.blocks) // the blocks before lo begin at or before k
	for lo < hi {
		mid := (lo + hi) / 2
		if x.compare(x.blocks[mid][0], k) <= 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return 0, 0, false
	}
	i, found = slices.BinarySearchFunc(x.blocks[lo-1], k, x.compare)
	return lo - 1, i, found
}
