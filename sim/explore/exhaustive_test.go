package explore_test

import (
	"context"
	"testing"

	"stockproof/inventory/ledger"
	"stockproof/sim"
	"stockproof/sim/explore"
)

// chain is the whole asynchronous chain of ledger: intake, connector, two workers, projection.
func chain(t testing.TB, name string) explore.Scope {
	o := sim.CoreOptions()
	o.Channels = nil
	return explore.Scope{Design: ledger.Design(), Options: o, Scenario: scenario(t, name),
		Without: []string{"sweeper", "coordinator", "heart", "reconciler", "feed", "bootstrap"}}
}

func TestTwoOrdersAreExploredCompletely(t *testing.T) {
	first, err := explore.Exhaust(context.Background(), chain(t, "tiny"))
	if err != nil {
		t.Fatal(err)
	}
	if first.Finding != nil {
		t.Fatalf("%s: %q", first.Finding.Guarantee, first.Finding.Steps)
	}
	if !first.Complete || first.States < 1000 {
		t.Errorf("complete: %v, %d states; a suspiciously small count is a bug until explained", first.Complete, first.States)
	}
	one := chain(t, "tiny")
	one.Cores, one.Reverse = 1, true
	again, err := explore.Exhaust(context.Background(), one)
	if err != nil {
		t.Fatal(err)
	}
	if again.States != first.States {
		t.Errorf("%d states on one core, %d on several: what is a state must not depend on the order of the visits",
			again.States, first.States)
	}
	t.Logf("%d states, %d executions, %d ends", first.States, first.Executions, first.Ends)
}

func TestABudgetThatIsTooSmallIsNotGreen(t *testing.T) {
	c := chain(t, "tiny")
	c.States = 100
	p, err := explore.Exhaust(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	if p.Complete || p.States < 100 {
		t.Errorf("complete: %v behind %d states", p.Complete, p.States)
	}
}
