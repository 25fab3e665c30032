package explore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// Scope is what an exhaustive search covers. Within it every interleaving is visited; what lies outside is
// said in its text.
type Scope struct {
	Design   inventory.Design
	Options  scenario.DesignOptions
	Scenario *scenario.Scenario
	Without  []string // roles that do not run
	// AtRest are those of them that start when nobody can go on unless time passes, before the execution is judged: from
	// then on no fault strikes, time passes, and of the orders of steps there is one.
	AtRest []string
	// Faults is how many faults may strike at most, anywhere; Kinds which: "crash" of any process,
	// "lost", "lost-response" and "late" of any request, and every kind that strikes a server and needs no
	// setting ([CheckChoosable]).
	Faults int
	Kinds  []string
	// Also are kinds that strike servers, of which one more may strike.
	Also []string

	// Crashing are the roles whose processes a crash may strike; nil: all.
	Crashing []string

	// Off are reductions that are left out: what there is to see is the same.
	Off Reductions
	// Reverse visits in another order; what is there to visit is the same.
	Reverse bool

	// Twice is the share of executions, one in so many, that are carried out a second time along the same choices, to compare
	// steps and states; 1: every one; default 64. Only the first time counts for anything else.
	Twice int

	// Want is the guarantees whose violation is looked for; empty: any that the design claims.
	Want []checks.Guarantee

	States     int           // the search gives up behind so many; 0: never
	Executions int           // and behind so many; 0: never
	Budget     time.Duration // and behind so long; 0: never
	Cores      int
	Progress   func(Proof)
}

// Proof is what an exhaustive search saw.
type Proof struct {
	Complete   bool // every state of the scope was visited
	States     int
	Executions int
	Ends       int // executions that came to rest and were judged
	Again      int // executions that were carried out twice, and were the same
	// Verdicts sums up the different ends: what the books said and which guarantees held, whatever led there.
	Verdicts uint64
	Steps    int64
	Elapsed  time.Duration
	Counts          // over the ends
	Finding  *Trace // the smallest violation that was met; nil: none
	// Struck are the faults that struck, by kind, in all executions; Never the kinds of the scope that struck nowhere: a
	// scope that was visited completely without one of them shows nothing about it.
	Struck map[string]int
	Never  []string
	// Undecided counts the ends that prove nothing: a claim that they could show stayed undecided. Doubt says why, of one
	// of them. Limited counts the executions that the step limit ended, with which nothing is complete.
	Undecided int
	Doubt     string
	Limited   int
}

// Trace is a violating path of a search.
type Trace struct {
	Guarantee checks.Guarantee
	Outcome   sim.Outcome
	Steps     []string // what happened, one line each
	Struck    []string // the kinds of the faults that the search let strike on it, in order
	Choices   []int
}

// Exhaust visits every state of a scope: depth first, by replay from the root. Where two or more actors could
// go on, the state is looked up; one that was visited before ends the execution.
func Exhaust(ctx context.Context, c Scope) (Proof, error) {
	if c.Budget > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, c.Budget)
		defer stop()
	}
	shared, polls := false, false
	for {
		s, err := c.search()
		if err != nil {
			return Proof{}, err
		}
		s.shared, s.polls = shared, polls
		p, err := s.run(ctx)
		switch {
		case errors.Is(err, errShared):
			shared = true
		case errors.Is(err, errPolls):
			polls = true
		default:
			return p, err
		}
		if c.Executions > 0 {
			c.Executions = max(1, c.Executions-p.Executions)
		}
	}
}

// Reductions are those that are on.
func (c Scope) Reductions() Reductions { return AllReductions &^ c.Off }

// search prepares a search of the scope.
func (c Scope) search() (*search, error) {
	if err := CheckTold(c.Scenario); err != nil {
		return nil, err
	}
	c.Cores = c.CoresUsed()
	if c.Twice == 0 {
		c.Twice = twiceOf
	}
	base := sim.SimulationConfig{Design: c.Design, Options: c.Options, Without: c.Without, AtRest: c.AtRest, Search: true,
		Kinds: slices.Concat(c.Kinds, c.Also)}
	var err error
	if base.Workload, err = c.Scenario.Build(workload.DefaultParams(), 1); err != nil {
		return nil, err
	}
	if base.Faults, err = sim.CoreFaults(c.Scenario, &base.Workload, c.Design, c.Options); err != nil {
		return nil, err
	}
	for _, r := range c.AtRest {
		has := slices.ContainsFunc(c.Design.Roles, func(of inventory.Role) bool { return of.Name == r })
		if !has || !slices.Contains(c.Without, r) {
			return nil, fmt.Errorf("a scope of %s: %q is to start at rest, and is no role of the design that does not run before",
				c.Design.Name, r)
		}
	}
	s := &search{Scope: c, base: base, began: time.Now(), paths: []*path{nil}, verdicts: map[uint64]bool{},
		struck: map[string]int{}, offered: offer(c.Kinds)}
	s.offered.also = offer(c.Also).striking
	if !c.Off.has(AlikeOrders) {
		s.alike = alikes(&base.Workload, base.Faults)
	}
	return s, nil
}

// run lets the cores carry the search out.
func (s *search) run(ctx context.Context) (Proof, error) {
	s.more = sync.NewCond(&s.mu)
	stopped := context.AfterFunc(ctx, func() { s.halt(nil) })
	defer stopped()
	var cores sync.WaitGroup
	for range s.Cores {
		cores.Go(s.core)
	}
	cores.Wait()
	p := s.proof()
	p.Complete = s.err == nil && p.Finding == nil && !s.cut
	return p, s.err
}

// CoresUsed is how many engines run side by side.
func (c *Scope) CoresUsed() int {
	if c.Cores == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return c.Cores
}
