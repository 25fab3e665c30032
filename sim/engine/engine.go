package engine

import (
	"context"
	"fmt"
	"time"

	"stockproof/adapters/memory"
)

// Chooser decides which actor runs next.
type Chooser interface {
	// Next picks one of ready, which is never empty and in the order of the actors' birth. last is the
	// point that the last step ended at. usual is the index of the one that would run without a chooser:
	// the one that ran last if it can go on, else the next one in that order. It may also answer [Halt] or
	// [Again].
	Next(last Point, ready []*Actor, usual int) int
}

// Answers of a chooser other than an index.
const (
	Halt      = -1 // the run ends here
	Again     = -2 // something was changed between the steps: see anew who can run
	undecided = -3
)

// Options are what an engine can be told. The zero value is a good one.
type Options struct {
	// Epoch is the virtual time at the start; default 2026-01-01 UTC.
	Epoch time.Time
	// Seed is what jitter is made of. It names nothing.
	Seed uint64
	// StepLimit ends a run that goes on and on; default 1 000 000.
	StepLimit int
	// Search makes points few and states comparable, for a search that visits every state once: a
	// response is one step with what follows it, a poll waits where it is until there is something, a
	// pipelined request is one step unless it waits, and time stands still (see state.go).
	Search bool
	// Resting is asked by a search when nobody can go on unless time passes; true ends the run.
	Resting func() bool
	// World is the digest of the servers' state, for a search.
	World func() Worlds
	// Chooser picks the next actor; nil: always the usual one.
	Chooser Chooser
	// Fate decides what becomes of a request; nil: it is delivered.
	Fate func(Point) Fate
	// Delay is how long the response to a request is under way whose fate is Delayed; nil: a second.
	Delay func(Point) time.Duration
	// Patience is how long a step may take on the wall clock before the watchdog ends the program; default
	// 20 s. A step takes microseconds.
	Patience time.Duration
	// Passed is called between two steps with the point that the last step ended at. It may crash and
	// pause processes and change servers, and reports whether it did. May be nil.
	Passed func(Point) (changed bool)
	// Calm reports whether Passed would do nothing of the kind now, so that the actor whose step has ended may
	// call it by itself (see goesOn). Nil: it never does.
	Calm func() bool
}

// Engine schedules actors. It is not for concurrent use.
type Engine struct {
	o        Options
	now      int64 // ns since 1970
	procs    []*Process
	servers  *Process
	actors   []*Actor // alive, in order of birth
	born     int
	current  *Actor      // runs now; nil between steps
	done     func() bool // of Run
	last     int         // id of the one that ran last
	passed   Point       // where it ended
	ready    []*Actor
	timers   []*scope
	ends     uint64 // of virtual contexts
	pool     []*coroutine
	steps    int
	digest   uint64
	draining bool
	healed   int  // how often the network became as it should be
	decided  int  // what the chooser has answered already: an index into ready, Halt or Again; or undecided
	ended    bool // the step that an actor came back from is over already, Passed has been called
	cut      bool
	failures []error
	boxes    []*mailbox // of a search
	idle     bool       // of a search: nobody but clients could go on
	worldNow Worlds     // the servers' digest,
	worldAt  int        // as of which step, plus one
	watch    *heartbeat
	running  bool // inside Run, on
	home     home // the goroutine that Run runs on
	alone    bool // inside Alone: whoever calls, calls outside of the schedule
	changes  changes

	// What is used again after a reset.
	births    arena[Actor]
	processes arena[Process]
	scopes    arena[scope]
	groups    arena[group]
	mailboxes arena[mailbox]
	titles    map[title]string
	shapes    *memory.Shapes
	used      kept
}

// New makes an engine without actors.
func New(o Options) *Engine {
	e := &Engine{titles: map[title]string{}, shapes: memory.NewShapes(), watch: &heartbeat{}}
	e.Reset(o)
	return e
}

// Reset makes the engine as good as new and keeps its coroutines. [Engine.Stop] must have been called
// since the last run, whose actors and processes are nobody's any more: they are used again.
func (e *Engine) Reset(o Options) {
	if o.Epoch.IsZero() {
		o.Epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.StepLimit == 0 {
		o.StepLimit = 1_000_000
	}
	if o.Patience == 0 {
		o.Patience = 20 * time.Second
	}
	*e = Engine{o: o, now: o.Epoch.UnixNano(), pool: e.pool, actors: e.actors[:0], ready: e.ready[:0],
		procs: e.procs[:0], timers: e.timers[:0], boxes: e.boxes[:0], digest: digestSeed, decided: undecided, watch: e.watch, home: e.home,
		births: arena[Actor]{all: e.births.all}, processes: arena[Process]{all: e.processes.all},
		scopes: arena[scope]{all: e.scopes.all}, groups: arena[group]{all: e.groups.all},
		mailboxes: arena[mailbox]{all: e.mailboxes.all}, titles: e.titles, shapes: e.shapes, used: e.used}
	e.servers = e.NewProcess("servers", "server")
}

// Choose lets another chooser decide from now on; nil: the usual one runs.
func (e *Engine) Choose(c Chooser) { e.o.Chooser = c }

// Shapes are for the digests of whatever runs on this engine.
func (e *Engine) Shapes() *memory.Shapes { return e.shapes }

// Now is the virtual time.
func (e *Engine) Now() time.Time { return time.Unix(0, e.now).UTC() }

// Steps is how many steps were taken.
func (e *Engine) Steps() int { return e.steps }

// Cut reports whether the step limit ended the run: what it would have done is not known.
func (e *Engine) Cut() bool { return e.cut }

// Digest sums up what has happened: equal for equal runs.
func (e *Engine) Digest() uint64 { return e.digest }

// Failures are the panics of actors, in order.
func (e *Engine) Failures() []error { return e.failures }

// Processes are all that there were, the dead ones too, in order of their making.
func (e *Engine) Processes() []*Process { return e.procs }

// End is why a run stopped.
type End uint8

// The ends.
const (
	Done    End = iota + 1 // done said so
	Quiet                  // nobody can go on, and time would change nothing
	TimedUp                // the virtual time ran out
	Cut                    // the step limit was reached
	Failed                 // an actor panicked
	Halted                 // the chooser said so
)

// Run lets actors run until done says so (between two steps; nil: never), until the virtual time until,
// or until nothing can happen any more.
func (e *Engine) Run(until time.Time, done func() bool) End {
	limit := until.UnixNano()
	e.watch.begin(e.o.Patience)
	defer e.watch.end()
	deepen()
	if !e.home.near() {
		e.home.settle()
	}
	e.running = true
	defer func() { e.running = false }()
	e.changes.everywhere()
	e.done, e.decided = done, undecided
	for {
		if end := e.over(); end != 0 {
			return end
		}
		if e.decided == undecided {
			if e.collect() == 0 {
				if end := e.wait(limit); end != 0 {
					return end
				}
				continue
			}
			e.decided = e.choose()
		}
		i := e.decided
		e.decided = undecided
		switch i {
		case Halt:
			return Halted
		case Again:
			e.worldAt = 0
			e.changes.everywhere()
		default:
			e.step(e.ready[i])
		}
	}
}

// over is why the run ends before the next step, 0: it does not.
func (e *Engine) over() End {
	switch {
	case e.done != nil && e.done():
		return Done
	case len(e.failures) > 0:
		return Failed
	case e.steps >= e.o.StepLimit:
		e.cut = true
		return Cut
	}
	return 0
}

// wait lets time pass until somebody can go on, at most until limit.
func (e *Engine) wait(limit int64) End {
	if e.o.Search && e.o.Resting != nil && e.o.Resting() {
		return Halted
	}
	at := e.nextTime()
	switch {
	case at == 0:
		return Quiet
	case at > limit:
		e.now = max(e.now, limit)
		return TimedUp
	}
	e.advance(at)
	return 0
}

// collect lists who could run now.
func (e *Engine) collect() int {
	e.idle = false
	if e.gather() == 0 && e.o.Search {
		e.idle = true
		e.gather()
	}
	return len(e.ready)
}

func (e *Engine) gather() int {
	e.ready = e.ready[:0]
	for _, a := range e.actors {
		if a.wait.free && !a.Proc.paused || a.ready() {
			e.ready = append(e.ready, a)
		}
	}
	return len(e.ready)
}

func (e *Engine) choose() int {
	usual := 0
	for i, a := range e.ready {
		if a.id >= e.last {
			usual = i
			break
		}
	}
	if e.o.Chooser == nil || e.draining {
		return usual
	}
	return e.o.Chooser.Next(e.passed, e.ready, usual)
}

// step lets one actor run to its next point, or to the end of several steps that it takes one after the other.
func (e *Engine) step(a *Actor) {
	e.begin(a)
	if a.work != nil {
		work := a.work
		a.work = nil
		e.current = nil
		e.changes.everywhere()
		work()
		e.bury(a)
	} else {
		var here byte
		before := addressOf(&here)
		a.co.resume()
		e.home.follow(before, addressOf(&here))
		e.current = nil
		if a.co.idle {
			e.bury(a)
		}
	}
	if e.ended {
		e.ended = false
		return
	}
	if e.mix(a); a.Proc.dead && !a.done && a.serving == 0 {
		e.unwind(a, (*coroutine).end)
	}
	e.pass(a)
}

func (e *Engine) begin(a *Actor) {
	e.steps++
	e.watch.beat.Add(1)
	e.last, e.current = a.id, a
	e.changes.to(elsewhere)
	if a.serving > 0 {
		e.changes.to(a.within)
	}
}

// pass is what happens between two steps.
func (e *Engine) pass(a *Actor) {
	e.passed = a.point
	e.passed.Actor = a
	if e.o.Passed != nil && !e.draining && e.o.Passed(e.passed) {
		e.changes.everywhere()
	}
}

// goesOn ends the step of the actor that runs and has parked, and begins its next one, where it is the actor's turn
// again: most often it is, and to give control to the engine and have it back takes longer than all of this.
func (e *Engine) goesOn(a *Actor) bool {
	if !a.wait.free || e.draining || a.Proc.dead || a.Proc.paused || e.o.Calm == nil || !e.o.Calm() {
		return false
	}
	e.current = nil
	e.mix(a)
	e.pass(a)
	e.ended = true
	if e.over() != 0 {
		return false
	}
	if e.idle = false; e.o.Chooser != nil {
		e.collect()
		if e.decided = e.choose(); e.decided < 0 || e.ready[e.decided] != a {
			return false
		}
		e.decided = undecided
	}
	e.ended = false
	e.begin(a)
	return true
}

// nextTime is when the passing of time would next let somebody go on, 0: never.
func (e *Engine) nextTime() (at int64) {
	for _, a := range e.actors {
		if a.sleeps() && (at == 0 || a.wait.deadline < at) {
			at = a.wait.deadline
		}
	}
	for _, t := range e.timers {
		if !t.expired() && (at == 0 || t.deadline < at) {
			at = t.deadline
		}
	}
	return at
}

// advance sets the clock and ends the contexts whose time has come.
func (e *Engine) advance(at int64) {
	e.now = max(e.now, at)
	e.changes.everywhere()
	kept := e.timers[:0]
	for _, t := range e.timers {
		switch {
		case t.expired():
		case t.deadline <= e.now:
			t.end(context.DeadlineExceeded)
		default:
			kept = append(kept, t)
		}
	}
	e.timers = kept
}

// AdvanceClock lets time pass for everybody, as a long silence does: whatever was to happen within d is
// due at once.
func (e *Engine) AdvanceClock(d time.Duration) { e.advance(e.now + int64(d)) }

// Crash ends a process as kill -9 does. Call it between two steps.
func (e *Engine) Crash(p *Process) {
	if p.dead {
		return
	}
	p.dead, p.paused = true, false
	e.changes.everywhere()
	for i := len(p.actors) - 1; i >= 0; i-- {
		if a := p.actors[i]; a.serving == 0 {
			e.unwind(a, (*coroutine).end)
		}
	}
}

// Pause stops a process where it stands; what servers do for it goes on. Resume lets it go on.
func (e *Engine) Pause(p *Process) { p.paused = true }

// Resume ends a pause.
func (e *Engine) Resume(p *Process) { p.paused = false }

// Paused reports whether the process is paused.
func (p *Process) Paused() bool { return p.paused }

// SkewClock puts a process's clock d ahead of where it is.
func (e *Engine) SkewClock(p *Process, d time.Duration) { p.skew += int64(d) }

// At runs fn as a server's own work when d has passed; what names it in schedules.
func (e *Engine) At(d time.Duration, what string, fn func()) {
	e.servers.later(what, e.now+int64(d), fn)
}

// Alone runs fn outside of any actor and any schedule: calls to servers go through at once. It is how an
// auditor looks at a world in which nothing moves.
func (e *Engine) Alone(fn func()) {
	before, alone := e.current, e.alone
	e.current, e.alone = nil, true
	fn()
	e.current, e.alone = before, alone
	e.changes.everywhere()
}

// Stop ends all actors: what they leave behind is nobody's, so a panic may do it, and the coroutines can
// be used again.
func (e *Engine) Stop() {
	e.draining = true
	for len(e.actors) > 0 {
		e.unwind(e.actors[len(e.actors)-1], (*coroutine).leave)
	}
	for _, t := range e.timers {
		t.cancel()
	}
}

// Close gives up the coroutines.
func (e *Engine) Close() {
	e.Stop()
	for _, c := range e.pool {
		c.stop()
	}
	e.pool = nil
}

// actor is the one that runs now.
func (e *Engine) actor(what string) *Actor {
	a := e.caller(what)
	if a == nil {
		panic(fmt.Sprintf("engine: %s outside of any actor: a call before Run, or of a server's own work", what))
	}
	return a
}

var (
	_ memory.Gate       = (*Engine)(nil)
	_ memory.Identified = (*Engine)(nil)
)
