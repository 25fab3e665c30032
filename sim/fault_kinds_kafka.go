package sim

import (
	"fmt"
	"slices"
	"strings"

	"stockproof/inventory/port"
	"stockproof/sim/engine"
)

func kafkaFaults() []FaultKind {
	return []FaultKind{
		{Name: "duplicate",
			About: "the latest records of each partition come again, at new offsets; with order or sku: those about it",
			Keys:  []string{"n", "order", "sku", "topic"}, applies: hasCommands,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				n := s.again(f, max(f.N, 1))
				return receipt(n > 0, "%d records sent again at new offsets", n)
			}},
		{Name: "mirror-replay", About: "all records of a topic come again, as from a mirror that began at the start",
			Keys: []string{"topic"}, applies: hasCommands,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				n := s.again(f, 1<<30)
				return receipt(n > 0, "all %d records replayed", n)
			}},
		{Name: "rewind", Hidden: "which claims ended under their holders",
			About: "an offset commit is lost: the group reads its last records again, at the same offsets",
			Keys:  []string{"n", "topic"}, applies: hasCommands,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				n := s.rewind(s.topicOf(f), int64(max(f.N, 1)))
				return receipt(n > 0, "offsets of %d partitions went back", n)
			}},
		{Name: "expire-offsets", About: "the consumers of a role were away for longer than their group's offsets are kept",
			Keys: []string{"role"}, applies: hasKafka, strike: expireOffsets},
		{Name: "retention", About: "the log of a topic begins later: all but the last n records of each partition are gone",
			Keys: []string{"n", "topic"}, applies: hasCommands,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				return s.cut(f, "deleted by retention", func(topic string, part int32, rs []port.Record) int {
					gone := len(rs) - f.N
					if gone <= 0 {
						return 0
					}
					s.Kafka.DeleteRecords(topic, part, rs[gone-1].Offset+1)
					return gone
				})
			}},
		{Name: "truncate", About: "an unclean leader lacks the last n records of a partition, and uses their offsets again",
			Keys: []string{"n", "topic"}, applies: hasCommands,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				return s.cut(f, "lost by an unclean election", func(topic string, part int32, rs []port.Record) int {
					n := min(max(f.N, 1), len(rs))
					if n > 0 {
						s.Kafka.Truncate(topic, part, rs[len(rs)-n].Offset)
					}
					return n
				})
			}},
		{Name: "elect", About: "every partition of a topic gets a new leader, which has the whole log", Keys: []string{"topic"},
			applies: hasCommands,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				topic := s.topicOf(f)
				n := s.partitions(topic)
				for part := range n {
					s.Kafka.Elect(topic, part)
				}
				return receipt(n > 0, "%d partitions of %s have new leaders", n, topic)
			}},
		{Name: "recreate-topic", Hidden: "which claims ended under their holders",
			About: "a topic is deleted and created anew: another identity, no record, no offset",
			Keys:  []string{"topic"}, applies: hasCommands,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				topic := s.topicOf(f)
				gone := len(s.Kafka.Records(topic))
				s.Kafka.CreateTopic(topic, s.partitions(topic))
				return receipt(true, "%s created anew without its %d records", topic, gone)
			}},
		{Name: "grow-partitions", About: "a topic gets n more partitions: keys go elsewhere from now on",
			Keys: []string{"n", "topic"}, applies: hasCommands,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				topic := s.topicOf(f)
				n := s.partitions(topic) + int32(max(f.N, 1))
				return receipt(s.Kafka.AddPartitions(topic, n), "%s has %d partitions", topic, n)
			}},
		{Name: "compact", About: "a topic is compacted: of the records of a key only the last stays", Keys: []string{"topic"},
			applies: hasCommands,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				n := s.Kafka.Compact(s.topicOf(f))
				return receipt(n > 0, "compaction removed %d records of %s", n, s.topicOf(f))
			}},
	}
}

// byPartition sorts the records of a topic by their partition.
func (s *Simulation) byPartition(topic string) [][]port.Record {
	parts := make([][]port.Record, s.partitions(topic))
	for _, r := range s.Kafka.Records(topic) {
		parts[r.Partition] = append(parts[r.Partition], r)
	}
	return parts
}

// again appends the last n records of each partition once more, of those that the fault is about.
func (s *Simulation) again(f *Fault, n int) (sent int) {
	topic := s.topicOf(f)
	order, _ := s.c.Workload.Order(f.When.Order)
	for part, rs := range s.byPartition(topic) {
		if !order.IsZero() || f.When.SKU != "" {
			rs = slices.DeleteFunc(rs, func(r port.Record) bool { return !recordMentions(&r, order, f.When.SKU) })
		}
		for _, r := range rs[max(0, len(rs)-n):] {
			if s.Kafka.Duplicate(topic, int32(part), r.Offset) {
				sent++
			}
		}
	}
	return sent
}

// rewind puts the offsets of every group of a topic back by n.
func (s *Simulation) rewind(topic string, n int64) (moved int) {
	var groups []string
	for _, in := range s.instances {
		for _, j := range in.broker.joined() {
			if j.topic == topic && !slices.Contains(groups, j.group) {
				groups = append(groups, j.group)
			}
		}
	}
	for _, group := range groups {
		for part := range s.partitions(topic) {
			at, ok := s.Kafka.Committed(group, topic, part)
			if !ok || at.Offset == 0 {
				continue
			}
			s.Kafka.Rewind(group, topic, part, port.Position{Offset: max(0, at.Offset-n), LeaderEpoch: at.LeaderEpoch})
			moved++
		}
	}
	return moved
}

// expireOffsets ends every instance of a role, empties its groups, and lets the offsets go.
func expireOffsets(s *Simulation, f *Fault, _ engine.Point) string {
	groups := s.groupsWithOffsets(f.Role)
	if len(groups) == 0 {
		return ""
	}
	for _, in := range s.instances {
		if in.role != f.Role || in.retired || in.ended {
			continue
		}
		s.Crash(in)
		for _, j := range in.broker.joined() {
			s.Kafka.Evict(j.group, in.client)
		}
	}
	for _, group := range groups {
		s.Kafka.ExpireOffsets(group)
	}
	return fmt.Sprintf("%s was away, and the offsets of %s are gone", f.Role, strings.Join(groups, ", "))
}

// groupsWithOffsets are the groups that instances of a role joined and that have committed something.
func (s *Simulation) groupsWithOffsets(role string) (groups []string) {
	for _, in := range s.instances {
		if in.role != role || in.retired {
			continue
		}
		for _, j := range in.broker.joined() {
			for part := range s.partitions(j.topic) {
				if _, ok := s.Kafka.Committed(j.group, j.topic, part); ok && !slices.Contains(groups, j.group) {
					groups = append(groups, j.group)
				}
			}
		}
	}
	return groups
}

// cut takes records out of each partition of a topic and says how many.
func (s *Simulation) cut(f *Fault, how string, take func(topic string, part int32, rs []port.Record) int) string {
	topic, total := s.topicOf(f), 0
	for part, rs := range s.byPartition(topic) {
		total += take(topic, int32(part), rs)
	}
	return receipt(total > 0, "%d records of %s %s", total, topic, how)
}

// produce writes records as a client of no process of ours, and says how many were taken.
func (s *Simulation) produce(rs ...port.Record) (n int) {
	broker := s.Kafka.Client("another producer")
	for _, r := range rs {
		if broker.Produce(s.ctx, r) == nil {
			n++
		}
	}
	return n
}

// commandRecords are the records of the command topic that carry commands, the latest first: of the
// fault's order or SKU, if it names one.
func (s *Simulation) commandRecords(f *Fault) []port.Record {
	order, _ := s.c.Workload.Order(f.When.Order)
	rs := s.Kafka.Records(s.CommandTopic())
	rs = slices.DeleteFunc(rs, func(r port.Record) bool {
		return !carriesCommand(r.Value) || (!order.IsZero() || f.When.SKU != "") && !recordMentions(&r, order, f.When.SKU)
	})
	slices.SortStableFunc(rs, func(a, b port.Record) int { return int(b.At - a.At) })
	return rs
}
