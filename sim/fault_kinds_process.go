package sim

import (
	"fmt"

	"stockproof/inventory"
	"stockproof/sim/engine"
)

func requestFaults() []FaultKind {
	return []FaultKind{
		{Name: "lost", About: "a request never arrives", Keys: []string{"role"}, fate: engine.Lost},
		{Name: "lost-response", About: "the server does it, and nobody is told", Keys: []string{"role"}, fate: engine.LostResponse},
		{Name: "late", About: "the caller gives up, and the request arrives afterwards", Keys: []string{"role"}, fate: engine.Late},
		{Name: "delay", NeedsBy: true,
			About: "the server does it, and the answer takes its time", Keys: []string{"role", "by"}, fate: engine.Delayed},
	}
}

func processFaults() []FaultKind {
	return []FaultKind{
		{Name: "crash", About: "a process dies; a supervisor starts it again a second later", Keys: []string{"role"},
			strike: on(func(s *Simulation, in *Instance, _ *Fault) string {
				s.Crash(in)
				return in.name + " crashed"
			})},
		{Name: "restart", About: "a process that died starts again at once", Keys: []string{"role"},
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				for _, in := range s.instances {
					if in.role == f.Role && in.proc.Dead() && !in.retired {
						s.Restart(in)
						return in.name + " restarted"
					}
				}
				return ""
			}},
		{Name: "pause", NeedsBy: true,
			About: "a process stands still for a while, and the group goes on without it", Keys: []string{"role", "by"},
			strike: on(func(s *Simulation, in *Instance, f *Fault) string {
				s.Pause(in, f.By)
				return fmt.Sprintf("%s paused for %s", in.name, ShortDuration(f.By))
			})},
		{Name: "evict", About: "the group takes a member's partitions away, and the member does not know", Keys: []string{"role"},
			applies: hasKafka,
			strike: on(func(s *Simulation, in *Instance, _ *Fault) string {
				return receipt(s.evict(in), "%s evicted from its group", in.name)
			})},
		{Name: "skew-clock", NeedsBy: true, About: "a process's clock is ahead from now on", Keys: []string{"role", "by"},
			strike: on(func(s *Simulation, in *Instance, f *Fault) string {
				s.Engine.SkewClock(in.proc, f.By)
				return fmt.Sprintf("the clock of %s is %s ahead", in.name, ShortDuration(f.By))
			})},
		{Name: "advance-time", NeedsBy: true, Place: "clients",
			About: "nothing happens for a while: every clock goes on, and what was to come is due", Keys: []string{"by"},
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				s.Engine.AdvanceClock(f.By)
				s.jumped += f.By
				return ShortDuration(f.By) + " passed"
			}},
		{Name: "run", About: "a process of a role starts beside what runs, and ends after a while (default 5s)",
			Keys: []string{"role", "by"}, strike: runRole},
		{Name: "second-group", About: "a second deployment consumes the commands too, under a group id of its own",
			applies: hasCommands, strike: secondGroup},
		{Name: "bad-ttl", Hidden: "with what the workers are deployed",
			About: "the workers are deployed with a token TTL that Redis refuses, until the faults end",
			Forms: []string{"0", "86400.0"}, Keys: []string{"form"}, applies: hasTokens, strike: badTTL},
	}
}

// on is a strike at the instance that the fault means.
func on(do func(s *Simulation, in *Instance, f *Fault) string) func(*Simulation, *Fault, engine.Point) string {
	return func(s *Simulation, f *Fault, p engine.Point) string {
		if in := s.target(f, p); in != nil {
			return do(s, in, f)
		}
		return ""
	}
}

// evict takes the partitions of an instance's members away; they hear of it when their session is over.
func (s *Simulation) evict(in *Instance) (found bool) {
	client, broker := in.client, in.broker
	for _, j := range broker.joined() {
		if s.Kafka.Evict(j.group, client) {
			found = true
			s.Engine.At(sessionTimeout, "kafka tells "+client, func() { s.Kafka.Heartbeat(j.group, client) })
		}
	}
	return found
}

func runRole(s *Simulation, f *Fault, _ engine.Point) string {
	for _, r := range s.c.Design.Roles {
		if r.Name != f.Role {
			continue
		}
		in := s.launch(s.freeName(r.Name+"-extra"), r.Name, r.New)
		by := f.By
		if by == 0 {
			by = defaultRun
		}
		s.lasts(by, "stop "+in.name, func() { s.Retire(in) })
		return in.name + " started"
	}
	return ""
}

// secondGroup starts one more instance of the role that consumes the commands; its groups have other
// names, so that nobody shares partitions with it.
func secondGroup(s *Simulation, _ *Fault, _ engine.Point) string {
	topic := s.CommandTopic()
	for _, first := range s.instances {
		if !first.broker.reads(topic) || first.suffix != "" {
			continue
		}
		in := &Instance{name: s.freeName(first.role + "-green"), role: first.role, build: first.build, suffix: "-green"}
		s.instances = append(s.instances, in)
		s.start(in)
		s.lasts(0, "", func() { s.Retire(in) })
		return in.name + " consumes " + topic + " too"
	}
	return ""
}

// badTTL restarts everything that knows the option with a value that SET EX takes for an error.
func badTTL(s *Simulation, f *Fault, _ engine.Point) string {
	s.options = func(o *inventory.Options) { o.TokenTTL = f.Form }
	struck := s.redeploy()
	s.lasts(0, "", func() {
		s.options = nil
		s.redeploy()
	})
	return receipt(struck > 0, "%d processes deployed with a token TTL of %q", struck, f.Form)
}

// redeploy ends every process that works on orders, and starts it anew with the options as they are now.
func (s *Simulation) redeploy() (n int) {
	for _, in := range s.instances {
		if in.role != "connector" && !in.retired && !in.ended {
			s.Crash(in)
			s.Restart(in)
			n++
		}
	}
	return n
}
