package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"stockproof/checks"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// headline is line 1: the seed first, then every parameter.
func (c *campaign) headline() string {
	words := []string{fmt.Sprintf("seed 0x%x", c.config.Seed), "design " + c.config.Design.Name, "tier core",
		"scenario " + c.config.Scenario.Name, "strategy " + mix(c.config)}
	if c.config.Executions > 0 {
		words = append(words, "executions "+thousands(int64(c.config.Executions)))
	}
	if c.config.Budget > 0 {
		words = append(words, "budget "+sim.ShortDuration(c.config.Budget))
	}
	switch {
	case len(c.config.Scenario.Faults) > 0:
		words = append(words, "faults of the scenario")
	case c.config.MaxFaults < 0:
		words = append(words, "faults none")
	default:
		kinds := "all kinds"
		if len(c.config.Kinds) > 0 {
			kinds = strings.Join(c.config.Kinds, ",")
		}
		words = append(words, fmt.Sprintf("faults %s, at most %d", kinds, c.config.MaxFaults))
	}
	return strings.Join(words, "  ")
}

// mix is what a strategy is made of.
func mix(c explore.Config) string {
	if c.Strategy != explore.Portfolio {
		return string(c.Strategy)
	}
	scope, err := c.Share()
	switch {
	case err != nil:
		return fmt.Sprintf("portfolio (random 75 %%, pct 25 %%; not exhaustive: %v)", err)
	case scope.Executions > 0:
		return fmt.Sprintf("portfolio (random 75 %%, pct 25 %%; then exhaustive, %s more)", count(scope.Executions, "execution"))
	}
	return fmt.Sprintf("portfolio (random 75 %%, pct 25 %%; then exhaustive for %s of it)", sim.ShortDuration(scope.Budget))
}

// again is the command that does the same again, to the same end.
func (c *campaign) again() string {
	f := c.flags
	words := []string{"sim", "explore", "--design", c.config.Design.Name}
	for _, w := range []struct{ name, value string }{{"scenario", f.scenario}, {"strategy", f.strategy}, {"faults", f.faults}} {
		if f.set[w.name] {
			words = append(words, "--"+w.name, shellWord(w.value))
		}
	}
	if f.set["max-faults"] {
		words = append(words, "--max-faults", fmt.Sprint(f.maxFaults))
	}
	if f.twice {
		words = append(words, "--check-determinism")
	}
	n := c.result.Executions
	switch {
	case c.err != nil:
		n = c.err.Execution + 1
	case c.differ != nil:
		n = c.differ.Execution + 1
	}
	return strings.Join(append(words, "--seed", fmt.Sprintf("0x%x", c.config.Seed), "--executions", fmt.Sprint(max(n, 1))), " ")
}

// neverStruck are the kinds that were asked for and struck in no execution.
func (c *campaign) neverStruck() (kinds []string) {
	asked := slices.Clone(c.config.Kinds)
	for _, e := range c.config.Scenario.Faults {
		asked = append(asked, e.Subject)
	}
	for _, k := range asked {
		if c.result.Struck[k] == 0 && !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// verdict is the campaign's result: of the finding if there is one, undecided where an execution proves nothing, and
// vacuous where nothing was decided or what was asked for never struck.
func (c *campaign) verdict() checks.Result {
	r := c.result
	switch {
	case c.err != nil:
		return checks.Nondeterministic
	case c.differ != nil:
		return checks.Disagreement
	case c.drawn != nil:
		return c.drawn.result()
	case r.Search != nil && r.Search.Finding != nil: // which no schedule shows
		return checks.Judge(r.Search.Finding.Outcome.Reports, checks.Conditions{Decisions: 1})
	case r.Cut > 0, r.Undecided > 0, r.Search != nil && r.Search.Undecided > 0:
		return checks.UndecidedResult
	case r.Decisions == 0, len(c.neverStruck()) > 0:
		return checks.Vacuous
	}
	return checks.Holds
}

func (c *campaign) text() {
	w, r := c.people, c.result
	rate := int64(float64(r.Executions) / max(r.Elapsed.Seconds(), 0.001))
	executed := fmt.Sprintf("%s, %s in %s (%s/s)", count(r.Executions, "execution"), count(r.Steps, "step"), span(r.Elapsed),
		thousands(rate))
	switch {
	case c.err != nil:
		fmt.Fprintf(w, "\n%-10s %v\n%10s %s\n\n%s\n", c.verdict(), c.err, "", executed, c.again())
	case c.differ != nil:
		fmt.Fprintf(w, "\n%-10s %v\n%10s %s\n\n%s\n", c.verdict(), c.differ, "", executed, c.again())
	case c.drawn != nil:
		c.found(executed)
	default:
		fmt.Fprintf(w, "\n%-10s %s; %s granted, %s rejected, %s cancelled; deepest %s\n", c.verdict(), executed,
			thousands(int64(r.Granted)), thousands(int64(r.Rejected)), thousands(int64(r.Cancelled)), count(r.Deepest, "step"))
		c.faults()
		for _, l := range r.KnownLimits {
			fmt.Fprintf(w, "%10s known limit: %s\n", "", l)
		}
		fmt.Fprintf(w, "%10s %s ran twice: equal digests; digest of all %x\n", "", count(r.Again, "execution"), r.Digest)
		c.searched()
		if r.Cut > 0 {
			fmt.Fprintf(w, "%10s not complete: the step limit ended %s\n", "", count(r.Cut, "execution"))
		}
		if r.Undecided > 0 {
			fmt.Fprintf(w, "%10s undecided: %s, the first of them %s\n", "", count(r.Undecided, "execution"), r.Doubt)
		}
		if r.Decisions == 0 {
			fmt.Fprintf(w, "%10s nothing was decided\n", "")
		}
		if c.verdict() != checks.Holds {
			fmt.Fprintf(w, "\n%s\n", c.again())
		}
	}
}

// searched says what the exhaustive search of a portfolio saw, and what it covers: the campaign is one of it only where
// every state was visited.
func (c *campaign) searched() {
	p := c.result.Search
	if p == nil {
		return
	}
	scope, _ := c.config.Share() // there is one: it was searched
	s := proof{scope: scope, seen: *p}
	fmt.Fprintf(c.people, "%10s exhaustive, for safety: %s; faults %s; %s, %s, %s at rest, %s in %s; digest %x\n", "",
		s.heading(), s.faults(),
		count(p.States, "state"), count(p.Executions, "execution"), thousands(int64(p.Ends)), count(s.violations(), "violation"),
		span(p.Elapsed), p.Digest())
	if p.Limited > 0 {
		fmt.Fprintf(c.people, "%10s the step limit ended %s of it\n", "", count(p.Limited, "execution"))
	}
	if p.Undecided > 0 {
		fmt.Fprintf(c.people, "%10s undecided: %s at rest, one of them since %s\n", "", count(p.Undecided, "execution"), p.Doubt)
	}
	s.steps(c.people)
}

// found prints a violation: its smallest schedule, and the command that runs it again.
func (c *campaign) found(executed string) {
	w := c.people
	fmt.Fprintf(w, "\n%s\n", c.drawn.verdict())
	fmt.Fprintf(w, "%10s after %s\n", "", executed)
	if c.result.Search != nil {
		fmt.Fprintf(w, "%10s met by the exhaustive search behind them, and then by executions that are drawn\n", "")
	}
	c.shrunk()
	c.faults()
	if c.flags.out != "" {
		fmt.Fprintf(w, "\nsim replay %s\n", shellWord(c.flags.out))
		return
	}
	fmt.Fprintf(w, "\n%s\n", c.again())
}

// shrunk draws the smallest schedule and says how small it is.
func (c *campaign) shrunk() {
	w, s := c.people, c.small
	fmt.Fprintf(w, "%10s shrunk from %s to %s in %s; %s\n\n", "", s.Before, s.After, count(s.Runs, "run"), c.certificate())
	c.drawn.draw(w)
}

// certificate says whether the schedule is the smallest.
func (c *campaign) certificate() string {
	if c.partly {
		return fmt.Sprintf("perhaps not the smallest: shrinking was ended after %s steps, sim shrink goes on", thousands(shrinkLimit))
	}
	return certificate(c.small)
}

// certificate says how it is known that nothing can be taken out.
func certificate(s *explore.Shrunk) string {
	var unrun []string
	for _, u := range s.Unrunnable {
		unrun = append(unrun, fmt.Sprintf("without %s there is nothing to run: %s", u.Without, u.Why))
	}
	runs := append([]string{count(s.CertificateRuns, "run")}, unrun...)
	return fmt.Sprintf("every remaining event is needed (%s)", strings.Join(runs, "; "))
}

// faults says how often each kind struck, and which never did.
func (c *campaign) faults() {
	var struck []string
	for _, k := range sim.FaultKinds() {
		if n := c.result.Struck[k.Name]; n > 0 {
			struck = append(struck, fmt.Sprintf("%s %s", k.Name, thousands(int64(n))))
		}
	}
	if len(struck) > 0 {
		fmt.Fprintf(c.people, "%10s executions that a fault struck: %s\n", "", strings.Join(struck, ", "))
	}
	if never := c.neverStruck(); len(never) > 0 {
		fmt.Fprintf(c.people, "%10s never happened: %s\n", "", strings.Join(never, ", "))
	}
}

func (c *campaign) json(w io.Writer) error {
	r := c.result
	j := coreResult{}
	if c.drawn != nil {
		j.outcome(c.drawn.outcome)
		j.Schedule, j.ScheduleFile, j.Shrink = c.small.Schedule.String(), c.flags.out, shrinkJSON(c.small)
		j.FoundIn = c.result.Finding.Execution + 1
	} else if s := r.Search; s != nil && s.Finding != nil {
		j.Guarantees = guaranteeRows(s.Finding.Outcome.Reports)
	} else {
		j.Guarantees = unbroken(c.config.Design, c.verdict(), r.Doubt)
	}
	j.Orders, j.KnownLimits = summed(r.Counts, r.Executions, lines(c.config.Scenario, c.config.Seed)), texts(r.KnownLimits)
	j.Result, j.Design, j.Scenario = c.verdict(), c.config.Design.Name, c.config.Scenario.Name
	j.Seed, j.Executions, j.Steps, j.ElapsedMS = fmt.Sprintf("0x%x", c.config.Seed), r.Executions, r.Steps, r.Elapsed.Milliseconds()
	j.Reproduce = c.again()
	if c.drawn != nil && c.flags.out != "" {
		j.Reproduce = "sim replay " + shellWord(c.flags.out)
	}
	j.Digest, j.Struck, j.Deepest, j.Twice = fmt.Sprintf("%x", r.Digest), r.Struck, r.Deepest, r.Again
	j.NeverHappened, j.NotComplete, j.Strategy = c.neverStruck(), r.Cut, string(c.config.Strategy)
	j.Undecided = r.Undecided
	if p := r.Search; p != nil {
		j.States, j.Searched, j.Complete = p.States, p.Executions, &p.Complete
		j.Undecided += p.Undecided
	}
	switch {
	case c.err != nil:
		j.Divergence = c.err.Step
	case c.differ != nil:
		j.Disagreements = c.differ.Lanes
	}
	return j.write(w)
}

// lines is how many order lines one execution of a scenario submits.
func lines(s *scenario.Scenario, seed uint64) int {
	w, err := s.Build(workload.DefaultParams(), seed)
	if err != nil {
		return 0 // who configured the executions has built it: it cannot fail here
	}
	return w.Lines()
}

func shrinkJSON(s *explore.Shrunk) *jsonShrink {
	size := func(x explore.Size) jsonSize { return jsonSize{x.Workload, x.Faults, x.Deviations} }
	unrunnable := []jsonUnrunnable{}
	for _, u := range s.Unrunnable {
		unrunnable = append(unrunnable, jsonUnrunnable{u.Without, u.Why})
	}
	return &jsonShrink{Before: size(s.Before), After: size(s.After), Runs: s.Runs, CertificateRuns: s.CertificateRuns,
		Unrunnable: unrunnable}
}
