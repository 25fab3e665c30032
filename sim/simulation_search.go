package sim

import (
	"stockproof/adapters/memory"
	"stockproof/sim/engine"
)

// world is the state of all servers.
func (s *Simulation) world() (w engine.Worlds) {
	w[engine.Tables], w[engine.Slots] = s.Postgres.Digests()
	w[engine.Logs] = s.Kafka.Digest(s.unread...)
	w[engine.Speed] = s.Redis.Digest()
	return w
}

// StateDigest is the state of the whole run between two steps: servers, actors, mailboxes, and what the
// checkers were told, in any order; more is what else belongs to it, as the faults that may still strike.
func (s *Simulation) StateDigest(more uint64) uint64 {
	h := memory.Hash(s.Engine.StateDigest(more))
	h.Word(s.history)
	h.Word(uint64(s.suite.Found())) // what went wrong already is no accident of the order
	h.Word(uint64(s.plan.next)<<32 | uint64(s.plan.seen))
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

// Living are the processes of the design that live, by the names of their instances.
func (s *Simulation) Living() (names []string) {
	for _, in := range s.instances {
		if !in.proc.Dead() {
			names = append(names, in.name)
		}
	}
	return names
}

// Instances are the names of all processes of the design, in the order in which they were first started.
func (s *Simulation) Instances() []string {
	names := make([]string, len(s.instances))
	for i, in := range s.instances {
		names[i] = in.name
	}
	return names
}

// CrashNamed ends an instance by its name.
func (s *Simulation) CrashNamed(name string) {
	if in := s.instance(name); in != nil && !in.proc.Dead() {
		s.Crash(in)
	}
}

// InFlight is the request at which a ready actor stands, if it is at one.
func InFlight(a *engine.Actor) (engine.Point, bool) {
	p := a.Point()
	return p, p.Phase == engine.Request
}
