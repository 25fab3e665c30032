package explore_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/sim"
	"stockproof/sim/explore"
)

// moody asks once more at every seventh question of the whole program: what it does depends on what ran before.
type moody struct {
	port.Speed
	asked *int
}

// Do implements [port.Speed].
func (m moody) Do(ctx context.Context, ops ...port.SpeedOp) error {
	if *m.asked++; *m.asked%7 == 0 {
		if err := m.Speed.Do(ctx, &port.GetStock{SKU: "moody"}); err != nil {
			return err
		}
	}
	return m.Speed.Do(ctx, ops...)
}

// hasty gives every seventh token of the whole program a second less to live, with the very same steps.
type hasty struct {
	port.Speed
	deducted *int
}

// Do implements [port.Speed].
func (y hasty) Do(ctx context.Context, ops ...port.SpeedOp) error {
	for _, op := range ops {
		if d, ok := op.(*port.Deduct); ok {
			if *y.deducted++; *y.deducted%7 == 0 {
				d.TTL = "86399"
			}
		}
	}
	return y.Speed.Do(ctx, ops...)
}

func twice(t *testing.T, d inventory.Design, executions, oneIn int) (explore.Result, error) {
	t.Helper()
	return explore.Run(context.Background(), explore.Config{Design: d, Options: sim.CoreOptions(),
		Scenario: loaded(t, "tiny"), Seed: 1, Executions: executions, Twice: oneIn, MaxFaults: -1, Cores: 1})
}

func moodyDesign() inventory.Design {
	asked := 0
	return articleOver(func(s port.Speed) port.Speed { return moody{s, &asked} })
}

// articleOver is the article's design whose workers see the speed layer through something.
func articleOver(wrap func(port.Speed) port.Speed) inventory.Design {
	d := article.Design()
	d.Roles = []inventory.Role{{Name: "worker", Always: true, New: func(p inventory.Ports, o inventory.Options) port.Process {
		p.Speed = wrap(p.Speed)
		return article.NewWorker(p, o)
	}}}
	return d
}

func TestADesignThatRemembersOtherRunsIsReportedWithTheFirstStep(t *testing.T) {
	_, err := twice(t, moodyDesign(), 20, 1)
	var found *explore.NondeterminismError
	if !errors.As(err, &found) {
		t.Fatalf("it was not noticed: %v", err)
	}
	if !strings.Contains(found.Step, "redis") || !strings.HasPrefix(found.Step, "step ") {
		t.Errorf("the first step that differs: %q", found.Step)
	}
}

// Equal steps are not enough: what is written has to be the same too.
func TestADesignThatWritesSomethingElseIsReportedWithTheFirstStep(t *testing.T) {
	deducted := 0
	_, err := twice(t, articleOver(func(s port.Speed) port.Speed { return hasty{s, &deducted} }), 20, 1)
	var found *explore.NondeterminismError
	if !errors.As(err, &found) {
		t.Fatalf("it was not noticed: %v", err)
	}
	if !strings.Contains(found.Step, "redis/0 deduct") || !strings.HasSuffix(found.Step, "the servers hold something else behind it") {
		t.Errorf("the first step that differs: %q", found.Step)
	}
}

// A search notices it, too, by the executions that it carries out twice, or where a path leads elsewhere.
func TestASearchOfADesignThatRemembersOtherRunsNamesTheFirstStep(t *testing.T) {
	for _, twice := range []int{1, 3} {
		_, err := explore.Exhaust(t.Context(), explore.Scope{Design: moodyDesign(), Options: sim.CoreOptions(),
			Scenario: loaded(t, "tiny"), Without: []string{"reconciler", "bootstrap"}, Twice: twice, Cores: 1})
		var found *explore.NondeterminismError
		if !errors.As(err, &found) {
			t.Fatalf("one in %d: it was not noticed: %v", twice, err)
		}
		if !strings.HasPrefix(found.Step, "step ") || !strings.Contains(found.Step, "redis") {
			t.Errorf("one in %d: %v", twice, found)
		}
	}
}

// What a search carries out twice changes nothing of what it saw, and every execution is the same the second time: given up
// in a known state, at rest, behind a fault that found nothing, or judged.
func TestWhatASearchCarriesOutTwiceCountsOnce(t *testing.T) {
	search := func(twice int) explore.Proof {
		c := chain(t, "tiny")
		c.Faults, c.Kinds, c.Executions, c.Twice, c.Cores = 1, []string{"lost-response", "redis-empty", "evict", "re-drive"}, 640, twice, 1
		c.Want = []checks.Guarantee{checks.NoOversell} // a zombie stalls where nobody sends again
		p, err := explore.Exhaust(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		p.Elapsed = 0
		return p
	}
	all, some, none := search(1), search(0), search(1<<30)
	if all.Again != 640 || some.Again != 640/64 || none.Again != 0 || all.Ends < 50 || all.Struck["evict"] < 50 || all.Struck["redis-empty"] < 5 {
		t.Errorf("%d, %d and %d of 640 ran twice: %+v", all.Again, some.Again, none.Again, all)
	}
	for _, p := range []*explore.Proof{&all, &some} {
		if p.Again = 0; !reflect.DeepEqual(*p, none) {
			t.Errorf("with repetitions %+v\nwithout %+v", *p, none)
		}
	}
}

func TestEveryExecutionOfLedgerRunsTheSameTwice(t *testing.T) {
	r, err := twice(t, ledger.Design(), 300, 1)
	if err != nil || r.Again != 300 || r.Finding != nil {
		t.Errorf("%d of 300 ran twice, finding %v: %v", r.Again, r.Finding, err)
	}
	if once, err := twice(t, ledger.Design(), 300, 1000); err != nil || once.Again != 0 || once.Digest != r.Digest {
		t.Errorf("nobody looks: digest %x, else %x; %v", once.Digest, r.Digest, err)
	}
}
