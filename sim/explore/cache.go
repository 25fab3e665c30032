package explore

import "sync"

// shard is a part of the states that were visited, and for each of them which faults were asleep whenever it was
// explored: an open-addressed table of 12 bytes an entry, half of them in use at least.
type shard struct {
	mu     sync.Mutex
	states []uint64 // 0: nothing is there
	asleep []uint32
	n      int
}

// visit says what is to be explored of a state in which asleep need not be: all but asleep if it is new, else what
// was asleep whenever it was explored and is not now.
func (v *shard) visit(state uint64, asleep uint32) (awake uint32, seen bool) {
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
		v.states[i], v.asleep[i] = state, asleep
		v.n++
		return ^asleep, false
	}
	awake = v.asleep[i] &^ asleep
	v.asleep[i] &= asleep
	return awake, true
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
