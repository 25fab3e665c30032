package explore

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"stockproof/adapters/memory/luahost"
	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// Strategy is how choices are made. [Run] has all of them but Exhaustive, which is [Exhaust].
type Strategy string

// The strategies.
const (
	Portfolio Strategy = "portfolio" // random walks and PCT, and behind them an exhaustive search where there can be one
	Random    Strategy = "random"    // random walks with random faults
	PCT       Strategy = "pct"       // random priorities with few changes

	Exhaustive Strategy = "exhaustive" // every choice, each state once
)

// Config is a campaign.
type Config struct {
	Design   inventory.Design
	Options  scenario.DesignOptions
	Scenario *scenario.Scenario // workload; its faults, if any, strike in every execution
	Strategy Strategy           // default Portfolio
	Seed     uint64
	// Executions and Budget end the campaign, whichever comes first; 0: without this limit. One of them
	// is needed. Executions are those that are drawn: what a portfolio searches comes on top ([Config.Share]).
	Executions int
	Budget     time.Duration
	// Kinds are the kinds of fault to draw from; nil: all that can strike the design and are inside its
	// envelope. MaxFaults is how many strike one execution at
	// most; default 4, negative: none.
	Kinds     []string
	MaxFaults int
	// Twice is the share of executions, one in so many, that run a second time to compare digests; 1:
	// every one; default 64.
	Twice int
	// Want is the guarantees whose violation is looked for; empty: any that the design claims.
	Want []checks.Guarantee
	// Judges look at every execution that runs twice; where two of them disagree, the campaign ends with a
	// [DisagreementError]. Default those of [checks.Triangulation].
	Judges   []checks.LaneJudge
	Cores    int // engines side by side; default one per core
	Progress func(Progress)
}

// Progress is where a campaign is.
type Progress struct {
	Executions int
	Rate       float64 // executions per second
	Kinds      int     // kinds of fault that struck so far
	Of         int
	Deepest    int // steps of the longest execution

	Search *Proof // of a portfolio whose executions have all been drawn: how far its exhaustive search is
}

// Result is what came of a campaign.
type Result struct {
	Executions int // that the result rests on
	Steps      int
	Deepest    int
	Elapsed    time.Duration
	Digest     uint64         // of all executions that count, in order
	Struck     map[string]int // executions in which a kind of fault struck
	Counts
	Cut       int    // executions that the step limit ended: they prove nothing
	Again     int    // executions that ran twice
	Undecided int    // executions of which a claim that they could show stayed undecided: they prove nothing either
	Doubt     *Doubt // the first of them

	// KnownLimits are the guarantees that failed behind faults outside of the design's envelope, in the order in which they
	// first did.
	KnownLimits Limits

	Finding *Finding // nil: every execution held
	// Search is what the exhaustive search of a portfolio saw; nil: there was none. A violation that it met is Finding,
	// too, unless no execution outside of a search meets it ([ErrNotRecorded]).
	Search *Proof
}

// Finding is an execution that broke a claim.
type Finding struct {
	Execution int
	Schedule  *scenario.Schedule
	Outcome   sim.Outcome
	Guarantee checks.Guarantee // the first claimed one that failed
}

// DisagreementError says that two checkers judged an execution differently: one of them is wrong.
type DisagreementError struct {
	Execution int
	Lanes     []string // who said what
}

func (e *DisagreementError) Error() string {
	return fmt.Sprintf("execution %d: the checkers disagree: %s", e.Execution, strings.Join(e.Lanes, "; "))
}

// NondeterminismError says that an execution ran differently when it was run again.
type NondeterminismError struct {
	Execution   int
	First, Then uint64
	Step        string // the first step that differs
}

func (e *NondeterminismError) Error() string {
	if e.First == e.Then { // it did not get as far as a digest
		return fmt.Sprintf("execution %d is not deterministic; the first step that differs: %s", e.Execution, e.Step)
	}
	return fmt.Sprintf("execution %d is not deterministic: digest %x, then %x; the first step that differs: %s",
		e.Execution, e.First, e.Then, e.Step)
}

// Run carries out a campaign.
func Run(ctx context.Context, c Config) (Result, error) {
	c = c.withDefaults()
	if c.Strategy != Portfolio && c.Strategy != Random && c.Strategy != PCT {
		return Result{}, fmt.Errorf("explore: no campaign draws by strategy %q", c.Strategy)
	}
	r, err := c.draw(ctx, c.drawing())
	if held := r.Finding == nil && r.Cut+r.Undecided == 0; held && err == nil && ctx.Err() == nil {
		err = c.search(ctx, &r)
	}
	return r, err
}

// draw carries out the executions that are drawn, within a time; 0: however long it takes.
func (c Config) draw(ctx context.Context, within time.Duration) (Result, error) {
	base, err := c.base()
	if err != nil {
		return Result{}, err
	}
	marks, err := survey(base)
	if err != nil {
		return Result{}, err
	}
	k := &campaign{Config: c, base: base, marks: marks, swarm: swarmKinds(c.Seed, c.Kinds), began: time.Now()}
	k.last.Store(int64(1) << 62)
	if c.Executions > 0 {
		k.last.Store(int64(c.Executions))
	}
	if within > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, within)
		defer stop()
	}
	var cores sync.WaitGroup
	for range c.Cores {
		cores.Go(func() { k.core(ctx) })
	}
	cores.Wait()
	return k.result()
}

func (c Config) withDefaults() Config {
	if c.Strategy == "" {
		c.Strategy = Portfolio
	}
	if c.MaxFaults == 0 {
		c.MaxFaults = 4
	}
	if c.Kinds == nil {
		c.Kinds = sim.DefaultFaultKinds(c.Design, c.Options)
	}
	if c.Twice == 0 {
		c.Twice = twiceOf
	}
	if c.Judges == nil {
		c.Judges = checks.Triangulation{}.Judges()
	}
	if c.Cores == 0 {
		c.Cores = runtime.GOMAXPROCS(0)
	}
	return c
}

// base is the simulation without anything of a single execution.
func (c *Config) base() (s sim.SimulationConfig, err error) {
	s = sim.SimulationConfig{Design: c.Design, Options: c.Options}
	if s.Workload, err = c.Scenario.Build(workload.DefaultParams(), c.Seed); err != nil {
		return s, err
	}
	s.Faults, err = sim.CoreFaults(c.Scenario, &s.Workload, c.Design, c.Options)
	return s, err
}

// campaign is the state that the cores share.
type campaign struct {
	Config
	base  sim.SimulationConfig
	marks landmarks
	swarm []swarmKind
	began time.Time

	next atomic.Int64 // the next execution
	last atomic.Int64 // executions at or behind it are not needed

	mu       sync.Mutex
	done     []executed
	broken   []broken
	progress time.Time
	kinds    map[string]bool
	deepest  int
}

// executed is what is kept of an execution.
type executed struct {
	number int
	digest uint64
	steps  int
	struck []string
	limits []sim.KnownLimit
	counts Counts
	cut    bool
	twice  bool
	doubt  *Doubt
}

// broken is an execution that ended the campaign.
type broken struct {
	number  int
	finding *Finding
	err     error
}

// core runs executions until there is nothing more to do.
func (k *campaign) core(ctx context.Context) {
	e := engine.New(engine.Options{})
	defer e.Close()
	lua := luahost.New()
	for ctx.Err() == nil {
		n := k.next.Add(1) - 1
		if n >= k.last.Load() {
			return
		}
		if err := k.execute(e, lua, int(n)); err != nil {
			k.ends(broken{number: int(n), err: err})
		}
	}
}

// ends ends the campaign at an execution; those before it still count. A liveness violation ends it later: a
// design that stalls easily may also break safety, which is worse and then the finding.
func (k *campaign) ends(b broken) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.broken = append(k.broken, b)
	last := int64(b.number)
	if b.stalls() {
		last = 2*last + afterStall
	}
	if last < k.last.Load() {
		k.last.Store(last)
	}
}

// afterStall is for how many executions at least a campaign looks for something worse than a stall.
const afterStall = 1000

// stalls reports whether the execution broke liveness only.
func (b *broken) stalls() bool { return b.finding != nil && b.finding.Guarantee.Liveness() }

func (k *campaign) execute(e *engine.Engine, lua *luahost.Host, n int) error {
	x := k.draw(n)
	again := runsTwice(n, k.Twice)
	var did steps
	if again {
		x.stepped = did.note
	}
	out, err := x.run(e, lua, nil)
	if err != nil {
		return fmt.Errorf("execution %d (seed %#x): %w", n, k.Seed, err)
	}
	if again {
		if err := k.repeat(e, lua, x, out.Digest, did); err != nil {
			return err
		}
		x.stepped = nil
	}
	k.note(n, out, again)
	if g, failed := Violated(out, k.Want...); failed {
		f, err := k.find(e, lua, x, g)
		if err != nil {
			return err
		}
		k.ends(broken{number: n, finding: f})
	}
	return nil
}

// Violated is the first claimed guarantee that an outcome violates, of those that are wanted; none wanted: of
// all. An execution that was cut short says nothing about liveness.
func Violated(out sim.Outcome, want ...checks.Guarantee) (checks.Guarantee, bool) {
	for _, r := range out.Reports {
		wanted := len(want) == 0 || slices.Contains(want, r.Guarantee)
		if wanted && r.Claimed && r.Verdict == checks.Fail && !(out.Cut && r.Guarantee.Liveness()) {
			return r.Guarantee, true
		}
	}
	return 0, false
}

func (k *campaign) note(n int, out sim.Outcome, twice bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kinds == nil {
		k.kinds = map[string]bool{}
	}
	for _, kind := range out.Struck {
		k.kinds[kind] = true
	}
	k.deepest = max(k.deepest, out.Steps)
	k.done = append(k.done, executed{number: n, digest: out.Digest, steps: out.Steps, struck: out.Struck,
		limits: out.KnownLimits, counts: countsOf(out), cut: out.Cut, twice: twice, doubt: doubtOf(n, out, k.Want)})
	if k.Progress != nil && time.Since(k.progress) > 200*time.Millisecond {
		k.progress = time.Now()
		k.Progress(Progress{Executions: len(k.done), Rate: float64(len(k.done)) / time.Since(k.began).Seconds(),
			Kinds: len(k.kinds), Of: len(k.Kinds), Deepest: k.deepest})
	}
}

// result sums up what counts: the executions up to the first that ended the campaign, or up to the first
// that nobody ran.
func (k *campaign) result() (Result, error) {
	r := Result{Elapsed: time.Since(k.began), Struck: map[string]int{}, Digest: 14695981039346656037}
	slices.SortFunc(k.done, func(a, b executed) int { return cmp.Compare(a.number, b.number) })
	slices.SortFunc(k.broken, func(a, b broken) int { return cmp.Compare(a.number, b.number) })
	end := len(k.done)
	ending := k.ending()
	if ending != nil && !ending.stalls() {
		end = ending.number + 1
	}
	for i, x := range k.done {
		if x.number != i || i >= end {
			break
		}
		r.Executions++
		r.Steps += x.steps
		r.Deepest = max(r.Deepest, x.steps)
		r.Digest = (r.Digest ^ x.digest) * 1099511628211
		r.Counts.add(x.counts)
		r.KnownLimits.add(x.limits)
		if x.cut {
			r.Cut++
		}
		if x.twice {
			r.Again++
		}
		if x.doubt != nil {
			r.Undecided++
			r.Doubt = cmp.Or(r.Doubt, x.doubt)
		}
		for _, kind := range slices.Compact(slices.Sorted(slices.Values(x.struck))) {
			r.Struck[kind]++
		}
	}
	if ending == nil {
		return r, nil
	}
	r.Finding = ending.finding
	return r, ending.err
}

// ending is the execution that the result is about: the first that broke safety or could not be judged, or
// else the first that stalled. Sorted by number.
func (k *campaign) ending() *broken {
	for i := range k.broken {
		if b := &k.broken[i]; !b.stalls() {
			return b
		}
	}
	if len(k.broken) == 0 {
		return nil
	}
	return &k.broken[0]
}
