package explore

import (
	"fmt"
	"slices"

	"stockproof/adapters/memory/luahost"
	"stockproof/sim"
	"stockproof/sim/engine"
)

// walker is the chooser of one execution: it follows its prefix, then takes the first choice everywhere and
// leaves the others to be carried out later.
type walker struct {
	*search
	prefix  []uint16
	at      int
	own     *path
	left    int      // faults that may still strike
	spent   bool     // one of Scope.Also has struck
	struck  []string // kinds of the faults that it let strike
	replay  bool
	like    *walker                             // that went this way before: replay it to where it was given up
	twice   bool                                // somebody will
	did     steps                               // of one that runs twice
	stepped func(*sim.Simulation, engine.Point) // [sim.SimulationConfig.Stepped]
	asked   int                                 // how often it was asked who is next
	met     bool                                // it was given up where everybody rested: that state was known
	end     uint64                              // the state in which it was given up; 0: it was not
	lost    string                              // the step at which a choice was missing that there was before; "": none
	note    func(string)
	// frontier is shown where the prefix ends, instead of going on from there; nil: go on. Without options it is
	// where nobody can go on unless time passes.
	frontier func(os []option, ready []*engine.Actor)
	single   bool // a single way to go on is a choice as well

	coming sleepers // asleep behind the prefix
	asleep sleepers // need not be explored here
	moved  uint32   // orders that have been sent, as bits of their places among those that have alikes

	s    *sim.Simulation
	fate engine.Fate // of the request that arrives next
	room []option    // used again
	open []int       // used again
}

func (w *walker) run(e *engine.Engine, lua *luahost.Host, c sim.SimulationConfig) (sim.Outcome, error) {
	c.Chooser, c.Lua, c.Stepped = w, lua, w.stepped
	c.Fate = func(p engine.Point) engine.Fate {
		fate := w.fate
		w.fate = engine.Delivered
		return fate
	}
	c.Rested = func(s *sim.Simulation) bool {
		if w.like != nil && w.like.met {
			w.givesUp()
			return false
		}
		if w.at < len(w.prefix) || w.replay {
			return true
		}
		if w.frontier != nil {
			w.frontier(nil, nil)
			return false
		}
		if _, _, w.met = w.visit(s.StateDigest(uint64(w.left)+1<<32), nil); w.met {
			w.givesUp()
		}
		return !w.met
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
	actor  int // index into ready
	fate   engine.Fate
	crash  string // the instance that dies first
	evict  string // the instance that becomes a zombie first
	strike        // the fault that strikes a server first,
	also   bool   // from the second allowance
}

// acts reports whether an actor goes on.
func (o option) acts() bool { return o.crash == "" && o.evict == "" && o.kind == "" }

// noPrivate asks for all options, whether or not some of them are enough.
const noPrivate = -2

// options are all ways to go on, the usual one first. Of a private step they are the step itself and the faults of
// its process.
func (w *walker) options(ready []*engine.Actor, usual, private int) []option {
	os := w.room[:0]
	if private >= 0 {
		os = append(os, option{actor: private})
		if w.left > 0 {
			os = w.fates(os, ready[private], private)
			if p := ready[private].Proc; !p.Dead() && w.crashes(p) {
				os = append(os, option{crash: p.Name})
			}
		}
		w.room = os
		return os
	}
	if alone := w.regrouping(ready); len(alone) > 0 && private != noPrivate {
		for _, i := range alone {
			os = append(os, option{actor: i})
		}
		w.room = os
		return os
	}
	for n := range ready { // the usual one and those behind it
		if i := (usual + n) % len(ready); !w.held(ready[i], ready) {
			os = append(os, option{actor: i})
		}
	}
	if !w.spent {
		for _, s := range w.offered.also {
			os = append(os, option{strike: s, also: true})
		}
	}
	if w.left > 0 {
		for i, a := range ready {
			if !w.held(a, ready) {
				os = w.fates(os, a, i)
			}
		}
		for _, s := range w.offered.striking {
			os = append(os, option{strike: s})
		}
		for _, p := range w.s.Living() {
			if w.crashes(p) {
				os = append(os, option{crash: p.Name})
			}
			if w.offered.evict && w.s.IsMember(p.Name) {
				os = append(os, option{evict: p.Name})
			}
		}
	}
	w.room = os
	return os
}

// crashes reports whether a crash is offered of a process of the design.
func (w *walker) crashes(p *engine.Process) bool {
	return w.offered.crash && p.Role != "clients" && p.Role != "server" && (w.Crashing == nil || slices.Contains(w.Crashing, p.Role))
}

// fates appends what may become of the request at which an actor stands.
func (w *walker) fates(os []option, a *engine.Actor, i int) []option {
	p, ok := sim.InFlight(a)
	if !ok || a.Proc.Role == "server" || p.Call.Server == "" {
		return os
	}
	for _, fate := range w.offered.fates {
		os = append(os, option{actor: i, fate: fate})
	}
	return os
}

// Next implements [engine.Chooser].
func (w *walker) Next(last engine.Point, ready []*engine.Actor, usual int) int {
	w.asked++
	next := engine.Halt
	if w.like == nil || w.at < len(w.prefix) || !w.like.gaveUp(w.asked) {
		next = w.next(last, ready, usual)
	}
	if next == engine.Halt {
		w.givesUp()
	}
	return next
}

// gaveUp reports whether it was given up when it was asked for the nth time who is next.
func (w *walker) gaveUp(nth int) bool { return w.end != 0 && !w.met && w.asked == nth }

// givesUp notes in which state the execution is given up, if somebody will compare.
func (w *walker) givesUp() {
	if w.twice || w.like != nil {
		w.end = w.s.StateDigest(w.allowance())
	}
}

func (w *walker) next(last engine.Point, ready []*engine.Actor, usual int) int {
	if w.halted.Load() && !w.replay {
		return engine.Halt
	}
	sleeps := last.Phase == engine.Local && last.Call.Op == "sleep"
	if sleeps || last.Phase == engine.Request && last.Call.Unseen { // it has looked at what would wake it
		w.asleep = w.asleep.wake(footprint{reads: w.watched(last.Actor)})
	}
	if sleeps && last.Actor.FailedPoll() && !w.polls {
		w.halt(errPolls)
		return engine.Halt
	}
	os := w.options(ready, usual, w.private(ready))
	if len(os) == 1 && !w.single {
		if w.asleep.has(w.key(os[0], ready)) {
			return engine.Halt
		}
		return w.take(os[0], last, ready)
	}
	choice := 0
	switch {
	case w.at < len(w.prefix):
		choice = int(w.prefix[w.at])
		if w.at++; w.at == len(w.prefix) {
			defer func() { w.asleep = w.coming }()
		}
		if choice >= len(os) {
			os = w.all(os, ready, usual)
		}
		if choice >= len(os) {
			w.lost = fmt.Sprintf("step %d: choice %d of %d; then: %s, with %d to choose from", w.s.Engine.Steps(), w.at, len(w.prefix),
				last, len(os))
			return engine.Halt
		}
	case w.replay:
	case w.frontier != nil:
		w.frontier(os, ready)
		return engine.Halt
	default:
		if choice, os = w.explore(os, ready, usual); choice < 0 {
			return engine.Halt
		}
	}
	w.own = w.own.then(choice)
	return w.take(os[choice], last, ready)
}

// all are options that are enough, and behind them all that there are.
func (w *walker) all(enough []option, ready []*engine.Actor, usual int) []option {
	enough = slices.Clone(enough)
	return append(enough, w.options(ready, usual, noPrivate)...)
}

// allowance is which faults may still strike, for the state.
func (w *walker) allowance() uint64 {
	a := uint64(w.left) << 1
	if w.spent {
		a++
	}
	return a
}

// explore looks the state up and chooses one of the options that need be explored here, -1 for none; the others are
// left to be carried out later. Of those that commute, each sleeps behind those before it, faults first. An option that
// slept when the state was explored before and is awake now is explored whether or not it is one of those that are
// enough: behind those it was asleep, too.
func (w *walker) explore(os []option, ready []*engine.Actor, usual int) (int, []option) {
	keys := w.keys(os, ready)
	if slices.Contains(keys, 0) {
		w.asleep = nil
	}
	base, awake, seen := w.visit(w.s.StateDigest(w.allowance()), w.asleep.keys())
	open := w.open[:0]
	if !seen {
		for i, k := range keys {
			if _, sleeps := slices.BinarySearch(base, k); !sleeps {
				open = append(open, i)
			}
		}
	} else if len(awake) > 0 {
		os = w.all(os, ready, usual)
		keys = w.keys(os, ready)
		for _, k := range awake {
			if i := slices.Index(keys, k); i >= 0 {
				open = append(open, i)
			}
		}
	}
	w.open = open
	if len(open) == 0 {
		return -1, nil
	}
	if w.Reverse {
		slices.Reverse(open)
	}
	slices.SortStableFunc(open, func(a, b int) int { return os[b].rank() - os[a].rank() })
	asleep := slices.DeleteFunc(w.asleep, func(x sleeper) bool {
		_, ok := slices.BinarySearch(base, x.key)
		return !ok
	})
	others := make([]*path, 0, len(open)-1)
	last := open[len(open)-1]
	for _, i := range open[:len(open)-1] {
		p := w.own.then(i)
		p.asleep = slices.Clone(asleep).wake(w.footprint(os[i], ready))
		others = append(others, p)
		if !w.Off.has(SleepSets) && keys[i] != 0 {
			asleep = append(asleep, sleeper{keys[i], w.dormant(os[i], ready)})
		}
	}
	w.asleep = asleep
	w.push(others)
	return last, os
}

// rank is how early an option is explored: faults sleep behind steps, and not the other way round.
func (o option) rank() int {
	if !o.acts() || o.fate != engine.Delivered {
		return 1
	}
	return 0
}

// take carries an option out.
func (w *walker) take(o option, last engine.Point, ready []*engine.Actor) int {
	if len(w.asleep) > 0 {
		w.asleep = w.asleep.wake(w.footprint(o, ready))
	}
	switch {
	case o.crash != "":
		w.left--
		if w.note != nil {
			w.note("X crash of " + o.crash)
		}
		w.s.CrashNamed(o.crash)
		w.strikes("crash")
		return engine.Again
	case o.evict != "":
		w.left--
		if !w.s.EvictNamed(o.evict) {
			return engine.Halt // it is in no group: as if it had not been tried
		}
		w.strikes("evict")
		if w.note != nil {
			w.note("X " + o.evict + " evicted from its group")
		}
		return engine.Again
	case o.kind != "":
		if o.also {
			w.spent = true
		} else {
			w.left--
		}
		what := w.s.Strike(sim.Fault{Kind: o.kind, Lose: o.lose}, last)
		if what == "" {
			return engine.Halt // as if it had not been tried
		}
		w.strikes(o.kind)
		if w.note != nil {
			w.note("X " + what)
		}
		return engine.Again
	case o.fate != engine.Delivered:
		w.left--
		w.fate = o.fate
		w.strikes(o.fate.String())
	}
	w.sent(ready[o.actor])
	return o.actor
}

// strikes notes that a fault has struck.
func (w *walker) strikes(kind string) {
	w.struck = append(w.struck, kind)
	if w.replay { // it has struck before
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.search.struck[kind]++
}
