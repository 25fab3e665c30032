package explore

import (
	"slices"
	"sync"
)

// shard is a part of the states that were visited, and for each of them which ways to go on were asleep whenever it
// was explored: an open-addressed table of 12 bytes an entry, half of them in use at least.
type shard struct {
	mu     sync.Mutex
	states []uint64 // 0: nothing is there
	asleep []uint32 // numbers of sets
	n      int
}

// visit says which of the sleepers slept whenever a state was explored: asleep itself if it is new. awake are those
// that slept until now and do not any more.
func (v *shard) visit(sets *sleepSets, state uint64, asleep []uint64) (base, awake []uint64, seen bool) {
	if state == 0 {
		state = 1
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if 4*(v.n+1) > 3*len(v.states) {
		v.grow()
	}
	i := v.find(state)
	if v.states[i] == 0 {
		v.states[i], v.asleep[i] = state, sets.number(asleep)
		v.n++
		return asleep, nil, false
	}
	before := sets.set(v.asleep[i])
	base = both(before, asleep)
	if len(base) < len(before) {
		for _, k := range before {
			if _, ok := slices.BinarySearch(base, k); !ok {
				awake = append(awake, k)
			}
		}
		v.asleep[i] = sets.number(base)
	}
	return base, awake, true
}

// find is the place of a state, or the one where it belongs.
func (v *shard) find(state uint64) int {
	mask := len(v.states) - 1
	i := int(state>>8) & mask // the low bits say which shard it is
	for v.states[i] != 0 && v.states[i] != state {
		i = (i + 1) & mask
	}
	return i
}

// grow makes room.
func (v *shard) grow() {
	states, asleep := v.states, v.asleep
	v.states, v.asleep = make([]uint64, max(64, 2*len(states))), make([]uint32, max(64, 2*len(states)))
	for i, s := range states {
		if s != 0 {
			at := v.find(s)
			v.states[at], v.asleep[at] = s, asleep[i]
		}
	}
}
