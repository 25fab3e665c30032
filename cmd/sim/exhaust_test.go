package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"stockproof/sim/scenario"
)

const oneOrder = `stockproof scenario 1
workload stock sku=A qty=3
workload order=o1 sku=A qty=2
expect holds
`

func TestAScopeIsExploredCompletelyOrNotAtAll(t *testing.T) {
	t.Parallel()
	tiny := []string{"explore", "--design", "ledger", "--scenario", "tiny", "--strategy", "exhaustive"}
	o := invoke(t, append(tiny, "--faults", "none", "--json")...)
	if o.code != 0 || !strings.Contains(o.errors, "explored completely  ledger, tiny: 2 orders") ||
		!strings.Contains(o.out, `"complete":true`) {
		t.Errorf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
	o = invoke(t, append(tiny, "--faults", "none", "--check-determinism", "--json")...)
	if j := coreAnswer(t, o); o.code != 0 || j.Twice != j.Executions || j.Executions < 100 ||
		!strings.Contains(o.errors, fmt.Sprintf(" %d executions carried out twice, alike\n", j.Executions)) {
		t.Errorf("every execution twice: exit %d, %d of %d\n%s", o.code, j.Twice, j.Executions, o.errors)
	}
	o = invoke(t, append(tiny, "--states", "50")...)
	if o.code != 6 || !strings.Contains(o.out, "not complete") {
		t.Errorf("with a budget that is too small: exit %d\n%s", o.code, o.out)
	}
	o = invoke(t, append(tiny, "--executions", "50")...)
	if o.code != 6 || !strings.Contains(o.out, "not complete") || !strings.Contains(o.out, " 50 executions, ") ||
		!strings.HasSuffix(o.out, "--strategy exhaustive --executions 50\n") {
		t.Errorf("with 50 executions: exit %d\n%s", o.code, o.out)
	}
	for _, bad := range [][]string{
		{"--strategy", "exhaustive", "--scenario", "medium"},
		{"--strategy", "exhaustive", "--scenario", "small", "--faults", "crash"},
		{"--strategy", "exhaustive", "--scenario", "tiny", "--faults", "pause"},
		{"--strategy", "random", "--states", "5"},
		{"--strategy", "exhaustive", "--scenario", "tiny", "--seed", "1"},
		{"--strategy", "exhaustive", "--scenario", "snapshot-flood"}, // a fault of its own that no state tells
	} {
		if o := invoke(t, append([]string{"explore"}, bad...)...); o.code != 64 {
			t.Errorf("%q: exit %d, %s", bad, o.code, o.errors)
		}
	}
}

// A scope that was visited completely says nothing about a kind of fault that found nothing to strike in it: a letter that
// nobody wrote cannot be driven again.
func TestAScopeWithoutItsFaultIsVacuous(t *testing.T) {
	t.Parallel()
	o := invoke(t, "explore", "--design", "ledger", "--scenario", "tiny", "--strategy", "exhaustive", "--faults", "re-drive")
	if o.code != 5 || !strings.Contains(o.out, "never happened, at any point of the scope: re-drive") || strings.Contains(o.out, "explored completely") {
		t.Errorf("exit %d\n%s%s", o.code, o.out, o.errors)
	}
	o = invoke(t, "explore", "--design", "ledger", "--scenario", "tiny", "--strategy", "exhaustive", "--faults", "re-drive", "--json")
	if o.code != 5 || !strings.Contains(o.out, `"result":"vacuous"`) || !strings.Contains(o.out, `"never_happened":["re-drive"]`) {
		t.Errorf("exit %d\n%s", o.code, o.out)
	}
	o = invoke(t, "explore", "--design", "rowlock", "--scenario", "tiny", "--strategy", "exhaustive", "--json")
	if o.code != 0 || !strings.Contains(o.out, `"lost-response":`) || !strings.Contains(o.out, `"never_happened":[]`) {
		t.Errorf("exit %d\n%s", o.code, o.out)
	}
	path := write(t, "never.scenario", strings.Replace(oneOrder, "expect", "fault crash role=worker after=credit\nexpect", 1))
	if o := invoke(t, "explore", "--strategy", "exhaustive", "--faults", "none", "--scenario", path); o.code != 5 ||
		!strings.Contains(o.out, "never happened, at any point of the scope: crash") {
		t.Errorf("a fault of the scenario: exit %d\n%s%s", o.code, o.out, o.errors)
	}
	path = write(t, "nothing.scenario", strings.Replace(oneOrder, "workload order=o1 sku=A qty=2\n", "", 1))
	if o := invoke(t, "explore", "--strategy", "exhaustive", "--faults", "none", "--scenario", path); o.code != 5 ||
		!strings.Contains(o.out, " nothing was decided\n") || strings.Contains(o.out, "explored completely") {
		t.Errorf("a workload without a decision: exit %d\n%s%s", o.code, o.out, o.errors)
	}
	refused(t, "--faults resubmit: an exhaustive search cannot offer it: a state does not tell", "explore", "--strategy", "exhaustive",
		"--scenario", "tiny", "--faults", "resubmit")
}

// A failover that loses nothing is not taken for any failover: what the search does not vary, it says.
func TestAScopeSaysWhichSettingsItDoesNotVary(t *testing.T) {
	for kinds, want := range map[string]bool{"redis-failover": true, "crash": false} {
		o := invoke(t, "explore", "--strategy", "exhaustive", "--scenario", "tiny", "--faults", kinds, "--states", "50")
		if said := strings.Contains(o.out, "settings of faults that are not varied: redis-failover lose= above 1, redis-failover skew=\n"); said != want {
			t.Errorf("%s: exit %d\n%s%s", kinds, o.code, o.out, o.errors)
		}
	}
}

// What an exhaustive search finds is shown as every violation is: the smallest schedule that does it, a column for each process, the
// lane where it went wrong, and last the command that shows it again.
func TestAFindingOfTheExhaustiveSearchIsDrawn(t *testing.T) {
	o := invoke(t, "explore", "--design", "article", "--scenario", "order-token", "--strategy", "exhaustive", "--faults", "none")
	for _, want := range []string{"one-outcome, after ", "every remaining event is needed (", " worker-2 ", "deduct o1 x", "<- another outcome",
		"           lane A   supply ", " why: "} {
		if !strings.Contains(o.out, want) {
			t.Errorf("%q is missing in\n%s", want, o.out)
		}
	}
	if again := "sim explore --design article --scenario order-token --strategy exhaustive --faults none"; o.code != 1 || lastLine(o.out) != again {
		t.Errorf("exit %d, last line %q", o.code, lastLine(o.out))
	}
}

// What an exhaustive search finds is written as a schedule, shrunk to what is needed, and runs again to the same end: the
// exit code of its replay is that of the search.
func TestAFindingOfTheExhaustiveSearchIsASchedule(t *testing.T) {
	t.Parallel()
	for _, design := range []string{"article", "dualwrite"} {
		file := filepath.Join(t.TempDir(), "found.sched")
		o := invoke(t, "explore", "--design", design, "--scenario", "tiny", "--strategy", "exhaustive", "-o", file)
		if o.code != 1 && o.code != 2 && o.code != 3 || !strings.Contains(o.out, "every remaining event is needed") ||
			!strings.HasSuffix(o.out, "\nsim replay "+file+"\n") {
			t.Fatalf("%s: exit %d\n%s%s", design, o.code, o.out, o.errors)
		}
		s, err := scenario.LoadSchedule(file)
		if err != nil {
			t.Fatal(err)
		}
		g, expects := s.Expected()
		if !expects || !strings.Contains(o.out, g.String()+", after ") {
			t.Errorf("%s: the file expects %s, and the search found\n%s", design, g, o.out)
		}
		if r := invoke(t, "replay", file); r.code != o.code || !strings.Contains(r.out, "as the file expects: "+g.String()) {
			t.Errorf("%s: the search exits %d, its schedule %d\n%s%s", design, o.code, r.code, r.out, r.errors)
		}
	}
	refused(t, `--roles "sweper": design ledger has no such role; there are `, "explore", "--strategy", "exhaustive", "--scenario", "tiny", "--roles", "sweper")
	refused(t, "--o: small is a list of scopes, of which --scenario may name one: ", "explore", "--strategy", "exhaustive", "--scenario", "small", "-o", "x.sched")
}

func TestAListOfScopesIsReportedScopeByScope(t *testing.T) {
	o := invoke(t, "explore", "--strategy", "exhaustive", "--scenario", "small", "--states", "30")
	if o.code != 6 || strings.Count(o.out, "not complete  ") != len(smallScopes) {
		t.Errorf("exit %d\n%s%s", o.code, o.out, o.errors)
	}
	for _, e := range smallScopes {
		if !strings.Contains(o.out, "ledger, "+e.name+": ") {
			t.Errorf("nothing is said of %q", e.name)
		}
	}
}
