package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
)

// Process is an instance of a role: actors that live and die together.
type Process struct {
	Name string // unique among the living: "worker-1"
	Role string
	// Patient says that in a search its sleeps end only when nobody else can go on.
	Patient bool

	e      *Engine
	skew   int64 // its clock against the engine's, ns
	dead   bool
	paused bool
	actors []*Actor
	births []birth // how many actors of a name there were
}

type birth struct {
	name string
	n    int
}

// title is what an actor's name is made of.
type title struct {
	proc, name string
	n          int
}

// Point is where the actor parked last.
func (a *Actor) Point() Point {
	p := a.point
	p.Actor = a
	return p
}

// Identity is who the actor is in a search, however fast others were.
func (a *Actor) Identity() uint64 { return a.identity }

// Dead reports whether it has crashed.
func (p *Process) Dead() bool { return p.dead }

// Actor is one thread of production code, or a piece of work of a server's own.
type Actor struct {
	Name string // "worker-1/claims", stable from run to run
	Proc *Process

	wait    wait // before every step everybody's is looked at: what that needs lies together
	serving int  // depth of calls that a server is working on
	within  part // the outermost of these servers
	id      int  // order of birth
	ending  bool // it is being unwound
	done    bool
	co      *coroutine
	work    func() // of a server's own work, which never parks
	point   Point  // where it parked last
	draws   uint64 // random numbers drawn
	memory  recollection
	fate    Fate // of the request that a server is working on
	// Of a search: who it is, whatever was faster, and how many it has begun since it last saw something.
	identity uint64
	children int
	failure  error
	hears    func(any)
	items    []any // what it received last
}

// Done reports whether the actor has ended: a point that names it is the one that it had parked at before.
func (a *Actor) Done() bool { return a.done }

// wait is what a parked actor waits for. The zero value waits for nothing but its turn.
type wait struct {
	until    func() bool // nil: nothing
	of       part        // what until looks at
	checked  uint64      // the changes to that when until was asked last, plus one
	box      *mailbox    // nil: none; until it holds least items,
	least    int         // 0: until it has room
	group    *group      // nil: none; until its functions have ended
	deadline int64       // ns; 0: none
	ctx      context.Context
	poll     bool // a dead caller abandons it
	free     bool // for nothing
}

// open reports whether there is no condition.
func (w *wait) open() bool { return w.until == nil && w.box == nil && w.group == nil }

// over reports whether the condition holds.
func (w *wait) over(c *changes) bool {
	switch {
	case w.until != nil:
		if w.checked == c[w.of]+1 {
			return false
		}
		if w.until() {
			return true
		}
		w.checked = c[w.of] + 1
		return false
	case w.group != nil:
		return w.group.running == 0
	case w.least == 0:
		return len(w.box.items) < w.box.capacity
	}
	return len(w.box.items) >= w.least
}

// ready reports whether the actor could run now.
func (a *Actor) ready() bool {
	if a.Proc.paused && a.serving == 0 {
		return false
	}
	w := &a.wait
	open := w.open()
	if open && w.deadline != 0 && a.Proc.e.o.Search {
		return a.due()
	}
	if open && w.deadline == 0 || !open && w.over(&a.Proc.e.changes) {
		return true
	}
	if w.deadline != 0 && a.Proc.e.now >= w.deadline {
		return true
	}
	if w.ctx != nil && w.ctx.Err() != nil {
		return true
	}
	return w.poll && a.Proc.dead
}

// sleeps reports whether the passing of time alone would let it go on.
func (a *Actor) sleeps() bool {
	return a.wait.deadline != 0 && !(a.Proc.paused && a.serving == 0)
}

// park stops here until the engine lets the actor go on.
func (a *Actor) park(p Point, w wait) {
	p.Actor = a
	a.point, a.wait = p, w
	a.wait.free = w.deadline == 0 && w.open()
	if !a.Proc.e.goesOn(a) {
		a.co.park()
	}
	a.wait = wait{}
}

// NewProcess makes a process without actors.
func (e *Engine) NewProcess(name, role string) *Process {
	p := e.processes.next()
	*p = Process{Name: name, Role: role, e: e, births: p.births[:0], actors: p.actors[:0]}
	e.procs = append(e.procs, p)
	return p
}

// Go begins an actor of the process. Its name is the process's and the given one; of several actors of
// one name the second is called name'2, and so on.
func (p *Process) Go(name string, fn func()) *Actor {
	a := p.actor(name, false)
	if n := len(p.e.pool); n > 0 {
		a.co, p.e.pool = p.e.pool[n-1], p.e.pool[:n-1]
	} else {
		a.co = newCoroutine()
	}
	a.co.start(fn, a.panicked())
	return a
}

// panicked is what hears of a panic of the actor.
func (a *Actor) panicked() func(any) {
	if a.hears == nil {
		a.hears = func(r any) { a.failure = fmt.Errorf("%s panicked: %v\n%s", a.Name, r, debug.Stack()) }
	}
	return a.hears
}

// later begins a piece of work that runs in one go when its turn comes.
func (p *Process) later(name string, deadline int64, fn func()) *Actor {
	a := p.actor(name, true)
	a.work = fn
	a.wait.deadline = deadline
	a.point.Phase = Server
	return a
}

func (p *Process) actor(name string, later bool) *Actor {
	e := p.e
	a := e.births.next()
	*a = Actor{Name: e.title(p.Name, name, p.nth(name)), Proc: p, id: e.born, hears: a.hears, items: a.items[:0]}
	a.point = Point{Actor: a, Phase: Start}
	if e.o.Search {
		a.identify(name, later)
	}
	e.born++
	e.actors = append(e.actors, a)
	p.actors = append(p.actors, a)
	return a
}

// nth counts the actors of a name.
func (p *Process) nth(name string) int {
	for i := range p.births {
		if b := &p.births[i]; b.name == name {
			b.n++
			return b.n
		}
	}
	p.births = append(p.births, birth{name, 1})
	return 1
}

// titleLimit is how many names an engine keeps from run to run.
const titleLimit = 4096

// title is an actor's name.
func (e *Engine) title(proc, name string, n int) string {
	t := title{proc, name, n}
	full, ok := e.titles[t]
	if ok {
		return full
	}
	full = proc + "/" + name
	if n > 1 {
		full = fmt.Sprintf("%s'%d", full, n)
	}
	if len(e.titles) < titleLimit {
		e.titles[t] = full
	}
	return full
}

// gone reports whether the actor is being unwound: its ports do nothing any more.
func (a *Actor) gone() bool {
	if a.ending && a.co != nil {
		a.co.insist()
	}
	return a.ending
}

// bury takes an actor that is done off the lists.
func (e *Engine) bury(a *Actor) {
	a.done = true
	if a.co != nil && a.co.idle {
		e.pool = append(e.pool, a.co)
	}
	a.co = nil
	e.actors = remove(e.actors, a)
	a.Proc.actors = remove(a.Proc.actors, a)
	if a.failure != nil {
		e.failures = append(e.failures, a.failure)
	}
}

func remove(as []*Actor, a *Actor) []*Actor {
	if i := slices.Index(as, a); i >= 0 {
		return slices.Delete(as, i, i+1)
	}
	return as
}

// unwind ends an actor that is parked.
func (e *Engine) unwind(a *Actor, how func(*coroutine)) {
	a.ending = true
	before := e.current
	e.current = a
	if a.co != nil {
		how(a.co)
	}
	e.current = before
	e.bury(a)
}
