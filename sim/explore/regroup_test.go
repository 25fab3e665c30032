package explore_test

import (
	"context"
	"testing"

	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

// one is a single order, under which the crash of a consumer can be explored without any reduction.
func one(t *testing.T) *scenario.Scenario {
	s, err := scenario.Parse("one", "one", `stockproof scenario 1
workload clients=1
workload stock sku=A qty=3
workload order=o1 sku=A qty=2 policy=all-or-nothing
expect holds
`)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Whoever comes back to a consumer group does so before everything else, or at any moment: the ends are the same.
func TestRegroupingFirstChangesNoEnd(t *testing.T) {
	for _, role := range []string{"projection", "worker"} {
		c := chain(t, "tiny")
		c.Scenario, c.Faults, c.Kinds, c.Crashing = one(t), 1, []string{"crash"}, []string{role}
		first, err := explore.Exhaust(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		c.Off = explore.Regrouping
		any, err := explore.Exhaust(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		if !first.Complete || !any.Complete || first.Verdicts != any.Verdicts || first.States >= any.States {
			t.Errorf("%s crashes: %d states and ends %x where groups form first, %d and %x where they form at any moment", role,
				first.States, first.Verdicts, any.States, any.Verdicts)
		}
		t.Logf("%s: %d states, %d", role, first.States, any.States)
	}
}
