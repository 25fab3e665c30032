package explore

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"stockproof/adapters/memory"
	"stockproof/adapters/memory/luahost"
	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/engine"
)

// Scope is what an exhaustive search covers. Within it every interleaving is visited; what lies outside is
// said in its text.
type Scope struct {
	Design   inventory.Design
	Options  sim.DesignOptions
	Scenario *sim.Scenario
	Without  []string // roles that do not run
	// Faults is how many faults may strike at most, anywhere; Kinds which: "crash" of any process,
	// "lost", "lost-response" and "late" of any request, and every kind that strikes a server and needs no
	// setting (Striking).
	Faults int
	Kinds  []string

	// Plain takes no private step at once and lets no fault sleep: what there is to see is the same.
	Plain bool
	// Reverse visits in another order; what is there to visit is the same.
	Reverse bool

	States   int           // the search gives up behind so many; 0: never
	Budget   time.Duration // and behind so long; 0: never
	Cores    int
	Progress func(Proof)
}

// Proof is what an exhaustive search saw.
type Proof struct {
	Complete   bool // every state of the scope was visited
	States     int
	Executions int
	Ends       int // executions that came to rest and were judged
	// Verdicts sums up the different ends: what the books said and which guarantees held, whatever led there.
	Verdicts uint64
	Steps    int64
	Elapsed  time.Duration
	Finding  *Trace // the smallest violation that was met; nil: none
}

// Trace is a violating path of a search.
type Trace struct {
	Guarantee checks.Guarantee
	Outcome   sim.Outcome
	Steps     []string // what happened, one line each
	Choices   []int
}

// Exhaust visits every state of a scope: depth first, by replay from the root. Where two or more actors could
// go on, the state is looked up; one that was visited before ends the execution.
func Exhaust(ctx context.Context, c Scope) (Proof, error) {
	if c.Cores == 0 {
		c.Cores = runtime.GOMAXPROCS(0)
	}
	base := sim.SimulationConfig{Design: c.Design, Options: c.Options, Without: c.Without, Search: true, Kinds: c.Kinds}
	var err error
	if base.Workload, err = c.Scenario.Build(sim.DefaultParams(), 1); err != nil {
		return Proof{}, err
	}
	if base.Faults, err = c.Scenario.CoreFaults(&base.Workload, c.Design); err != nil {
		return Proof{}, err
	}
	if c.Budget > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, c.Budget)
		defer stop()
	}
	s := &search{Scope: c, base: base, began: time.Now(), paths: []*path{nil}, verdicts: map[uint64]bool{}}
	s.more = sync.NewCond(&s.mu)
	for i := range s.visited {
		s.visited[i].seen = map[uint64]uint32{}
	}
	stopped := context.AfterFunc(ctx, func() { s.halt(nil) })
	defer stopped()
	var cores sync.WaitGroup
	for range c.Cores {
		cores.Go(s.core)
	}
	cores.Wait()
	p := s.proof()
	p.Complete = s.err == nil && p.Finding == nil && !s.cut
	return p, s.err
}

// path is a sequence of choices, the last one here.
type path struct {
	before *path
	choice uint16
	depth  uint16
}

func (p *path) choices() []uint16 {
	if p == nil {
		return nil
	}
	cs := make([]uint16, p.depth)
	for ; p != nil; p = p.before {
		cs[p.depth-1] = p.choice
	}
	return cs
}

func (p *path) then(c int) *path {
	d := uint16(1)
	if p != nil {
		d = p.depth + 1
	}
	return &path{p, uint16(c), d}
}

// search is what the cores share.
type search struct {
	Scope
	base  sim.SimulationConfig
	began time.Time

	visited [64]struct {
		mu   sync.Mutex
		seen map[uint64]uint32 // asleep when it was explored
	}
	states     atomic.Int64
	executions atomic.Int64
	ends       atomic.Int64
	steps      atomic.Int64

	mu       sync.Mutex
	verdicts map[uint64]bool
	more     *sync.Cond
	paths    []*path // to be carried out, the latest first
	busy     int
	over     bool
	cut      bool // it ended before everything was visited
	err      error
	finding  *Trace
	progress time.Time
}

// visit says what is to be explored of a state in which asleep need not be: all but asleep if it is new, else
// what was asleep whenever it was explored and is not now.
func (s *search) visit(state uint64, asleep uint32) (awake uint32, fresh bool) {
	v := &s.visited[state%uint64(len(s.visited))]
	v.mu.Lock()
	before, seen := v.seen[state]
	awake = before &^ asleep
	if !seen {
		awake = ^asleep
		v.seen[state] = asleep
	} else if awake != 0 {
		v.seen[state] = before & asleep
	}
	v.mu.Unlock()
	if !seen {
		n := s.states.Add(1)
		if s.States > 0 && n >= int64(s.States) {
			s.halt(nil)
		}
	}
	return awake, !seen
}

// halt ends the search before its time.
func (s *search) halt(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.over, s.cut, s.err = true, true, err
	}
	s.more.Broadcast()
}

// next is a path to carry out; false when the search is over.
func (s *search) next() (*path, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.paths) == 0 && s.busy > 0 && !s.over {
		s.more.Wait()
	}
	if s.over || len(s.paths) == 0 {
		s.over = true
		s.more.Broadcast()
		return nil, false
	}
	p := s.paths[len(s.paths)-1]
	s.paths = s.paths[:len(s.paths)-1]
	s.busy++
	return p, true
}

func (s *search) push(ps []*path) {
	s.mu.Lock()
	s.paths = append(s.paths, ps...)
	s.mu.Unlock()
	s.more.Broadcast()
}

func (s *search) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
	s.more.Broadcast()
	if s.Progress != nil && time.Since(s.progress) > 500*time.Millisecond {
		s.progress = time.Now()
		s.Progress(s.proofLocked())
	}
}

func (s *search) proof() Proof {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proofLocked()
}

func (s *search) proofLocked() Proof {
	return Proof{States: int(s.states.Load()), Executions: int(s.executions.Load()), Ends: int(s.ends.Load()),
		Steps: s.steps.Load(), Elapsed: time.Since(s.began), Finding: s.finding, Verdicts: s.verdictSum()}
}

// judged remembers how an execution ended.
func (s *search) judged(out sim.Outcome) {
	h := memory.NewHash()
	for _, r := range out.Reports {
		h.Word(uint64(r.Guarantee)<<8 | uint64(r.Verdict))
	}
	h.Value(out.Audit.Lanes)
	h.Value(out.Audit.Stock)
	h.Value(out.Audit.Ledger)
	h.Value(out.Audit.Speed)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verdicts[uint64(h)] = true
}

// verdictSum is independent of the order in which the ends were seen.
func (s *search) verdictSum() (sum uint64) {
	for v := range s.verdicts {
		sum += v
	}
	return sum
}

// core carries out paths.
func (s *search) core() {
	e := engine.New(engine.Options{})
	defer e.Close()
	lua := luahost.New()
	for {
		p, ok := s.next()
		if !ok {
			return
		}
		out, w, err := s.execute(e, lua, p)
		switch {
		case err != nil:
			s.halt(fmt.Errorf("path %v: %w", w.own.choices(), err))
		case !out.Halted:
			s.ends.Add(1)
			s.judged(out)
			if g, failed := Violated(out); failed {
				s.found(e, lua, w.own, g)
			}
		}
		s.done()
	}
}

func (s *search) execute(e *engine.Engine, lua *luahost.Host, p *path) (sim.Outcome, *walker, error) {
	w := &walker{search: s, prefix: p.choices(), left: s.Faults}
	out, err := w.run(e, lua, s.base)
	s.executions.Add(1)
	s.steps.Add(int64(out.Steps))
	return out, w, err
}

// found keeps the shortest violation and ends the search.
func (s *search) found(e *engine.Engine, lua *luahost.Host, p *path, g checks.Guarantee) {
	t := &Trace{Guarantee: g}
	w := &walker{search: s, prefix: p.choices(), left: s.Faults, replay: true}
	w.note = func(line string) { t.Steps = append(t.Steps, line) }
	out, err := w.run(e, lua, s.base)
	if err != nil {
		s.halt(err)
		return
	}
	t.Outcome = out
	for _, c := range p.choices() {
		t.Choices = append(t.Choices, int(c))
	}
	s.mu.Lock()
	if s.finding == nil || len(t.Steps) < len(s.finding.Steps) {
		s.finding = t
	}
	s.mu.Unlock()
	s.halt(nil)
}

// walker is the chooser of one execution: it follows its prefix, then takes the first choice everywhere and
// leaves the others to be carried out later.
type walker struct {
	*search
	prefix []uint16
	at     int
	own    *path
	left   int // faults that may still strike
	replay bool
	note   func(string)

	s    *sim.Simulation
	fate engine.Fate // of the request that arrives next
}

func (w *walker) run(e *engine.Engine, lua *luahost.Host, c sim.SimulationConfig) (sim.Outcome, error) {
	c.Chooser, c.Lua = w, lua
	c.Fate = func(p engine.Point) engine.Fate {
		fate := w.fate
		w.fate = engine.Delivered
		return fate
	}
	c.Rested = func(s *sim.Simulation) bool {
		if w.at < len(w.prefix) || w.replay {
			return true
		}
		_, fresh := w.visit(s.StateDigest(uint64(w.left)+1<<32), 0)
		return fresh
	}
	if w.note != nil {
		c.Passed = func(_ *sim.Simulation, p engine.Point) { w.note(p.String()) }
	}
	var err error
	if w.s, err = sim.NewSimulation(e, c); err != nil {
		return sim.Outcome{}, err
	}
	return w.s.Run()
}

// option is one way to go on.
type option struct {
	actor int // index into ready
	fate  engine.Fate
	crash string // the instance that dies first
	kind  string // the fault that strikes a server first
	group int    // bit of the instance whose steps alone it does not commute with; 0: it commutes with none
}

// ownKinds are the faults that the search knows as choices of its own.
var ownKinds = []string{"crash", "lost", "lost-response", "late"}

// Striking reports whether a kind of fault is one that strikes a server and needs no setting.
func Striking(kind string) bool {
	k, ok := sim.FindFaultKind(kind)
	return ok && !k.OfRequest() && !slices.Contains(ownKinds, kind) && !slices.Contains(k.Keys, "role") && !slices.Contains(k.Keys, "by")
}

// Choosable reports whether a search can offer a kind of fault as a choice.
func Choosable(kind string) bool { return slices.Contains(ownKinds, kind) || Striking(kind) }

// options are all ways to go on, the usual one first.
func (w *walker) options(ready []*engine.Actor, usual int) []option {
	os := make([]option, 0, 2*len(ready))
	os = append(os, option{actor: usual})
	for i := range ready {
		if i != usual {
			os = append(os, option{actor: i})
		}
	}
	if w.left == 0 {
		return os
	}
	for i, a := range ready {
		if p, ok := sim.InFlight(a); ok {
			for _, fate := range []engine.Fate{engine.Lost, engine.LostResponse, engine.Late} {
				if slices.Contains(w.Kinds, fate.String()) && a.Proc.Role != "server" && p.Call.Server != "" {
					o := option{actor: i, fate: fate}
					if fate != engine.LostResponse { // which takes effect now
						o.group = w.bit(a.Proc.Name)
					}
					os = append(os, o)
				}
			}
		}
	}
	for _, kind := range w.Kinds {
		if Striking(kind) {
			os = append(os, option{kind: kind})
		}
	}
	if slices.Contains(w.Kinds, "crash") {
		for _, name := range w.s.Living() {
			os = append(os, option{crash: name, group: w.bit(name)})
		}
	}
	return os
}

// Next implements [engine.Chooser].
func (w *walker) Next(last engine.Point, ready []*engine.Actor, usual int) int {
	if i := w.private(ready); i >= 0 && !w.Plain {
		return i
	}
	os := w.options(ready, usual)
	if len(os) == 1 {
		return os[0].actor
	}
	choice := 0
	switch {
	case w.at < len(w.prefix):
		choice = int(w.prefix[w.at])
		w.at++
	case w.replay:
	default:
		awake, _ := w.visit(w.s.StateDigest(uint64(w.left)), w.asleep(last))
		var todo []int
		for i, o := range os {
			if awake&(1<<o.group) != 0 {
				todo = append(todo, i)
			}
		}
		if len(todo) == 0 {
			return engine.Halt
		}
		if w.Reverse {
			slices.Reverse(todo)
		}
		choice = todo[0]
		others := make([]*path, 0, len(todo)-1)
		for i := len(todo) - 1; i > 0; i-- {
			others = append(others, w.own.then(todo[i]))
		}
		w.push(others)
	}
	w.own = w.own.then(choice)
	o := os[choice]
	if o.crash != "" {
		w.left--
		if w.note != nil {
			w.note("X crash of " + o.crash)
		}
		w.s.CrashNamed(o.crash)
		return engine.Again
	}
	if o.kind != "" {
		w.left--
		what := w.s.Strike(sim.Fault{Kind: o.kind}, last)
		if what == "" {
			return engine.Halt // as if it had not been tried
		}
		if w.note != nil {
			w.note("X " + what)
		}
		return engine.Again
	}
	if o.fate != engine.Delivered {
		w.left--
		w.fate = o.fate
	}
	return o.actor
}

// A crash of a process, and a request of it that is lost or late, commute with the steps of every other
// process: nobody else notices before the server that notices later. So they are explored where the process
// itself has just moved, and sleep behind the steps of others. The API is an exception: its clients notice at
// once. The sleep set is stored with the state (Godefroid 1996): stored within new, the path ends; else the
// difference is explored and the intersection kept.
//
// bit is a process's number among the sleepers.
func (w *walker) bit(process string) int {
	process, _, _ = strings.Cut(process, "'") // whichever of its lives
	return 1 + slices.Index(w.s.Instances(), process)
}

// asleep is what need not be explored behind a step of the process that moved last.
func (w *walker) asleep(last engine.Point) (mask uint32) {
	if last.Actor == nil || w.left == 0 || w.Plain {
		return 0
	}
	for _, name := range w.s.Living() {
		if name != last.Actor.Proc.Name && !strings.HasPrefix(name, "api") {
			mask |= 1 << w.bit(name)
		}
	}
	return mask
}

// private is the first actor whose next step nobody else can see or hinder, -1 for none: it commutes with
// whatever others do, so that one order stands for all. A step that a crash could come before or behind is
// not private while one may still strike.
func (w *walker) private(ready []*engine.Actor) int {
	crash := w.left > 0 && slices.Contains(w.Kinds, "crash")
	for i, a := range ready {
		p := a.Point()
		switch {
		case p.Phase == engine.Start && a.Proc.Role != "server":
			return i
		case p.Phase == engine.Local && (p.Call.Key == "reply" || a.Proc.Patient):
			return i
		case p.Phase == engine.Inside && strings.HasSuffix(p.Call.Op, " waits") && p.Call.Server == "api":
			return i
		case crash || w.left > 0:
		case p.Phase != engine.Request:
		case p.Call.Server == "kafka" && p.Call.Op == "commit", p.Call.Op == "confirm slot":
			return i
		}
	}
	return -1
}

// CoresUsed is how many engines run side by side.
func (c *Scope) CoresUsed() int {
	if c.Cores == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return c.Cores
}
