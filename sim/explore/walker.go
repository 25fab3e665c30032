package explore

import (
	"slices"
	"strings"

	"stockproof/adapters/memory/luahost"
	"stockproof/sim"
	"stockproof/sim/engine"
)

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
		var open []int // the options that need be explored
		for i, o := range os {
			if awake&(1<<o.group) != 0 {
				open = append(open, i)
			}
		}
		if len(open) == 0 {
			return engine.Halt
		}
		if w.Reverse {
			slices.Reverse(open)
		}
		choice = open[0]
		others := make([]*path, 0, len(open)-1)
		for i := len(open) - 1; i > 0; i-- {
			others = append(others, w.own.then(open[i]))
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
