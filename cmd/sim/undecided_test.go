package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stockproof/checks"
	"stockproof/checks/jsonl"
	"stockproof/checks/linear"
	"stockproof/inventory"
	"stockproof/model"
	"stockproof/sim"
)

// unshown makes a design claim nothing but what its history cannot show: its runs are never green.
func unshown(d *inventory.Design) {
	d.Claims = []inventory.Guarantee{inventory.Guarantee(checks.Linearizable)}
}

// contrary is a judge that says of every lane that it is not linearizable.
var contrary = checks.LaneJudge{Name: "contrary", Judge: func(checks.LaneDecisions) (linear.Verdict, string) {
	return linear.Fail, "on principle"
}}

// exitOf is the exit code of what a command returned.
func exitOf(t *testing.T, err error) int {
	t.Helper()
	var v verdict
	if !errors.As(err, &v) {
		t.Fatalf("no verdict: %v", err)
	}
	return v.ExitCode()
}

// explored carries out a campaign with something changed, and answers its exit code, its text and its last line.
func explored(t *testing.T, line string, change func(*campaign)) (code int, text string, j coreResult) {
	t.Helper()
	return changed(t, line, func(f *exploreFlags, people io.Writer) *campaign { return &campaign{flags: f, people: people} }, change)
}

// searched is the same of an exhaustive search.
func searched(t *testing.T, line string, change func(*proof)) (code int, text string, j coreResult) {
	t.Helper()
	return changed(t, line, func(f *exploreFlags, people io.Writer) *proof { return &proof{flags: f, people: people} }, change)
}

func changed[E interface {
	configure() error
	run(ctx context.Context, stdout *output, stderr io.Writer) error
}](t *testing.T, line string, begin func(f *exploreFlags, people io.Writer) E, change func(E)) (code int, text string, j coreResult) {
	t.Helper()
	f, err := parseExplore(strings.Fields(line), nil)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	e := begin(f, &stderr)
	if err := e.configure(); err != nil {
		t.Fatal(err)
	}
	change(e)
	code = exitOf(t, e.run(t.Context(), &output{w: &stdout}, &stderr))
	return code, stderr.String(), coreAnswer(t, outcome{out: stdout.String()})
}

func TestAnExplorationWithAnUndecidedClaimIsNotGreen(t *testing.T) {
	t.Parallel()
	code, text, j := explored(t, "--design article --scenario tiny --faults none --seed 1 --executions 20 --json",
		func(c *campaign) { unshown(&c.config.Design) })
	if code != 6 || j.Strategy != "undecided" || j.Undecided != 20 {
		t.Errorf("exit %d, %+v", code, j)
	}
	for _, want := range []string{"\nundecided  20 executions", "undecided: 20 executions, the first of them execution 0: its history can show none of the claimed",
		"\nsim explore --design article --scenario tiny --faults none --seed 0x1 --executions 20\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// A claim that stayed undecided weighs more than a fault that never struck.
func TestUndecidedComesBeforeVacuous(t *testing.T) {
	t.Parallel()
	code, text, _ := explored(t, "--design article --scenario tiny --faults pg-failover,evict-keys --max-faults 1 --seed 1 --executions 1 --json",
		func(c *campaign) { unshown(&c.config.Design) })
	if code != 6 || !strings.Contains(text, "never happened: ") {
		t.Errorf("exit %d\n%s", code, text)
	}
}

func TestAnExplorationInWhichTwoCheckersDisagreeSaysSo(t *testing.T) {
	t.Parallel()
	code, text, j := explored(t, "--scenario tiny --faults none --seed 1 --executions 300 --json", func(c *campaign) {
		c.config.Judges = append(checks.Triangulation{}.Judges(), contrary)
	})
	if code != 7 || j.Strategy != "disagreement" || len(j.Disagreements) == 0 {
		t.Errorf("exit %d, %+v", code, j)
	}
	for _, want := range []string{"\ndisagreement execution 63: the checkers disagree: lane \"A\": witness says pass", "contrary says fail (on principle)",
		"\nsim explore --design ledger --scenario tiny --faults none --seed 0x1 --executions 64\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

func TestASearchWithAnUndecidedEndIsNotGreen(t *testing.T) {
	t.Parallel()
	code, text, j := searched(t, "--design article --scenario tiny --strategy exhaustive --faults none --json",
		func(p *proof) { unshown(&p.scope.Design) })
	if code != 6 || j.Strategy != "undecided" || j.Undecided == 0 {
		t.Errorf("exit %d, %+v", code, j)
	}
	if !strings.Contains(text, "\nundecided ") || strings.Contains(text, "explored completely") ||
		!strings.Contains(text, "its history can show none of the claimed guarantees") {
		t.Errorf("it says\n%s", text)
	}
}

// One run of the simulator, as sim run --on core and sim replay have it.
func TestARunThatIsUndecidedOrDisputedIsNotGreen(t *testing.T) {
	t.Parallel()
	s, d, o, err := coreScenario("tiny", "ledger", true)
	if err != nil {
		t.Fatal(err)
	}
	shop, err := findDesign("article")
	if err != nil {
		t.Fatal(err)
	}
	unshown(&shop)
	disputed := append(checks.Triangulation{}.Judges(), contrary)
	for _, c := range []struct {
		name   string
		design inventory.Design
		judges []checks.LaneJudge
		steps  int
		code   int
		says   string
	}{
		{"holds", d, nil, 0, 0, "pass: "},
		{"undecided", shop, nil, 0, 6, "not checked: linearizable"},
		{"disputed", d, disputed, 0, 7, "DISAGREEMENT: lane \"A\": "},
		{"cut short", d, nil, 100, 6, "100 steps"},
		{"disputed and cut short", d, disputed, 200, 7, "DISAGREEMENT: "},
	} {
		r := &coreRun{seed: 1, scenario: s, design: c.design}
		config, err := r.config(o)
		if err != nil {
			t.Fatal(err)
		}
		config.Judges, config.StepLimit = c.judges, c.steps
		p, err := draw(t.Context(), config)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var text bytes.Buffer
		p.details(&text)
		if code := p.result().ExitCode(); code != c.code || !strings.Contains(text.String(), c.says) {
			t.Errorf("%s: exit %d, want %d\n%s", c.name, code, c.code, text.String())
		}
	}
}

// One run through the real clients.
func TestAWireRunThatIsUndecidedOrDisputedIsNotGreen(t *testing.T) {
	for _, c := range []struct {
		name, design string
		change       func(*sim.RunConfig)
		code         int
		says         string
	}{
		{"undecided", "article", func(c *sim.RunConfig) { unshown(&c.Design) }, 6, "not checked: linearizable"},
		{"disputed", "ledger", func(c *sim.RunConfig) { c.Judges = append(c.Judges, contrary) }, 7, "DISAGREEMENT: lane "},
	} {
		f, err := parseRun([]string{"--orders", "5", "--clients", "1", "--seed", "1", "--design", c.design}, nil)
		if err != nil {
			t.Fatal(err)
		}
		config, err := f.config()
		if err != nil {
			t.Fatal(err)
		}
		c.change(&config)
		r, err := sim.Run(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		newReport(f, config, r, 0).text(&text)
		if r.Result.ExitCode() != c.code || !strings.Contains(text.String(), c.says) {
			t.Errorf("%s: exit %d, want %d\n%s", c.name, r.Result.ExitCode(), c.code, text.String())
		}
	}
}

// crowd writes a history of bare answers with so many orders under way at one time.
func crowd(t *testing.T, orders int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "crowd.jsonl")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	h := jsonl.NewWriter(f, checks.Header{Design: "shop", Claims: []checks.Guarantee{checks.Linearizable}, Capability: checks.BareAnswers, Tier: "elsewhere"})
	stock := model.Command{ID: model.NameID("stock"), Kind: model.Restock, SKU: "A", Loc: model.MainLocation, Qty: 5}
	h.Observe(checks.Call{Attempt: 1, At: 1, Command: stock})
	h.Observe(checks.Return{Attempt: 1, At: 2, Decision: model.Decision{Outcome: model.Granted, Granted: 5}})
	for i := range orders {
		name := fmt.Sprint("o", i)
		h.Observe(checks.Call{Attempt: uint64(i + 2), At: 3, Client: int32(i), Command: model.Command{ID: model.NameID(name), OrderID: model.NameID(name + " order"),
			Line: 1, Policy: model.AllOrNothing, Kind: model.Reserve, SKU: "A", Loc: model.MainLocation, Qty: 1}})
	}
	for i := range orders {
		h.Observe(checks.Return{Attempt: uint64(i + 2), At: 4, Decision: model.Decision{Outcome: model.Granted, Granted: 1}})
	}
	if err := errors.Join(h.Close(checks.Audit{}, checks.End{}), f.Close()); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAHistoryThatIsUndecidedIsNotGreen(t *testing.T) {
	for _, c := range []struct {
		orders, code int
		says         string
	}{
		{4, 0, "pass: linearizable"},
		{6, 3, "FAIL: linearizable: lane \"A\": no order of the operations explains the answers"},
		{12, 6, "UNDECIDED: linearizable: lane \"A\": 12 operations at once are more than 8"},
	} {
		file := crowd(t, c.orders)
		html := filepath.Join(filepath.Dir(file), "panel.html")
		o := invoke(t, "check", file, "--html", html)
		if o.code != c.code || !strings.Contains(o.out, c.says) {
			t.Errorf("%d orders: exit %d, want %d\n%s%s", c.orders, o.code, c.code, o.out, o.errors)
		}
		page, err := os.ReadFile(html)
		if drawn := err == nil && strings.Contains(string(page), "GRANTED 1") && strings.Contains(string(page), "prefers-color-scheme: dark"); drawn != (c.code == 3) {
			t.Errorf("%d orders: drawn is %v", c.orders, drawn)
		}
	}
}

func TestAHistoryThatIsDisputedSaysSo(t *testing.T) {
	in, err := openHistory(histories + "ledger-tiny.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	c := &checked{file: in.file.Name(), source: in, tally: newAnswers(), judges: append(checks.OfLongRuns().Told(), contrary)}
	if err := c.judge(); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	c.text(&text)
	if c.result().ExitCode() != 7 || !strings.Contains(text.String(), "DISAGREEMENT: lane \"A\": versions says pass") {
		t.Errorf("exit %d\n%s", c.result().ExitCode(), text.String())
	}
}
