package main

import (
	"fmt"
	"io"
	"slices"
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
	words = append(words, c.Workload.Text)
	for _, o := range []struct {
		key   string
		value any
	}{{"workers", c.Options.Workers}, {"partitions", c.Options.Partitions}, {"admission", c.Options.Admission}} {
		if slices.Contains(c.Design.Options, o.key) {
			words = append(words, fmt.Sprintf("%s %v", o.key, o.value))
		}
	}
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
	fmt.Fprintf(w, "\n%-10s %s, %s in %s: %s granted, %s rejected, %s cancelled", r.Result,
		count(s.Orders, "order"), count(s.Lines, "line"), span(s.Elapsed),
		thousands(int64(s.Granted)), thousands(int64(s.Rejected)), thousands(int64(s.Cancelled)))
	if s.Undecided > 0 {
		fmt.Fprintf(w, ", %s never told their client", thousands(int64(s.Undecided)))
	}
	if s.Refused > 0 {
		fmt.Fprintf(w, ", %s refused", thousands(int64(s.Refused)))
	}
	fmt.Fprintf(w, "; %s absorbed, %s\n", count(int(r.Duplicates), "duplicate"), count(int(r.DeadLetters), "dead letter"))
	fmt.Fprintf(w, "%10s %s granted of %s supplied; %s\n", "", count(int(s.UnitsGranted), "unit"),
		thousands(s.UnitsSupplied), p.convergence())
	p.expectation(w)
	p.guarantees(w)
	fmt.Fprintf(w, "%10s %s orders/s, %s lines/s, p50 %s, p99 %s from submit to decision; %s in all; peak memory %s MiB\n",
		"", thousands(p.rate(s.Orders)), thousands(p.rate(s.Lines)), span(s.P50), span(s.P99), span(p.elapsed),
		thousands(p.peak>>20))
	struck(w, r.Receipts, r.Missing, r.Failures)
	p.alarms(w)
	if r.Result != checks.Holds {
		fmt.Fprintf(w, "\n%s\n", p.flags.reproduce(p.config.Seed))
	}
}

// struck tells which faults struck, which never could, and what ended in an error.
func struck(w io.Writer, receipts, missing []string, failures []error) {
	for _, f := range receipts {
		fmt.Fprintf(w, "%10s fault: %s\n", "", f)
	}
	for _, f := range missing {
		fmt.Fprintf(w, "%10s never happened: %s\n", "", f)
	}
	for _, err := range failures {
		fmt.Fprintf(w, "%10s %v\n", "", err)
	}
}

// expectation says whether the scenario's was met. The exit code says what happened, not this.
func (p *report) expectation(w io.Writer) {
	s := p.config.Scenario
	want := s.Expected()
	if len(want) == 0 {
		return
	}
	expected := strings.Join(want, ", ")
	if met, got := s.Met(p.result.Result, p.result.Reports); met {
		fmt.Fprintf(w, "%10s as the scenario expects: %s\n", "", expected)
	} else {
		fmt.Fprintf(w, "%10s not as expected: expected %s, got %s\n", "", expected, got)
	}
}

// convergence says when speed and truth came to rest on the same numbers; of a design without a speed
// layer, when truth came to rest.
func (p *report) convergence() string {
	if !p.result.SpeedRead {
		if p.result.Converged < 0 {
			return fmt.Sprintf("orders still undecided %s after the last one", p.config.Settle)
		}
		return fmt.Sprintf("books of %s at rest %s after the last order", count(p.result.Lanes, "SKU"),
			span(p.result.Converged))
	}
	if p.result.Converged >= 0 {
		return fmt.Sprintf("speed equals truth for %s %s after the last order",
			count(p.result.Lanes, "SKU"), span(p.result.Converged))
	}
	for _, r := range p.result.Reports {
		if r.Guarantee == checks.Convergence && r.Verdict == checks.Pass {
			return fmt.Sprintf("orders still undecided %s after the last one", p.config.Settle)
		}
	}
	return fmt.Sprintf("speed did not come to equal truth within %s", p.config.Settle)
}

// count is a number of things: "1 order", "10 000 orders".
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return thousands(int64(n)) + " " + thing
}

// span is a time for people, three digits of it: "430 us", "18.2 ms", "1.31 s", "2 min 13 s".
func span(d time.Duration) string {
	digits := func(n float64, unit string) string {
		switch {
		case n < 10:
			return fmt.Sprintf("%.2f %s", n, unit)
		case n < 100:
			return fmt.Sprintf("%.1f %s", n, unit)
		}
		return fmt.Sprintf("%.0f %s", n, unit)
	}
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d us", d.Microseconds())
	case d < time.Second:
		return digits(float64(d)/float64(time.Millisecond), "ms")
	case d < time.Minute:
		return digits(d.Seconds(), "s")
	}
	d = d.Round(time.Second)
	return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
}

func (p *report) guarantees(w io.Writer) {
	sorted(p.result.Reports).text(w)
	disagreements(w, p.result.Disagreements)
	p.bare(w)
}

// bare is what porcupine says of a small run; it is beside the verdict, not part of it.
func (p *report) bare(w io.Writer) {
	if p.result.Bare == nil {
		return
	}
	lanes := map[checks.Verdict]int{}
	for _, r := range p.result.Bare.Reports {
		lanes[r.Verdict]++
		if r.Verdict == checks.Fail {
			fmt.Fprintf(w, "%10s porcupine: %s\n", "", r.Why)
		}
	}
	fmt.Fprintf(w, "%10s bare answers, searched by porcupine: %s linearizable, %d not, %d undecided\n", "",
		count(lanes[checks.Pass], "SKU"), lanes[checks.Fail], lanes[checks.Undecided])
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
