package explore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stockproof/adapters/memory"
	"stockproof/checks"
	"stockproof/sim/observe"
	"stockproof/sim/workload"
)

// A portfolio draws schedules first, which meets most failures within a few executions. Where they all hold, it searches:
// behind [drawnOf] drawn executions come up to [searchedOf] of an exhaustive search, of the same processes, in which one
// fault strikes at most. That is few for a whole scope but a small one; what the search says is what it saw. It looks for
// violations of safety: time stands still in a search, and what arrives in the end is for executions in which it passes.
const (
	drawnOf    = 17
	searchedOf = 3 // 15 % of all
	// recordedOf is how many times the campaign's executions may be drawn until one meets what the search has found.
	recordedOf = 10
	// searchedSteps is how many steps of a workload are small enough: of more, so few executions see next to nothing.
	searchedSteps = 8
)

// Share is the scope of the exhaustive search that a portfolio makes behind the executions that it draws, or why there is
// none. It is bounded by the campaign's limits; under one of executions it runs on one engine, so that it visits the same
// states on every machine.
func (c Config) Share() (Scope, error) {
	c = c.withDefaults()
	w, err := c.Scenario.Build(workload.DefaultParams(), c.Seed)
	switch {
	case err != nil:
		return Scope{}, err
	case c.Strategy != Portfolio:
		return Scope{}, fmt.Errorf("strategy %s has none", c.Strategy)
	case len(w.Steps) > searchedSteps:
		return Scope{}, fmt.Errorf("%d requests are too many to search", len(w.Steps))
	case len(c.Scenario.Faults) > 0:
		return Scope{}, errors.New("the scenario's own faults strike at points that a search does not have")
	}
	want := c.safety()
	if len(want) == 0 {
		return Scope{}, errors.New("time stands still in a search, which says nothing about liveness")
	}
	s := Scope{Design: c.Design, Options: c.Options, Scenario: c.Scenario, Twice: c.Twice,
		Executions: c.Executions * searchedOf / drawnOf,
		Budget:     c.Budget - c.drawing(), Cores: c.Cores, Want: want}
	if c.Executions > 0 {
		s.Cores = 1
		if s.Executions == 0 {
			return Scope{}, fmt.Errorf("%d executions leave none for it", c.Executions)
		}
	}
	if c.MaxFaults < 0 {
		return s, nil
	}
	var refused error
	for _, k := range c.Kinds {
		if err := CheckChoosable(k); err != nil {
			refused = fmt.Errorf("%s: %w", k, err)
		} else {
			s.Kinds = append(s.Kinds, k)
		}
	}
	if s.Faults = min(1, len(s.Kinds)); s.Faults == 0 && refused != nil {
		return Scope{}, refused
	}
	return s, nil
}

// safety is the guarantees that the search looks at: the wanted ones that are about what happens, and not about what is to
// happen in the end.
func (c *Config) safety() (gs []checks.Guarantee) {
	for _, g := range observe.Claims(c.Design) {
		if !g.Liveness() && (len(c.Want) == 0 || slices.Contains(c.Want, g)) {
			gs = append(gs, g)
		}
	}
	return gs
}

// drawing is the part of a campaign's time in which schedules are drawn.
func (c *Config) drawing() time.Duration {
	if c.Strategy != Portfolio {
		return c.Budget
	}
	return c.Budget * drawnOf / (drawnOf + searchedOf)
}

// search carries the share out behind executions that all held, and records what it finds: as a schedule, if executions
// that are drawn meet it as well.
func (c Config) search(ctx context.Context, r *Result) error {
	scope, err := c.Share()
	if err != nil {
		return nil // there is none: who prints the mix says why
	}
	if c.Progress != nil {
		scope.Progress = func(p Proof) { c.Progress(Progress{Executions: r.Executions, Deepest: r.Deepest, Search: &p}) }
	}
	p, err := Exhaust(ctx, scope)
	if differs := (*NondeterminismError)(nil); errors.As(err, &differs) {
		differs.Step = fmt.Sprintf("in execution %d of the exhaustive search, %s", differs.Execution, differs.Step)
		differs.Execution = r.Executions - 1
		return differs
	} else if err != nil {
		return fmt.Errorf("the portfolio's exhaustive search: %w", err)
	}
	r.Search = &p
	if p.Finding == nil {
		return nil
	}
	scope.Cores = c.Cores
	f, err := record(ctx, scope, p.Finding, recordedOf*c.Executions, c.Budget)
	if errors.Is(err, ErrNotRecorded) {
		return nil // what was found is in the search
	} else if err != nil {
		return err
	}
	f.Execution = r.Executions + p.Executions - 1
	r.Finding = &f
	return nil
}

// Digest sums up what a search saw. On one engine it is the same every time.
func (p *Proof) Digest() uint64 {
	h := memory.NewHash()
	for _, w := range [...]uint64{uint64(p.States), uint64(p.Executions), uint64(p.Ends), uint64(p.Steps), p.Verdicts} {
		h.Word(w)
	}
	if p.Finding != nil {
		h.Word(p.Finding.Outcome.Digest)
	}
	return uint64(h)
}
