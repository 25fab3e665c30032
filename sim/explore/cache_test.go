package explore

import (
	"testing"

	"stockproof/sim"
)

// The table says what a map would say.
func TestTheTableOfStatesRemembers(t *testing.T) {
	r := sim.Stream(7, "states")
	var v shard
	want := map[uint64]uint32{}
	for range 50_000 {
		state, asleep := uint64(1+r.Intn(9000))<<6, uint32(r.Intn(8))
		before, known := want[state]
		awake, seen := v.visit(state, asleep)
		if expect := before &^ asleep; known != seen || known && awake != expect || !known && awake != ^asleep {
			t.Fatalf("state %d: awake %b, seen %v; wanted %b, %v", state, awake, seen, expect, known)
		}
		if want[state] = asleep; known {
			want[state] = before & asleep
		}
	}
	if v.n != len(want) {
		t.Errorf("%d states, %d in a map", v.n, len(want))
	}
}
