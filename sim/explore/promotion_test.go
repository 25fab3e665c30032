package explore_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

// promoted is one order, and a standby that is promoted before its client first looks for a decision, wherever the others
// are by then. What was lost with the old server's slot the sweeper sends again once it is due: it starts when everybody
// rests.
func promoted(t *testing.T) explore.Scope {
	s, err := scenario.Parse("promoted", "promoted", `stockproof scenario 1
workload clients=1
workload stock sku=A qty=3
workload order=o1 sku=A qty=2 policy=all-or-nothing
fault pg-failover of=clients before=look-up
expect holds
`)
	if err != nil {
		t.Fatal(err)
	}
	c := chain(t, "tiny")
	c.Scenario, c.AtRest = s, []string{"sweeper"}
	c.Options.Workers, c.Options.Partitions = 1, 1
	return c
}

// idle is a process that does nothing in the place of one that should.
func idle(p inventory.Ports, _ inventory.Options) port.Process {
	return inventory.Idle{Runtime: p.Runtime}
}

// withRole is the scope with another process in a role.
func withRole(c explore.Scope, role string, build func(inventory.Ports, inventory.Options) port.Process) explore.Scope {
	c.Design.Roles = slices.Clone(c.Design.Roles)
	for i := range c.Design.Roles {
		if c.Design.Roles[i].Name == role {
			c.Design.Roles[i].New = build
		}
	}
	return c
}

func TestAPromotionLosesNothing(t *testing.T) {
	p, err := explore.Exhaust(context.Background(), promoted(t))
	if err != nil {
		t.Fatal(err)
	}
	if p.Finding != nil || !p.Complete || p.Struck["pg-failover"] == 0 || p.Undecided > 0 {
		t.Errorf("complete %t, struck %v, %d undecided, %+v", p.Complete, p.Struck, p.Undecided, p.Finding)
	}
	t.Logf("%d states, %d executions, %d ends", p.States, p.Executions, p.Ends)
}

func TestARoleThatStartsAtRestIsOneThatDidNotRunBefore(t *testing.T) {
	for _, role := range []string{"worker", "waiter"} {
		c := promoted(t)
		c.AtRest = []string{role}
		if _, err := explore.Exhaust(context.Background(), c); err == nil || !strings.Contains(err.Error(), role) {
			t.Errorf("%s: %v", role, err)
		}
	}
}

// Every step of a promotion (its gate, its states) is needed, and so is the sweeper behind it: with an early moment for the
// promotion first, the search finds what breaks without it.
func TestAPromotionNeedsEachOfItsSteps(t *testing.T) {
	opens := func(p inventory.Ports, o inventory.Options) port.Process {
		return inventory.Once{Runtime: p.Runtime, Backoff: o.Backoff,
			Do: func(ctx context.Context) error { return p.Truth.Do(ctx, &port.SetEpoch{}) }}
	}
	for name, x := range map[string]struct {
		breaks func(c *explore.Scope)
		want   []checks.Guarantee
	}{
		"the sweeper sends nothing again": {func(c *explore.Scope) { *c = withRole(*c, "sweeper", idle) },
			[]checks.Guarantee{checks.NoLoss}},
		"nobody opens the gate": {func(c *explore.Scope) { c.Design.Promote = idle },
			[]checks.Guarantee{checks.NoLoss, checks.Convergence}},
		"nobody sends the states": {func(c *explore.Scope) { c.Design.Promote = opens }, []checks.Guarantee{checks.Convergence}},
	} {
		t.Run(name, func(t *testing.T) {
			c := promoted(t)
			c.Scenario, c.Faults, c.Kinds, c.Reverse = one(t), 1, []string{"pg-failover"}, true
			x.breaks(&c)
			p, err := explore.Exhaust(context.Background(), c)
			if err != nil {
				t.Fatal(err)
			}
			if p.Finding == nil || !slices.Contains(x.want, p.Finding.Guarantee) {
				t.Fatalf("%d states, and not one of %v was found", p.States, x.want)
			}
			t.Logf("%s after %d states and %d steps", p.Finding.Guarantee, p.States, len(p.Finding.Steps))
		})
	}
}
