package sim_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/sim"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// stuck is a process that does not end when its life does.
type stuck struct {
	port.Process
	free chan struct{}
}

func (s stuck) Run(ctx context.Context) error {
	err := s.Process.Run(ctx)
	<-s.free
	return err
}

// stuckWorkers is the ledger with workers that never end.
func stuckWorkers(t *testing.T) inventory.Design {
	d, free := ledger.Design(), make(chan struct{})
	t.Cleanup(func() { close(free) })
	for i, r := range d.Roles {
		if r.Name == "worker" {
			d.Roles[i].New = func(p inventory.Ports, o inventory.Options) port.Process { return stuck{r.New(p, o), free} }
		}
	}
	return d
}

func runConfig(t *testing.T, d inventory.Design, orders int) sim.RunConfig {
	t.Helper()
	p := workload.DefaultParams()
	p.Orders, p.Clients = orders, 4
	w, err := workload.Generate(p, 7)
	if err != nil {
		t.Fatal(err)
	}
	return sim.RunConfig{Design: d, Options: scenario.DesignOptions{Options: inventory.DefaultOptions(), Workers: 2},
		Workload: w, Seed: 7, Settle: 5 * time.Minute, Patience: 5 * time.Minute,
		World: func(o sim.WorldOptions) (sim.World, error) { return sim.NewMemoryWorld(o), nil }}
}

// A process that cannot be ended ends the run instead, with its name: nothing waits for it for ever.
func TestAStuckProcessEndsTheRunAndIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		restarts int
		faults   string
		waiting  string
	}{
		"--restarts":        {1, "", "restart"},
		"scenario, restart": {0, "fault crash role=worker after=settle\nfault restart role=worker\n", "restart"},
		"scenario, crash":   {0, "fault crash role=worker\n", "crash"},
		"scenario, heal":    {0, "fault crash role=worker after=settle\n", "heal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := runConfig(t, stuckWorkers(t), 60)
			run.Restarts, run.End = c.restarts, 100*time.Millisecond
			run.Patience, run.Settle = 50*time.Millisecond, 50*time.Millisecond // nobody takes the dead one's place
			if c.faults != "" {
				var err error
				if run.Scenario, err = scenario.Parse("s", "s", "stockproof scenario 1\nworkload orders=60\n"+c.faults); err != nil {
					t.Fatal(err)
				}
			}
			_, err := sim.Run(t.Context(), run)
			var s *sim.StuckError
			if !errors.As(err, &s) || s.Waiting != c.waiting || s.Role != "worker" || !strings.HasPrefix(s.Instance, "worker-") ||
				!strings.Contains(err.Error(), c.waiting+" "+s.Instance+" (role worker): it has not ended after 100ms") {
				t.Errorf("the run ended with %v", err)
			}
		})
	}
}

// A run of few orders and many restarts ends, and says of every restart whether it struck.
func TestARunWithManyRestartsEnds(t *testing.T) {
	for _, wire := range []bool{false, true} {
		t.Run(fmt.Sprint("wire ", wire), func(t *testing.T) {
			t.Parallel()
			run := runConfig(t, ledger.Design(), 60)
			run.Restarts, run.Settle = 20, 15*time.Second // what is left of the 20 is waited for as long as that
			if wire {
				run.World = func(o sim.WorldOptions) (sim.World, error) { return sim.NewWireWorld(o) }
			}
			r, err := sim.Run(t.Context(), run)
			if err != nil {
				t.Fatal(err)
			}
			want := checks.Holds
			if len(r.Missing) > 0 {
				want = checks.Vacuous
			}
			if len(r.Receipts)+len(r.Missing) != 20 || len(r.Receipts) == 0 || r.Result != want || r.Summary.Undecided != 0 {
				t.Errorf("%s: struck %q, never %q, %d undecided", r.Result, r.Receipts, r.Missing, r.Summary.Undecided)
			}
			t.Logf("%d of 20 restarts struck", len(r.Receipts))
		})
	}
}
