package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/workload"
)

// exhaustiveKinds are the faults that an exhaustive search offers unless others are named.
var exhaustiveKinds = []string{"crash", "lost", "lost-response", "late"}

// aside are the roles that run now and then and that no order needs: an exhaustive search leaves them out unless
// they are asked for.
var aside = []string{"sweeper", "coordinator", "heart", "reconciler", "feed", "bootstrap", "emitter"}

// proof is an exhaustive search with everything that its report needs.
type proof struct {
	flags  *exploreFlags
	scope  explore.Scope
	seen   explore.Proof
	people io.Writer

	err        *explore.NondeterminismError
	path       bool      // the violation is told by the search's path alone
	recorded   *campaign // that made a schedule of the violation; nil: nobody did,
	unrecorded error     // because of this
}

// exhaust visits every state of a scope, or of each scope of a list.
func exhaust(ctx context.Context, f *exploreFlags, stdout *output, stderr io.Writer) error {
	list := scopeList(f.scenario)
	if list == nil {
		p := &proof{flags: f, people: people(f.json, stdout, stderr)}
		if err := p.configure(); err != nil {
			return err
		}
		return p.run(ctx, stdout, stderr)
	}
	for _, name := range []string{"faults", "max-faults", "roles"} {
		if f.set[name] {
			return usage{fmt.Errorf("--%s: a scope of a list says it itself: %s", name, known(list))}
		}
	}
	if f.set["o"] && len(list) > 1 {
		return usage{fmt.Errorf("--o: %s is a list of scopes, of which --scenario may name one: %s", f.scenario, known(list))}
	}
	results := []checks.Result{checks.Holds}
	until, drawn := time.Now().Add(f.budget), false
	for i, e := range list {
		p := &proof{flags: f, people: people(f.json, stdout, stderr)}
		var err error
		if p.scope, err = e.configured(f); err != nil {
			return err
		}
		if f.set["budget"] {
			p.scope.Budget = max(time.Until(until)/time.Duration(len(list)-i), time.Millisecond) // what one leaves, the others share
		}
		p.path = drawn // the first violation is made small: that takes its time
		if err := p.run(ctx, stdout, stderr); !errors.As(err, new(verdict)) {
			return err
		}
		results, drawn = append(results, p.verdict()), drawn || p.seen.Finding != nil
	}
	return verdict{checks.Worst(results...)}
}

// run carries the search out and reports.
func (p *proof) run(ctx context.Context, stdout *output, stderr io.Writer) error {
	fmt.Fprintf(p.people, "design %s  tier core  scenario %s  strategy exhaustive  faults %s\n", p.scope.Design.Name,
		p.scope.Scenario.Name, p.faults())
	if stdout.failed() != nil {
		return errUnwritten
	}
	defer debug.SetGCPercent(debug.SetGCPercent(garbage))
	meter := newMeter(stderr)
	p.scope.Progress = func(s explore.Proof) { meter.line(searching(s)) }
	var err error
	if p.flags.twice {
		p.scope.Twice = 1
	}
	p.seen, err = explore.Exhaust(ctx, p.scope)
	meter.done()
	switch {
	case errors.As(err, &p.err):
	case err != nil:
		return fmt.Errorf("explore %s exhaustively: %w", p.scope.Design.Name, err)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if p.seen.Finding != nil && !p.path {
		if err := p.record(ctx, meter); err != nil {
			return err
		}
	}
	p.text()
	if p.flags.json {
		if err := p.json(stdout); err != nil {
			return err
		}
	}
	return verdict{p.verdict()}
}

// record makes a schedule of the violation, as small as it can be.
func (p *proof) record(ctx context.Context, meter *meter) error {
	found, err := explore.Record(ctx, p.scope, p.seen.Finding)
	if errors.Is(err, explore.ErrNotRecorded) {
		p.unrecorded = err
		return nil
	} else if err != nil {
		return err
	}
	p.recorded = &campaign{flags: p.flags, people: p.people, result: explore.Result{Finding: &found},
		config: explore.Config{Design: p.scope.Design, Options: p.scope.Options, Scenario: p.scope.Scenario}}
	return p.recorded.shrink(ctx, meter, p.again())
}

// garbage is how much more than what lives may lie around, in percent: executions leave little behind.
const garbage = 800

func (p *proof) configure() error {
	f := p.flags
	s, d, o, err := coreScenario(f.scenario, f.design, f.set["design"])
	if err != nil {
		return err
	}
	if err := f.strikes(d, o); err != nil {
		return err
	}
	if !s.Explicit() {
		return usage{fmt.Errorf("--strategy exhaustive needs a scenario with explicit entries, and %s is generated", s.Name)}
	}
	if err := explore.CheckTold(s); err != nil {
		return usage{err}
	}
	p.scope = explore.Scope{Design: d, Options: o, Scenario: s, States: f.states, Executions: f.executions, Faults: f.maxFaults,
		Kinds: exhaustiveKinds}
	if !f.set["max-faults"] {
		p.scope.Faults = 1
	}
	if f.set["budget"] {
		p.scope.Budget = f.budget
	}
	switch kinds := f.kinds(); {
	case f.faults == "none":
		p.scope.Faults = 0
	case kinds != nil:
		for _, k := range kinds {
			if err := explore.CheckChoosable(k); err != nil {
				return usage{fmt.Errorf("--faults %s: %w", k, err)}
			}
		}
		p.scope.Kinds = kinds
	}
	if f.roles == "" {
		leaveAside(&p.scope, nil)
		return nil
	}
	roles := strings.Split(f.roles, ",")
	for _, name := range roles {
		if has := roleNames(d); !slices.Contains(has, name) {
			return usage{fmt.Errorf("--roles %q: design %s has no such role; there are %s", name, d.Name, strings.Join(has, ", "))}
		}
	}
	leaveAside(&p.scope, roles)
	return nil
}

func roleNames(d inventory.Design) (names []string) {
	for _, r := range d.Roles {
		names = append(names, r.Name)
	}
	return names
}

func (p *proof) faults() string {
	if p.scope.Faults == 0 {
		return "none"
	}
	text := fmt.Sprintf("%s, at most %d at once, anywhere", strings.Join(p.scope.Kinds, ", "), p.scope.Faults)
	if len(p.scope.Also) > 0 {
		text += ", and one " + strings.Join(p.scope.Also, " or ")
	}
	return text
}

// fixed are the settings that kinds of the scope have and that the search leaves as they are by default: a failover that
// loses nothing says nothing about one that loses something.
func (p *proof) fixed() (settings []string) {
	kinds := p.scope.Also
	if p.scope.Faults > 0 {
		kinds = slices.Concat(p.scope.Kinds, p.scope.Also)
	}
	for _, name := range kinds {
		k, _ := sim.FindFaultKind(name) // each has been found choosable
		for _, key := range k.Keys {
			switch key { // the others say whom it strikes
			case "n", "skew", "form", "policy":
				settings = append(settings, name+" "+key+"=")
			case "lose":
				settings = append(settings, fmt.Sprintf("%s lose= above %d", name, sim.SearchLoses))
			}
		}
	}
	return settings
}

func (p *proof) verdict() checks.Result {
	switch {
	case p.err != nil:
		return checks.Nondeterministic
	case p.seen.Finding != nil:
		return checks.Judge(p.seen.Finding.Outcome.Reports, checks.Conditions{Decisions: 1})
	case !p.seen.Complete, p.seen.Undecided > 0:
		return checks.UndecidedResult
	case len(p.seen.Never) > 0, p.seen.Decisions == 0:
		return checks.Vacuous
	}
	return checks.Holds
}

// heading is what the search came to.
func (p *proof) heading() string {
	switch {
	case p.err == nil && p.seen.Finding == nil && !p.seen.Complete:
		return "not complete"
	case p.verdict() != checks.Holds:
		return p.verdict().String()
	}
	return "explored completely"
}

func (p *proof) text() {
	w, s := p.people, p.seen
	fmt.Fprintf(w, "\n%-20s %s, %s: %s; groups formed before traffic; faults %s\n", p.heading(), p.scope.Design.Name,
		p.scope.Scenario.Name, p.workload(), p.faults())
	fmt.Fprintf(w, "%20s %s, %s, %s at rest, %s in %s on %s, %s MiB\n", "", count(s.States, "state"),
		count(s.Executions, "execution"), thousands(int64(s.Ends)), count(p.violations(), "violation"), span(s.Elapsed),
		count(p.scope.CoresUsed(), "core"), thousands(peakMemory()>>20))
	fmt.Fprintf(w, "%20s %s carried out twice, alike\n", "", count(s.Again, "execution"))
	if p.err != nil {
		fmt.Fprintf(w, "%20s %v\n", "", p.err)
	}
	fmt.Fprintf(w, "%20s without %s\n", "", strings.Join(p.scope.Without, ", "))
	if rest := p.scope.AtRest; len(rest) > 0 {
		fmt.Fprintf(w, "%20s once everybody rests time passes, with %s, and then it is judged\n", "", strings.Join(rest, ", "))
	}
	fmt.Fprintf(w, "%20s a pipelined request is one step unless it waits, COMMIT two; time stands still\n", "")
	if fixed := p.fixed(); len(fixed) > 0 {
		fmt.Fprintf(w, "%20s settings of faults that are not varied: %s\n", "", strings.Join(fixed, ", "))
	}
	fmt.Fprintf(w, "%20s reductions: %s\n", "", strings.Join(p.scope.Reductions().Names(), ", "))
	fmt.Fprintf(w, "%20s which ends there are is the same every time; how many states lie before them differs a little\n", "")
	if len(s.Never) > 0 && s.Complete {
		fmt.Fprintf(w, "%20s never happened, at any point of the scope: %s\n", "", strings.Join(s.Never, ", "))
	}
	if s.Decisions == 0 && s.Complete {
		fmt.Fprintf(w, "%20s nothing was decided\n", "")
	}
	if s.Limited > 0 {
		fmt.Fprintf(w, "%20s the step limit ended %s\n", "", count(s.Limited, "execution"))
	}
	if s.Undecided > 0 {
		fmt.Fprintf(w, "%20s undecided: %s at rest, one of them since %s\n", "", count(s.Undecided, "execution"), s.Doubt)
	}
	switch {
	case p.recorded != nil:
		fmt.Fprintf(w, "%20s %s, after %s of the search\n", "", s.Finding.Guarantee, count(len(s.Finding.Steps), "step"))
		p.recorded.shrunk()
	case p.unrecorded != nil:
		p.steps(w)
		fmt.Fprintf(w, "%20s there is no schedule of it: %v\n", "", p.unrecorded)
	default:
		p.steps(w)
	}
	if p.verdict() != checks.Holds {
		fmt.Fprintf(w, "\n%s\n", p.reproduce())
	}
}

// reproduce is the command that shows the same again: the schedule's, where a file was written.
func (p *proof) reproduce() string {
	if p.recorded != nil && p.flags.out != "" {
		return "sim replay " + shellWord(p.flags.out)
	}
	return p.again()
}

func (p *proof) violations() int {
	if p.seen.Finding == nil {
		return 0
	}
	return 1
}

// steps are the way to the violation, if there is one, and what it violates.
func (p *proof) steps(w io.Writer) {
	f := p.seen.Finding
	if f == nil {
		return
	}
	fmt.Fprintf(w, "\n%20s %s, after %s:\n", "", f.Guarantee, count(len(f.Steps), "step"))
	for i, line := range f.Steps {
		fmt.Fprintf(w, "%6d  %s\n", i+1, line)
	}
	for _, r := range f.Outcome.Reports {
		if r.Guarantee == f.Guarantee {
			fmt.Fprintf(w, "\n%20s why: %s\n", "", r.Why)
		}
	}
}

func (p *proof) workload() string {
	w, err := p.scope.Scenario.Build(workload.DefaultParams(), 1)
	if err != nil {
		return err.Error() // configure has built it: it cannot fail here
	}
	return count(w.Orders(), "order")
}

// named is what --scenario calls the search: a scope of a list by its own name.
func (p *proof) named() string {
	if scopeList(p.scope.Scenario.Name) != nil {
		return p.scope.Scenario.Name
	}
	return p.flags.scenario
}

// again is the command that does the same again.
func (p *proof) again() string {
	f := p.flags
	words := []string{"sim", "explore", "--design", p.scope.Design.Name, "--scenario", shellWord(p.named()), "--strategy", f.strategy}
	for _, w := range []struct{ name, value string }{{"faults", f.faults}, {"max-faults", fmt.Sprint(f.maxFaults)},
		{"roles", f.roles}, {"states", fmt.Sprint(f.states)}, {"executions", fmt.Sprint(f.executions)}, {"budget", f.budget.String()}} {
		if f.set[w.name] {
			words = append(words, "--"+w.name, shellWord(w.value))
		}
	}
	if f.twice {
		words = append(words, "--check-determinism")
	}
	return strings.Join(words, " ")
}

func (p *proof) json(w io.Writer) error {
	s := p.seen
	j := coreResult{Result: p.verdict(), Design: p.scope.Design.Name, Scenario: p.scope.Scenario.Name, Executions: s.Executions,
		Steps: int(s.Steps), ElapsedMS: s.Elapsed.Milliseconds(), Reproduce: p.reproduce(), Strategy: p.flags.strategy, States: s.States,
		Complete: &s.Complete, Without: p.scope.Without, AtRest: p.scope.AtRest, Undecided: s.Undecided,
		Struck: s.Struck, Twice: s.Again}
	if p.err != nil {
		j.Divergence = p.err.Step
	}
	if s.Complete {
		j.NeverHappened = s.Never
	}
	j.Orders = summed(s.Counts, s.Ends, lines(p.scope.Scenario, 1))
	if s.Finding == nil {
		j.Guarantees = unbroken(p.scope.Design, p.verdict(), nil)
	} else {
		j.Guarantees = guaranteeRows(s.Finding.Outcome.Reports)
	}
	if r := p.recorded; r != nil {
		j.Schedule, j.ScheduleFile, j.Shrink = r.small.Schedule.String(), p.flags.out, shrinkJSON(r.small)
	}
	return j.write(w)
}
