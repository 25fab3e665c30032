package main

import (
	"errors"
	"fmt"
	"io"
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

  HISTORY is a file, packed by gzip or not, or - for stdin, and one of
    jsonl  JSON lines, as sim run --history writes them: header, events as they were observed, the audit, an end that
           counts them; package checks/jsonl says what each line holds
    edn    Jepsen's history.edn: {:process 0 :type :invoke :f :write :value 3 :time 17} ...
    log    Jepsen's log; its lines that say jepsen.util are read, the others passed over
  A file that is cut short, a line that is none, an answer to no call, time that runs backwards, an unknown kind: file,
  line and reason, exit code 64.

  Of a jsonl history, what the design claims is judged, as far as the history can show it; the rest is listed as not
  checked. One of Jepsen's is judged linearizable or not, key by key: a register (read, write, cas, append) or a counter
  (add, deduct, restock, cancel, read). Its :info is an operation that nobody knows the outcome of.

  Fields for --map: process, type, f, value, time, key, and of a counter id, ref, seq, remaining; kinds: read, write,
  cas, append, adjust, deduct, restock, cancel.

  sim run --orders 2000 --history h.jsonl
  sim check h.jsonl                                          the same verdict, without the servers
  sim check h.jsonl --claims no-oversell,linearizable        these guarantees, whatever the header claims
  sim check h.jsonl --json | tail -1
  ssh shop cat h.jsonl.gz | sim check -
  sim check h.jsonl --html panel.html                        the operations that contradict each other, drawn by porcupine
  sim check history.edn --model register --start 0           Jepsen's
  sim check jepsen.log --format log --fail-is-refusal        etcd's logs: a failed cas saw another value
  sim check shop.edn --map process=client,deduct=take,remaining=left --start 100
`

// checked is a history and its verdict.
type checked struct {
	file    string
	claims  string
	source  io.Reader
	in      *jsonl.Reader
	reports []checks.Report
	limits  []checks.Report
	audit   checks.Audit
	end     checks.End
	tally   answers
	events  int
	elapsed time.Duration
	panel   func(io.Writer) error
	judges  []checks.LaneJudge
	differ  []string // lanes about which two of them do
}

// judgement is a history of some format with its verdict.
type judgement interface {
	judge() error
	text(io.Writer)
	json(io.Writer) error
	result() checks.Result
	again() string           // the command that judges it again
	explain(io.Writer) error // porcupine's page about what is not linearizable
	linearizable() checks.Report
}

// checkFlags are the flags of sim check.
type checkFlags struct {
	file, claims, html          string
	format, model, names, start string
	refusals, asJSON            bool
	set                         map[string]bool
	in                          *historyReader
}

func parseCheck(args []string, stdout io.Writer) (*checkFlags, error) {
	f, fs := &checkFlags{}, newFlags("sim check")
	fs.StringVar(&f.claims, "claims", "", "`guarantees` to judge, separated by commas; default those that the header claims")
	fs.StringVar(&f.html, "html", "", "write porcupine's page about the operations that are not linearizable to `FILE`")
	fs.BoolVar(&f.asJSON, "json", false, "the result as JSON on the last line of stdout; everything else on stderr")
	fs.StringVar(&f.format, "format", "auto", "`format`: jsonl, edn, log, or auto: what the file looks like")
	foreign := map[string]bool{"model": true, "map": true, "start": true, "fail-is-refusal": true}
	fs.StringVar(&f.model, "model", "auto", "what it is of: register, counter, or auto: what its `operations` show")
	fs.StringVar(&f.names, "map", "", "foreign names: `what=name`,..., where what is a field or a kind of operation")
	fs.StringVar(&f.start, "start", "", "`value` of every register at the start (nil), or units of every counter (0)")
	fs.BoolVar(&f.refusals, "fail-is-refusal", false, "a :fail saw why: another value than cas asks for, too few units")
	var err error
	f.set, err = parseFlags(fs, args, func() {
		fmt.Fprint(stdout, checkHelp)
		table(stdout, "flags", fs, func(name string) bool { return !foreign[name] })
		table(stdout, "of a history of Jepsen's", fs, func(name string) bool { return foreign[name] })
	})
	if err != nil {
		return nil, err
	}
	if fs.NArg() != 1 {
		return nil, usage{errors.New("check takes one HISTORY")}
	}
	f.file = fs.Arg(0)
	if err := f.knownFormat(); err != nil {
		return nil, err
	}
	if f.in, err = openHistory(f.file); err != nil {
		return nil, err
	}
	if f.format == "auto" {
		if f.format, err = f.in.format(); err != nil {
			return nil, err
		}
	}
	for name := range foreign {
		if f.set[name] && f.format == "jsonl" {
			return nil, usage{fmt.Errorf("--%s is for histories of Jepsen's, and %s is of format jsonl", name, f.file)}
		}
	}
	if f.set["claims"] && f.format != "jsonl" {
		return nil, usage{fmt.Errorf("--claims is for histories of format jsonl: one of Jepsen's is judged linearizable or not")}
	}
	return f, nil
}

func checkCommand(args []string, stdout *output, stderr io.Writer) error {
	f, err := parseCheck(args, stdout)
	if err != nil {
		return err
	}
	defer f.in.Close()
	var c judgement = &checked{file: f.file, source: f.in, claims: f.claims, tally: newAnswers(), judges: checks.OfLongRuns().Told()}
	if f.format != "jsonl" {
		c = &foreign{flags: f}
	}
	if err := c.judge(); err != nil {
		return err
	}
	w := people(f.asJSON, stdout, stderr)
	c.text(w)
	if f.html != "" {
		if err := writePanel(w, f.html, c); err != nil {
			return err
		}
	}
	if c.result() != checks.Holds {
		fmt.Fprintf(w, "\n%s\n", c.again())
	}
	if f.asJSON {
		if err := c.json(stdout); err != nil {
			return err
		}
	}
	return verdict{c.result()}
}

// judge reads the file once; what it keeps are the checkers' states.
func (c *checked) judge() (err error) {
	if c.in, err = jsonl.NewReader(c.file, c.source); err != nil {
		return err
	}
	if err := c.override(&c.in.Header); err != nil {
		return err
	}
	began := time.Now()
	defer func() { c.elapsed = time.Since(began) }()
	suite := checks.New(c.in.Header)
	suite.Remember() // for the judges, and for porcupine's page
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
	c.reports, c.panel = suite.Finish(c.audit), suite.Explain
	c.differ = suite.Triangulate(nil, c.judges)
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

func (c *checked) explain(w io.Writer) error { return c.panel(w) }

func (c *checked) linearizable() checks.Report {
	return c.reports[slices.IndexFunc(c.reports, func(r checks.Report) bool { return r.Guarantee == checks.Linearizable })]
}

func (c *checked) result() checks.Result {
	r := checks.Judge(c.reports, checks.Conditions{Decisions: c.decisions(), NeverHappened: c.end.NeverHappened})
	if len(c.differ) > 0 {
		r = checks.Worst(r, checks.Disagreement)
	}
	return r
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
		evidence(w, r, c.in.Line)
	}
	guaranteeLine(w, "not checked", v.notChecked, true)
	guaranteeLine(w, "not claimed", v.notClaimed, false)
	disagreements(w, c.differ)
	for _, r := range c.limits {
		fmt.Fprintf(w, "%10s known limit: %s under %s: %s\n", "", r.Guarantee, strings.Join(c.end.Outside, ", "), r.Why)
	}
	for _, what := range c.end.NeverHappened {
		fmt.Fprintf(w, "%10s never happened: %s\n", "", what)
	}
}

// evidence is a table of what the first finding rests on, with the lines of the file, and one line for each of the
// other findings.
func evidence(w io.Writer, r checks.Report, line func(event int) int) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(r.Evidence) > 0 {
		fmt.Fprintf(t, "\n%11s\tline\tlane\tseq\tunits\twhat\n", "")
	}
	for _, e := range r.Evidence {
		fmt.Fprintf(t, "%10s %s\t%s\t%s\t%s\t%s\t%s\n", "", e.Role, some(int64(line(e.Event))), laneText(e.Lane), some(e.Seq),
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
