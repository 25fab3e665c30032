package sim_test

import (
	"testing"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/ledger"
	"stockproof/sim"
)

func simulated(t testing.TB, d inventory.Design, scenario string) sim.SimulationConfig {
	t.Helper()
	s, err := sim.LoadScenario(scenario)
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Build(sim.DefaultParams(), 1)
	if err != nil {
		t.Fatal(err)
	}
	o := sim.DesignOptions{Options: inventory.DefaultOptions(), Workers: 2}
	o.Partitions = 2
	return sim.SimulationConfig{Design: d, Options: o, Workload: w}
}

func TestASimulationWithoutFaultsHolds(t *testing.T) {
	for _, d := range []inventory.Design{ledger.Design(), article.Design()} {
		t.Run(d.Name, func(t *testing.T) {
			out, err := sim.Simulate(simulated(t, d, "tiny"))
			if err != nil {
				t.Fatal(err)
			}
			if out.Result != checks.Holds {
				t.Errorf("%s: %+v", out.Result, out.Reports)
			}
			t.Logf("%d steps, digest %x, %+v", out.Steps, out.Digest, out.Summary)
		})
	}
}

func BenchmarkSimulation(b *testing.B) {
	for _, d := range []inventory.Design{ledger.Design(), article.Design()} {
		b.Run(d.Name, func(b *testing.B) {
			c := simulated(b, d, "tiny")
			b.ReportAllocs()
			steps := 0
			for range b.N {
				out, err := sim.Simulate(c)
				if err != nil || out.Result != checks.Holds {
					b.Fatal(err, out.Result)
				}
				steps += out.Steps
			}
			b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "steps/s")
		})
	}
}
