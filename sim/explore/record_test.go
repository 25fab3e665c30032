package explore_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/dualwrite"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

// Recorded schedules are found by exploration and shrunk, never written by hand:
//
//	go test ./sim/explore -run '^TestRecord$' -record token-expiry,wrong-key
//
// looks for each by its recipe and writes its file anew. The prose is the scenario's.
var (
	recordNames  = flag.String("record", "", "recipes to record again, separated by commas; all: every one")
	recordBudget = flag.Duration("record-budget", 6*time.Second, "how long one search takes at most")
)

const schedules = "../../testdata/schedules"

// recipe is how a schedule is found: the scenario of its name says under which design and options, with
// which workload, and what is to break.
type recipe struct {
	name   string
	kinds  []string               // of fault, to draw from; nil: the scenario's own faults, and where it has none, none
	max    int                    // faults at most
	needs  []string               // kinds of which a fault must stay: without it there is no violation
	shows  func(sim.Outcome) bool // what the run shows besides, so that the cause is the one that the words say; nil: nothing
	ledger string                 // why the same is not asked of ledger; "": it holds there
	test   *inventory.Design
}

// recordSeeds are the seeds of the searches of one recipe: the smallest finding is recorded.
var recordSeeds = []uint64{1, 2, 3, 4, 5, 6, 7, 8}

func TestRecord(t *testing.T) {
	if *recordNames == "" {
		return // nothing was asked for: what is recorded already is replayed by the other tests
	}
	names := strings.Split(*recordNames, ",")
	known := 0
	for _, r := range recipes() {
		if !slices.Contains(names, r.name) && *recordNames != "all" {
			continue
		}
		known++
		t.Run(r.name, func(t *testing.T) { r.record(t) })
	}
	if *recordNames != "all" && known != len(names) {
		t.Errorf("%d of %q are recipes", known, names)
	}
}

// path is where the recipe's schedule is.
func (r recipe) path() string {
	folder := schedules
	if r.test != nil {
		folder = filepath.Join(schedules, "testdesigns")
	}
	return filepath.Join(folder, r.name+".sched")
}

func (r recipe) record(t *testing.T) {
	s, err := scenario.Load(r.name)
	if err != nil {
		t.Fatal(err)
	}
	d := r.design(t, s)
	var best *scenario.Schedule
	for _, seed := range recordSeeds {
		x := r.search(t, s, d, seed)
		if x != nil && (best == nil || len(x.String()) < len(best.String())) {
			best = x
		}
		if best != nil && (len(best.Deviations) == 0 || seed >= 3) {
			break // no choice of the scheduler is needed: it does not get simpler
		}
	}
	if best == nil {
		t.Fatalf("%s: found nothing with %d seeds in %s each", r.name, len(recordSeeds), *recordBudget)
	}
	best.Prose = s.Prose
	best.Others = []scenario.OtherDesign{{Design: "ledger", Holds: r.ledger == "", Note: r.ledger}}
	if err := os.WriteFile(r.path(), []byte(best.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", best)
}

func (r recipe) design(t testing.TB, s *scenario.Scenario) inventory.Design {
	t.Helper()
	if r.test != nil {
		return *r.test
	}
	return designOf(t, s.DesignName())
}

// designOf is the design of a name; a scenario that names none is for every design, and is recorded under
// the article's.
func designOf(t testing.TB, name string) inventory.Design {
	t.Helper()
	for _, d := range []inventory.Design{article.Design(), dualwrite.Design()} {
		if d.Name == name || name == "" {
			return d
		}
	}
	t.Fatalf("no schedule is recorded under a design %q", name)
	return inventory.Design{}
}

// search explores with one seed and shrinks what it finds; nil: nothing was found.
func (r recipe) search(t *testing.T, s *scenario.Scenario, d inventory.Design, seed uint64) *scenario.Schedule {
	t.Helper()
	found, err := explore.Run(context.Background(), r.config(t, s, d, seed))
	if err != nil {
		t.Fatal(err)
	}
	if found.Finding != nil && len(r.needs) > 0 && !r.needed(found.Finding.Schedule, d) {
		t.Logf("seed %d: execution %d violates without %q too", seed, found.Finding.Execution, r.needs)
		return nil
	}
	if found.Finding != nil && r.shows != nil && !r.shows(found.Finding.Outcome) {
		t.Logf("seed %d: execution %d violates by another cause", seed, found.Finding.Execution)
		return nil
	}
	if found.Finding == nil {
		t.Logf("seed %d: nothing in %d executions, struck %v", seed, found.Executions, found.Struck)
		return nil
	}
	small, err := explore.Shrink(context.Background(), explore.ShrinkConfig{Schedule: found.Finding.Schedule, Design: d,
		Options: sim.CoreOptions(), Accept: r.accept(d)})
	if errors.Is(err, explore.ErrNoViolation) {
		t.Fatalf("%v\n%s", err, found.Finding.Schedule)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d: execution %d, %v -> %v in %d runs, certificate %d runs", seed, found.Finding.Execution, small.Before,
		small.After, small.Runs, small.CertificateRuns)
	return small.Schedule
}

// config is the campaign of the recipe.
func (r recipe) config(t testing.TB, s *scenario.Scenario, d inventory.Design, seed uint64) explore.Config {
	t.Helper()
	o := sim.CoreOptions()
	if err := s.DesignOptions(&o); err != nil {
		t.Fatal(err)
	}
	c := explore.Config{Design: d, Options: o, Scenario: s, Seed: seed, Budget: *recordBudget, Kinds: r.kinds,
		MaxFaults: r.max}
	if len(r.kinds) == 0 {
		c.MaxFaults = -1
	}
	for _, e := range s.Expect {
		c.Want = append(c.Want, e.Guarantee)
	}
	return c
}

// accept keeps the cause of a violation while it is shrunk: without any of the faults of the kinds that the
// recipe needs, there would be none, and the run shows what it must.
func (r recipe) accept(d inventory.Design) func(*scenario.Schedule, sim.Outcome) bool {
	return func(s *scenario.Schedule, out sim.Outcome) bool {
		return (r.shows == nil || r.shows(out)) && (len(r.needs) == 0 || r.needed(s, d))
	}
}

func (r recipe) needed(s *scenario.Schedule, d inventory.Design) bool {
	for _, kind := range r.needs {
		without := *s
		without.Faults = slices.DeleteFunc(slices.Clone(s.Faults), func(e scenario.Entry) bool { return e.Subject == kind })
		if len(without.Faults) == len(s.Faults) {
			return false
		}
		c, _, err := sim.ScheduleConfig(&without, d, sim.CoreOptions())
		if err != nil {
			return false
		}
		out, err := sim.Simulate(c)
		if err != nil {
			return false
		}
		if want, _ := s.Expected(); want != 0 {
			if _, failed := explore.Violated(out, want); failed {
				return false
			}
		}
	}
	return true
}
