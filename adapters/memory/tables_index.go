package memory

import "slices"

// index keeps values in the order of their keys. It is a list of sorted blocks: a look-up is two
// binary searches, an insertion moves at most one block, and a walk in key order touches memory in
// sequence. Nothing about it depends on a hash, so that two runs see the same order.
type index[K, V any] struct {
	compare func(a, b K) int
	blocks  []*block[K, V]
	count   int
}

type block[K, V any] struct {
	keys   []K
	values []V
}

// blockSize is where a block is split in two.
const blockSize = 128

func newIndex[K, V any](compare func(a, b K) int) *index[K, V] {
	return &index[K, V]{compare: compare}
}

// seek finds the place of the first key that is at least k.
func (x *index[K, V]) seek(k K) (b, i int, found bool) {
	lo, hi := 0, len(x.blocks) // the last block whose first key is at most k
	for lo < hi {
		mid := (lo + hi) / 2
		if x.compare(x.blocks[mid].keys[0], k) <= 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return 0, 0, false
	}
	b = lo - 1
	keys := x.blocks[b].keys
	lo, hi = 0, len(keys)
	for lo < hi {
		mid := (lo + hi) / 2
		c := x.compare(keys[mid], k)
		if c == 0 {
			return b, mid, true
		}
		if c < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return b, lo, false
}

func (x *index[K, V]) get(k K) (v V, found bool) {
	if b, i, ok := x.seek(k); ok {
		return x.blocks[b].values[i], true
	}
	return v, false
}

// put sets the value of a key.
func (x *index[K, V]) put(k K, v V) {
	b, i, found := x.seek(k)
	switch {
	case found:
		x.blocks[b].values[i] = v
		return
	case len(x.blocks) == 0:
		x.blocks = append(x.blocks, &block[K, V]{})
	}
	at := x.blocks[b]
	at.keys = slices.Insert(at.keys, i, k)
	at.values = slices.Insert(at.values, i, v)
	x.count++
	if n := len(at.keys); n >= blockSize {
		half := n / 2
		if i == n-1 && b == len(x.blocks)-1 {
			half = n - 1 // keys that come in order fill their blocks
		}
		next := &block[K, V]{
			keys:   append(make([]K, 0, blockSize), at.keys[half:]...),
			values: append(make([]V, 0, blockSize), at.values[half:]...),
		}
		clear(at.keys[half:])
		clear(at.values[half:])
		at.keys, at.values = at.keys[:half], at.values[:half]
		x.blocks = slices.Insert(x.blocks, b+1, next)
	}
}

// drop forgets a key.
func (x *index[K, V]) drop(k K) {
	b, i, found := x.seek(k)
	if !found {
		return
	}
	at := x.blocks[b]
	at.keys, at.values = slices.Delete(at.keys, i, i+1), slices.Delete(at.values, i, i+1)
	x.count--
	if len(at.keys) == 0 {
		x.blocks = slices.Delete(x.blocks, b, b+1)
	}
}

// after walks the values whose key is above k, in order, until fn says stop. fn must not change the
// index.
func (x *index[K, V]) after(k K, fn func(k K, v V) bool) {
	b, i, found := x.seek(k)
	if found {
		i++
	}
	x.walk(b, i, fn)
}

// all walks every value in order.
func (x *index[K, V]) all(fn func(k K, v V) bool) { x.walk(0, 0, fn) }

// from walks the values whose key is at least k, in order.
func (x *index[K, V]) from(k K, fn func(k K, v V) bool) {
	b, i, _ := x.seek(k)
	x.walk(b, i, fn)
}

func (x *index[K, V]) walk(b, i int, fn func(k K, v V) bool) {
	for ; b < len(x.blocks); b, i = b+1, 0 {
		at := x.blocks[b]
		for ; i < len(at.keys); i++ {
			if !fn(at.keys[i], at.values[i]) {
				return
			}
		}
	}
}
