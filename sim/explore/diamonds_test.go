package explore

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"stockproof/sim/engine"
	"stockproof/sim/random"
)

// way is one way to go on from a state, by what it is and not by its place among the others.
type way struct {
	name     string
	text     string // for people
	process  string // whose step or fault it is; "": a server's
	step     bool   // it is no fault
	private  bool   // [walker.alone]
	begins   bool   // an actor's first step
	sleeping bool   // an actor's that sleeps
	groups   bool   // among [sim.Simulation.Regrouping], once no fault may strike any more
	foot     footprint
}

// crossing is where a path ends: the state and every way to go on.
type crossing struct {
	state uint64
	ways  []way
	ahead bool // a fault of the scenario's own has still to strike
}

func (p *prober) crossing(t *testing.T, to *path) (c crossing) {
	t.Helper()
	w := &walker{search: p.s, prefix: to.choices(), left: p.s.Faults, single: true}
	w.frontier = func(os []option, ready []*engine.Actor) {
		c.state, c.ahead = p.sum(w), w.s.FaultsAhead()
		var regrouping []int
		if w.left == 0 && p.s.Faults == 1 {
			regrouping = w.s.Regrouping(ready)
		}
		for _, o := range os {
			c.ways = append(c.ways, w.way(o, ready, regrouping))
		}
	}
	if _, err := w.run(p.e, p.lua, p.s.base); err != nil {
		t.Fatalf("path %v: %v", to.choices(), err)
	}
	return c
}

// way describes an option.
func (w *walker) way(o option, ready []*engine.Actor, regrouping []int) way {
	v := way{name: fmt.Sprint(o.fate, o.crash, o.evict, o.strike), text: "X " + o.crash + o.evict + o.strike.String(), foot: w.dormant(o, ready)}
	switch {
	case o.crash != "":
		v.process = o.crash
	case !o.acts():
	default:
		a := ready[o.actor]
		v.name += fmt.Sprintf("%x %v", a.Identity(), a.Proc.Dead())
		v.text = a.Point().String()
		v.process, v.step = a.Proc.Name, o.fate == engine.Delivered
		if !v.step {
			v.text += " (" + o.fate.String() + ")"
		}
		v.begins = a.Point().Phase == engine.Start
		v.sleeping = a.Point().Call.Op == "sleep"
		v.private, v.groups = v.step && w.alone(a), slices.Contains(regrouping, o.actor)
	}
	return v
}

// independent says as which reduction's the search takes two ways to be independent; "": it does not.
//
// Clients among themselves are left out: they are alike, and look for a decision when nobody else can go on. Which of
// them does so first is a matter of names, which no end depends on (TestReductionsChangeNoEnd).
func independent(a, b way) string {
	switch {
	case stem(a.process) == "clients" && stem(b.process) == "clients":
		return ""
	case a.private && stem(a.process) == "clients" && !b.step:
		return "" // a client that wakes first is not where it was, only where it loses nothing (doc.go)
	case a.private && !b.step && b.process == "":
		return "strike" // which is not offered where a private step is
	case a.private && (b.step || stem(b.process) != stem(a.process)):
		return "private step"
	case a.groups && b.step && !b.groups && !b.private: // which come first
		return "regrouping"
	case commute(a.foot, b.foot):
		return "sleeper"
	}
	return ""
}

func stem(process string) string {
	process, _, _ = strings.Cut(process, "'")
	return process
}

// diamonds walks at random as the search does, which takes private steps at once, and closes at every state that it
// comes to diamonds of pairs that are taken to be independent: both orders must be possible and lead to one state, hash
// for hash. It counts those that closed by the reason for taking them as independent.
func (p *prober) diamonds(t *testing.T, walks int) (closed map[string]int, open []string) {
	t.Helper()
	closed = map[string]int{}
	numbers, strikes := random.Stream(1, "diamonds"), random.Stream(1, "strikes")
	for range walks {
		var at, began *path // began: before the last step that was not private,
		var since []string  // and what was done from there on
		for c := p.crossing(t, at); len(c.ways) > 0 && len(open) < 3; c = p.crossing(t, at) {
			for _, w := range c.ways {
				if !c.unique(w) {
					open = append(open, fmt.Sprintf("at %v two ways are one: %s", at.choices(), w.text))
				}
			}
			for as, pair := range c.pairs(numbers, strikes) {
				switch a, b := pair[0], pair[1]; {
				case p.misses(t, at, a) || p.misses(t, at, b):
				case p.diamond(t, at, a, b):
					closed[as]++
				case as != "sleeper" && a.begins && p.begins(t, at, began, since, a, b):
					closed["begin"]++
				case p.sleeps(t, at, a, b):
					closed["news"]++
				default:
					open = append(open, fmt.Sprintf("%s at %v: %s | %s", as, at.choices(), a.text, b.text))
				}
			}
			next := slices.IndexFunc(c.ways, func(w way) bool { return w.private })
			if next < 0 {
				next, began, since = numbers.Intn(len(c.ways)), at, nil
			}
			at, since = at.then(next), append(since, c.ways[next].name)
		}
	}
	return closed, open
}

// pairs is one pair of ways for each reason to take two for independent.
func (c *crossing) pairs(numbers, strikes *random.Rand) map[string][2]way {
	all := map[string][][2]way{}
	for i, a := range c.ways {
		for j, b := range c.ways {
			if as := independent(a, b); as != "" && i != j && c.unique(a) && c.unique(b) {
				all[as] = append(all[as], [2]way{a, b})
			}
		}
	}
	one := map[string][2]way{}
	for _, as := range slices.Sorted(maps.Keys(all)) {
		if as == "strike" { // which are drawn apart: they do not decide where a walk goes
			one[as] = all[as][strikes.Intn(len(all[as]))]
			continue
		}
		one[as] = all[as][numbers.Intn(len(all[as]))]
	}
	return one
}

// unique reports whether no other way has the name of one.
func (c *crossing) unique(a way) bool {
	n := 0
	for _, w := range c.ways {
		if w.name == a.name {
			n++
		}
	}
	return n == 1
}

// diamond reports whether two ways are possible in both orders and lead to one state.
func (p *prober) diamond(t *testing.T, at *path, a, b way) bool {
	t.Helper()
	one, other := p.behind(t, at, a.name, b.name), p.behind(t, at, b.name, a.name)
	return one != nil && other != nil && one.state == other.state
}

// misses reports whether a way is a fault that has nothing to strike: the search does as if it had not been tried.
func (p *prober) misses(t *testing.T, at *path, a way) bool {
	t.Helper()
	return a.process == "" && !a.step && p.behind(t, at, a.name).state == 0
}

// begins is the diamond of an actor that begins, at once behind the step that began it: what could come between these two
// can come before both. Or it begins with a poll: where b gives it what it waits for, it takes that a step later.
func (p *prober) begins(t *testing.T, at, began *path, since []string, a, b way) bool {
	t.Helper()
	between := p.behind(t, at, b.name, a.name)
	before := p.behind(t, began, slices.Concat([]string{b.name}, since, []string{a.name})...)
	later := p.behind(t, at, a.name, b.name, a.name)
	return between != nil && (before != nil && before.state == between.state || later != nil && later.state == between.state)
}

// sleeps reports whether b ends in a sleep, for which it is news if the private step comes later: it would see what it
// has seen.
func (p *prober) sleeps(t *testing.T, at *path, a, b way) bool {
	t.Helper()
	end := p.behind(t, at, b.name, a.name)
	return a.private && end != nil && slices.ContainsFunc(end.ways, func(w way) bool { return w.name == b.name && w.sleeping })
}

// behind is what ways lead to from a path, nil where one of them is not possible when its turn comes.
func (p *prober) behind(t *testing.T, at *path, names ...string) *crossing {
	t.Helper()
	c := p.crossing(t, at)
	for _, name := range names {
		next := slices.IndexFunc(c.ways, func(w way) bool { return w.name == name })
		if next < 0 {
			return nil
		}
		at = at.then(next)
		c = p.crossing(t, at)
	}
	return &c
}

// What a search takes to be independent commutes: private steps with everything but the faults of their process, the
// steps of a group that forms anew with those of everybody else, and sleepers with the steps that let them sleep. They are
// the keys that a call reports, and the names of who calls, that decide about it: a call that reports too little, or a
// name that tells who was faster, leaves a diamond open.
func TestWhatCountsAsIndependentCommutes(t *testing.T) {
	total := map[string]int{}
	eachTinyScope(t, func(t *testing.T, c Scope) {
		c.Off = AllReductions
		if slices.Contains(c.Kinds, "crash") {
			c.Also = []string{"duplicate"}
		}
		closed, open := newProber(t, c).diamonds(t, 20)
		if len(open) > 0 {
			t.Error(strings.Join(open, "\n"))
		}
		for as, n := range closed {
			total[as] += n
		}
		t.Log(closed)
	})
	for _, as := range []string{"private step", "strike", "regrouping", "sleeper"} {
		if total[as] < 20 {
			t.Errorf("%d diamonds of a %s were closed: too few to show anything", total[as], as)
		}
	}
}
