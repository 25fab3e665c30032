package explore

import (
	"slices"
	"testing"

	"stockproof/sim/random"
)

// The table says what a map would say.
func TestTheTableOfStatesRemembers(t *testing.T) {
	r := random.Stream(7, "states")
	var v shard
	var sets sleepSets
	want := map[uint64][]uint64{}
	for range 50_000 {
		state := uint64(1+r.Intn(9000)) << 6
		var asleep []uint64
		for k := range uint64(4) {
			if r.Intn(2) == 0 {
				asleep = append(asleep, k)
			}
		}
		before, known := want[state]
		base, awake, seen := v.visit(&sets, state, asleep)
		expect := asleep
		if known {
			expect = both(before, asleep)
		}
		if known != seen || !slices.Equal(base, expect) || known && len(base)+len(awake) != len(before) {
			t.Fatalf("state %d: base %v, awake %v, seen %v; wanted %v of %v", state, base, awake, seen, expect, before)
		}
		want[state] = expect
	}
	if v.n != len(want) {
		t.Errorf("%d states, %d in a map", v.n, len(want))
	}
}
