package kafka

import "stockproof/inventory/port"

// Elect gives a partition a new leader that has the whole log.
func (k *Server) Elect(topic string, partition int32) {
	k.log(topic, partition, (*log).elect)
}

// Truncate gives a partition a new leader that lacks what lies at offset and behind it: acknowledged
// records are lost, and their offsets will be used again.
func (k *Server) Truncate(topic string, partition int32, offset int64) {
	k.log(topic, partition, func(l *log) { l.truncate(offset) })
}

// DeleteRecords is retention: records below offset go.
func (k *Server) DeleteRecords(topic string, partition int32, offset int64) {
	k.log(topic, partition, func(l *log) { l.deleteBefore(offset) })
}

// Duplicate appends a record of the log once more: the same record at a new offset, as a connector
// that lost its position sends it. It reports whether there was such a record.
func (k *Server) Duplicate(topic string, partition int32, offset int64) (found bool) {
	k.log(topic, partition, func(l *log) {
		i := l.index(offset)
		if found = i < len(l.records) && l.records[i].Offset == offset; found {
			l.append(l.records[i])
		}
	})
	return found
}

// Compact is log compaction (cleanup.policy=compact): of all records of a key only the last stays, where
// it is. Offsets stay, with holes between them; a tombstone stays too. A record without a key goes: a
// compacted topic has no use for one. As in Kafka, whose active segment is never compacted, the last
// record of a partition always stays. It says how many records went.
func (k *Server) Compact(topic string) (removed int) {
	k.gate.Local(func() {
		if t := k.topic(topic); t != nil {
			for _, l := range t.logs {
				removed += l.compact()
			}
		}
	})
	return removed
}

// AddPartitions gives a topic that has fewer n partitions. Where [model.Partition] decides, keys go
// elsewhere from now on, while their older records stay where they are. Groups rebalance over all
// partitions, and begin the new ones where [Options.Reset] says. It reports whether there was such
// a topic.
func (k *Server) AddPartitions(topic string, n int32) (grown bool) {
	k.gate.Local(func() {
		t := k.topic(topic)
		if t == nil || int(n) <= len(t.logs) {
			return
		}
		grown = true
		for len(t.logs) < int(n) {
			t.logs = append(t.logs, newLog())
		}
		for _, g := range k.groups {
			if g.topic == t {
				g.grow()
			}
		}
	})
	return grown
}

// ExpireOffsets is what the coordinator does to a group that has been empty for longer than
// offsets.retention.minutes (7 days): its offsets are gone, and it begins where [Options.Reset]
// says. A group that has members keeps them: then nothing happens, and it reports false, as for a group
// without offsets.
func (k *Server) ExpireOffsets(group string) (expired bool) {
	k.gate.Local(func() {
		for _, g := range k.groups {
			if g.name == group && len(g.members) > 0 {
				return
			}
		}
		for _, g := range k.groups {
			for i := range g.shares {
				if s := &g.shares[i]; g.name == group && s.stored {
					s.committed, s.stored, expired = port.Position{}, false, true
				}
			}
		}
	})
	return expired
}
