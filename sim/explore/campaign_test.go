package explore_test

import (
	"context"
	"testing"
	"time"

	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/sim"
	"stockproof/sim/explore"
)

func scenario(t testing.TB, name string) *sim.Scenario {
	t.Helper()
	s, err := sim.LoadScenario(name)
	if err != nil {
		t.Fatal(err)
	}
	s.Faults = nil
	return s
}

func TestExplore(t *testing.T) {
	for _, d := range []inventory.Design{ledger.Design()} {
		r, err := explore.Run(context.Background(), explore.Config{Design: d, Options: sim.CoreOptions(), Scenario: scenario(t, "tiny"),
			Seed: 1, Budget: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d executions in %s, %d steps, deepest %d, struck %v, cut %d", d.Name, r.Executions, r.Elapsed, r.Steps, r.Deepest, r.Struck, r.Cut)
		if r.Finding != nil {
			t.Logf("%s: %v\n%s\n%v", r.Finding.Guarantee, r.Finding.Outcome.Reports, r.Finding.Schedule, r.Finding.Outcome.Receipts)
		}
	}
}
