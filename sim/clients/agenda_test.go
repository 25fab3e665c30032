package clients

import (
	"slices"
	"testing"

	"stockproof/adapters/live"
	"stockproof/sim/workload"
)

// Steps are taken in the workload's order among those that are ready: what an order's end makes ready
// comes before what stands behind it.
func TestAgendaHandsOutTheFirstReadyStep(t *testing.T) {
	steps := []workload.Step{{}, {After: []int{0}}, {}, {After: []int{0}}, {}, {After: []int{1, 2}}}
	a := newAgenda(live.Runtime{}, steps, 2)
	var took []int
	take := func() int {
		i, more, err := a.take(t.Context())
		if err != nil || !more {
			t.Fatalf("step %d, %t, %v", i, more, err)
		}
		took = append(took, i)
		return i
	}
	first := take()
	take() // 2: 1 is not ready
	a.done(first)
	for range 4 {
		a.done(take())
		if len(took) == 4 {
			a.done(2)
		}
	}
	if want := []int{0, 2, 1, 3, 4, 5}; !slices.Equal(took, want) {
		t.Errorf("took %v, want %v", took, want)
	}
	for range 2 { // each client is sent home
		if _, more, err := a.take(t.Context()); more || err != nil {
			t.Errorf("%t, %v", more, err)
		}
	}
}
