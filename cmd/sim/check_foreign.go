package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"stockproof/checks"
	"stockproof/checks/jepsen"
	"stockproof/checks/linear"
)

// foreign is a history that Jepsen wrote, and its verdict: linearizable or not, key by key.
type foreign struct {
	flags   *checkFlags
	history jepsen.History
	start   int64 // value of each register, units of each counter
	shows   map[linear.Capability]int
	report  checks.Report
	panel   func(io.Writer) error // of the first key that is not linearizable
	elapsed time.Duration
}

func (c *foreign) judge() error {
	if err := c.read(); err != nil {
		return err
	}
	began := time.Now()
	lines := c.history.LinesByKey()
	c.shows = map[linear.Capability]int{}
	r := checks.Report{Guarantee: checks.Linearizable, Verdict: checks.Pass, Claimed: true}
	for key, ops := range c.history.ByKey() {
		switch l := c.key(ops); l.Verdict {
		case linear.Fail:
			r.Findings = append(r.Findings, c.finding(l, lines[key]))
			if c.panel == nil {
				c.panel = func(w io.Writer) error { return c.draw(w, ops, l) }
			}
		case linear.Undecided:
			if r.Verdict == checks.Pass {
				r.Verdict, r.Why = checks.Undecided, c.keyText(key)+l.Why
			}
		}
	}
	if r.Count = len(r.Findings); r.Count > 0 {
		r.Verdict, r.Why, r.Evidence = checks.Fail, r.Findings[0].Why, r.Findings[0].Evidence
		r.Severity = checks.Severity{Amount: int64(r.Count), Unit: "keys"}
		r.Findings = r.Findings[:min(r.Count, checks.MaxFindings)]
	}
	c.report, c.elapsed = r, time.Since(began)
	return nil
}

// read takes the file and the value at the start.
func (c *foreign) read() (err error) {
	m, err := jepsen.ParseMapping(c.flags.names)
	if err != nil {
		return usage{fmt.Errorf("--map: %w", err)}
	}
	if m.Model, err = jepsen.ParseModel(c.flags.model); err != nil {
		return usage{fmt.Errorf("--model: %w", err)}
	}
	m.FailIsRefusal = c.flags.refusals
	read := jepsen.ReadEDN
	if c.flags.format == "log" {
		read = jepsen.ReadLog
	}
	if c.history, err = read(c.flags.in, c.flags.file, m); err != nil {
		return err
	}
	switch {
	case c.history.Register && !c.flags.set["start"]:
		c.start = linear.Nil
	case c.history.Register:
		c.start = c.history.Values.Intern(c.flags.start)
	case c.flags.set["start"]:
		if c.start, err = strconv.ParseInt(c.flags.start, 10, 64); err != nil {
			return usage{fmt.Errorf("--start: %q is no number of units", c.flags.start)}
		}
	}
	return nil
}

// key judges one key by what its answers show: their order, the stock, or nothing.
func (c *foreign) key(ops []linear.Op) linear.Report {
	if c.history.Register {
		r, _ := linear.Register(ops, c.start, c.history.Values, linear.Options{})
		return r
	}
	linear.Intern(ops) // ids count from 0 in every key
	shows := linear.Version
	for _, op := range ops {
		switch {
		case op.Outcome == linear.Unknown || op.Outcome == linear.Never:
		case op.Remaining == linear.Absent:
			shows = linear.Bare
		case op.Seq == linear.Absent:
			shows = min(shows, linear.Remaining)
		}
	}
	c.shows[shows]++
	if shows == linear.Bare {
		r, _ := linear.Window(ops, c.spec(), linear.Options{})
		return r
	}
	r, _ := linear.Linearizable(ops, c.spec(), linear.Options{Capability: shows})
	return r
}

func (c *foreign) spec() linear.Spec { return linear.Spec{Initial: linear.State{Stock: c.start}} }

// finding is a key that is not linearizable, with the lines of the calls.
func (c *foreign) finding(r linear.Report, lines []int) checks.Finding {
	f := checks.Finding{Why: c.keyText(int(r.Key)) + r.Why}
	for _, e := range r.Evidence {
		x := checks.Evidence{Role: checks.Role(e.Role), Seq: max(e.Op.Seq, 0), Text: c.history.Text(e.Op)}
		if e.Index >= 0 {
			x.Event = lines[e.Index]
		}
		f.Evidence = append(f.Evidence, x)
	}
	return f
}

// keyText names a key; "" where the history has one without a name.
func (c *foreign) keyText(key int) string {
	if name := c.history.Keys[key]; len(c.history.Keys) > 1 || name != "nil" {
		return "key " + name + ": "
	}
	return ""
}

func (c *foreign) draw(w io.Writer, ops []linear.Op, r linear.Report) error {
	offender := slices.IndexFunc(r.Evidence, func(e linear.Evidence) bool {
		return e.Index >= 0 && ops[e.Index].Return != linear.Open
	})
	switch {
	case r.Slice != nil:
		return linear.Explain(w, ops, c.spec(), *r.Slice, linear.PorcupineLimits{})
	case offender < 0:
		return checks.ErrNoPanel
	case c.history.Register:
		return linear.ExplainRegister(w, ops, c.start, c.history.Values, r.Evidence[offender].Index, linear.PorcupineLimits{})
	}
	return linear.ExplainUntil(w, ops, c.spec(), r.Evidence[offender].Index, linear.PorcupineLimits{})
}

func (c *foreign) explain(w io.Writer) error {
	if c.panel == nil {
		return checks.ErrNoPanel
	}
	return c.panel(w)
}

func (c *foreign) linearizable() checks.Report { return c.report }

func (c *foreign) result() checks.Result {
	answered := 0
	for _, op := range c.history.Ops {
		if op.Outcome != linear.Unknown && op.Outcome != linear.Never {
			answered++
		}
	}
	return checks.Judge([]checks.Report{c.report}, checks.Conditions{Decisions: answered})
}

func (c *foreign) model() string {
	if c.history.Register {
		return jepsen.RegisterModel.String()
	}
	return jepsen.CounterModel.String()
}

// capability is what the answers of every key show.
func (c *foreign) capability() string {
	for _, shows := range []linear.Capability{linear.Bare, linear.Remaining, linear.Version} {
		if c.shows[shows] > 0 {
			return shows.String()
		}
	}
	return "values"
}

func (c *foreign) text(w io.Writer) {
	unknown := 0
	for _, op := range c.history.Ops {
		if op.Outcome == linear.Unknown {
			unknown++
		}
	}
	fmt.Fprintf(w, "history %s  format %s  model %s  capability %s\n", c.flags.file, c.flags.format, c.model(), c.capability())
	fmt.Fprintf(w, "\n%-10s %s of %s, %d of unknown outcome; judged in %s\n", c.result(), count(len(c.history.Ops), "operation"),
		count(len(c.history.Keys), "key"), unknown, span(c.elapsed))
	if c.report.Verdict == checks.Pass {
		guaranteeLine(w, "pass", []checks.Report{c.report}, false)
		return
	}
	fmt.Fprintf(w, "\n%10s %s: %s: %s\n", "", strings.ToUpper(c.report.Verdict.String()), c.report.Guarantee, c.report.Why)
	evidence(w, c.report, func(line int) int { return line })
}

func (c *foreign) again() string {
	f := c.flags
	words := []string{"sim check", shellWord(f.file), "--format", f.format}
	for _, o := range []struct{ name, value string }{{"model", f.model}, {"map", f.names}, {"start", f.start}} {
		if f.set[o.name] {
			words = append(words, "--"+o.name, shellWord(o.value))
		}
	}
	if f.refusals {
		words = append(words, "--fail-is-refusal")
	}
	return strings.Join(words, " ")
}

func (c *foreign) json(w io.Writer) error {
	return checkResult{Result: c.result(), Guarantees: guaranteeRows([]checks.Report{c.report}), Executions: 1,
		Steps: len(c.history.Ops), ElapsedMS: c.elapsed.Milliseconds(), Reproduce: c.again(), History: c.flags.file,
		Capability: c.capability(), NeverHappened: []string{}, KnownLimits: []string{}, Format: c.flags.format, Model: c.model(),
		Keys: len(c.history.Keys), Operations: len(c.history.Ops)}.write(w)
}
