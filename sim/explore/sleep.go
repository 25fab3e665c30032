package explore

import (
	"slices"
	"strings"
	"sync"

	"stockproof/adapters/memory"
	"stockproof/sim/engine"
)

// Of two ways to go on that commute, one order stands for both: what was explored from a state sleeps behind those
// explored after it, until something is done that it does not commute with (sleep sets: Godefroid 1996). The set is
// stored with the state: where the state is reached again, what slept then and is awake now is explored, and what
// sleeps both times is left to sleep.

// sleeper is a way to go on that need not be explored here.
type sleeper struct {
	key uint64
	footprint
}

// key is who goes on and how, whichever way led here.
func (w *walker) key(o option, ready []*engine.Actor) uint64 {
	h := memory.NewHash()
	switch {
	case o.crash != "":
		stem, _, _ := strings.Cut(o.crash, "'")
		h.Text(stem)
	case o.evict != "":
		stem, _, _ := strings.Cut(o.evict, "'")
		h.Text("evict " + stem)
	case o.kind != "":
		h.Text(o.kind)
		h.Word(uint64(o.lose))
		h.Flag(o.also)
	default:
		h.Word(ready[o.actor].Identity())
		h.Flag(ready[o.actor].Proc.Dead()) // a server still works for it: the next life's actor is another
		h.Word(uint64(o.fate))
	}
	return uint64(h)
}

// keys are the options' own, 0 of those that cannot be told apart: they never sleep.
func (w *walker) keys(os []option, ready []*engine.Actor) []uint64 {
	ks := make([]uint64, len(os))
	for i, o := range os {
		ks[i] = w.key(o, ready)
	}
	for i, k := range ks {
		for j := range i {
			if ks[j] == k && os[i] != os[j] {
				ks[i], ks[j] = 0, 0
			}
		}
	}
	return ks
}

// sleepers is a set of them, as long as a path is followed.
type sleepers []sleeper

func (s sleepers) has(key uint64) bool {
	return slices.ContainsFunc(s, func(x sleeper) bool { return x.key == key })
}

// wake keeps those that commute with what is done.
func (s sleepers) wake(done footprint) sleepers {
	return slices.DeleteFunc(s, func(x sleeper) bool { return !commute(x.footprint, done) })
}

// keys are in ascending order.
func (s sleepers) keys() []uint64 {
	ks := make([]uint64, len(s))
	for i, x := range s {
		ks[i] = x.key
	}
	slices.Sort(ks)
	return ks
}

// sleepSets numbers sets of keys, so that a state needs one number for its own. 0 is the empty set.
type sleepSets struct {
	mu      sync.Mutex
	numbers map[uint64][]uint32 // by hash
	sets    [][]uint64
}

// number is a set's: equal sets have one.
func (s *sleepSets) number(keys []uint64) uint32 {
	if len(keys) == 0 {
		return 0
	}
	h := memory.NewHash()
	for _, k := range keys {
		h.Word(k)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.numbers[uint64(h)] {
		if slices.Equal(s.sets[n-1], keys) {
			return n
		}
	}
	if s.numbers == nil {
		s.numbers = map[uint64][]uint32{}
	}
	s.sets = append(s.sets, keys)
	n := uint32(len(s.sets))
	s.numbers[uint64(h)] = append(s.numbers[uint64(h)], n)
	return n
}

// set is what a number stands for, in ascending order. It must not be changed.
func (s *sleepSets) set(n uint32) []uint64 {
	if n == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sets[n-1]
}

// both is what two sets in ascending order have in common.
func both(a, b []uint64) []uint64 {
	var common []uint64
	for _, k := range a {
		if _, ok := slices.BinarySearch(b, k); ok {
			common = append(common, k)
		}
	}
	return common
}
