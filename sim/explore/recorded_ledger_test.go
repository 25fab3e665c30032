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
)

// recordedRuns is how many random schedules every recorded scenario is run in under each design that is said
// to hold. make schedules asks for 10 000.
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
	for _, path := range slices.Concat(recorded(t, "."), recorded(t, "testdesigns")) {
		s := load(t, path)
		for _, o := range s.Others {
			if o.Holds {
				t.Run(filepath.Base(path)+"/"+o.Design, func(t *testing.T) { survives(t, s, anyDesign(t, o.Design)) })
			}
		}
	}
}

func survives(t *testing.T, s *sim.Schedule, d inventory.Design) {
	base, _, err := s.Simulation(d, sim.CoreOptions())
	if err != nil {
		t.Fatal(err)
	}
	faults := base.Faults
	marks := passed(t, base)
	e, lua := engine.New(engine.Options{}), luahost.New()
	defer e.Close()
	struck := map[string]int{}
	whole := 0
	for n := range *recordedRuns {
		numbers := sim.Stream(uint64(n), "recorded "+s.Name)
		c := base
		c.Lua = lua
		c.Faults = elsewhere(numbers, faults, marks)
		c.Chooser = &engine.Walk{Numbers: numbers, Stay: 1 + numbers.Below(16)}
		simulation, err := sim.NewSimulation(e, c)
		if err != nil {
			t.Fatal(err)
		}
		out, err := simulation.Run()
		if err != nil {
			t.Fatalf("run %d, faults %q: %v", n, c.Faults, err)
		}
		if g, failed := explore.Violated(out); failed {
			t.Fatalf("run %d: %s is violated under %s, faults %q: %s", n, g, d.Name, c.Faults, verdicts(out))
		}
		if out.Result == checks.InternalError {
			t.Fatalf("run %d, faults %q: %v", n, c.Faults, out.Failures)
		}
		for _, kind := range out.Struck {
			struck[kind]++
		}
		if len(out.Missing) == 0 {
			whole++
		}
	}
	for _, f := range faults {
		if struck[f.Kind] == 0 {
			t.Errorf("%s struck in none of %d runs", f.Kind, *recordedRuns)
		}
	}
	if whole == 0 {
		t.Errorf("all the faults together struck in none of %d runs", *recordedRuns)
	}
}

// mark is a point that a role passes in a run without faults, and how often.
type mark struct {
	role, point string
	count       int
}

func passed(t *testing.T, c sim.SimulationConfig) (marks []mark) {
	t.Helper()
	at := map[mark]int{}
	c.Faults = nil
	c.Passed = func(_ *sim.Simulation, p engine.Point) {
		name := sim.PointName(&p)
		if name == "" || p.Phase != engine.Request {
			return
		}
		k := mark{role: p.Actor.Proc.Role, point: name}
		if _, known := at[k]; !known {
			at[k] = len(marks)
			marks = append(marks, k)
		}
		marks[at[k]].count++
	}
	if _, err := sim.Simulate(c); err != nil {
		t.Fatal(err)
	}
	return marks
}

// elsewhere are faults at points of another design: where a fault needs the moment that a role passes a point,
// a point of the role is drawn, and which time. A fault that strikes as soon as the one before it has, does so
// here.
func elsewhere(r *sim.Rand, faults []sim.Fault, marks []mark) []sim.Fault {
	fs := slices.Clone(faults)
	for i := range fs {
		f := &fs[i]
		if f.When.Point == "" {
			continue
		}
		of := f.When.Role
		if f.Role != "" {
			of = f.Role
		}
		possible := slices.DeleteFunc(slices.Clone(marks), func(m mark) bool {
			return of != "" && m.role != of || m.role == "clients"
		})
		if len(possible) == 0 { // the role does nothing unless something is wrong: anybody's point is as good
			possible = marks
		}
		m := possible[r.Intn(len(possible))]
		f.When.Role, f.When.Point, f.When.Before = m.role, m.point, r.Intn(2) == 0
		f.When.Nth = 1 + r.Intn(m.count)
		if f.When.Order != "" || f.When.SKU != "" {
			f.When.Nth = 1
		}
	}
	return fs
}
