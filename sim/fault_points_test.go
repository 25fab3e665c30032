package sim_test

import (
	"strings"
	"testing"

	"stockproof/adapters/redis/command"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/dualwrite"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/inventory/rowlock"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// accepted reports whether a fault may wait for a point.
func accepted(name string) bool {
	s, err := scenario.Parse("points", "points", faultWorkload+"fault script-flush after="+name+"\n")
	if err != nil {
		return false
	}
	w, err := s.Build(workload.DefaultParams(), 1)
	if err != nil {
		return false
	}
	_, err = sim.CoreFaults(s, &w, article.Design(), sim.CoreOptions())
	return err == nil
}

// Every point that any request has may be the trigger of a fault: those of runs under all designs, with everything
// asked for that they can do, and those of all operations of Redis. No other name may.
func TestEveryPointIsKnownByItsName(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range []inventory.Design{article.Design(), ledger.Design(), dualwrite.Design(), rowlock.Design()} {
		c := withFaults(t, d, "workload restock sku=A qty=1\nworkload cancel order=o1\nworkload read sku=A\n")
		c.Options.Reconcile = true
		c.Passed = func(_ *sim.Simulation, p engine.Point) { seen[sim.PointName(&p)] = true }
		if _, err := sim.Simulate(c); err != nil {
			t.Fatal(err)
		}
	}
	for _, op := range []port.SpeedOp{&port.InstallLane{}, &port.RemoveLane{}, &port.ReadLane{}, &port.WriteBeat{}, &port.ReadBeat{},
		&port.ReadReplication{}, &port.Deduct{}, &port.Credit{}, &port.SetStock{}, &port.GetStock{}} {
		c, err := command.For(op)
		if err != nil {
			t.Fatal(err)
		}
		seen[strings.ReplaceAll(c.Name, " ", "-")] = true
	}
	delete(seen, "") // of points that belong to no request
	if len(seen) < 20 {
		t.Fatalf("only %v", seen)
	}
	for name := range seen {
		if !accepted(name) {
			t.Errorf("a request has point %q, and no fault may wait for it", name)
		}
	}
	for _, name := range []string{"setle", "Settle", "tx-commit", "poll", "commit"} {
		if accepted(name) {
			t.Errorf("a fault may wait for %q, which no request passes", name)
		}
	}
}
