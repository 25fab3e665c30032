package explore_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

// recorded are the files of a folder of schedules.
func recorded(t testing.TB, folder string) (files []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(schedules, folder, "*.sched"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func load(t testing.TB, path string) *scenario.Schedule {
	t.Helper()
	s, err := scenario.LoadSchedule(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// recordedDesign is the design that a schedule is of: one that is known by its name, or a test design.
func recordedDesign(t testing.TB, s *scenario.Schedule) inventory.Design {
	t.Helper()
	for _, r := range recipes() {
		if r.test != nil && r.test.Name == s.DesignName() {
			return *r.test
		}
	}
	return designOf(t, s.DesignName())
}

// Every recorded schedule violates exactly the guarantees that it names, the first as severely as it says, every time in the
// same way, and each of its choices finds its place.
func TestRecordedSchedulesViolate(t *testing.T) {
	files := slices.Concat(recorded(t, "."), recorded(t, "testdesigns"))
	if len(files) < len(recipes()) {
		t.Errorf("%d files, %d recipes", len(files), len(recipes()))
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s := load(t, path)
			d := recordedDesign(t, s)
			want, expected := s.Expected()
			if !expected {
				t.Fatal("it expects no violation")
			}
			out := replay(t, s, d)
			if again := replay(t, s, d); again.Digest != out.Digest {
				t.Errorf("digest %x, then %x", out.Digest, again.Digest)
			}
			if got, named := violated(out), s.Scenario.Expected(); !slices.Equal(got, slices.Sorted(slices.Values(named))) {
				t.Errorf("it violates %q and names %q; %s", got, named, verdicts(out))
			} else if got := severity(out, want); got != s.Severity {
				t.Errorf("severity %d, the file says %d", got, s.Severity)
			}
			for _, r := range recipes() {
				if r.path() == path && r.shows != nil && !r.shows(out) {
					t.Errorf("it violates %q by another cause than its words say", want)
				}
			}
			if len(out.Missing) > 0 {
				t.Errorf("never happened: %q", out.Missing)
			}
		})
	}
}

// Bugs of ours that were fixed stay fixed.
func TestRecordedFixesHold(t *testing.T) {
	for _, path := range recorded(t, "fixed") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s := load(t, path)
			if _, expected := s.Expected(); expected {
				t.Fatal("it expects a violation")
			}
			if out := replay(t, s, anyDesign(t, s.DesignName())); out.Result != checks.Holds {
				t.Errorf("%s: %s", out.Result, verdicts(out))
			}
		})
	}
}

// replay runs a schedule. What it names must be there.
func replay(t testing.TB, s *scenario.Schedule, d inventory.Design) sim.Outcome {
	t.Helper()
	if d.Name == s.DesignName() {
		if err := sim.CheckNames(s, d, sim.CoreOptions()); err != nil {
			t.Error(err)
		}
	}
	c, choices, err := sim.ScheduleConfig(s, d, sim.CoreOptions())
	if err != nil {
		t.Fatal(err)
	}
	out, err := sim.Simulate(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, drift := range choices.Drift() {
		t.Errorf("drift: %s", drift)
	}
	return out
}

// violated are the claimed guarantees that an outcome violates, sorted.
func violated(out sim.Outcome) (names []string) {
	for _, g := range checks.Guarantees() {
		if _, failed := explore.Violated(out, g); failed {
			names = append(names, g.String())
		}
	}
	slices.Sort(names)
	return names
}

func severity(out sim.Outcome, g checks.Guarantee) int64 {
	for _, r := range out.Reports {
		if r.Guarantee == g {
			return r.Severity.Amount
		}
	}
	return 0
}

func verdicts(out sim.Outcome) string {
	var all []string
	for _, r := range out.Reports {
		if r.Verdict == checks.Fail {
			all = append(all, r.Guarantee.String()+": "+r.Why)
		}
	}
	return strings.Join(all, "; ")
}

// A file is what the program writes of it, byte for byte; it explains itself first, with a drawing; and it has
// the words of the scenario in which it was found, so that neither says what the other does not.
func TestRecordedFilesAreTheProgramsOwn(t *testing.T) {
	for _, path := range slices.Concat(recorded(t, "."), recorded(t, "testdesigns"), recorded(t, "fixed")) {
		s := load(t, path)
		if text, err := os.ReadFile(path); err != nil || s.String() != string(text) {
			t.Errorf("%s is not in the form that the program writes: %v", path, err)
		}
		if drawing := slices.ContainsFunc(s.Prose, func(p scenario.Prose) bool { return strings.HasPrefix(p.Text, "#   ") }); !drawing {
			t.Errorf("%s has no drawing", path)
		}
		if _, expected := s.Expected(); !expected {
			continue
		}
		from, err := scenario.Load(strings.TrimSuffix(filepath.Base(path), ".sched"))
		if err != nil {
			t.Error(err)
			continue
		}
		if prose(from) != prose(&s.Scenario) {
			t.Errorf("%s and its scenario have different words: record it again", path)
		}
		if !slices.ContainsFunc(s.Others, func(o scenario.OtherDesign) bool { return o.Design == "ledger" }) {
			t.Errorf("%s does not say what ledger does", path)
		}
	}
}

func prose(s *scenario.Scenario) string {
	var b strings.Builder
	for _, p := range s.Prose {
		b.WriteString(p.Text + "\n")
	}
	return b.String()
}

// The recipe of a schedule that needs no luck finds it again: what is recorded was found by exploration.
func TestARecipeFindsItsScheduleAgain(t *testing.T) {
	for _, r := range recipes() {
		if r.name != "order-token" && r.name != "lost-reply" {
			continue
		}
		s, err := scenario.Load(r.name)
		if err != nil {
			t.Fatal(err)
		}
		c := r.config(t, s, r.design(t, s), recordSeeds[0])
		c.Budget, c.Executions = 0, 2000
		found, err := explore.Run(context.Background(), c)
		if err != nil || found.Finding == nil {
			t.Errorf("%s: nothing in %d executions, %v", r.name, found.Executions, err)
		}
	}
}
