package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"stockproof/checks"
	"stockproof/checks/jsonl"
	"stockproof/model"
)

const checkHelp = `sim check HISTORY: judges a history that was taken elsewhere, with the checkers of every run.

  HISTORY is a file of JSON lines, as sim run --history writes it: header, events as they were observed, the audit, an
  end that counts them; package checks/jsonl says what each line holds. A file that is cut short, a line that is none,
  an answer to no call, time that runs backwards: file, line and reason, exit code 64.

  What the design claims is judged, as far as the history can show it; the rest is listed as not checked.

  sim run --orders 2000 --history h.jsonl
  sim check h.jsonl                                          the same verdict, without the servers
  sim check h.jsonl --claims no-oversell,linearizable        these guarantees, whatever the header claims
  sim check h.jsonl --json | tail -1
`

// checked is a history and its verdict.
type checked struct {
	file    string
	claims  string
	in      *jsonl.Reader
	reports []checks.Report
	limits  []checks.Report
	audit   checks.Audit
	end     checks.End
	tally   answers
	events  int
	elapsed time.Duration
}

func checkCommand(args []string, stdout *output, stderr io.Writer) error {
	fs := newFlags("sim check")
	claims := fs.String("claims", "", "`guarantees` to judge, separated by commas; default those that the header claims")
	asJSON := fs.Bool("json", false, "the result as JSON on the last line of stdout; everything else on stderr")
	_, err := parseFlags(fs, args, func() {
		fmt.Fprint(stdout, checkHelp)
		table(stdout, "flags", fs, func(string) bool { return true })
	})
	if err != nil {
		return err
	}
	if fs.NArg() != 1 {
		return usage{errors.New("check takes one HISTORY")}
	}
	c := &checked{file: fs.Arg(0), claims: *claims, tally: newAnswers()}
	began := time.Now()
	if err := c.judge(); err != nil {
		return err
	}
	c.elapsed = time.Since(began)
	c.text(people(*asJSON, stdout, stderr))
	if *asJSON {
		if err := c.json(stdout); err != nil {
			return err
		}
	}
	return verdict{c.result()}
}

// judge reads the file once; what it keeps are the checkers' states.
func (c *checked) judge() error {
	f, err := os.Open(c.file)
	if err != nil {
		return usage{err}
	}
	defer f.Close()
	if c.in, err = jsonl.NewReader(c.file, f); err != nil {
		return err
	}
	if err := c.override(&c.in.Header); err != nil {
		return err
	}
	suite := checks.New(c.in.Header)
	for {
		e, err := c.in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		c.tally.observe(e)
		c.events = suite.Observe(e)
	}
	if c.audit, c.end, err = c.in.Audit(); err != nil {
		return err
	}
	c.reports = suite.Finish(c.audit)
	c.limits = checks.Unclaim(c.reports, c.end.Outside)
	return nil
}

// override replaces the header's claims by those of the command line.
func (c *checked) override(h *checks.Header) error {
	if c.claims == "" {
		return nil
	}
	h.Claims = nil
	for name := range strings.SplitSeq(c.claims, ",") {
		g, err := checks.ParseGuarantee(strings.TrimSpace(name))
		if err != nil {
			return usage{fmt.Errorf("--claims: %w", err)}
		}
		h.Claims = append(h.Claims, g)
	}
	return nil
}

func (c *checked) result() checks.Result {
	return checks.Judge(c.reports, checks.Conditions{Decisions: c.decisions(), NeverHappened: c.end.NeverHappened})
}

// decisions are those of the truth, or where nobody looked there those that clients were told.
func (c *checked) decisions() (n int) {
	for _, row := range c.audit.Commands {
		if row.Decision.Decided() {
			n++
		}
	}
	return max(n, len(c.tally.outcomes))
}

func (c *checked) headline() string {
	h := c.in.Header
	return fmt.Sprintf("seed 0x%x  design %s  tier %s  history %s  capability %s", h.Seed, h.Design, h.Tier, c.file, h.Capability)
}

func (c *checked) text(w io.Writer) {
	fmt.Fprintln(w, c.headline())
	o := c.orders()
	fmt.Fprintf(w, "\n%-10s %s, %s: %d granted, %d rejected, %d cancelled, %s; judged in %s\n", c.result(), count(c.events, "event"),
		count(o.Submitted, "line"), o.Granted, o.Rejected, o.Cancelled, count(int(o.DeadLetters), "dead letter"), span(c.elapsed))
	v := sorted(c.reports)
	guaranteeLine(w, "pass", v.passed, false)
	for _, r := range slices.Concat(v.failed, v.undecided) {
		fmt.Fprintf(w, "\n%10s %s: %s: %s\n", "", strings.ToUpper(r.Verdict.String()), r.Guarantee, r.Why)
		c.evidence(w, r)
	}
	guaranteeLine(w, "not checked", v.notChecked, true)
	guaranteeLine(w, "not claimed", v.notClaimed, false)
	for _, r := range c.limits {
		fmt.Fprintf(w, "%10s known limit: %s under %s: %s\n", "", r.Guarantee, strings.Join(c.end.Outside, ", "), r.Why)
	}
	for _, what := range c.end.NeverHappened {
		fmt.Fprintf(w, "%10s never happened: %s\n", "", what)
	}
	if c.result() != checks.Holds {
		fmt.Fprintf(w, "\n%s\n", c.again())
	}
}

// evidence is a table of what the first finding rests on, with the lines of the file, and one line for each of the
// other findings.
func (c *checked) evidence(w io.Writer, r checks.Report) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(r.Evidence) > 0 {
		fmt.Fprintf(t, "\n%11s\tline\tlane\tseq\tunits\twhat\n", "")
	}
	for _, e := range r.Evidence {
		fmt.Fprintf(t, "%10s %s\t%s\t%s\t%s\t%s\t%s\n", "", e.Role, some(int64(c.in.Line(e.Event))), laneText(e.Lane), some(e.Seq),
			some(e.Units), e.Text)
	}
	t.Flush()
	findings(w, checks.Report{Findings: r.Findings, Count: r.Count})
	if len(r.Evidence) > 0 {
		fmt.Fprintln(w)
	}
}

func laneText(k model.LaneKey) string {
	if k == (model.LaneKey{}) {
		return "-"
	}
	return model.LaneTopicKey(k)
}

// some is a number that is there.
func some(n int64) string {
	if n == 0 {
		return "-"
	}
	return strconv.FormatInt(n, 10)
}

func (c *checked) again() string {
	words := []string{"sim check", shellWord(c.file)}
	if c.claims != "" {
		words = append(words, "--claims", shellWord(c.claims))
	}
	return strings.Join(words, " ")
}
