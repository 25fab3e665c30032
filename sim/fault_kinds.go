package sim

import (
	"fmt"
	"slices"

	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/engine"
)

// FaultKind is a kind of fault: what it does, and when it can.
type FaultKind struct {
	Name  string
	About string   // one line for people
	Keys  []string // settings beside those of its trigger
	// fate is what becomes of the request that passes the trigger; Delivered: it is no fault of a request.
	fate engine.Fate
	// strike does it and says what it did; "" if there was nothing to do it to.
	strike func(s *Simulation, f *Fault, p engine.Point) string
}

// FaultKinds are all kinds that a simulation knows, in the order in which help lists them.
func FaultKinds() []FaultKind {
	return slices.Concat(requestFaults(), processFaults(), kafkaFaults(), redisFaults(), postgresFaults())
}

// FindFaultKind is the kind of a name.
func FindFaultKind(name string) (FaultKind, bool) {
	for _, k := range FaultKinds() {
		if k.Name == name {
			return k, true
		}
	}
	return FaultKind{}, false
}

// OfRequest reports whether the kind is what becomes of a request, which its trigger must name.
func (k FaultKind) OfRequest() bool { return k.fate != engine.Delivered }

func requestFaults() []FaultKind {
	return []FaultKind{
		{Name: "lost", About: "a request never arrives", Keys: []string{"role"}, fate: engine.Lost},
		{Name: "lost-response", About: "the server does it, and nobody is told", Keys: []string{"role"}, fate: engine.LostResponse},
		{Name: "late", About: "the caller gives up, and the request arrives afterwards", Keys: []string{"role"}, fate: engine.Late},
	}
}

func processFaults() []FaultKind {
	return []FaultKind{
		{Name: "crash", About: "a process dies; a supervisor starts it again a second later", Keys: []string{"role"},
			strike: func(s *Simulation, f *Fault, p engine.Point) string {
				in := s.target(f, p)
				if in == nil {
					return ""
				}
				s.Crash(in)
				return in.name + " crashed"
			}},
		{Name: "restart", About: "a process that died starts again at once", Keys: []string{"role"},
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				for _, in := range s.instances {
					if in.role == f.Role && in.proc.Dead() {
						s.Restart(in)
						return in.name + " restarted"
					}
				}
				return ""
			}},
		{Name: "pause", About: "a process stands still for a while, and the group goes on without it", Keys: []string{"role", "by"},
			strike: func(s *Simulation, f *Fault, p engine.Point) string {
				in := s.target(f, p)
				if in == nil {
					return ""
				}
				s.Pause(in, f.By)
				return fmt.Sprintf("%s paused for %s", in.name, ShortDuration(f.By))
			}},
		{Name: "evict", About: "the group takes a member's partitions away, and the member does not know", Keys: []string{"role"},
			strike: func(s *Simulation, f *Fault, p engine.Point) string {
				in := s.target(f, p)
				if in == nil || !s.evict(in) {
					return ""
				}
				return in.name + " evicted from its group"
			}},
		{Name: "skew-clock", About: "a process's clock is ahead from now on", Keys: []string{"role", "by"},
			strike: func(s *Simulation, f *Fault, p engine.Point) string {
				in := s.target(f, p)
				if in == nil {
					return ""
				}
				s.Engine.SkewClock(in.proc, f.By)
				return fmt.Sprintf("the clock of %s is %s ahead", in.name, ShortDuration(f.By))
			}},
	}
}

func kafkaFaults() []FaultKind {
	return []FaultKind{
		{Name: "duplicate", About: "the latest records of the commands' topic come again, at new offsets", Keys: []string{"n"},
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				n := s.again(s.commandTopic(), max(f.N, 1))
				return receipt(n > 0, "%d records sent again at new offsets", n)
			}},
		{Name: "rewind", About: "an offset commit is lost: the group reads its last records again, at the same offsets", Keys: []string{"n"},
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				n := s.rewind(s.commandTopic(), int64(max(f.N, 1)))
				return receipt(n > 0, "offsets of %d partitions went back", n)
			}},
	}
}

func redisFaults() []FaultKind {
	return []FaultKind{
		{Name: "advance-clock", About: "the clock of Redis is ahead from now on, and what has a time to live loses as much of it", Keys: []string{"by"},
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				s.Redis.AdvanceClock(f.By)
				return fmt.Sprintf("the clock of Redis went %s ahead", ShortDuration(f.By))
			}},
		{Name: "redis-empty", About: "Redis comes back without its data",
			strike: func(s *Simulation, _ *Fault, _ engine.Point) string {
				s.Redis.RestartEmpty()
				return "Redis restarted empty"
			}},
	}
}

func postgresFaults() []FaultKind {
	return []FaultKind{
		{Name: "kill-backends", About: "PostgreSQL ends the connections of a process", Keys: []string{"role"},
			strike: func(s *Simulation, f *Fault, p engine.Point) string {
				in := s.target(f, p)
				if in == nil {
					return ""
				}
				s.Postgres.Kill(in.truth)
				return "connections of " + in.name + " ended"
			}},
	}
}

func receipt(ok bool, format string, args ...any) string {
	if !ok {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// target is the instance that a fault strikes: the one that passed the trigger if it has the role, else
// the first that lives.
func (s *Simulation) target(f *Fault, p engine.Point) *instanceOf {
	if p.Actor != nil {
		if in := s.of(p.Actor.Proc); in != nil && in.role == f.Role && !in.proc.Dead() {
			return in
		}
	}
	for _, in := range s.instances {
		if in.role == f.Role && !in.proc.Dead() {
			return in
		}
	}
	return nil
}

// evict takes the partitions of an instance's members away; they hear of it when their session is over.
func (s *Simulation) evict(in *instanceOf) (found bool) {
	client, broker := in.client, in.broker
	for _, j := range broker.joined() {
		if s.Kafka.Evict(j.group, client) {
			found = true
			s.Engine.At(sessionTimeout, "kafka tells "+client, func() { s.Kafka.Heartbeat(j.group, client) })
		}
	}
	return found
}

// commandTopic is the topic whose records the design decides by.
func (s *Simulation) commandTopic() string {
	if c := s.c.Design.Connector; c != nil && !c.Outbox {
		return c.Topic
	}
	return model.CommandTopic
}

// again appends the last n records of each partition once more.
func (s *Simulation) again(topic string, n int) (sent int) {
	perPart := map[int32][]int64{}
	for _, r := range s.Kafka.Records(topic) {
		perPart[r.Partition] = append(perPart[r.Partition], r.Offset)
	}
	for part := range s.c.Options.Partitions {
		offsets := perPart[part]
		for _, at := range offsets[max(0, len(offsets)-n):] {
			if s.Kafka.Duplicate(topic, part, at) {
				sent++
			}
		}
	}
	return sent
}

// rewind puts the offsets of every group of a topic back by n.
func (s *Simulation) rewind(topic string, n int64) (moved int) {
	for _, in := range s.instances {
		for _, j := range in.broker.joined() {
			for part := range s.c.Options.Partitions {
				at, ok := s.Kafka.Committed(j.group, topic, part)
				if !ok || at.Offset == 0 {
					continue
				}
				s.Kafka.Rewind(j.group, topic, part, port.Position{Offset: max(0, at.Offset-n), LeaderEpoch: at.LeaderEpoch})
				moved++
			}
		}
	}
	return moved
}
