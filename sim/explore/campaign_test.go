package explore_test

import (
	"context"
	"testing"
	"time"

	"stockproof/inventory"
	"stockproof/inventory/article"
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
	for seed := range uint64(12) {
		var d inventory.Design = article.Design()
		r, err := explore.Run(context.Background(), explore.Config{Design: d, Options: sim.CoreOptions(), Scenario: scenario(t, "tiny"),
			Seed: seed, Budget: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if r.Finding != nil {
			t.Logf("%v", r.Finding.Guarantee)
			sh, err := explore.Shrink(context.Background(), explore.ShrinkConfig{Schedule: r.Finding.Schedule, Design: d, Options: sim.CoreOptions()})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%v -> %v in %d runs, certificate %d\n%s\n%v", sh.Before, sh.After, sh.Runs, sh.CertificateRuns, sh.Schedule, sh.Outcome.Receipts)
		}
	}
	_ = ledger.Design
}
