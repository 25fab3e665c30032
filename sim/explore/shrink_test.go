package explore_test

import (
	"path/filepath"
	"strings"
	"testing"

	"stockproof/sim"
	"stockproof/sim/explore"
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
