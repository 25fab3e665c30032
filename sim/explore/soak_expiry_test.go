package explore

import (
	"testing"

	"stockproof/adapters/memory/luahost"
	"stockproof/checks"
	"stockproof/inventory/ledger"
	"stockproof/model"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
)

// In the soak's scenario of held orders each end has its share: o1 is paid, or its payment comes too late and it expires; o2
// is given up, or that comes too late and it expires.
func TestInTheSoakPaymentsAndExpiriesBothWin(t *testing.T) {
	s, err := scenario.Load("../../testdata/soak/expiry.scenario")
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Design: ledger.Design(), Options: sim.CoreOptions(), Scenario: s, Seed: 3}.withDefaults()
	base, err := c.base()
	if err != nil {
		t.Fatal(err)
	}
	marks, err := survey(base)
	if err != nil {
		t.Fatal(err)
	}
	k := &campaign{Config: c, base: base, marks: marks, swarm: swarmKinds(c.Seed, c.Kinds)}
	e, lua := engine.New(engine.Options{}), luahost.New()
	defer e.Close()
	type end struct {
		order string
		kind  model.Kind
	}
	won := map[end]int{}
	for n := range 1200 {
		out, err := k.draw(n).run(e, lua, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, order := range []string{"o1", "o2"} {
			id, _ := base.Workload.Order(order)
			for _, kind := range endings(out.Audit.Commands, id) {
				won[end{order, kind}]++
			}
		}
		if won[end{"o1", model.Commit}] > 0 && won[end{"o1", model.Expire}] > 0 && won[end{"o2", model.Release}] > 0 && won[end{"o2", model.Expire}] > 0 {
			return
		}
	}
	t.Errorf("what ended o1 and o2 in 1200 executions: %v", won)
}

// endings are the commands that ended lines of an order.
func endings(commands []checks.CommandRow, order model.ID) (kinds []model.Kind) {
	lines := map[model.ID]bool{}
	for _, c := range commands {
		if c.Command.OrderID == order {
			lines[c.Command.ID] = true
		}
	}
	for _, c := range commands {
		if lines[c.Command.Ref] && c.Decision.Outcome == model.Granted {
			kinds = append(kinds, c.Command.Kind)
		}
	}
	return kinds
}
