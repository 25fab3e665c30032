package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"stockproof/checks"
)

// outcome is what a person and a machine see of one command line.
type outcome struct {
	code        int
	out, errors string
}

func invoke(t *testing.T, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := command(t.Context(), args, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// answer is what a script reads of the last line: the fields that the format promises.
type answer struct {
	Result, Design, Tier, Scenario, Seed, Reproduce, Workload, Admission string
	Orders                                                               struct {
		Submitted, Granted, Rejected, Cancelled, Duplicates int
		DeadLetters                                         int `json:"dead_letters"`
	}
	Guarantees []struct {
		Name, Verdict, Why, Severity string
		Claimed                      bool
		NotChecked                   bool `json:"not_checked"`
		Count                        int
		Evidence, Findings           []string
	}
	Executions, Steps, Undecided int
	ElapsedMS                    int64 `json:"elapsed_ms"`
	OrdersPerSec                 int64 `json:"orders_per_s"`
	PeakBytes                    int64 `json:"peak_memory_bytes"`
	Faults                       []string
	NeverHappened                []string `json:"never_happened"`
	NotYetJudged                 []string `json:"not_yet_judged"`
	Expected                     []string
	AsExpected                   *bool `json:"as_expected"`
	SpeedCompared                bool  `json:"speed_compared"`
	Bare                         *struct {
		Verdict          string
		Keys, Operations int
		Why              []string
	}
}

// answerOf reads the last line of stdout and checks what every run's answer must have.
func answerOf(t *testing.T, o outcome) answer {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(o.out), "\n")
	var a answer
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &a); err != nil {
		t.Fatalf("exit %d, the last line of stdout is no JSON: %v\n%s\n%s", o.code, err, o.out, o.errors)
	}
	first, _, _ := strings.Cut(o.errors, "\n")
	if !strings.HasPrefix(first, "seed "+a.Seed+"  design "+a.Design+"  tier wire (native: not deterministic)") ||
		!strings.Contains(first, a.Workload) || strings.Contains(first, "admission") != (a.Admission != "") ||
		!strings.Contains(first, a.Admission) {
		t.Errorf("line 1 is %q, the result %+v", first, a)
	}
	settled := a.Orders.Granted + a.Orders.Rejected + a.Orders.Cancelled
	if a.Tier != "wire" || a.Executions != 1 || a.Orders.Submitted != settled+a.Undecided || a.Steps == 0 ||
		a.PeakBytes == 0 {
		t.Errorf("%+v", a)
	}
	if len(a.NotYetJudged) > 0 || len(a.Guarantees) != len(checks.Guarantees()) {
		t.Errorf("not yet judged %q, %d guarantees", a.NotYetJudged, len(a.Guarantees))
	}
	return a
}

// verdicts are "name verdict" of the guarantees that the design claims and the history can show.
func (a answer) verdicts() (claimed []string) {
	for _, g := range a.Guarantees {
		if g.Claimed && !g.NotChecked {
			claimed = append(claimed, g.Name+" "+g.Verdict)
		}
	}
	return claimed
}

func judged() (all []string) {
	for _, g := range checks.Guarantees() {
		all = append(all, g.String()+" pass")
	}
	return all
}

// patient waits as long as it takes: a slow machine is no finding. Nothing waits longer than it has to.
func patient(args ...string) []string {
	return append(args, "--patience", "10m", "--settle", "10m", "--json")
}

// The recommended design keeps every guarantee through redelivery and a killed worker.
func TestLedgerHoldsUnderDuplicatesAndARestart(t *testing.T) {
	for _, admission := range []string{"async", "sync"} {
		t.Run(admission, func(t *testing.T) {
			t.Parallel()
			args := patient("run", "--on", "wire", "--design", "ledger", "--orders", "1500", "--duplicates", "0.05",
				"--restarts", "1", "--seed", "0x1f7c", "--admission", admission)
			o := invoke(t, args...)
			a := answerOf(t, o)
			if o.code != 0 || a.Result != "holds" || a.Admission != admission || a.Undecided != 0 ||
				a.Orders.DeadLetters != 0 || a.Orders.Granted == 0 || a.Orders.Rejected == 0 || a.Orders.Cancelled == 0 {
				t.Errorf("exit %d: %+v\n%s", o.code, a, o.errors)
			}
			if want := judged(); !slices.Equal(a.verdicts(), want) {
				t.Errorf("guarantees %q, want %q", a.verdicts(), want)
			}
			if a.Orders.Duplicates == 0 || len(a.Faults) != 2 || len(a.NeverHappened) != 0 {
				t.Errorf("%d duplicates absorbed, faults %q, never %q", a.Orders.Duplicates, a.Faults, a.NeverHappened)
			}
			if !strings.Contains(strings.Join(a.Faults, "\n"), "killed between effect and offset commit, and restarted") ||
				!regexp.MustCompile(`\d+ records delivered again, [1-9]\d* of them at new offsets`).MatchString(strings.Join(a.Faults, "\n")) {
				t.Errorf("faults %q", a.Faults)
			}
			if want := "sim " + strings.Join(args, " "); a.Reproduce != want {
				t.Errorf("reproduce %q, want %q", a.Reproduce, want)
			}
		})
	}
}

// Without faults every design keeps what it claims; dual writes do for one client, and for several they may diverge.
func TestACleanRunOfEveryOtherDesignHolds(t *testing.T) {
	for design, unclaimed := range map[string][]string{
		"article": {"linearizable", "monotone-reads", "bounded-memory"}, "dualwrite": {"linearizable", "monotone-reads", "bounded-memory"},
		"rowlock": {"convergence", "monotone-reads", "bounded-memory"}} {
		t.Run(design, func(t *testing.T) {
			t.Parallel()
			clients := "32"
			if design == "dualwrite" {
				clients = "1"
			}
			o := invoke(t, patient("run", "--design", design, "--orders", "300", "--duplicates", "0", "--restarts", "0",
				"--clients", clients, "--seed", "5")...)
			a := answerOf(t, o)
			want := slices.DeleteFunc(judged(), func(v string) bool {
				return slices.Contains(unclaimed, strings.TrimSuffix(v, " pass"))
			})
			if o.code != 0 || a.Result != "holds" || a.Seed != "0x5" || !slices.Equal(a.verdicts(), want) {
				t.Errorf("exit %d: %s, %q, want %q\n%s", o.code, a.Result, a.verdicts(), want, o.errors)
			}
		})
	}
}

// The published design forgets an order after a day, and the verdict names it with both deductions.
func TestTokenExpiryDeductsTwiceAndNamesIt(t *testing.T) {
	t.Parallel()
	o := invoke(t, "run", "--design", "article", "--scenario", "token-expiry", "--patience", "5m",
		"--settle", "2s", "--json", "--seed", "1")
	a := answerOf(t, o)
	if o.code != checks.Violated.ExitCode() || a.Result != "violated" || a.Scenario != "token-expiry" {
		t.Fatalf("exit %d: %+v\n%s", o.code, a, o.errors)
	}
	want := []string{"crash role=worker after=deduct order=o1 nth=1", "advance-clock by=25h", "restart role=worker"}
	if !slices.Equal(a.Faults, want) {
		t.Errorf("faults %q, want %q", a.Faults, want)
	}
	for _, g := range a.Guarantees {
		if g.Name != "exactly-once-effect" {
			continue
		}
		evidence := strings.Join(g.Evidence, "\n")
		if g.Verdict != "fail" || !strings.Contains(g.Why, "order o1: 2 units") || !strings.HasPrefix(g.Severity, "2 units") ||
			!strings.Contains(evidence, "(stock 5 -> 3)") || !strings.Contains(evidence, "(stock 3 -> 1)") {
			t.Errorf("%+v", g)
		}
	}
	if !slices.Contains(a.verdicts(), "exactly-once-effect fail") {
		t.Errorf("verdicts %q", a.verdicts())
	}
}

// In synchronous admission the kills are of projections, which are behind: those of a run that is over before
// they have anything to commit strike while they catch up.
func TestKillsStrikeInShortSynchronousRunsToo(t *testing.T) {
	t.Parallel()
	o := invoke(t, patient("run", "--admission", "sync", "--orders", "40", "--restarts", "3")...)
	const kill = "projection-1 killed between effect and offset commit, and restarted"
	if o.code != 0 || strings.Count(o.out, kill) != 3 {
		t.Errorf("exit %d, want 0 and three kills:\n%s", o.code, o.out)
	}
}

// A kill that never had its chance says of whom, and why.
func TestKillsWithoutAnythingToKillAreNamed(t *testing.T) {
	t.Parallel()
	o := invoke(t, "run", "--settle", "1s", "--orders", "1", "--skus", "1", "--restocks", "0", "--restarts", "30", "--partitions", "1")
	if o.code != checks.Vacuous.ExitCode() || !strings.Contains(o.out, "never happened: restart 30 of 30 of a worker: it had no offset left to commit") {
		t.Errorf("exit %d, want %d and the kill that never happened:\n%s", o.code, checks.Vacuous.ExitCode(), o.out)
	}
}

// A fault that was asked for and never happened is no pass: the ledger deducts nothing to die behind.
func TestAFaultThatNeverHappenedMakesTheRunVacuous(t *testing.T) {
	t.Parallel()
	o := invoke(t, patient("run", "--design", "ledger", "--scenario", "token-expiry")...)
	a := answerOf(t, o)
	if o.code != checks.Vacuous.ExitCode() || a.Result != "vacuous" || len(a.Faults) != 0 || len(a.NeverHappened) != 3 ||
		a.NeverHappened[0] != "crash role=worker after=deduct order=o1 nth=1" {
		t.Errorf("exit %d: %+v\n%s", o.code, a, o.errors)
	}
}

// The same failure for people: what broke, the evidence, and the command that shows it again, last.
func TestAViolationInWords(t *testing.T) {
	t.Parallel()
	o := invoke(t, "run", "--design", "article", "--scenario", "token-expiry", "--patience", "5m", "--settle", "2s")
	lines := strings.Split(strings.TrimSpace(o.out), "\n")
	var seed uint64
	if _, err := fmt.Sscanf(lines[0], "seed 0x%x  design article", &seed); err != nil {
		t.Fatalf("line 1 is %q: %v", lines[0], err)
	}
	want := fmt.Sprintf("sim run --design article --scenario token-expiry --patience 5m --settle 2s --seed 0x%x", seed)
	if last := lines[len(lines)-1]; o.code != 1 || last != want || o.errors != "" {
		t.Errorf("exit %d, last line %q, want %q; stderr %q", o.code, last, want, o.errors)
	}
	for _, want := range []string{"\nviolated   1 order, 1 line in ", "FAIL: exactly-once-effect: order o1", "stock 5 -> 3", "stock 3 -> 1",
		"not claimed: linearizable", "fault: advance-clock by=25h", "MiB"} {
		if !strings.Contains(o.out, want) {
			t.Errorf("%q is missing in\n%s", want, o.out)
		}
	}
}

// A connector that sends again what it had sent, at new offsets, harms nobody who remembers commands.
func TestLedgerAbsorbsWhatADeadConnectorRepeats(t *testing.T) {
	t.Parallel()
	o := invoke(t, patient("run", "--design", "ledger", "--scenario", "connector-duplicates")...)
	if a := answerOf(t, o); o.code != 0 || a.Result != "holds" || a.Scenario != "connector-duplicates" || len(a.Faults) != 2 {
		t.Errorf("exit %d: %+v\n%s", o.code, a, o.errors)
	}
}

// The seed fixes the workload: parameters, orders, quantities, down to every id.
func TestTheSameSeedMakesTheSameWorkload(t *testing.T) {
	build := func(seed string) (string, string) {
		f, err := parseRun([]string{"--seed", seed, "--orders", "200"}, new(bytes.Buffer))
		if err != nil {
			t.Fatal(err)
		}
		c, err := f.config()
		if err != nil {
			t.Fatal(err)
		}
		return headline(f, c), fmt.Sprintf("%+v", c.Workload)
	}
	line, workload := build("0x2a")
	again, same := build("42")
	if line != again || workload != same {
		t.Errorf("seed 0x2a and 42 differ:\n%s\n%s", line, again)
	}
	if _, other := build("43"); other == workload {
		t.Error("another seed makes the same workload")
	}
}

func TestARunWithoutASeedPrintsTheOneItDrew(t *testing.T) {
	f, err := parseRun([]string{"--workload", "real orders.csv"}, new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.reproduce(0x1f), "sim run --workload 'real orders.csv' --seed 0x1f"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	f, err = parseRun([]string{"--seed", "3"}, new(bytes.Buffer))
	if got := f.reproduce(3); err != nil || got != "sim run --seed 3" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestFiguresForPeople(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1 000", -1234567: "-1 234 567", 10000: "10 000"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{430 * time.Microsecond: "430 us", 18200 * time.Microsecond: "18.2 ms",
		1310 * time.Millisecond: "1.31 s", 133 * time.Second: "2 min 13 s", 330 * time.Millisecond: "330 ms"} {
		if got := span(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
	if count(1, "order") != "1 order" || count(0, "order") != "0 orders" || shellWord("it's") != `'it'\''s'` || shellWord("") != "''" {
		t.Errorf("%s, %s, %s, %s", count(1, "order"), count(0, "order"), shellWord("it's"), shellWord(""))
	}
}
