package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"stockproof/checks"
	"stockproof/sim"
)

// report is the verdict of a run, for people and for machines.
type report struct {
	flags   *runFlags
	config  sim.RunConfig
	result  sim.RunResult
	elapsed time.Duration // of the whole run, servers and stock included
	peak    int64         // bytes of memory, at most, of this process
}

func newReport(f *runFlags, c sim.RunConfig, r sim.RunResult, elapsed time.Duration) *report {
	return &report{f, c, r, elapsed, peakMemory()}
}

// headline is line 1: the seed first, then every parameter.
func headline(f *runFlags, c sim.RunConfig) string {
	words := []string{fmt.Sprintf("seed 0x%x", c.Seed), "design " + c.Design.Name, "tier wire (native: not deterministic)"}
	if c.Scenario != nil {
		words = append(words, "scenario "+c.Scenario.Name)
	}
	words = append(words, c.Workload.Text, fmt.Sprintf("workers %d", c.Options.Workers),
		fmt.Sprintf("partitions %d", c.Options.Partitions), fmt.Sprintf("admission %s", c.Options.Admission))
	if f.duplicates.Num > 0 {
		words = append(words, "duplicates "+f.duplicates.Percent())
	}
	if f.restarts > 0 {
		words = append(words, fmt.Sprintf("restarts %d", f.restarts))
	}
	return strings.Join(words, "  ")
}

// maxShown is how many findings the text shows per guarantee.
const maxShown = 24

func (p *report) text(w io.Writer) {
	r, s := p.result, p.result.Summary
	fmt.Fprintf(w, "\n%-10s %s orders, %s lines in %s: %s granted, %s rejected, %s cancelled", r.Result,
		thousands(int64(s.Orders)), thousands(int64(s.Lines)), s.Elapsed.Round(time.Millisecond),
		thousands(int64(s.Granted)), thousands(int64(s.Rejected)), thousands(int64(s.Cancelled)))
	if s.Undecided > 0 {
		fmt.Fprintf(w, ", %s undecided", thousands(int64(s.Undecided)))
	}
	if s.Refused > 0 {
		fmt.Fprintf(w, ", %s refused", thousands(int64(s.Refused)))
	}
	fmt.Fprintf(w, "; %s duplicates absorbed, %s dead letters\n", thousands(r.Duplicates), thousands(r.DeadLetters))
	fmt.Fprintf(w, "%10s %s units granted of %s supplied; ", "", thousands(s.UnitsGranted), thousands(s.UnitsSupplied))
	if r.Converged >= 0 {
		fmt.Fprintf(w, "speed equals truth for %s SKUs %s after the last order\n", thousands(int64(r.Lanes)),
			r.Converged.Round(time.Millisecond))
	} else {
		fmt.Fprintf(w, "speed did not come to equal truth within %s\n", p.config.Settle)
	}
	p.guarantees(w)
	fmt.Fprintf(w, "%10s %s orders/s, %s lines/s, p50 %s, p99 %s from submit to decision; %s in all; peak memory %d MiB\n",
		"", thousands(p.rate(s.Orders)), thousands(p.rate(s.Lines)), s.P50.Round(time.Millisecond/10),
		s.P99.Round(time.Millisecond/10), p.elapsed.Round(time.Millisecond), p.peak>>20)
	for _, f := range r.Receipts {
		fmt.Fprintf(w, "%10s fault: %s\n", "", f)
	}
	for _, f := range r.Missing {
		fmt.Fprintf(w, "%10s never happened: %s\n", "", f)
	}
	for _, err := range r.Failures {
		fmt.Fprintf(w, "%10s %v\n", "", err)
	}
	p.alarms(w)
	if r.Result != checks.Holds {
		fmt.Fprintf(w, "\n%s\n", p.flags.reproduce(p.config.Seed))
	}
}

func (p *report) guarantees(w io.Writer) {
	var passed, notClaimed, later []string
	for _, r := range p.result.Reports {
		switch {
		case !r.Claimed:
			notClaimed = append(notClaimed, r.Guarantee.String())
		case r.Verdict == checks.Pass:
			passed = append(passed, r.Guarantee.String())
		}
	}
	for _, g := range checks.NotYetJudged() {
		later = append(later, g.String())
	}
	line := func(names []string, what string) {
		if len(names) > 0 {
			fmt.Fprintf(w, "%10s %s: %s\n", "", what, strings.Join(names, ", "))
		}
	}
	line(passed, "pass")
	for _, r := range p.result.Reports {
		if !r.Claimed || r.Verdict == checks.Pass {
			continue
		}
		fmt.Fprintf(w, "%10s %s: %s: %s\n", "", strings.ToUpper(r.Verdict.String()), r.Guarantee, r.Why)
		findings(w, r)
	}
	line(notClaimed, "not claimed")
	p.bare(w)
	line(later, "not yet judged")
}

// bare is what porcupine says of a small run; it is beside the verdict, not part of it.
func (p *report) bare(w io.Writer) {
	if p.result.Bare == nil {
		return
	}
	count := map[checks.Verdict]int{}
	for _, r := range p.result.Bare {
		count[r.Verdict]++
		if r.Verdict == checks.Fail {
			fmt.Fprintf(w, "%10s porcupine: %s\n", "", r.Why)
		}
	}
	fmt.Fprintf(w, "%10s bare answers, searched by porcupine: %d SKUs linearizable, %d not, %d undecided\n", "",
		count[checks.Pass], count[checks.Fail], count[checks.Undecided])
}

// findings are the first one's evidence, and one line for each of the others.
func findings(w io.Writer, r checks.Report) {
	for _, e := range r.Evidence {
		fmt.Fprintf(w, "%14s %s\n", "", e)
	}
	for i, f := range r.Findings {
		switch {
		case i == 0:
		case i == maxShown:
			fmt.Fprintf(w, "%14s ... and %s more; --json has the first %s\n", "", thousands(int64(r.Count-i)),
				thousands(checks.MaxFindings))
			return
		default:
			fmt.Fprintf(w, "%14s also %s\n", "", f.Why)
		}
	}
}

// maxAlarms is how many alarms the text shows.
const maxAlarms = 5

func (p *report) alarms(w io.Writer) {
	for i, a := range p.result.Alarms {
		if i == maxAlarms {
			fmt.Fprintf(w, "%10s ... and %d more alarms\n", "", len(p.result.Alarms)-i+p.result.MoreAlarms)
			return
		}
		fmt.Fprintf(w, "%10s alarm: %s\n", "", a)
	}
}

func (p *report) rate(n int) int64 {
	if s := p.result.Summary.Elapsed.Seconds(); s > 0 {
		return int64(float64(n) / s)
	}
	return 0
}

// jsonResult is the last line of --json. Fields are added, never renamed.
type jsonResult struct {
	Result     checks.Result   `json:"result"`
	Design     string          `json:"design"`
	Tier       string          `json:"tier"`
	Scenario   string          `json:"scenario"`
	Seed       string          `json:"seed"`
	Orders     jsonOrders      `json:"orders"`
	Guarantees []jsonGuarantee `json:"guarantees"`
	Executions int             `json:"executions"`
	Steps      int             `json:"steps"`
	ElapsedMS  int64           `json:"elapsed_ms"`
	Reproduce  string          `json:"reproduce"`

	Workload      string   `json:"workload"`
	Admission     string   `json:"admission"`
	Checkouts     int      `json:"checkouts"` // orders, where Orders counts their lines
	Undecided     int      `json:"undecided"`
	Refused       int      `json:"refused"`
	UnitsGranted  int64    `json:"units_granted"`
	UnitsSupplied int64    `json:"units_supplied"`
	ConvergedMS   *int64   `json:"converged_ms"` // null: never
	OrdersPerSec  int64    `json:"orders_per_s"`
	LinesPerSec   int64    `json:"lines_per_s"`
	P50US         int64    `json:"p50_us"`
	P99US         int64    `json:"p99_us"`
	PeakBytes     int64    `json:"peak_memory_bytes"`
	Faults        []string `json:"faults"`
	NeverHappened []string `json:"never_happened"`
	NotYetJudged  []string `json:"not_yet_judged"`
	KnownLimits   []string `json:"known_limits"`
}

type jsonOrders struct {
	Submitted   int   `json:"submitted"`
	Granted     int   `json:"granted"`
	Rejected    int   `json:"rejected"`
	Cancelled   int   `json:"cancelled"`
	Duplicates  int64 `json:"duplicates"`
	DeadLetters int64 `json:"dead_letters"`
}

type jsonGuarantee struct {
	Name     string   `json:"name"`
	Verdict  string   `json:"verdict"`
	Why      string   `json:"why"`
	Claimed  bool     `json:"claimed"`
	Count    int      `json:"count"`
	Severity string   `json:"severity,omitempty"`
	Evidence []string `json:"evidence,omitempty"` // of the first finding
	Findings []string `json:"findings,omitempty"`
}

func (p *report) json(w io.Writer) error {
	r, s := p.result, p.result.Summary
	j := jsonResult{Result: r.Result, Design: p.config.Design.Name, Tier: "wire", Seed: fmt.Sprintf("0x%x", p.config.Seed),
		Orders:     jsonOrders{s.Lines, s.Granted, s.Rejected, s.Cancelled, r.Duplicates, r.DeadLetters},
		Executions: 1, Steps: len(p.config.Workload.Steps), ElapsedMS: p.elapsed.Milliseconds(),
		Reproduce: p.flags.reproduce(p.config.Seed), Workload: p.config.Workload.Text,
		Admission: string(p.config.Options.Admission), Checkouts: s.Orders, Undecided: s.Undecided, Refused: s.Refused,
		UnitsGranted: s.UnitsGranted, UnitsSupplied: s.UnitsSupplied, OrdersPerSec: p.rate(s.Orders),
		LinesPerSec: p.rate(s.Lines), P50US: s.P50.Microseconds(), P99US: s.P99.Microseconds(), PeakBytes: p.peak,
		Faults: orEmpty(r.Receipts), NeverHappened: orEmpty(r.Missing), KnownLimits: []string{}}
	if p.config.Scenario != nil {
		j.Scenario = p.config.Scenario.Name
	}
	if r.Converged >= 0 {
		ms := r.Converged.Milliseconds()
		j.ConvergedMS = &ms
	}
	for _, g := range checks.NotYetJudged() {
		j.NotYetJudged = append(j.NotYetJudged, g.String())
	}
	for _, g := range r.Reports {
		row := jsonGuarantee{Name: g.Guarantee.String(), Verdict: g.Verdict.String(), Why: g.Why, Claimed: g.Claimed,
			Count: g.Count}
		if g.Verdict == checks.Fail {
			row.Severity = g.Severity.String()
			for _, e := range g.Evidence {
				row.Evidence = append(row.Evidence, e.String())
			}
			for _, f := range g.Findings {
				row.Findings = append(row.Findings, f.Why)
			}
		}
		j.Guarantees = append(j.Guarantees, row)
	}
	b, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
