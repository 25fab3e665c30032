package explore_test

import (
	"strings"
	"testing"

	"stockproof/inventory/article"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

func loaded(t testing.TB, name string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	s.Faults = nil
	return s
}

// A campaign breaks the article's design whatever its seed, within a few executions, and what it finds becomes smaller
// and still breaks the same guarantee.
func TestExplore(t *testing.T) {
	d := article.Design()
	for seed := range uint64(12) {
		r, err := explore.Run(t.Context(), explore.Config{Design: d, Options: sim.CoreOptions(), Scenario: loaded(t, "tiny"),
			Seed: seed, Executions: 500})
		if err != nil {
			t.Fatal(err)
		}
		if r.Finding == nil {
			t.Errorf("seed %d: nothing in %d executions", seed, r.Executions)
			continue
		}
		small, err := explore.Shrink(t.Context(), explore.ShrinkConfig{Schedule: r.Finding.Schedule, Design: d, Options: sim.CoreOptions()})
		if err != nil {
			t.Fatal(err)
		}
		size := func(s explore.Size) int { return s.Workload + s.Faults + s.Deviations }
		if g, _ := small.Schedule.Expected(); g != r.Finding.Guarantee || size(small.After) > size(small.Before) || small.CertificateRuns == 0 {
			t.Errorf("seed %d: %s became %s, %v became %v with %d runs for the certificate", seed, r.Finding.Guarantee, g, small.Before,
				small.After, small.CertificateRuns)
		}
	}
}

// A strategy that there is not is refused, and not taken for a random walk.
func TestACampaignWithoutAStrategyIsRefused(t *testing.T) {
	for _, strategy := range []explore.Strategy{"rndom", explore.Exhaustive} {
		_, err := explore.Run(t.Context(), explore.Config{Design: article.Design(), Options: sim.CoreOptions(), Scenario: loaded(t, "tiny"),
			Strategy: strategy, Executions: 1})
		if err == nil || !strings.Contains(err.Error(), string(strategy)) {
			t.Errorf("strategy %s: %v", strategy, err)
		}
	}
}
