package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
	"stockproof/sim/timeline"
	"stockproof/sim/workload"
)

const exploreHelp = `sim explore: many executions of one scenario, each with faults and a schedule of its own, until one breaks a
guarantee that the design claims. That one is made as small as it can be, and drawn.

  sim explore --design article --budget 20s
  sim explore --scenario token-expiry --faults crash,advance-clock -o found.sched
  sim explore --design ledger --strategy random --executions 100000 --check-determinism
  sim explore --design ledger --scenario tiny --strategy exhaustive --faults none

  The faults of a scenario, if it has any, strike in every execution, and no others do. --executions with the same
  seed does the same again whatever the machine; --budget ends wherever it is.

  --strategy portfolio, the default, draws schedules, three random walks for each of PCT's, and where all of them hold
  it searches: 15 % of all executions, or of the time, are those of an exhaustive search of the same processes for
  violations of safety, with one fault at most. Line 1 says how many, or why there is none.

  --strategy exhaustive visits every state of a small scenario once, and either finds a violation or says
  "explored completely"; where it gave up it says "not complete", which is never a pass (exit 6). With it
  --scenario small and --scenario prove are lists of scopes, closed one after the other; a scope of theirs is closed alone
  by its name: --scenario "3 orders, restock".
`

// exploreDefault is the scenario that is explored unless another one is named.
const exploreDefault = "counter"

// strategies are those that --strategy names.
var strategies = []explore.Strategy{explore.Portfolio, explore.Random, explore.PCT, explore.Exhaustive}

// exploreFlags are the command line of sim explore.
type exploreFlags struct {
	design, scenario, strategy, faults, seed, out string
	budget                                        time.Duration
	executions, maxFaults, states                 int
	roles                                         string
	twice, json                                   bool
	set                                           map[string]bool
}

func parseExplore(args []string, stdout io.Writer) (*exploreFlags, error) {
	f := &exploreFlags{}
	fs := newFlags("sim explore")
	fs.StringVar(&f.design, "design", "ledger", "the `design` to explore")
	fs.StringVar(&f.scenario, "scenario", exploreDefault, "`name` or file of a scenario")
	fs.StringVar(&f.strategy, "strategy", string(explore.Portfolio), "how choices are `made`: portfolio, random, pct or exhaustive")
	fs.IntVar(&f.states, "states", 0, "exhaustive: give up behind this `number` of states; 0 is never")
	fs.StringVar(&f.roles, "roles", "", "exhaustive: `roles` that run beside those that every order needs, separated by commas")
	fs.DurationVar(&f.budget, "budget", 30*time.Second, "`time` to explore; without limit where only --executions is given")
	fs.IntVar(&f.executions, "executions", 0, "`number` of executions to draw; exhaustive: give up behind so many")
	fs.StringVar(&f.faults, "faults", "", "`kinds` of fault to draw from, separated by commas, or none; default all; exhaustive: "+
		strings.Join(exhaustiveKinds, ","))
	fs.IntVar(&f.maxFaults, "max-faults", 4, "`number` of faults that strike one execution, at most; exhaustive: 1 unless it is set")
	fs.StringVar(&f.seed, "seed", "", "decimal or 0x `number`; default a random one, printed on line 1")
	fs.BoolVar(&f.twice, "check-determinism", false, "run every execution twice and compare; without it one in 64")
	fs.StringVar(&f.out, "o", "", "`file` to write the smallest schedule to; as it was found it goes to FILE.original.sched")
	fs.BoolVar(&f.json, "json", false, "the result as JSON on the last line of stdout; everything else on stderr")
	help := func() { printExploreHelp(stdout, fs) }
	var err error
	if f.set, err = parseFlags(fs, args, help); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, usage{fmt.Errorf("explore takes no argument %q", fs.Arg(0))}
	}
	return f, f.validate()
}

func (f *exploreFlags) validate() error {
	switch {
	case !slices.Contains(strategies, explore.Strategy(f.strategy)):
		return usage{fmt.Errorf("--strategy %s: there is no such strategy; there are portfolio, random, pct and exhaustive", f.strategy)}
	case !f.exhaustive() && (f.set["states"] || f.set["roles"]):
		return usage{errors.New("--states and --roles are for --strategy exhaustive")}
	case f.exhaustive() && f.set["seed"]:
		return usage{errors.New("--seed is for strategies that draw: an exhaustive search makes every choice")}
	case f.states < 0:
		return usage{fmt.Errorf("--states %d is below 0", f.states)}
	case f.budget <= 0:
		return usage{errors.New("--budget needs a time above zero")}
	case f.executions < 0 || f.set["executions"] && f.executions == 0:
		return usage{fmt.Errorf("--executions %d: a number above zero is needed", f.executions)}
	case f.maxFaults < 1 || f.maxFaults > 16:
		return usage{fmt.Errorf("--max-faults %d is outside 1..16", f.maxFaults)}
	case f.faults == "none" && f.set["max-faults"]:
		return usage{errors.New("--max-faults and --faults none contradict each other")}
	}
	for _, k := range f.kinds() {
		if _, ok := sim.FindFaultKind(k); !ok {
			return usage{fmt.Errorf("--faults %q: there is no such kind of fault; there are %s", k, strings.Join(faultNames(), ", "))}
		}
	}
	return writable(f.out)
}

func (f *exploreFlags) exhaustive() bool { return explore.Strategy(f.strategy) == explore.Exhaustive }

// strikes refuses a kind that was asked for and cannot strike the design.
func (f *exploreFlags) strikes(d inventory.Design, o scenario.DesignOptions) error {
	for _, name := range f.kinds() {
		k, _ := sim.FindFaultKind(name) // validate has found it
		if err := k.CheckApplies(d, o); err != nil {
			return usage{fmt.Errorf("--faults %s: %w", name, err)}
		}
	}
	return nil
}

// kinds are the kinds that were asked for; nil: nobody asked.
func (f *exploreFlags) kinds() []string {
	if f.faults == "" || f.faults == "none" {
		return nil
	}
	return strings.Split(f.faults, ",")
}

func faultNames() (names []string) {
	for _, k := range sim.FaultKinds() {
		names = append(names, k.Name)
	}
	return names
}

func printExploreHelp(w io.Writer, fs *flag.FlagSet) {
	fmt.Fprint(w, exploreHelp)
	table(w, "flags", fs, func(string) bool { return true })
	fmt.Fprintf(w, "\nkinds of fault:\n")
	for _, k := range sim.FaultKinds() {
		fmt.Fprintf(w, "  %-22s %s\n", k.Name, k.About)
		if len(k.Keys) > 0 {
			fmt.Fprintf(w, "  %-22s settings: %s\n", "", strings.Join(k.Keys, ", "))
		}
	}
	fmt.Fprintf(w, "\nsettings of a fault, in a scenario and in a schedule:\n")
	for _, k := range sim.FaultKeys() {
		fmt.Fprintf(w, "  %-22s %s\n", k[0]+"=", k[1])
	}
}

// newFlags and parseFlags are how every command reads its line.
func newFlags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // finish prints what is wrong, once
	fs.Usage = func() {}
	return fs
}

// parseFlags parses args, flags and arguments in any order, and says which flags were given.
func parseFlags(fs *flag.FlagSet, args []string, help func()) (set map[string]bool, err error) {
	var words []string
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				help()
				return nil, err
			}
			return nil, usage{err}
		}
		if fs.NArg() == 0 {
			break
		}
		words, args = append(words, fs.Arg(0)), fs.Args()[1:]
	}
	if err := fs.Parse(append([]string{"--"}, words...)); err != nil {
		return nil, usage{err}
	}
	set = map[string]bool{}
	fs.Visit(func(g *flag.Flag) { set[g.Name] = true })
	return set, nil
}

// campaign is a campaign with everything that its report needs.
type campaign struct {
	flags  *exploreFlags
	config explore.Config
	result explore.Result
	err    *explore.NondeterminismError
	differ *explore.DisagreementError
	small  *explore.Shrunk
	partly bool // shrinking was ended before there was a certificate
	drawn  *picture
	people io.Writer
}

func exploreCommand(ctx context.Context, args []string, stdout *output, stderr io.Writer) error {
	f, err := parseExplore(args, stdout)
	if err != nil {
		return err
	}
	if f.exhaustive() {
		return exhaust(ctx, f, stdout, stderr)
	}
	c := &campaign{flags: f, people: people(f.json, stdout, stderr)}
	if err := c.configure(); err != nil {
		return err
	}
	return c.run(ctx, stdout, stderr)
}

// run carries the campaign out and says what came of it.
func (c *campaign) run(ctx context.Context, stdout *output, stderr io.Writer) error {
	fmt.Fprintln(c.people, c.headline())
	if stdout.failed() != nil {
		return errUnwritten
	}
	meter := newMeter(stderr)
	c.config.Progress = func(p explore.Progress) {
		if p.Search != nil {
			meter.line(searching(*p.Search))
			return
		}
		meter.line(fmt.Sprintf("  %s executions  %s/s  faults seen %d of %d  deepest %s", thousands(int64(p.Executions)),
			thousands(int64(p.Rate)), p.Kinds, p.Of, count(p.Deepest, "step")))
	}
	var err error
	c.result, err = explore.Run(ctx, c.config)
	meter.done()
	switch {
	case errors.As(err, &c.err), errors.As(err, &c.differ):
	case err != nil:
		return fmt.Errorf("explore %s: %w", c.config.Design.Name, err)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if c.result.Finding != nil {
		if err := c.shrink(ctx, meter, c.again()); err != nil {
			return err
		}
	}
	c.text()
	if c.flags.json {
		if err := c.json(stdout); err != nil {
			return err
		}
	}
	return verdict{c.verdict()}
}

// searching is how far an exhaustive search is.
func searching(p explore.Proof) string {
	return fmt.Sprintf("  %s states  %s executions  %s", thousands(int64(p.States)), thousands(int64(p.Executions)), span(p.Elapsed))
}

// people is where what people read goes.
func people(json bool, stdout *output, stderr io.Writer) io.Writer {
	if json {
		return stderr
	}
	return stdout
}

// configure puts together what the flags and the scenario say.
func (c *campaign) configure() (err error) {
	f := c.flags
	s, d, o, err := coreScenario(f.scenario, f.design, f.set["design"])
	if err != nil {
		return err
	}
	if err := f.strikes(d, o); err != nil {
		return err
	}
	seed, err := parseSeed(f.seed)
	if err != nil {
		return err
	}
	if s, err = s.AsEntries(workload.DefaultParams(), seed); err != nil {
		return err
	}
	c.config = explore.Config{Seed: seed, Design: d, Options: o, Scenario: s, Strategy: explore.Strategy(f.strategy),
		Executions: f.executions, Budget: f.budget, Kinds: f.kinds(), MaxFaults: f.maxFaults}
	if f.executions > 0 && !f.set["budget"] {
		c.config.Budget = 0
	}
	if f.faults == "none" {
		c.config.MaxFaults = -1
	}
	if f.twice {
		c.config.Twice = 1
	}
	return nil
}

// coreScenario loads a scenario for the core tier, with the design that it asks for unless another one was
// named, and with everything checked that can be before a run.
func coreScenario(nameOrPath, design string, named bool) (s *scenario.Scenario, d inventory.Design, o scenario.DesignOptions, err error) {
	o = sim.CoreOptions()
	if s, err = scenario.Load(nameOrPath); err != nil {
		return s, d, o, err
	}
	if d, err = designFor(s, design, named); err != nil {
		return s, d, o, err
	}
	if err = s.OptionsFor(d, &o); err != nil {
		return s, d, o, err
	}
	w, err := s.Build(workload.DefaultParams(), 1)
	if err != nil {
		return s, d, o, err
	}
	_, err = sim.CoreFaults(s, &w, d, o)
	return s, d, o, err
}

// shrinkLimit is how many steps an exploration takes to shrink what it found, about a minute of them; sim shrink goes on as
// long as it takes.
const shrinkLimit = 40_000_000

// shrink makes the finding small and draws it. by is the command that has found it.
func (c *campaign) shrink(ctx context.Context, meter *meter, by string) error {
	found := c.result.Finding
	small, err := explore.Shrink(ctx, explore.ShrinkConfig{Schedule: found.Schedule, Design: c.config.Design,
		Options: sim.CoreOptions(), Progress: shrinkMeter(meter), Steps: shrinkLimit})
	meter.done()
	if c.partly = errors.Is(err, explore.ErrUnfinished); c.partly {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("shrink execution %d: %w", found.Execution, err)
	}
	c.small = &small
	if c.drawn, err = drawSchedule(ctx, small.Schedule, c.config.Design); err != nil {
		return fmt.Errorf("draw execution %d: %w", found.Execution, err)
	}
	small.Schedule.Name = c.config.Scenario.Name
	describe(small.Schedule, c.drawn, "Found by: "+by)
	if c.flags.out == "" {
		return nil
	}
	original := *found.Schedule
	original.Name, original.Expect = small.Schedule.Name, []scenario.Expectation{{Guarantee: small.Guarantee}}
	original.Prose = []scenario.Prose{{Text: "# As it was found, before it was shrunk to " + filepath.Base(c.flags.out) + "."}}
	if err := writeFile(originalOf(c.flags.out), original.String()); err != nil {
		return err
	}
	return writeFile(c.flags.out, small.Schedule.String())
}

func shrinkMeter(m *meter) func(explore.ShrinkProgress) {
	return func(p explore.ShrinkProgress) {
		m.line(fmt.Sprintf("  shrinking: %s, %s so far", p.Size, count(p.Runs, "run")))
	}
}

// drawSchedule runs a schedule under a design and draws it.
func drawSchedule(ctx context.Context, s *scenario.Schedule, d inventory.Design) (*picture, error) {
	c, _, err := sim.ScheduleConfig(s, d, sim.CoreOptions())
	if err != nil {
		return nil, err
	}
	p, err := draw(ctx, c)
	if err == nil {
		p.about, _ = s.Expected()
	}
	return p, err
}

// describe gives a schedule the prose that a reviewer reads first: what breaks, and the drawing.
func describe(s *scenario.Schedule, p *picture, from string) {
	r := p.broken()
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s\n\n", r.Guarantee, r.Why)
	if len(p.timeline.Rows) <= maxPictureRows {
		text.WriteString(p.timeline.Text(timeline.Width, r) + "\n")
	}
	fmt.Fprintf(&text, "%s\n%s", p.timeline.LaneText(p.outcome, r), from)
	s.Prose = nil
	for _, line := range strings.Split(text.String(), "\n") {
		line = strings.TrimPrefix(line, "         ")
		s.Prose = append(s.Prose, scenario.Prose{Text: strings.TrimRight("# "+line, " ")})
	}
}
