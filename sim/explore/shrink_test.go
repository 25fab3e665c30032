package explore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stockproof/inventory/dualwrite"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

// The certificate counts runs that were made. An entry without which there is no schedule that could run is said, with the
// reason, and no run of it is counted, neither there nor in the sum.
func TestTheCertificateCountsRunsThatWereMade(t *testing.T) {
	for name, want := range map[string]struct {
		certificate int
		without     string
		why         string
	}{
		"token-expiry":       {4, "", ""},
		"wrong-key-restock":  {4, "", ""}, // one of them without its choice
		"dead-letter-cancel": {4, "workload order=o1 sku=A qty=1", "no line before this one has order o1"},
		"empty-tag":          {0, "workload order=o1 sku=}x qty=1", "without an entry the workload would be a generated one"},
	} {
		s := load(t, filepath.Join(schedules, name+".sched"))
		d, runs := recordedDesign(t, s), 0
		small, err := explore.Shrink(t.Context(), explore.ShrinkConfig{Schedule: s, Design: d, Options: sim.CoreOptions(),
			Progress: func(p explore.ShrinkProgress) { runs = p.Runs }})
		if err != nil {
			t.Fatal(err)
		}
		if small.CertificateRuns != want.certificate || small.Runs < runs || small.Runs <= small.CertificateRuns {
			t.Errorf("%s: %d runs for the certificate, want %d; %d of all", name, small.CertificateRuns, want.certificate, small.Runs)
		}
		switch u := small.Unrunnable; {
		case want.without == "" && len(u) == 0:
		case len(u) != 1 || u[0].Without != want.without || !strings.HasSuffix(u[0].Why, want.why):
			t.Errorf("%s: could not be run: %q", name, u)
		}
		if left := len(small.Unrunnable) + small.CertificateRuns; left != small.After.Workload+small.After.Faults+small.After.Deviations {
			t.Errorf("%s: %d of %s were taken out", name, left, small.After)
		}
	}
}

func TestASizeIsSaidInWords(t *testing.T) {
	for want, s := range map[string]explore.Size{
		"1 workload entry, 1 fault, 1 choice":       {Workload: 1, Faults: 1, Deviations: 1},
		"2 workload entries, 0 faults, 300 choices": {Workload: 2, Deviations: 300},
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A shrink that may take no more steps ends where it is, with a schedule that still violates the guarantee: at the same place every
// time, and with none left out that it had steps for.
func TestAShrinkEndsWithItsSteps(t *testing.T) {
	s := padded(t, "dead-letter-cancel")
	d, last := recordedDesign(t, s), 1<<30
	for _, steps := range []int64{1, 20_000, 60_000, 0} {
		var runs [2]int
		for i := range runs {
			small, err := explore.Shrink(t.Context(), explore.ShrinkConfig{Schedule: s, Design: d, Options: sim.CoreOptions(), Steps: steps})
			if errors.Is(err, explore.ErrUnfinished) != (steps > 0) || steps == 0 && err != nil {
				t.Fatalf("%d steps: %v", steps, err)
			}
			if g, _ := s.Expected(); small.Guarantee != g || small.Schedule == nil {
				t.Fatalf("%d steps: it violates %s", steps, small.Guarantee)
			}
			if certified := small.CertificateRuns+len(small.Unrunnable) > 0; certified != (err == nil) {
				t.Errorf("%d steps: a certificate of %d runs, and %q", steps, small.CertificateRuns, small.Unrunnable)
			}
			runs[i] = small.Runs
			size := small.After.Workload + small.After.Faults + small.After.Deviations
			if size > last || steps == 1 && size != small.Before.Workload+small.Before.Faults+small.Before.Deviations {
				t.Errorf("%d steps: %s, which was %s", steps, small.After, small.Before)
			}
			last = size
		}
		if runs[0] != runs[1] {
			t.Errorf("%d steps: %d runs and %d", steps, runs[0], runs[1])
		}
	}
}

// Nor has it a certificate where the steps end in the middle of that one, which comes last.
func TestAShrinkThatEndsInItsCertificateHasNone(t *testing.T) {
	s := load(t, filepath.Join(schedules, "dead-letter-cancel.sched"))
	d := recordedDesign(t, s)
	for steps := int64(1); ; steps += 3_000 {
		small, err := explore.Shrink(t.Context(), explore.ShrinkConfig{Schedule: s, Design: d, Options: sim.CoreOptions(), Steps: steps})
		if certified := small.CertificateRuns+len(small.Unrunnable) > 0; certified != (err == nil) {
			t.Errorf("%d steps: a certificate of %d runs, and %v", steps, small.CertificateRuns, err)
		}
		if err == nil {
			return
		}
	}
}

// A fault gives way to a weaker one of its lattice that does as well, and its trigger to a simpler one.
func TestAShrinkWeakensFaults(t *testing.T) {
	s := load(t, filepath.Join(schedules, "token-expiry.sched"))
	s.Faults[0] = scenario.Entry{Subject: "crash", Settings: []scenario.Setting{{Key: "role", Value: "worker"}, {Key: "after", Value: "deduct"},
		{Key: "nth", Value: "1"}, {Key: "order", Value: "o1"}}}
	small, err := explore.Shrink(t.Context(), explore.ShrinkConfig{Schedule: s, Design: recordedDesign(t, s), Options: sim.CoreOptions()})
	if err != nil {
		t.Fatal(err)
	}
	if got := small.Schedule.Faults[0].Text("fault"); got != "fault evict role=worker after=deduct" {
		t.Errorf("it keeps %q", got)
	}
}

// padded is a recorded schedule with six orders that it does not need.
func padded(t *testing.T, name string) *scenario.Schedule {
	path := filepath.Join(schedules, name+".sched")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	more := ""
	for i := range 6 {
		more += fmt.Sprintf("workload order=more%d sku=B qty=1\n", i)
	}
	s, err := scenario.ParseSchedule(path, strings.NewReplacer("\nfault ", "\n"+more+"fault ", "\nend 10", "\nend 16").Replace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Three choices came to this violation, none of which can go; one in another place does what two of them did.
func TestAShrinkPutsOneChoiceInThePlaceOfTwo(t *testing.T) {
	c := explore.Config{Design: dualwrite.Design(), Options: sim.CoreOptions(), Scenario: loaded(t, "counter"), MaxFaults: -1,
		Strategy: explore.Random, Seed: 3, Executions: 3000}
	r, err := explore.Run(t.Context(), c)
	if err != nil || r.Finding == nil {
		t.Fatalf("found %v, %v", r.Finding, err)
	}
	small, err := explore.Shrink(t.Context(), explore.ShrinkConfig{Schedule: r.Finding.Schedule, Design: c.Design, Options: c.Options})
	if err != nil || small.After.Deviations != 2 {
		t.Errorf("shrunk to %s, %v; want 2 choices", small.After, err)
	}
}
