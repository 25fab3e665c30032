package sim_test

import (
	"fmt"
	"testing"

	"stockproof/adapters/memory/luahost"
	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/ledger"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

func simulated(t testing.TB, d inventory.Design, name string) sim.SimulationConfig {
	t.Helper()
	s, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Build(workload.DefaultParams(), 1)
	if err != nil {
		t.Fatal(err)
	}
	o := scenario.DesignOptions{Options: inventory.DefaultOptions(), Workers: 2}
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

// BenchmarkSimulation is whole executions on one engine, as a campaign runs them: the world is built, the
// initial stock goes through the chain, the clients do their work, the books are audited and judged.
func BenchmarkSimulation(b *testing.B) {
	for _, d := range []inventory.Design{ledger.Design(), article.Design()} {
		for _, orders := range []int{2, 3} {
			b.Run(fmt.Sprintf("%s/orders=%d", d.Name, orders), func(b *testing.B) {
				c := sim.SimulationConfig{Design: d, Options: sim.CoreOptions(), Workload: workloadOf(b, orders)}
				c.Options.Channels = nil
				// The roles of the chain; what runs beside it to watch or to repair is other benchmarks' matter.
				c.Without = []string{"sweeper", "coordinator", "heart", "feed", "bootstrap", "reconciler"}
				c.Lua = luahost.New()
				e := engine.New(engine.Options{})
				defer e.Close()
				b.ReportAllocs()
				steps := 0
				for range b.N {
					s, err := sim.NewSimulation(e, c)
					if err != nil {
						b.Fatal(err)
					}
					out, err := s.Run()
					if err != nil || out.Result != checks.Holds {
						b.Fatal(err, out.Result)
					}
					steps += out.Steps
				}
				seconds := b.Elapsed().Seconds()
				b.ReportMetric(float64(b.N)/seconds, "executions/s")
				b.ReportMetric(float64(steps)/seconds, "steps/s")
				b.ReportMetric(float64(steps)/float64(b.N), "steps/op")
				b.ReportMetric(seconds*1e9/float64(steps), "ns/step")
			})
		}
	}
}

// workloadOf is n orders that want more of one SKU than there is.
func workloadOf(t testing.TB, n int) workload.Workload {
	t.Helper()
	text := "stockproof scenario 1\n# Orders of one SKU.\nworkload clients=2\n" +
		fmt.Sprintf("workload stock sku=A qty=%d\n", 2*n-1)
	for i := range n {
		text += fmt.Sprintf("workload order=o%d sku=A qty=2 policy=all-or-nothing\n", i+1)
	}
	s, err := scenario.Parse("orders", "orders.scenario", text+"expect holds\n")
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Build(workload.DefaultParams(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return w
}
