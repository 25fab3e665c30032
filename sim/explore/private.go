package explore

import (
	"slices"
	"strings"

	"stockproof/sim/engine"
)

// private is an actor whose next step nobody else can see or hinder, -1 for none: it commutes with whatever others
// do, so that one order stands for all, and only the faults of its own process can come between. Of several it is
// the same one however the state was reached.
func (w *walker) private(ready []*engine.Actor) int {
	best := -1
	if w.Off.has(PrivateSteps) {
		return best
	}
	for i, a := range ready {
		if w.alone(a) && (best < 0 || a.Identity() < ready[best].Identity()) {
			best = i
		}
	}
	return best
}

// regrouping is [sim.Simulation.Regrouping] once no fault may strike any more that a group would notice.
func (w *walker) regrouping(ready []*engine.Actor) []int {
	if w.Off.has(Regrouping|PrivateSteps) || w.Faults != 1 || w.left > 0 || !w.spent && len(w.offered.also) > 0 || w.s.FaultsAhead() {
		return nil
	}
	return w.s.Regrouping(ready)
}

// mayStrike reports whether a server may still be struck by what makes a request fail, or undoes what it did. A duplicate
// does neither.
func (w *walker) mayStrike() bool {
	fails := func(s strike) bool { return s.kind != "duplicate" }
	return w.left > 0 && slices.ContainsFunc(w.offered.striking, fails) || !w.spent && slices.ContainsFunc(w.offered.also, fails)
}

// alone reports whether an actor's next step is private. None is as long as a fault of the scenario is ahead, which may
// strike with it.
func (w *walker) alone(a *engine.Actor) bool {
	if w.s.FaultsAhead() {
		return false
	}
	p := a.Point()
	switch p.Phase {
	case engine.Start:
		return a.Proc.Role != "server"
	case engine.Server:
		// What the new life does first is a step of its own. The clients of an API process see that nobody is there, and a
		// strike ends the connections of those who are.
		name, restart := strings.CutPrefix(a.Name, "servers/restart ")
		return restart && !strings.HasPrefix(name, "api-") && !w.mayStrike()
	case engine.Local:
		return p.Call.Key == "reply" || a.Proc.Patient || a.MayWake()
	case engine.Inside:
		if a.Proc.Dead() { // a poll ends with its caller
			return strings.HasSuffix(p.Call.Op, " waits") && p.Call.Server != "postgres" || p.Call.Op == "read slot waits"
		}
		return p.Call.Server == "api" && strings.HasSuffix(p.Call.Op, " waits")
	case engine.Request:
		if w.mayStrike() {
			return false
		}
		switch p.Call.Server {
		case "kafka":
			return p.Call.Op == "commit" && !w.offered.evict // by who holds the partition, and read by who gets it next
		case "postgres":
			return p.Call.Unseen || p.Call.Op == "confirm slot" // by its only reader
		case "api", "":
			return false
		}
		return w.onlyUser(a)
	}
	return false
}
