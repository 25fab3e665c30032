package explore_test

import (
	"flag"
	"path/filepath"
	"slices"
	"testing"

	"stockproof/adapters/memory/luahost"
	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/dualwrite"
	"stockproof/inventory/ledger"
	"stockproof/inventory/rowlock"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/explore"
	"stockproof/sim/random"
	"stockproof/sim/scenario"
)

// recordedRuns is how many random schedules every recorded scenario is run in under each design that is said
// to hold.
var recordedRuns = flag.Int("recorded-runs", 100, "random schedules of each recorded scenario under ledger")

func anyDesign(t testing.TB, name string) inventory.Design {
	t.Helper()
	for _, d := range []inventory.Design{article.Design(), dualwrite.Design(), ledger.Design(), rowlock.Design()} {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("there is no design %q", name)
	return inventory.Design{}
}

// What breaks the article's design does not break those of which the file says so: the same workload and the
// same faults, each of the same kind and role, on the same order or SKU, at any point that the role passes.
// Every fault strikes in at least one of the runs.
func TestRecordedFaultsDoNotBreakLedger(t *testing.T) {
	for _, h := range held(t) {
		t.Run(h.name(), func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t, h)
			whole := 0
			for seed := range *recordedRuns {
				if tr.survives(t, seed) {
					whole++
				}
			}
			for _, f := range tr.base.Faults {
				if tr.struck[f.Kind] == 0 {
					t.Errorf("%s struck in none of %d runs", f.Kind, *recordedRuns)
				}
			}
			if whole == 0 {
				t.Errorf("all the faults together struck in none of %d runs", *recordedRuns)
			}
		})
	}
}

// holding is a recorded schedule and a design that it says holds under the same workload and faults.
type holding struct {
	path, design string
	schedule     *scenario.Schedule
}

// name is the file, from the folder of the schedules, and the design.
func (h holding) name() string {
	file, _ := filepath.Rel(schedules, h.path) // it was found there
	return filepath.ToSlash(file) + "/" + h.design
}

func held(t *testing.T) (all []holding) {
	t.Helper()
	for _, path := range slices.Concat(recorded(t, "."), recorded(t, "testdesigns")) {
		s := load(t, path)
		for _, o := range s.Others {
			if o.Holds {
				all = append(all, holding{path, o.Design, s})
			}
		}
	}
	return all
}

// trial tries the faults of a recorded schedule on another design.
type trial struct {
	holding
	base   sim.SimulationConfig
	places [][]place // of each fault
	likely [][]place // those where it finds something to strike, if anybody asked
	engine *engine.Engine
	struck map[string]int // runs in which a kind of fault struck
}

func newTrial(t *testing.T, h holding) *trial {
	t.Helper()
	base, _, err := sim.ScheduleConfig(h.schedule, anyDesign(t, h.design), sim.CoreOptions())
	if err != nil {
		t.Fatal(err)
	}
	base.Lua = luahost.New()
	tr := &trial{holding: h, base: base, likely: make([][]place, len(base.Faults)), engine: engine.New(engine.Options{}),
		struck: map[string]int{}}
	t.Cleanup(tr.engine.Close)
	places := passed(t, base)
	for i := range base.Faults {
		tr.places = append(tr.places, possible(&base.Faults[i], places))
	}
	return tr
}

// survives runs one random schedule and reports whether every fault struck in it. The test fails where the design
// does not hold, with the schedule that shows it.
func (tr *trial) survives(t *testing.T, seed int) (whole bool) {
	t.Helper()
	numbers := random.Stream(uint64(seed), "recorded "+tr.schedule.Name)
	c := tr.base
	c.Faults = tr.elsewhere(numbers)
	rec := &engine.Recorder{Chooser: &engine.Walk{Numbers: numbers, Stay: 1 + numbers.Below(16)}}
	c.Chooser = rec
	simulation, err := sim.NewSimulation(tr.engine, c)
	if err != nil {
		t.Fatal(err)
	}
	out, err := simulation.Run()
	if err != nil {
		t.Fatalf("seed %d: %v\n%s", seed, err, tr.written(c.Faults, rec))
	}
	if g, failed := explore.Violated(out); failed || len(out.KnownLimits) > 0 {
		t.Fatalf("seed %d: %s is violated under %s: %s %q\n%s", seed, g, tr.design, verdicts(out), out.KnownLimits,
			tr.written(c.Faults, rec))
	}
	if out.Result != checks.Holds && out.Result != checks.Vacuous && !out.Cut {
		t.Fatalf("seed %d: %s: %v\n%s", seed, out.Result, out.Failures, tr.written(c.Faults, rec))
	}
	for _, kind := range out.Struck {
		tr.struck[kind]++
	}
	return len(out.Missing) == 0 && !out.Cut
}

// written is a run as a schedule that can be replayed and shrunk.
func (tr *trial) written(faults []sim.Fault, rec *engine.Recorder) *scenario.Schedule {
	s := &scenario.Schedule{Scenario: tr.schedule.Scenario, Deviations: rec.Deviations}
	s.Prose, s.Faults, s.Expect = nil, nil, []scenario.Expectation{{Holds: true}}
	s.Design = &scenario.Entry{Subject: tr.design}
	for _, f := range faults {
		s.Faults = append(s.Faults, f.Entry())
	}
	return s
}

// place is where a fault may strike: a side of a point that a role passes, and how often it does in a run without
// faults.
type place struct {
	role, point string
	before      bool
	count       int
}

// passed are the places of a run without faults.
func passed(t *testing.T, c sim.SimulationConfig) (places []place) {
	t.Helper()
	at := map[place]int{}
	c.Faults = nil
	c.Passed = func(_ *sim.Simulation, p engine.Point) {
		name := sim.PointName(&p)
		if name == "" || p.Phase != engine.Request || p.Actor.Proc.Role == "clients" {
			return
		}
		k := place{role: p.Actor.Proc.Role, point: name}
		if _, known := at[k]; !known {
			at[k] = len(places)
			places = append(places, k)
		}
		places[at[k]].count++
	}
	if _, err := sim.Simulate(c); err != nil {
		t.Fatal(err)
	}
	for _, k := range places {
		k.before = true
		places = append(places, k)
	}
	return places
}

// possible are the places of one fault: those of the role that it is about. A role that does nothing unless something
// is wrong has none; anybody's is as good then. A fault that strikes as soon as the one before it has, does so here.
func possible(f *sim.Fault, places []place) (of []place) {
	if f.When.Point == "" {
		return nil
	}
	role := f.When.Role
	if f.Role != "" {
		role = f.Role
	}
	for _, p := range places {
		if role == "" || p.role == role {
			of = append(of, p)
		}
	}
	if len(of) == 0 {
		return places
	}
	return of
}

// set moves a fault to a place: the nth time that it is passed.
func (p place) set(f *sim.Fault, nth int) {
	f.When.Role, f.When.Point, f.When.Before, f.When.Nth = p.role, p.point, p.before, nth
	if f.When.Order != "" || f.When.SKU != "" {
		f.When.Nth = 1
	}
}

// elsewhere are the faults at places that are drawn: three of four times, where it was asked which, at one where the
// fault finds something to strike.
func (tr *trial) elsewhere(r *random.Rand) []sim.Fault {
	fs := slices.Clone(tr.base.Faults)
	for i := range fs {
		of := tr.places[i]
		if likely := tr.likely[i]; len(likely) > 0 && r.Intn(4) > 0 {
			of = likely
		}
		if len(of) > 0 {
			p := of[r.Intn(len(of))]
			p.set(&fs[i], 1+r.Intn(1+r.Intn(p.count))) // more often early: behind the last command there is less to strike
		}
	}
	return fs
}

// screen asks at which places each fault finds something to strike the first time that they are passed.
func (tr *trial) screen(t *testing.T) {
	t.Helper()
	for i := range tr.base.Faults {
		for _, p := range tr.places[i] {
			c := tr.base
			c.Faults = []sim.Fault{c.Faults[i]}
			c.Chooser = nil
			p.set(&c.Faults[0], 1)
			if out, err := sim.Simulate(c); err != nil {
				t.Fatalf("%s: %v", c.Faults, err)
			} else if len(out.Missing) == 0 {
				tr.likely[i] = append(tr.likely[i], p)
			}
		}
	}
}
