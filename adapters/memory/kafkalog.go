package memory

import (
	"stockproof/inventory/port"
)

// kafkaLog is one partition: records at consecutive offsets, and where each leader's reign began.
type kafkaLog struct {
	start   int64 // the first offset that retention left
	base    int64 // the offset of records[0]
	records []port.Record
	reigns  []reign // never empty; ascending in both fields
}

// reign is a leader epoch and the offset at which its leader began to write (KIP-101).
type reign struct {
	epoch int32
	from  int64
}

func newKafkaLog() *kafkaLog { return &kafkaLog{reigns: []reign{{}}} }

func (l *kafkaLog) end() int64 { return l.base + int64(len(l.records)) }

func (l *kafkaLog) leaderEpoch() int32 { return l.reigns[len(l.reigns)-1].epoch }

func (l *kafkaLog) append(r port.Record) {
	r.Offset, r.LeaderEpoch = l.end(), l.leaderEpoch()
	l.records = append(l.records, r)
}

// read copies at most max records from offset on; the caller checked the position.
func (l *kafkaLog) read(offset int64, max int) []port.Record {
	rs := l.records[offset-l.base:]
	if len(rs) > max {
		rs = rs[:max]
	}
	return append([]port.Record(nil), rs...)
}

// endOf is where the log of a leader epoch ends, as OffsetForLeaderEpoch answers it (KIP-320).
func (l *kafkaLog) endOf(epoch int32) int64 {
	for _, r := range l.reigns {
		if r.epoch > epoch {
			return r.from
		}
	}
	return l.end()
}

// outside says why a position cannot be read: below what retention left, above the end, or in a
// suffix that was cut off, which only the leader epoch tells.
func (l *kafkaLog) outside(topic string, partition int32, at port.Position) *port.OutOfRangeError {
	latest := l.end()
	if at.LeaderEpoch >= 0 {
		latest = min(latest, l.endOf(at.LeaderEpoch))
	}
	if l.start <= at.Offset && at.Offset <= latest {
		return nil
	}
	return &port.OutOfRangeError{
		Topic: topic, Partition: partition, Asked: at.Offset,
		Earliest: l.start, Latest: latest, LeaderEpoch: l.leaderEpoch(),
	}
}

// elect begins a new leader's reign at the end of the log.
func (l *kafkaLog) elect() {
	l.reigns = append(l.reigns, reign{l.leaderEpoch() + 1, l.end()})
}

// truncate is an unclean election: the new leader never had what lies at to and behind it.
func (l *kafkaLog) truncate(to int64) {
	next := l.leaderEpoch() + 1
	to = max(to, l.start)
	if to < l.end() {
		l.records = l.records[: to-l.base : to-l.base]
	}
	for len(l.reigns) > 0 && l.reigns[len(l.reigns)-1].from >= to {
		l.reigns = l.reigns[:len(l.reigns)-1]
	}
	l.reigns = append(l.reigns, reign{next, l.end()})
}

// deleteBefore is retention: everything below offset goes.
func (l *kafkaLog) deleteBefore(offset int64) {
	offset = min(offset, l.end())
	if offset <= l.start {
		return
	}
	l.records = append([]port.Record(nil), l.records[offset-l.base:]...)
	l.start, l.base = offset, offset
}
