package sim

import (
	"slices"
	"time"

	"stockproof/adapters/memory"
	"stockproof/checks"
	"stockproof/sim/engine"
)

// world is the state of all servers.
func (s *Simulation) world() (w engine.Worlds) {
	w[engine.Tables], w[engine.Slots] = s.Postgres.Digests()
	w[engine.Logs] = s.Kafka.Digest(s.unread...)
	w[engine.Speed] = s.Redis.Digest()
	return w
}

// ServersDigest is what the servers hold: equal wherever a run that is carried out again stands at the same step. Two runs
// may take the same steps with other numbers in their requests.
func (s *Simulation) ServersDigest() uint64 {
	h := memory.NewHash()
	for _, part := range s.world() {
		h.Word(part)
	}
	return uint64(h)
}

// SearchLoses is how many writes or commits a failover that a search chooses may lose: what a server keeps to undo them is part
// of its state.
const SearchLoses = 1

// StateDigest is the state of the whole run between two steps: servers, actors, mailboxes, and what the
// checkers were told, in any order; more is what else belongs to it, as the faults that may still strike.
func (s *Simulation) StateDigest(more uint64) uint64 {
	h := memory.Hash(s.Engine.StateDigest(more))
	h.Word(s.history)
	h.Word(uint64(s.suite.Found())) // what went wrong already is no accident of the order
	h.Word(uint64(s.plan.next)<<32 | uint64(s.plan.seen))
	h.Word(s.Watch.HoldingsDigest()) // whoever never comes back from a record blocks those behind it
	return uint64(h)
}

// resting is asked when nobody can go on unless time passes.
func (s *Simulation) resting() bool {
	if !s.open {
		return false
	}
	s.rested = s.c.Rested == nil || s.c.Rested(s)
	return true
}

// startAtRest starts what waits for time to pass, and lets it pass for the truth too.
func (s *Simulation) startAtRest() {
	if len(s.c.AtRest) > 0 {
		s.Postgres.StartClock()
	}
	for _, r := range s.c.Design.Roles {
		if slices.Contains(s.c.AtRest, r.Name) {
			s.launch(s.freeName(r.Name), r.Name, r.New)
		}
	}
}

// Living are the processes of the design that live, in the order in which their instances were first started.
func (s *Simulation) Living() (ps []*engine.Process) {
	for _, in := range s.instances {
		if !in.proc.Dead() {
			ps = append(ps, in.proc)
		}
	}
	return ps
}

// CrashNamed ends a living process by its name, which says which of its instance's lives it is.
func (s *Simulation) CrashNamed(name string) {
	for _, in := range s.instances {
		if in.client == name {
			s.Crash(in)
		}
	}
}

// IsMember reports whether a living process, by its name, is in a consumer group.
func (s *Simulation) IsMember(name string) bool {
	return slices.ContainsFunc(s.instances, func(in *Instance) bool {
		member := func(j joined) bool { return s.Kafka.Joined(j.group, name) }
		return in.client == name && slices.ContainsFunc(in.broker.joined(), member)
	})
}

// EvictNamed makes a living process a zombie: its groups take its partitions away, and it hears of it later. It reports
// whether it was in any group.
func (s *Simulation) EvictNamed(name string) (found bool) {
	for _, in := range s.instances {
		if in.client == name {
			found = s.evict(in) || found
		}
	}
	return found
}

// FaultsAhead reports whether a fault of the simulation's own list has still to strike: with which step, is not known before.
func (s *Simulation) FaultsAhead() bool { return s.plan.next < len(s.plan.faults) }

// InFlight is the request at which a ready actor stands, if it is at one.
func InFlight(a *engine.Actor) (engine.Point, bool) {
	p := a.Point()
	return p, p.Phase == engine.Request
}

// timed are the roles that compare times which the truth keeps.
var timed = []string{"sweeper", "coordinator", "heart", "emitter"}

// still is when the clock that statements see stands still, 0 where it goes: in a search the time in a row says
// only how often nobody could go on before, and makes states differ in which the same will happen. Where somebody
// compares times that is another matter.
func (s *Simulation) still() int64 {
	if !s.c.Search {
		return 0
	}
	for _, r := range s.c.Design.Roles {
		runs := r.Always || slices.Contains(askedRoles(s.c.Options), r.Name)
		if runs && slices.Contains(timed, r.Name) && !slices.Contains(s.c.Without, r.Name) {
			return 0
		}
	}
	for i := range s.c.Workload.Steps {
		if s.c.Workload.Steps[i].Order.TTL > 0 {
			return 0
		}
	}
	return s.Engine.Now().UnixMilli()
}

// instant is the time of an event. In a search the clock stands still, and the number of answers so far tells
// which of them came before a call.
func (s *Simulation) instant() time.Time {
	return s.Engine.Now().Add(time.Duration(s.answers) * time.Microsecond)
}

// told adds an event to what the checkers were told, for the state. What they make of a call or a read depends on
// which answers came before it; for the rest the order makes no difference, nor do its numbers and times.
func (s *Simulation) told(e checks.Event) {
	h := memory.NewHash()
	answer := false
	switch x := e.(type) {
	case checks.Call:
		h.Word(s.answered)
		x.At = 0
		e = x
	case checks.Read:
		h.Word(s.answered)
		x.Call, x.At, answer = 0, 0, true
		e = x
	case checks.Return:
		x.At, answer = 0, true
		e = x
	case checks.Unknown:
		x.At = 0
		e = x
	case checks.Install:
		x.Since = 0
		e = x
	}
	h.Word(s.Engine.Caller())
	h.ValueOf(s.Engine.Shapes(), e)
	s.history += uint64(h)
	if answer {
		s.answered += uint64(h)
		s.answers++
	}
}
