package explore_test

import (
	"context"
	"errors"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/dualwrite"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/inventory/rowlock"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

// chain is the whole asynchronous chain of ledger: intake, connector, two workers, projection.
func chain(t testing.TB, name string) explore.Scope {
	o := sim.CoreOptions()
	o.Channels = nil
	return explore.Scope{Design: ledger.Design(), Options: o, Scenario: loaded(t, name),
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
	if !first.Complete || first.States < 200 {
		t.Errorf("complete: %v, %d states; a suspiciously small count is a bug until explained", first.Complete, first.States)
	}
	one := chain(t, "tiny")
	one.Cores, one.Reverse = 1, true
	again, err := explore.Exhaust(context.Background(), one)
	if err != nil {
		t.Fatal(err)
	}
	if again.Verdicts != first.Verdicts || !again.Complete {
		t.Errorf("ends %x on one core, %x on several", again.Verdicts, first.Verdicts)
	}
	t.Logf("%d states, %d executions, %d ends", first.States, first.Executions, first.Ends)
}

// What is a state must not depend on the order of the visits.
func TestAnotherOrderOfVisitsSeesTheSameStates(t *testing.T) {
	lossy := chain(t, "tiny")
	lossy.Faults, lossy.Kinds, lossy.Off = 1, []string{"lost-response"}, explore.SleepSets
	zombie := chain(t, "tiny")
	zombie.Scenario, zombie.Faults, zombie.Kinds = one(t), 1, []string{"evict"}
	zombie.Off, zombie.Options.Workers, zombie.Options.Partitions = explore.AllReductions, 1, 1
	for _, c := range []explore.Scope{
		{Design: dualwrite.Design(), Options: sim.CoreOptions(), Scenario: loaded(t, "tiny")},
		{Design: rowlock.Design(), Options: sim.CoreOptions(), Scenario: loaded(t, "tiny")},
		lossy, zombie,
	} {
		one, err := explore.Exhaust(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		c.Reverse, c.Cores = true, 1
		other, err := explore.Exhaust(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		if one.States != other.States || one.Verdicts != other.Verdicts || !one.Complete || !other.Complete {
			t.Errorf("%s: %d states and ends %x, in another order %d and %x", c.Design.Name, one.States, one.Verdicts, other.States,
				other.Verdicts)
		}
	}
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

// trusting is a truth that takes a COMMIT of unknown outcome for one that happened.
type trusting struct{ port.Truth }

func (t trusting) Begin() port.Tx { return trustingTx{t.Truth.Begin()} }

type trustingTx struct{ port.Tx }

func (t trustingTx) Commit(ctx context.Context, batch ...port.Statement) error {
	err := t.Tx.Commit(ctx, batch...)
	if errors.Is(err, port.ErrUnknown) {
		return nil
	}
	return err
}

func TestTheSearchFindsAPlantedBug(t *testing.T) {
	c := explore.Scope{Design: rowlock.Design(), Options: sim.CoreOptions(), Scenario: loaded(t, "tiny"),
		Faults: 1, Kinds: []string{"crash", "lost", "lost-response", "late"}}
	p, err := explore.Exhaust(context.Background(), c)
	if err != nil || !p.Complete || p.Finding != nil {
		t.Fatalf("rowlock as it is: %+v, %v", p, err)
	}
	front := c.Design.Front
	c.Design.Front = func(p inventory.Ports, o inventory.Options) inventory.Front {
		p.Truth = trusting{p.Truth}
		return front(p, o)
	}
	p, err = explore.Exhaust(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	if p.Finding == nil || p.Complete {
		t.Fatalf("%d states, and nobody noticed that a lost COMMIT counts as one", p.States)
	}
	t.Logf("%s after %d states and %d steps", p.Finding.Guarantee, p.States, len(p.Finding.Steps))
}

// Sleep sets leave out ways to go on, and no state, as long as they are alone. With the other reductions they come to
// the same ends.
func TestSleepSetsSeeEveryState(t *testing.T) {
	s, err := scenario.Parse("one", "one", "stockproof scenario 1\nworkload clients=1\nworkload stock sku=A qty=3\n"+
		"workload order=o1 sku=A qty=2 policy=all-or-nothing\nexpect holds\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"lost", "lost-response", "duplicate", "evict"} {
		seen := map[explore.Reductions]explore.Proof{}
		for _, off := range []explore.Reductions{0, explore.PrivateSteps | explore.Regrouping,
			explore.PrivateSteps | explore.Regrouping | explore.SleepSets} {
			c := chain(t, "tiny")
			c.Scenario, c.Faults, c.Kinds, c.Off = s, 1, []string{kind}, off
			if kind == "evict" { // a lone worker gets the partition back while it works on the last claim's records
				c.Options.Workers, c.Options.Partitions = 1, 1
			}
			p, err := explore.Exhaust(context.Background(), c)
			if err != nil || !p.Complete {
				t.Fatalf("complete: %v, %v", p.Complete, err)
			}
			seen[off] = p
		}
		all, asleep := seen[0], seen[explore.PrivateSteps|explore.Regrouping]
		plain := seen[explore.PrivateSteps|explore.Regrouping|explore.SleepSets]
		if asleep.States != plain.States || asleep.Verdicts != plain.Verdicts || all.Verdicts != plain.Verdicts {
			t.Errorf("%s: %d states and ends %x; asleep %d and %x; with all reductions ends %x", kind, plain.States, plain.Verdicts,
				asleep.States, asleep.Verdicts, all.Verdicts)
		}
		if 3*asleep.Executions > 2*plain.Executions {
			t.Errorf("%s: %d executions, asleep %d", kind, plain.Executions, asleep.Executions)
		}
		t.Logf("%s: %d states; %d executions, asleep %d; with all reductions %d states, %d executions", kind, plain.States,
			plain.Executions, asleep.Executions, all.States, all.Executions)
	}
}

// With and without sleep sets, with and without private steps, the search comes to the same ends.
func TestReductionsChangeNoEnd(t *testing.T) {
	for _, d := range []inventory.Design{rowlock.Design(), dualwrite.Design()} {
		c := explore.Scope{Design: d, Options: sim.CoreOptions(), Scenario: loaded(t, "tiny"), Faults: 1, Kinds: []string{"lost", "late"}}
		if d.Name == "dualwrite" {
			c.Faults = 0
		}
		reduced, err := explore.Exhaust(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		c.Off = explore.AllReductions
		plain, err := explore.Exhaust(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		if !reduced.Complete || !plain.Complete || reduced.Verdicts != plain.Verdicts {
			t.Errorf("%s: %d states and ends %x with reductions, %d states and ends %x without", d.Name, reduced.States,
				reduced.Verdicts, plain.States, plain.Verdicts)
		}
		t.Logf("%s: %d states with reductions, %d without", d.Name, reduced.States, plain.States)
	}
}
