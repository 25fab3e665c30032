package kafka

import (
	"slices"
	"sort"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
)

// log is one partition: records at ascending offsets, consecutive where it was not compacted, and
// where each leader's reign began.
type log struct {
	start   int64 // the first offset that retention left
	next    int64 // the offset of the next record
	records []port.Record
	hashes  []memory.Hash // of records[:i+1], as far as somebody asked
	reigns  []reign       // never empty; ascending in both fields
}

// reign is a leader epoch and the offset at which its leader began to write (KIP-101).
type reign struct {
	epoch int32
	from  int64
}

func newLog() *log { return &log{reigns: []reign{{}}} }

// reset empties the log.
func (l *log) reset() {
	clear(l.records)
	*l = log{records: l.records[:0], hashes: l.hashes[:0], reigns: append(l.reigns[:0], reign{})}
}

func (l *log) end() int64 { return l.next }

// index is the place of the first record at or behind offset; len(records) if there is none.
func (l *log) index(offset int64) int {
	if l.next-l.start == int64(len(l.records)) { // no holes
		return int(min(max(offset, l.start), l.next) - l.start)
	}
	return sort.Search(len(l.records), func(i int) bool { return l.records[i].Offset >= offset })
}

// has reports whether there are n records at or behind offset.
func (l *log) has(offset int64, n int) bool { return len(l.records)-l.index(offset) >= n }

func (l *log) leaderEpoch() int32 { return l.reigns[len(l.reigns)-1].epoch }

func (l *log) append(r port.Record) {
	r.Offset, r.LeaderEpoch = l.end(), l.leaderEpoch()
	l.records = append(l.records, r)
	l.next++
}

// read copies at most max records from offset on; the caller checked the position.
func (l *log) read(offset int64, max int) []port.Record {
	rs := l.records[l.index(offset):]
	if len(rs) > max {
		rs = rs[:max]
	}
	return append([]port.Record(nil), rs...)
}

// endOf is where the log of a leader epoch ends, as OffsetForLeaderEpoch answers it (KIP-320).
func (l *log) endOf(epoch int32) int64 {
	for _, r := range l.reigns {
		if r.epoch > epoch {
			return r.from
		}
	}
	return l.end()
}

// outside says why a position cannot be read: below what retention left, above the end, or in a
// suffix that was cut off, which only the leader epoch tells.
func (l *log) outside(topic string, partition int32, at port.Position) *port.OutOfRangeError {
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
func (l *log) elect() {
	l.reigns = append(l.reigns, reign{l.leaderEpoch() + 1, l.end()})
}

// truncate is an unclean election: the new leader never had what lies at to and behind it. Nor has it a hole at its
// end: a replica compacts its own log, and the last record of a log stays.
func (l *log) truncate(to int64) {
	next := l.leaderEpoch() + 1
	if to < l.end() {
		i := l.index(to)
		l.records, l.hashes = l.records[:i:i], nil
		to = l.start
		if i > 0 {
			to = l.records[i-1].Offset + 1
		}
		l.next = to
	}
	for len(l.reigns) > 0 && l.reigns[len(l.reigns)-1].from >= to {
		l.reigns = l.reigns[:len(l.reigns)-1]
	}
	l.reigns = append(l.reigns, reign{next, l.end()})
}

// deleteBefore is retention: everything below offset goes.
func (l *log) deleteBefore(offset int64) {
	offset = min(offset, l.end())
	if offset <= l.start {
		return
	}
	l.records, l.hashes = append([]port.Record(nil), l.records[l.index(offset):]...), nil
	l.start = offset
}

// compact keeps of each key what is written last, and the last record of all.
func (l *log) compact() (removed int) {
	newer := make(map[string]bool, len(l.records))
	var kept []port.Record
	for i := len(l.records) - 1; i >= 0; i-- {
		r := l.records[i]
		if i == len(l.records)-1 || r.Key != nil && !newer[string(r.Key)] {
			kept = append(kept, r)
		}
		if r.Key != nil {
			newer[string(r.Key)] = true
		}
	}
	removed = len(l.records) - len(kept)
	slices.Reverse(kept)
	l.records, l.hashes = kept, nil
	return removed
}
