package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stockproof/checks"
	"stockproof/sim/scenario"
)

const expirySchedule = `stockproof schedule 1
# Token expiry.
design article ttl=24h
scenario token-expiry
workload stock sku=A qty=5
workload order=o1 sku=A qty=2
fault crash role=worker after=deduct order=o1
fault advance-clock by=25h
fault restart role=worker
expect exactly-once-effect severity=2
ledger: n/a it has no script
end 9
`

// coreAnswer is the last line of --json.
func coreAnswer(t *testing.T, o outcome) (a coreResult) {
	t.Helper()
	var raw struct {
		Result string `json:"result"`
		coreResult
	}
	lines := strings.Split(strings.TrimSpace(o.out), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &raw); err != nil {
		t.Fatalf("%v\n%s\n%s", err, o.out, o.errors)
	}
	a = raw.coreResult
	a.Strategy = raw.Result // Result writes its name and does not read it
	return a
}

// lastLine is the command that reproduces a failure.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

func TestExploreFindsWhatBreaksTheArticle(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "found.sched")
	args := []string{"explore", "--design", "article", "--scenario", write(t, "s.scenario", head+ended), "--seed", "3",
		"--faults", "crash,advance-clock,rewind", "--executions", "3000", "-o", path}
	o := invoke(t, args...)
	if o.code != 1 || !strings.HasPrefix(o.out, "seed 0x3  design article  tier core  scenario s  strategy portfolio") {
		t.Fatalf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
	for _, want := range []string{"\nviolated   ", "shrunk from ", "every remaining event is needed (", "  lane A   supply ", " why: ", "X "} {
		if !strings.Contains(o.out, want) {
			t.Errorf("%q is missing in\n%s", want, o.out)
		}
	}
	if got := lastLine(o.out); got != "sim replay "+path {
		t.Errorf("the last line is %q", got)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "stockproof schedule 1\n# ") || !strings.Contains(string(text), "# Found by: sim explore --design article") {
		t.Errorf("the file is\n%s", text)
	}
	again := invoke(t, "replay", path, "--json")
	if a := coreAnswer(t, again); again.code != 1 || a.Strategy != "violated" || a.AsExpected == nil || !*a.AsExpected || len(a.Drift) > 0 {
		t.Errorf("exit %d, %+v\n%s", again.code, a, again.errors)
	}
	// The same seed finds the same, whatever the machine does.
	rerun := invoke(t, args...)
	if figures(rerun.out) != figures(o.out) {
		t.Errorf("the same seed gave\n%s\nthen\n%s", o.out, rerun.out)
	}
	// The command in the file does it without the file.
	_, found, _ := strings.Cut(string(text), "# Found by: sim ")
	command, _, _ := strings.Cut(found, "\n")
	if o := invoke(t, strings.Fields(command)...); o.code != 1 || !strings.HasPrefix(lastLine(o.out), "sim explore --design article") {
		t.Errorf("%s: exit %d\n%s\n%s", command, o.code, o.out, o.errors)
	}
	// A shrunk schedule stays as it is.
	small := invoke(t, "shrink", path)
	if small.code != 0 || !strings.Contains(small.out, "every remaining event is needed (") || !strings.Contains(small.out, "\nstockproof schedule 1\n") {
		t.Errorf("exit %d\n%s\n%s", small.code, small.out, small.errors)
	}
}

// figures is a report without what the clock says.
func figures(text string) string {
	var lines []string
	for _, l := range strings.Split(text, "\n") {
		if !strings.Contains(l, "/s)") {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}

func TestExploreOfTheLedgerHolds(t *testing.T) {
	t.Parallel()
	args := []string{"explore", "--scenario", "tiny", "--executions", "60", "--seed", "9", "--faults", "crash,lost", "--check-determinism"}
	o := invoke(t, args...)
	if o.code != 0 || !strings.Contains(o.out, "\nholds      60 executions") || !strings.Contains(o.out, "60 executions ran twice: equal digests") {
		t.Fatalf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
	a := coreAnswer(t, invoke(t, append(args, "--json")...))
	if a.Strategy != "holds" || a.Tier != "core" || a.Executions != 60 || a.Steps == 0 || a.Digest == "" || a.Struck["crash"] == 0 ||
		a.Orders.Submitted != 120 || a.Orders.Granted+a.Orders.Rejected == 0 || a.Seed != "0x9" || len(a.Guarantees) == 0 {
		t.Errorf("%+v", a)
	}
	if b := coreAnswer(t, invoke(t, append(args, "--json")...)); b.Digest != a.Digest || b.Steps != a.Steps {
		t.Errorf("digest %s in %d steps, then %s in %d", a.Digest, a.Steps, b.Digest, b.Steps)
	}
}

// An order that is cancelled was decided: it is counted, and the exploration is not vacuous, drawn or searched.
func TestAnExplorationCountsEveryOutcome(t *testing.T) {
	t.Parallel()
	path := write(t, "cancelled.scenario", strings.Replace(oneOrder, "expect", "workload cancel order=o1\nexpect", 1))
	for name, args := range map[string][]string{
		"drawn":    {"--strategy", "random", "--seed", "1", "--executions", "20"},
		"searched": {"--strategy", "exhaustive"},
	} {
		o := invoke(t, append([]string{"explore", "--scenario", path, "--faults", "none", "--json"}, args...)...)
		a := coreAnswer(t, o)
		if o.code != 0 || a.Orders.Submitted == 0 || a.Orders.Cancelled != a.Orders.Submitted || a.Orders.Granted+a.Orders.Rejected != 0 {
			t.Errorf("%s: exit %d, %+v\n%s", name, o.code, a.Orders, o.errors)
		}
		if len(a.Guarantees) == 0 || a.Guarantees[0].Verdict != "pass" {
			t.Errorf("%s: guarantees %+v", name, a.Guarantees)
		}
	}
	a := coreAnswer(t, invoke(t, "explore", "--scenario", "tiny", "--faults", "duplicate", "--strategy", "random", "--seed", "1", "--executions", "50", "--json"))
	if a.Orders.Duplicates == 0 {
		t.Errorf("records were delivered twice in %d executions, and absorbed in none: %+v", a.Struck["duplicate"], a.Orders)
	}
}

// What breaks behind a fault outside of the envelope is no violation, and nobody is to take it for a guarantee: it is listed.
func TestWhatBreaksOutsideTheEnvelopeIsListed(t *testing.T) {
	t.Parallel()
	path := write(t, "outside.scenario", strings.Replace(oneOrder, "expect", "workload clients=2\nworkload order=o2 sku=A qty=2\nworkload cancel order=o1\n"+
		"workload restock sku=A qty=1\nfault pg-failover-async lose=3 of=worker after=settle nth=3\nexpect", 1))
	for _, args := range [][]string{
		{"run", "--on", "core", "--seed", "2"},
		{"explore", "--strategy", "random", "--seed", "2", "--executions", "20"},
	} {
		args = append(args, "--scenario", path)
		o := invoke(t, args...)
		if o.code != 0 || !strings.Contains(o.out, " known limit: no-loss under pg-failover-async: ") {
			t.Errorf("%q: exit %d\n%s\n%s", args, o.code, o.out, o.errors)
		}
		if a := coreAnswer(t, invoke(t, append(args, "--json")...)); len(a.KnownLimits) == 0 {
			t.Errorf("%q: %+v", args, a)
		}
	}
}

// What was asked for and never happened shows nothing.
func TestVacuousExplorations(t *testing.T) {
	t.Parallel()
	none := "stockproof scenario 1\nworkload stock sku=A qty=5\nworkload read sku=A\n"
	never := head + "fault crash role=worker after=deduct order=o1\n" // the ledger has no such script
	for name, c := range map[string]struct {
		text, want string
		args       []string
	}{
		"nothing was decided":  {none, "nothing was decided", []string{"--faults", "none"}},
		"a fault of the file":  {never, "never happened: crash", nil},
		"a kind that is asked": {head, "never happened: restart", []string{"--faults", "restart"}},
	} {
		args := append([]string{"explore", "--scenario", write(t, "s.scenario", c.text+ended), "--seed", "1", "--executions", "5"}, c.args...)
		if o := invoke(t, args...); o.code != 5 || !strings.Contains(o.out, "\nvacuous ") || !strings.Contains(o.out, c.want) ||
			!strings.HasPrefix(lastLine(o.out), "sim explore --design ledger") {
			t.Errorf("%s: exit %d\n%s\n%s", name, o.code, o.out, o.errors)
		}
	}
}

func TestRunOnCoreDrawsOneSchedule(t *testing.T) {
	t.Parallel()
	o := invoke(t, "run", "--on", "core", "--design", "article", "--scenario", "token-expiry", "--seed", "4")
	if o.code != 1 || !strings.HasPrefix(o.out, "seed 0x4  design article  tier core  scenario token-expiry") ||
		!strings.Contains(o.out, "as the scenario expects: exactly-once-effect") || !strings.Contains(o.out, "<- second deduction") ||
		lastLine(o.out) != "sim run --on core --design article --scenario token-expiry --seed 4" {
		t.Errorf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
	if again := invoke(t, "run", "--on=core", "--design", "article", "--scenario", "token-expiry", "--seed", "0x4"); again.code != 1 ||
		!strings.Contains(o.out, strings.Split(again.out, "\n")[2]) {
		t.Errorf("the same seed: exit %d\n%s", again.code, again.out)
	}
	held := invoke(t, "run", "--on", "core", "--scenario", "tiny", "--seed", "4", "--json")
	if a := coreAnswer(t, held); held.code != 0 || a.Strategy != "holds" || a.Orders.Submitted != 2 || a.Orders.Granted != 1 || a.Digest == "" {
		t.Errorf("exit %d, %+v", held.code, a)
	}
}

// A replay's exit code is what happens; drift is named by line.
func TestReplaySaysWhatHappensAndWhatDrifted(t *testing.T) {
	t.Parallel()
	edit := func(old, new string) string { return strings.Replace(expirySchedule, old, new, 1) }
	choice := func(text string) string {
		return strings.Replace(strings.Replace(text, "expect", "run actor=worker-2/main of=worker-1/main at=\"request redis deduct\" nth=2\nexpect", 1),
			"end 9", "end 10", 1)
	}
	calm := expirySchedule[:strings.Index(expirySchedule, "fault ")] + "expect exactly-once-effect\nend 5\n"
	for name, c := range map[string]struct {
		text string
		code int
		want []string
	}{
		"as recorded":    {expirySchedule, 1, []string{"as the file expects: exactly-once-effect", "<- second deduction"}},
		"a valid edit":   {edit("qty=5", "qty=7"), 1, []string{"as the file expects", "supply 7"}},
		"another amount": {edit("severity=2", "severity=3"), 1, []string{"not as expected", "severity 2 and not 3"}},
		"another breaks": {edit("expect exactly-once-effect", "expect no-oversell"), 1, []string{"not as expected: expected no-oversell, got violated"}},
		"drift, and yet": {choice(expirySchedule), 1, []string{"as the file expects", "drift: FILE:10: found no place: run worker-2/main"}},
		"of a second life": {strings.NewReplacer("worker-2/main", "servers/expiry", "worker-1/main", "connector'2/main").Replace(choice(expirySchedule)),
			1, []string{"as the file expects", "drift: FILE:10: found no place: run servers/expiry"}},
		"no violation":     {calm, 0, []string{"not as expected: expected exactly-once-effect, got holds"}},
		"it stalls":        {edit("by=25h", "by=1h"), 2, []string{"not as expected: expected exactly-once-effect, got stalled"}},
		"drift took it":    {strings.Replace(choice(calm), "end 5", "end 6", 1), 5, []string{"\nvacuous    exactly-once-effect no longer happens, and nothing else does: FILE:7: found no place"}},
		"drift, it stalls": {choice(edit("by=25h", "by=1h")), 2, []string{"drift: FILE:10: found no place"}},
		"fault never hit":  {edit("after=deduct", "after=credit"), 5, []string{"no longer happens", "drift: FILE:7: fault crash role=worker after=credit order=o1 never struck"}},
	} {
		path := write(t, "x.sched", c.text)
		o := invoke(t, "replay", path)
		for _, want := range c.want {
			if want = strings.ReplaceAll(want, "FILE", path); o.code != c.code || !strings.Contains(o.out, want) {
				t.Errorf("%s: exit %d, want %d and %q\n%s\n%s", name, o.code, c.code, want, o.out, o.errors)
			}
		}
		if want := "sim replay " + path; c.code != 0 && lastLine(o.out) != want {
			t.Errorf("%s: the last line is %q", name, lastLine(o.out))
		}
	}
}

// Under another design the choices are left out, and the faults are what they are.
func TestReplayUnderAnotherDesign(t *testing.T) {
	t.Parallel()
	crash := strings.Replace(strings.Replace(expirySchedule, "after=deduct order=o1", "after=settle order=o1", 1), "ledger: n/a it has no script", "ledger: holds", 1)
	o := invoke(t, "replay", write(t, "x.sched", crash), "--design", "ledger")
	if o.code != 0 || !strings.Contains(o.out, "design ledger") || !strings.Contains(o.out, "as the file expects: holds") ||
		!strings.Contains(o.out, "fault: worker-1 crashed") {
		t.Errorf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
	// A fault that finds nothing to strike there does not make the file wrong.
	path := write(t, "y.sched", strings.Replace(expirySchedule, "ledger: n/a it has no script", "ledger: holds", 1))
	if o := invoke(t, "replay", path, "--design", "ledger"); o.code != 5 || strings.Contains(o.out, "not as expected") ||
		!strings.Contains(o.out, " the file says that ledger holds where all its faults strike; in this run they did not\n") {
		t.Errorf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
	if a := coreAnswer(t, invoke(t, "replay", path, "--design", "ledger", "--json")); a.AsExpected != nil {
		t.Errorf("%+v", a)
	}
}

// Of several keys that find no place the first is named on the verdict's line, and each is listed.
func TestReplayNamesTheFirstUnmatchedKey(t *testing.T) {
	t.Parallel()
	lost := strings.Replace(expirySchedule, "expect exactly-once-effect",
		"run actor=worker-1/a of=worker-2/b at=nowhere\nrun actor=worker-1/a of=worker-2/b at=elsewhere\nexpect exactly-once-effect", 1)
	lost = strings.Replace(strings.Replace(lost, "after=deduct order=o1", "after=deduct nth=900", 1), "end 9", "end 11", 1)
	path := write(t, "lost.sched", lost)
	o := invoke(t, "replay", path)
	first := path + `:10: found no place: run worker-1/a when worker-2/b is at "nowhere" for the 1. time`
	if o.code != 5 || !strings.Contains(o.out, "\nvacuous    exactly-once-effect no longer happens, and nothing else does: "+first+"\n") ||
		!strings.Contains(o.out, " drift: "+path+":11: found no place: ") || !strings.Contains(o.out, " drift: "+path+":7: fault crash ") {
		t.Errorf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
}

// A fault that never strikes behind others that did is named by its own line.
func TestReplayNamesTheLineOfAFaultThatNeverStruck(t *testing.T) {
	t.Parallel()
	path := write(t, "late.sched", strings.Replace(expirySchedule, "fault restart role=worker", "fault crash role=worker after=deduct nth=900", 1))
	if o := invoke(t, "replay", path); strings.Count(o.out, " drift: ") != 1 || !strings.Contains(o.out, " drift: "+path+":9: fault crash ") {
		t.Errorf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
}

// Everything that is wrong with a schedule is refused, by file and line, before anything runs.
func TestBadSchedulesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, want string }{
		{"end 9\n", "", ":11: the file ends after 9 entries, `end 9` is missing: it was cut short"},
		{"workload order=o1 sku=A qty=2\n", "", ":11: end 9, and there are 8 entries"},
		{"schedule 1", "schedule 2", ":1: version 2 is newer than this program"},
		{"stockproof schedule 1", "PK", ":1: not a schedule"},
		{"design article", "design nope", `:3: there is no design "nope"`},
		{"ledger: n/a", "leger: n/a", `:11: there is no design "leger"`},
		{"role=worker after", "role=cleaner after", `:7: fault crash: role: design article has no process "cleaner"`},
		{"fault crash", "fault crush", ":7: fault crush: there is no such kind of fault"},
		{"deduct order=o1", "deduct order=o9", `:7: fault crash: the workload has no order "o9"`},
		{"deduct order=o1", "deduct sku=B", `:7: fault crash: the workload has no SKU "B"`},
		{"design article", "design ledger", ":3: ttl: design ledger has no such option"},
		{"fault crash role=worker", "fault re-drive role=worker", ":7: fault re-drive: unknown key role"},
		{"order=o1 sku=A qty=2\n", "order=o1 sku=A qty=2\nworkload cancel order=o9\n", ":7: no line before this one has order o9"},
		{"fault advance-clock", "run actor=cleaner-1/main of=worker-1/main at=\"request redis deduct\"\nfault advance-clock",
			`:8: run: design article has no process "cleaner-1"`},
		{"fault advance-clock", "run actor=worker-1/main of=nobody/main at=\"request redis deduct\"\nfault advance-clock",
			`:8: run: design article has no process "nobody"`},
		{"fault advance-clock", "run actor=worker-9/main of=worker-1/main at=\"request redis deduct\"\nfault advance-clock",
			`:8: run: design article has no process "worker-9" as it is deployed here; there are clients, servers, api-1, connector, worker-1, worker-2`},
		{"fault advance-clock", "run actor=reconciler-extra-1/main of=worker-1/main at=\"request redis deduct\"\nfault advance-clock",
			`:8: run: design article has no process "reconciler-extra-1"`},
		{"fault advance-clock", "run actor=worker-2/main of=clients/client-1 at=\"response api admit o9\"\nfault advance-clock",
			`:8: run: the workload has no order "o9"`},
		{"fault advance-clock", "run actor=worker-2/main of=worker-1/main at=\"request redis/0 deduct stock:{B}\"\nfault advance-clock",
			`:8: run: the workload has no SKU "B"`},
		{"fault restart role=worker", "run actor=worker-1/main", ":9: run needs actor=WHO of=WHOM at=POINT"},
		{"fault advance-clock", "fault drop-slot topic=x", ":8: fault drop-slot: unknown key topic"},
		{"expect exactly-once-effect", "expect once", ":10: "},
		{"severity=2", "severity=two", ":10: severity:"},
		{"expect exactly-once-effect", "expect conservation\nexpect exactly-once-effect", ":11: severity: it is of the guarantee that is expected first, on line 10"},
		{"end 9\n", "end nine\n", ":12: "},
		{"workload order", "worklaod order", ":6: "},
		{"qty=5", "qty=\xff", ":5: is not valid UTF-8"},
		{"qty=2", "qty=two", ":6: qty:"},
		{"by=25h", "by=25", ":8: fault advance-clock: "},
	} {
		text := strings.Replace(expirySchedule, c.old, c.new, 1)
		if strings.Count(c.new, "\n") > strings.Count(c.old, "\n") && strings.Contains(text, "end 9\n") {
			text = strings.Replace(text, "end 9\n", "end 10\n", 1) // the edit is wrong for another reason
		}
		path := write(t, "bad.sched", text)
		for _, command := range []string{"replay", "shrink"} {
			refused(t, path+c.want, command, path)
		}
		refused(t, path+c.want, "replay", path, "--design", "rowlock") // whatever it is to run under
	}
	for _, c := range []struct{ args, want string }{
		{"replay", "replay takes one FILE.sched"}, {"replay a b", "replay takes one FILE.sched"},
		{"shrink", "shrink takes one FILE.sched"}, {"replay nowhere.sched", "nowhere.sched: there is no such file"},
		{"explore --strategy luck", "--strategy luck: there is no such strategy"},
		{"explore --faults crash,luck", `--faults "luck": there is no such kind of fault`},
		{"explore --budget 0s", "--budget needs a time above zero"}, {"explore --executions 0", "--executions 0"},
		{"explore --executions -1", "--executions -1"}, {"explore --max-faults 0", "--max-faults 0 is outside 1..16"},
		{"explore --faults none --max-faults 2", "contradict each other"}, {"explore --seed x", `--seed "x"`},
		{"explore --design nope", `there is no design "nope"`}, {"explore --scenario nope", "nope: there is neither"},
		{"explore tiny", `explore takes no argument "tiny"`}, {"run --on core --design nope", `there is no design "nope"`},
		{"run --on core --orders 7", "-orders"},
	} {
		refused(t, c.want, strings.Fields(c.args)...)
	}
	refused(t, "-o: open /nowhere/x.sched", "explore", "--budget", "1h", "-o", "/nowhere/x.sched") // and not in an hour
	refused(t, "-o: open /nowhere/x.sched", "shrink", write(t, "x.sched", expirySchedule), "-o", "/nowhere/x.sched")
}

// A trigger at a point that nothing passes is refused with its line, in a schedule as in a scenario: the fault would only
// be missed at the end.
func TestAMisspeltPointIsRefusedByLine(t *testing.T) {
	t.Parallel()
	path := write(t, "x.sched", strings.Replace(expirySchedule, "after=deduct", "after=deduckt", 1))
	for _, command := range []string{"replay", "shrink"} {
		refused(t, path+`:7: fault crash: after: there is no point "deduckt"; there are`, command, path)
	}
	file := write(t, "s.scenario", head+"fault crash role=worker after=setle\n"+ended)
	for _, command := range coreCommands {
		args := append(strings.Fields(command), file)
		refused(t, ": fault crash: after: there is no point \"setle\"; there are", args...)
		refused(t, file+":", args...)
	}
}

// A kind that cannot strike the design is refused by name, in a file as on the command line: it would be missed
// only at the end.
func TestAKindThatCannotStrikeTheDesignIsRefused(t *testing.T) {
	t.Parallel()
	ttl := strings.Replace(expirySchedule, "fault advance-clock by=25h", "fault bad-ttl", 1)
	path := write(t, "x.sched", ttl)
	if o := invoke(t, "replay", path); o.code == checks.BadInput.ExitCode() {
		t.Errorf("article has tokens: %s", o.errors)
	}
	refused(t, path+":8: fault bad-ttl: it cannot strike design ledger", "replay", path, "--design", "ledger")
	file := write(t, "s.scenario", head+"fault bad-ttl\n"+ended)
	for _, command := range coreCommands {
		args := append(strings.Fields(command), file)
		refused(t, file+":", append(args, "--design", "ledger")...)
		refused(t, ": fault bad-ttl: it cannot strike design ledger as it is deployed here", append(args, "--design", "ledger")...)
	}
	relay := write(t, "relay.scenario", head+"design ledger relay=true\n"+ended)
	refused(t, "--faults drop-slot: it cannot strike design ledger as it is deployed here", "explore", "--faults", "drop-slot", "--scenario", relay)
	for _, c := range []struct{ args, want string }{
		{"explore --faults crash,bad-ttl", "--faults bad-ttl: it cannot strike design ledger"},
		{"explore --strategy exhaustive --faults copy --design rowlock", "--faults copy: it cannot strike design rowlock"},
		{"explore --design rowlock --faults crash,redis-empty", "--faults redis-empty: it cannot strike design rowlock"},
		{"explore --design dualwrite --faults evict", "--faults evict: it cannot strike design dualwrite"},
	} {
		refused(t, c.want, strings.Fields(c.args)...)
	}
}

// ended is the last line of a scenario that was not cut short.
const ended = "expect holds\n"

// coreCommands are the commands of the core tier that take a scenario.
var coreCommands = []string{"run --on core --scenario", "explore --executions 1 --scenario", "explore --strategy exhaustive --scenario"}

// What is wrong with a scenario is refused by file and line, whichever command of the core tier reads it; a fault
// that the other tier cannot express is none here.
func TestBadScenariosAreRefusedByTheCoreTier(t *testing.T) {
	t.Parallel()
	const scenarioHead = "stockproof scenario 1\n# Prose.\n"
	order := "workload stock sku=A qty=1\nworkload order=o1 sku=A qty=1\n"
	for name, c := range map[string]struct{ text, want string }{
		"newer":           {"stockproof scenario 2\n", ":1: version 2 is newer than this program"},
		"foreign":         {"{\"scenario\": 1}\n", ":1: not a scenario"},
		"a schedule":      {expirySchedule, ":1: not a scenario"},
		"cut in a word":   {scenarioHead + order + "fault crash role=work", ":5: the file ends without an expect line: it was cut short"},
		"cut at a line":   {scenarioHead + order, ":5: the file ends without an expect line: it was cut short"},
		"no workload":     {scenarioHead + ended, ": no workload line: it does not say what clients do"},
		"cut in a quote":  {scenarioHead + "workload stock sku=\"A", ":3: "},
		"does not parse":  {scenarioHead + order + "fault crash role\n", ":5: "},
		"unknown design":  {scenarioHead + "design nope\n" + order + ended, `:3: there is no design "nope"`},
		"unknown process": {scenarioHead + order + "fault crash role=cleaner\n" + ended, `:5: fault crash: role: design ledger has no process "cleaner"`},
		"unknown fault":   {scenarioHead + order + "fault crush role=worker\n" + ended, ":5: fault crush: there is no such kind of fault; there are lost"},
		"unknown order":   {scenarioHead + order + "fault crash role=worker after=settle order=o9\n" + ended, `:5: fault crash: the workload has no order "o9"`},
		"unknown SKU":     {scenarioHead + order + "fault crash role=worker after=settle sku=B\n" + ended, `:5: fault crash: the workload has no SKU "B"`},
		"cancel of none":  {scenarioHead + order + "workload cancel order=o9\n" + ended, ":5: no line before this one has order o9"},
		"unknown key":     {scenarioHead + order + "fault crash role=worker colour=red\n" + ended, ":5: fault crash: unknown key colour"},
		"not a time":      {scenarioHead + order + "fault pause role=worker by=25\n" + ended, ":5: fault pause: "},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "bad.scenario", c.text)
			for _, command := range coreCommands {
				refused(t, path+c.want, append(strings.Fields(command), path)...)
			}
		})
	}
}

// What violates nothing cannot be made smaller.
func TestShrinkOfWhatHolds(t *testing.T) {
	t.Parallel()
	o := invoke(t, "shrink", write(t, "x.sched", expirySchedule[:strings.Index(expirySchedule, "fault ")]+"end 4\n"))
	if o.code != 5 || !strings.Contains(o.out, "violates no claimed guarantee") {
		t.Errorf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
	o = invoke(t, "shrink", "--json", write(t, "y.sched", expirySchedule[:strings.Index(expirySchedule, "fault ")]+"end 4\n"))
	if j := coreAnswer(t, o); o.code != 5 || j.Strategy != "vacuous" || j.Shrink != nil || j.Schedule != "" {
		t.Errorf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
}

// With --json the result is on the last line of stdout, as every command has it, and what people read is on stderr.
func TestShrinkAsJSON(t *testing.T) {
	t.Parallel()
	file, out := filepath.Join("..", "..", "testdata", "schedules", "dead-letter-cancel.sched"), filepath.Join(t.TempDir(), "small.sched")
	for _, to := range []string{"", out} {
		args := []string{"shrink", file, "--json"}
		again := "sim replay " + file
		if to != "" {
			args, again = append(args, "-o", to), "sim replay "+to
		}
		o := invoke(t, args...)
		j := coreAnswer(t, o)
		if o.code != 0 || strings.Count(o.out, "\n") != 1 || !strings.Contains(o.errors, "every remaining event is needed (") {
			t.Errorf("exit %d\n%s\n%s", o.code, o.out, o.errors)
		}
		if j.Tier != "core" || j.Design != "article" || j.ScheduleFile != to || j.Reproduce != again || j.AsExpected != nil ||
			!strings.HasPrefix(j.Schedule, "stockproof schedule 1\n") || strings.Join(j.Expected, " ") != "no-oversell no-loss" || len(j.Guarantees) == 0 {
			t.Errorf("%+v", j)
		}
		if s := j.Shrink; s == nil || s.After.Workload < 2 || s.Before != s.After || s.Runs <= s.CertificateRuns || s.CertificateRuns+len(s.Unrunnable) !=
			s.After.Workload+s.After.Faults+s.After.Deviations {
			t.Errorf("%+v", s)
		} else if len(s.Unrunnable) != 1 || !strings.HasPrefix(s.Unrunnable[0].Without, "workload order=o1 ") ||
			!strings.HasSuffix(s.Unrunnable[0].Why, "no line before this one has order o1") {
			t.Errorf("what could not be run: %q", s.Unrunnable)
		}
		if text, err := os.ReadFile(out); to != "" && (err != nil || string(text) != j.Schedule) {
			t.Errorf("the file: %v\n%s", err, text)
		}
	}
}

// The guarantee that a file is about stays what it is about, though another one is broken before it in the list; what does
// not hold because of it stands behind it, and the picture is of the first.
func TestShrinkKeepsTheGuarantee(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "small.sched")
	recorded, err := scenario.LoadSchedule(filepath.Join("..", "..", "testdata", "schedules", "token-expiry.sched"))
	if err != nil {
		t.Fatal(err)
	}
	recorded.Expect = []scenario.Expectation{{Guarantee: checks.Conservation}}
	o := invoke(t, "shrink", write(t, "x.sched", recorded.String()), "-o", out)
	s, err := scenario.LoadSchedule(out)
	if err != nil {
		t.Fatalf("%v\n%s%s", err, o.out, o.errors)
	}
	if g, _ := s.Expected(); g != checks.Conservation || len(s.Expect) < 2 {
		t.Errorf("it is about %s; %v", g, s.Scenario.Expected())
	}
	if !strings.Contains(o.out, "conservation: ") || strings.Contains(o.out, "\nviolated   exactly") {
		t.Errorf("it shows\n%s", o.out)
	}
	r := invoke(t, "replay", out)
	if want := "as the file expects: " + strings.Join(s.Scenario.Expected(), ", "); r.code != 1 || !strings.Contains(r.out, want) ||
		!strings.Contains(r.out, "\nviolated   conservation: ") {
		t.Errorf("exit %d, want %q\n%s", r.code, want, r.out)
	}
}

// A schedule with more than it needs becomes smaller, and stays what it is.
func TestShrinkTakesOutWhatIsNotNeeded(t *testing.T) {
	t.Parallel()
	more := strings.Replace(strings.Replace(expirySchedule, "fault crash", "workload order=o2 sku=A qty=1\nworkload restock sku=A qty=3\nfault crash", 1),
		"end 9", "end 11", 1)
	out := filepath.Join(t.TempDir(), "small.sched")
	o := invoke(t, "shrink", write(t, "x.sched", more), "-o", out)
	if o.code != 0 || !strings.Contains(o.out, "shrunk from 4 workload entries") || lastLine(o.out) != "sim replay "+out {
		t.Fatalf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "o2") || !strings.Contains(string(text), "# Token expiry.\n") || !strings.Contains(string(text), "expect exactly-once-effect") {
		t.Errorf("it is\n%s", text)
	}
	if o := invoke(t, "replay", out); o.code != 1 || !strings.Contains(o.out, "as the file expects") {
		t.Errorf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
}
