package engine_test

import (
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/ledger"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/random"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// A wait that counts as unchanged is not over, whoever did what: workers, the connector, the broker's groups and
// the servers' own work, in schedules of two designs under faults.
func TestNobodyWhoseWaitIsOverIsForgotten(t *testing.T) {
	for _, d := range []inventory.Design{ledger.Design(), article.Design()} {
		t.Run(d.Name, func(t *testing.T) {
			asked := 0
			for seed := range uint64(8) {
				s := simulation(t, d, seed, func(s *sim.Simulation, _ engine.Point) {
					asked++
					if names := s.Engine.Forgotten(); len(names) > 0 {
						t.Fatalf("seed %d: nobody asks %q", seed, names)
					}
				})
				if _, err := s.Run(); err != nil {
					t.Fatal(err)
				}
				s.Engine.Close()
			}
			if asked == 0 {
				t.Fatal("nothing was looked at")
			}
		})
	}
}

// An actor that goes on without giving control back takes the same steps: a run with somebody who looks on between
// the steps, where no actor does so, is the same.
func TestGoingOnWithoutASwitchChangesNothing(t *testing.T) {
	for _, d := range []inventory.Design{ledger.Design(), article.Design()} {
		for seed := range uint64(8) {
			var outs [2]sim.Outcome
			for i, passed := range []func(*sim.Simulation, engine.Point){nil, func(*sim.Simulation, engine.Point) {}} {
				s := simulation(t, d, seed, passed)
				var err error
				if outs[i], err = s.Run(); err != nil {
					t.Fatal(err)
				}
				s.Engine.Close()
			}
			if outs[0].Digest != outs[1].Digest || outs[0].Steps != outs[1].Steps {
				t.Fatalf("%s, seed %d: %d steps and digest %x, looked at %d and %x", d.Name, seed, outs[0].Steps,
					outs[0].Digest, outs[1].Steps, outs[1].Digest)
			}
		}
	}
}

// simulation is two orders and a duplicate under a random walk, with a worker that dies and a broker that takes
// its partitions away.
func simulation(t *testing.T, d inventory.Design, seed uint64, passed func(*sim.Simulation, engine.Point)) *sim.Simulation {
	sc, err := scenario.Parse("orders", "orders.scenario", `stockproof scenario 1
# Two orders.
workload clients=2
workload stock sku=A qty=3
workload order=o1 sku=A qty=2 policy=all-or-nothing
workload order=o2 sku=A qty=2 policy=all-or-nothing
fault crash role=worker after=fetch nth=1
fault evict role=worker
fault kill-backends role=worker
expect holds
`)
	if err != nil {
		t.Fatal(err)
	}
	c := sim.SimulationConfig{Design: d, Options: sim.CoreOptions(), Passed: passed,
		Chooser: &engine.Walk{Numbers: random.Stream(seed, "choices"), Stay: 3}}
	if c.Workload, err = sc.Build(workload.DefaultParams(), 1); err != nil {
		t.Fatal(err)
	}
	if c.Faults, err = sim.CoreFaults(sc, &c.Workload, d, c.Options); err != nil {
		t.Fatal(err)
	}
	s, err := sim.NewSimulation(engine.New(engine.Options{}), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
