package main

import (
	"slices"
	"strings"
	"testing"
)

const head = "stockproof scenario 1\n# Prose.\nworkload stock sku=A qty=5\nworkload order=o1 sku=A qty=2\n"

// The verdict says whether the scenario was right about it; the exit code says what happened.
func TestAScenarioSaysWhatItExpects(t *testing.T) {
	const dies = "design article ttl=24h\nfault crash role=worker after=deduct order=o1 nth=1\n" +
		"fault advance-clock by=25h\nfault restart role=worker\n"
	for name, c := range map[string]struct {
		text string
		code int
		met  bool
		line string
	}{
		"holds, and does":   {head + "expect holds\n", 0, true, "as the scenario expects: holds"},
		"holds, and breaks": {head + dies + "expect holds\n", 1, false, "not as expected: expected holds, got violated, broken: exactly-once-effect"},
		"breaks, and does":  {head + dies + "expect exactly-once-effect\n", 1, true, "as the scenario expects: exactly-once-effect"},
		"breaks, and holds": {head + "expect no-oversell\n", 0, false, "not as expected: expected no-oversell, got holds"},
		"another breaks": {head + dies + "expect no-oversell\n", 1, false,
			"not as expected: expected no-oversell, got violated, broken: exactly-once-effect"},
		"one of two breaks": {head + dies + "expect no-oversell\nexpect exactly-once-effect\n", 1, false,
			"not as expected: expected no-oversell, exactly-once-effect, got violated, broken: exactly-once-effect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, "s.scenario", c.text)
			o := invoke(t, "run", "--scenario", path, "--patience", "5m", "--settle", "2s", "--json")
			a := answerOf(t, o)
			if o.code != c.code || a.AsExpected == nil || *a.AsExpected != c.met || !strings.Contains(o.errors, c.line) {
				t.Errorf("exit %d, as_expected %v, want %q in\n%s", o.code, a.AsExpected, c.line, o.errors)
			}
			if want := strings.Fields(c.text[strings.Index(c.text, "expect "):]); len(a.Expected) != len(want)/2 ||
				!slices.Contains(a.Expected, want[1]) {
				t.Errorf("expected %q", a.Expected)
			}
		})
	}
	o := invoke(t, patient("run", "--orders", "20")...)
	if a := answerOf(t, o); a.AsExpected != nil || a.Expected == nil || strings.Contains(o.errors, "expect") {
		t.Errorf("nothing is expected: %+v\n%s", a, o.errors)
	}
}

// What porcupine says of the bare answers of a small run stands in JSON too.
func TestTheBareVerdictStandsInJSON(t *testing.T) {
	t.Parallel()
	a := answerOf(t, invoke(t, patient("run", "--orders", "40", "--skus", "3", "--clients", "3", "--seed", "4")...))
	// Initial stock, restocks, lines and cancels: at least the lines.
	if b := a.Bare; b == nil || b.Verdict != "pass" || b.Keys != 3 || b.Operations < a.Orders.Submitted+b.Keys || len(b.Why) != 0 {
		t.Errorf("bare %+v of %+v", b, a.Orders)
	}
	a = answerOf(t, invoke(t, patient("run", "--design", "rowlock", "--orders", "40", "--clients", "3", "--seed", "4")...))
	if a.Bare != nil {
		t.Errorf("rowlock's answers are not searched, and JSON says %+v", a.Bare)
	}
}

// A design without a speed layer is not praised for one. One client alone: between several, dual writes diverge.
func TestAVerdictClaimsNoComparisonThatWasNotMade(t *testing.T) {
	t.Parallel()
	for design, speed := range map[string]bool{"rowlock": false, "dualwrite": true} {
		o := invoke(t, patient("run", "--design", design, "--orders", "40", "--clients", "1", "--seed", "4")...)
		a := answerOf(t, o)
		if a.SpeedCompared != speed || strings.Contains(o.errors, "speed equals truth") != speed ||
			strings.Contains(o.errors, "books of ") == speed {
			t.Errorf("%s: speed_compared %v\n%s", design, a.SpeedCompared, o.errors)
		}
	}
}
