package explore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"stockproof/adapters/memory/luahost"
	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
)

// ShrinkConfig says what is to be made small.
type ShrinkConfig struct {
	Schedule *scenario.Schedule
	Design   inventory.Design
	Options  scenario.DesignOptions // what the schedule's design line is put over
	// Accept says what a candidate that violates the guarantee must show besides, so that the violation keeps
	// its cause; nil: nothing.
	Accept   func(*scenario.Schedule, sim.Outcome) bool
	Progress func(ShrinkProgress)
	// Steps is how many steps of all its runs it takes at most before it gives up with [ErrUnfinished]: how small a
	// schedule becomes does not depend on the machine. 0: no limit.
	Steps int64
}

// ShrinkProgress is where a shrink is.
type ShrinkProgress struct {
	Runs int
	Size Size
}

// Size is how much a schedule consists of.
type Size struct{ Workload, Faults, Deviations int }

func (s Size) String() string {
	return fmt.Sprintf("%s, %s, %s", several(s.Workload, "workload entry", "workload entries"), several(s.Faults, "fault", "faults"),
		several(s.Deviations, "choice", "choices"))
}

func several(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func sizeOf(s *scenario.Schedule) Size {
	return Size{len(s.Workload), len(s.Scenario.Faults), len(s.Deviations)}
}

// Shrunk is a schedule from which nothing can be taken.
type Shrunk struct {
	Schedule      *scenario.Schedule
	Outcome       sim.Outcome
	Guarantee     checks.Guarantee
	Before, After Size
	Runs          int // all of them
	// CertificateRuns is how many runs show that the schedule is 1-minimal: one for each entry that is left,
	// without it, and each without the violation. Unrunnable are the entries without which there is no schedule that could run.
	CertificateRuns int
	Unrunnable      []Unrunnable
}

// Unrunnable is an entry that cannot be taken out by itself, and why.
type Unrunnable struct{ Without, Why string }

// errGenerated is why the last entry of a workload stays.
var errGenerated = errors.New("without an entry the workload would be a generated one")

// ErrNoViolation says that a schedule violates nothing that the design claims.
var ErrNoViolation = errors.New("the schedule violates no claimed guarantee")

// ErrUnfinished says that a shrink took all the steps that it may take: its schedule can be larger than need be.
var ErrUnfinished = errors.New("shrinking took as many steps as it may")

// Shrink makes a schedule as small as it can while the guarantee that it is expected to violate (or else the
// first that it does) stays violated: it takes
// out faults, workload and choices, jointly until nothing more goes; weakens the faults that are left; moves
// choices to where they need fewer others; and ends with a certificate.
func Shrink(ctx context.Context, c ShrinkConfig) (Shrunk, error) {
	s := &shrinker{ShrinkConfig: c, ctx: ctx, engine: engine.New(engine.Options{}), lua: luahost.New()}
	defer s.engine.Close()
	out, err := s.run(c.Schedule)
	if err != nil {
		return Shrunk{}, err
	}
	var ok bool
	if g, expected := c.Schedule.Expected(); expected {
		s.identity, ok = Violated(out, g)
	} else {
		s.identity, ok = Violated(out)
	}
	if !ok {
		return Shrunk{}, ErrNoViolation
	}
	s.best, s.outcome = c.Schedule, out
	for {
		before := weight(s.best)
		for _, pass := range []func(){s.dropFaults, s.dropChoices, s.dropWorkload, s.weaken, s.fewUnits, s.move} {
			pass()
		}
		if weight(s.best) >= before || s.stopped() != nil {
			break
		}
	}
	certificate, unrunnable := s.certify()
	err = s.stopped()
	if err != nil {
		certificate, unrunnable = 0, nil // what was not tried says nothing
	}
	return Shrunk{Schedule: s.finished(), Outcome: s.outcome, Guarantee: s.identity, Before: sizeOf(c.Schedule),
		After: sizeOf(s.best), Runs: s.runs, CertificateRuns: certificate, Unrunnable: unrunnable}, err
}

type shrinker struct {
	ShrinkConfig
	ctx      context.Context
	engine   *engine.Engine
	lua      *luahost.Host
	identity checks.Guarantee
	best     *scenario.Schedule
	outcome  sim.Outcome // of best
	runs     int
	steps    int64 // of all runs
}

// stopped is why nothing more is tried; nil: there is no reason.
func (s *shrinker) stopped() error {
	if s.Steps > 0 && s.steps >= s.Steps {
		return ErrUnfinished
	}
	return s.ctx.Err()
}

// run carries out a schedule. An error says why it cannot be run at all, for instance because a fault names an order
// that was taken out.
func (s *shrinker) run(x *scenario.Schedule) (out sim.Outcome, err error) {
	if s.Progress != nil && s.best != nil {
		s.Progress(ShrinkProgress{Runs: s.runs, Size: sizeOf(s.best)})
	}
	c, _, err := sim.ScheduleConfig(x, s.Design, s.Options)
	if err != nil {
		return out, err
	}
	c.Lua = s.lua
	simulation, err := sim.NewSimulation(s.engine, c)
	if err != nil {
		return out, err
	}
	s.runs++
	out, err = simulation.Run()
	s.steps += int64(out.Steps)
	return out, err
}

// try takes a candidate over if it can be run and violates the same guarantee.
func (s *shrinker) try(x *scenario.Schedule) bool {
	taken, _ := s.attempt(x)
	return taken
}

// attempt is [shrinker.try]; an error says why there was no run.
func (s *shrinker) attempt(x *scenario.Schedule) (taken bool, err error) {
	if err := s.stopped(); err != nil {
		return false, err
	}
	if !x.Explicit() {
		return false, errGenerated
	}
	out, err := s.run(x)
	if err != nil {
		return false, err
	}
	if _, violated := Violated(out, s.identity); !violated || s.Accept != nil && !s.Accept(x, out) {
		return false, nil
	}
	s.best, s.outcome = x, out
	return true, nil
}

// weight orders schedules: what is simpler to understand weighs less.
func weight(x *scenario.Schedule) (w int64) {
	w = int64(1000 * (len(x.Deviations) + len(x.Workload)))
	for _, e := range x.Scenario.Faults {
		w += 3000 + 10*int64(len(e.Settings)) + 100*int64(rank(e.Subject))
		for _, key := range []string{"nth", "n", "lose"} {
			if v, ok := e.Get(key); ok {
				n, _ := strconv.ParseInt(v, 10, 64)
				w += min(n, 9)
			}
		}
		if v, ok := e.Get("by"); ok {
			by, _ := time.ParseDuration(v)
			w += min(int64(by/time.Second), 90_000) / 1000
			w += min(int64(by/time.Second), 99) / 10
		}
	}
	for _, d := range x.Deviations {
		w += min(int64(d.Nth), 9)
	}
	for _, e := range x.Workload {
		if v, ok := e.Get("qty"); ok {
			n, _ := strconv.ParseInt(v, 10, 64)
			w += min(n, 99)
		}
	}
	return w
}

func copyOf(x *scenario.Schedule) *scenario.Schedule {
	y := *x
	y.Workload = slices.Clone(x.Workload)
	y.Scenario.Faults = slices.Clone(x.Scenario.Faults)
	y.Deviations = slices.Clone(x.Deviations)
	return &y
}

func withoutAt[T any](list []T, from, to int) []T {
	return append(slices.Clone(list[:from]), list[to:]...)
}

// ddmin takes chunks out of a list of n: halves first, then smaller ones, until no single entry goes.
// cut makes the candidate without [from, to).
func (s *shrinker) ddmin(n func() int, cut func(x *scenario.Schedule, from, to int)) {
	for size := n(); size >= 1; size = size / 2 {
		for from := 0; from < n(); {
			x := copyOf(s.best)
			cut(x, from, min(from+size, n()))
			if !s.try(x) {
				from += size
			}
		}
	}
}

func (s *shrinker) dropFaults() {
	s.ddmin(func() int { return len(s.best.Scenario.Faults) },
		func(x *scenario.Schedule, from, to int) { x.Scenario.Faults = withoutAt(x.Scenario.Faults, from, to) })
}

func (s *shrinker) dropChoices() {
	s.ddmin(func() int { return len(s.best.Deviations) },
		func(x *scenario.Schedule, from, to int) { x.Deviations = withoutAt(x.Deviations, from, to) })
}

func (s *shrinker) dropWorkload() {
	s.ddmin(func() int { return len(s.best.Workload) },
		func(x *scenario.Schedule, from, to int) { x.Workload = withoutAt(x.Workload, from, to) })
}

// The lattice of faults: what each kind may be replaced by, the weaker ones first.
func weaker(kind string) []string {
	switch kind {
	case "late":
		return []string{"lost", "lost-response"}
	case "lost-response":
		return []string{"lost"}
	case "pause":
		return []string{"evict"}
	case "crash":
		return []string{"evict", "kill-backends"}
	}
	return nil
}

// rank is how far a kind stands above the weakest one of its lattice.
func rank(kind string) (n int) {
	for _, w := range weaker(kind) {
		n = max(n, rank(w)+1)
	}
	return n
}

// weaken replaces faults by weaker ones, and their triggers by simpler ones.
func (s *shrinker) weaken() {
	for i := 0; i < len(s.best.Scenario.Faults); i++ {
		e := s.best.Scenario.Faults[i]
		for _, kind := range weaker(e.Subject) {
			weak := scenario.Entry{Subject: kind}
			k, _ := sim.FindFaultKind(kind)
			for _, x := range e.Settings {
				if x.Key != "by" && x.Key != "n" || slices.Contains(k.Keys, x.Key) {
					weak.Settings = append(weak.Settings, x)
				}
			}
			if s.replace(i, weak) {
				break
			}
		}
		s.simplify(i)
	}
}

// simplify drops what a fault's trigger does not need, and lowers its numbers.
func (s *shrinker) simplify(i int) {
	if i > 0 { // a fault behind another one may strike at once
		bare := scenario.Entry{Subject: s.best.Scenario.Faults[i].Subject}
		for _, x := range s.best.Scenario.Faults[i].Settings {
			if x.Key == "role" || x.Key == "by" || x.Key == "n" {
				bare.Settings = append(bare.Settings, x)
			}
		}
		s.replace(i, bare)
	}
	for _, key := range []string{"order", "sku", "nth", "n", "of"} {
		e := s.best.Scenario.Faults[i]
		if _, ok := e.Get(key); !ok {
			continue
		}
		e.Settings = slices.DeleteFunc(slices.Clone(e.Settings), func(x scenario.Setting) bool { return x.Key == key })
		s.replace(i, e)
	}
	for _, key := range []string{"nth", "n", "lose"} {
		e := s.best.Scenario.Faults[i]
		v, _ := e.Get(key)
		n, _ := strconv.Atoi(v)
		for lower := 1; lower < n; lower++ {
			if s.replace(i, withSetting(e, key, strconv.Itoa(lower))) {
				break
			}
		}
	}
	e := s.best.Scenario.Faults[i]
	if v, ok := e.Get("by"); ok {
		by, _ := time.ParseDuration(v)
		for _, shorter := range spans {
			if shorter < by && s.replace(i, withSetting(e, "by", sim.ShortDuration(shorter))) {
				break
			}
		}
	}
}

func withSetting(e scenario.Entry, key, value string) scenario.Entry {
	e.Settings = slices.Clone(e.Settings)
	for i := range e.Settings {
		if e.Settings[i].Key == key {
			e.Settings[i].Value = value
		}
	}
	return e
}

// replace puts another fault in a place, if that is simpler and still violates.
func (s *shrinker) replace(i int, e scenario.Entry) bool {
	x := copyOf(s.best)
	x.Scenario.Faults[i] = e
	return weight(x) < weight(s.best) && s.try(x)
}

// fewUnits lowers quantities, and drops settings that the workload does not need.
func (s *shrinker) fewUnits() {
	for i := range s.best.Workload {
		e := s.best.Workload[i]
		v, ok := e.Get("qty")
		n, _ := strconv.Atoi(v)
		if ok {
			for _, fewer := range []int{1, 2, n / 2, n - 1} {
				if fewer < 1 || fewer >= n {
					continue
				}
				x := copyOf(s.best)
				x.Workload[i] = withSetting(e, "qty", strconv.Itoa(fewer))
				if s.try(x) {
					break
				}
			}
		}
		if _, ok := e.Get("policy"); ok {
			x := copyOf(s.best)
			e := s.best.Workload[i]
			e.Settings = slices.DeleteFunc(slices.Clone(e.Settings), func(x scenario.Setting) bool { return x.Key == "policy" })
			x.Workload[i] = e
			s.try(x)
		}
	}
}

// maxMoves bounds the runs of one pass of move.
const maxMoves = 400

// move looks for one choice that does what two do: ddmin takes entries out and never puts one elsewhere. With
// two choices or fewer it tries every single choice there is.
func (s *shrinker) move() {
	if n := len(s.best.Deviations); n == 0 || n > 8 {
		return
	}
	places := s.places()
	budget := maxMoves
	for i := 0; i < len(s.best.Deviations) && budget > 0; i++ {
		for j := i + 1; j < len(s.best.Deviations) && budget > 0; j++ {
			if s.mergeAt(i, j, places, &budget) {
				return
			}
		}
	}
	if len(s.best.Deviations) != 1 {
		return
	}
	x := copyOf(s.best)
	x.Deviations = nil
	s.try(x)
}

// mergeAt tries to put one choice in the place of choices i and j.
func (s *shrinker) mergeAt(i, j int, places []engine.Deviation, budget *int) bool {
	for _, p := range places {
		if *budget--; *budget < 0 {
			return false
		}
		x := copyOf(s.best)
		x.Deviations = withoutAt(withoutAt(x.Deviations, j, j+1), i, i+1)
		x.Deviations = append(x.Deviations, p)
		if s.try(x) {
			return true
		}
	}
	return false
}

// places are the choices that there were in the present best run: at each point, everybody who could have
// run and did not.
func (s *shrinker) places() []engine.Deviation {
	c, replay, err := sim.ScheduleConfig(s.best, s.Design, s.Options)
	if err != nil {
		return nil
	}
	alternatives := &engine.Alternatives{Chooser: replay}
	c.Chooser, c.Lua = alternatives, s.lua
	simulation, err := sim.NewSimulation(s.engine, c)
	if err != nil {
		return nil
	}
	s.runs++
	out, err := simulation.Run()
	if s.steps += int64(out.Steps); err != nil {
		return nil
	}
	return alternatives.All
}

// certify takes every entry out in turn and counts the runs; what is no schedule without its entry, it says. Where one turns
// out not to be needed it goes, and the certificate begins anew.
func (s *shrinker) certify() (runs int, unrunnable []Unrunnable) {
	for s.stopped() == nil {
		runs, unrunnable = 0, nil
		gone := false
		each := func(n int, cut func(x *scenario.Schedule, i int) (without string)) {
			for i := 0; i < n && !gone; i++ {
				x := copyOf(s.best)
				without := cut(x, i)
				taken, err := s.attempt(x)
				if gone = taken; err != nil {
					unrunnable = append(unrunnable, Unrunnable{without, err.Error()})
				} else {
					runs++
				}
			}
		}
		each(len(s.best.Scenario.Faults), func(x *scenario.Schedule, i int) string {
			x.Scenario.Faults = withoutAt(x.Scenario.Faults, i, i+1)
			return s.best.Scenario.Faults[i].Text("fault")
		})
		each(len(s.best.Deviations), func(x *scenario.Schedule, i int) string {
			x.Deviations = withoutAt(x.Deviations, i, i+1)
			return s.best.Deviations[i].String()
		})
		each(len(s.best.Workload), func(x *scenario.Schedule, i int) string {
			x.Workload = withoutAt(x.Workload, i, i+1)
			return s.best.Workload[i].Text("workload")
		})
		if !gone {
			break
		}
	}
	return runs, unrunnable
}

// finished is the schedule with what it violates: first the guarantee that it is about, how severely, and then those that
// do not hold because of it.
func (s *shrinker) finished() *scenario.Schedule {
	x := copyOf(s.best)
	x.Expect, x.Severity = []scenario.Expectation{{Guarantee: s.identity}}, 0
	for _, r := range s.outcome.Reports {
		switch _, violated := Violated(s.outcome, r.Guarantee); {
		case r.Guarantee != s.identity && violated:
			x.Expect = append(x.Expect, scenario.Expectation{Guarantee: r.Guarantee})
		case r.Guarantee == s.identity && r.Severity.Unit == checks.Units:
			x.Severity = r.Severity.Amount
		}
	}
	return x
}
