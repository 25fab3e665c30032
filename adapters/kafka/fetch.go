package kafka

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"stockproof/inventory/port"
	"stockproof/model"
)

// stream is what a claim has of its partition: the records between the position that Fetch will name
// next, if it goes on where it stopped, and the position that the data client will deliver next.
type stream struct {
	started bool  // the data client has been told where to read
	wanted  int   // how often it has been told
	applied int   // and which of these it has done: only then is what it delivers ours
	at      int64 // where the buffer begins
	next    int64 // where it ends
	buffer  []port.Record
	paused  bool
	fault   error // why the data client stands still
	outage  error // why it gets no answer at the moment
}

// order is something for the loop that owns the data client: read a partition from an offset, or
// stop. A seek while a poll is under way could otherwise be answered by records from before it.
type order struct {
	c    *claim
	read bool
	from int64
	nth  int // the claim's wanted
}

// seek orders the partition to be read from an offset. The mutex is held.
func (c *claim) seek(from int64) {
	c.started, c.fault, c.outage = true, nil, nil
	c.buffer, c.at, c.next = nil, from, from
	c.wanted++
	c.m.command(order{c: c, read: true, from: from, nth: c.wanted})
}

// stopReading: the mutex is held.
func (m *member) stopReading(c *claim) {
	c.buffer = nil
	m.command(order{c: c})
}

func (m *member) command(o order) {
	m.orders = append(m.orders, o)
	m.poke()
}

// read is the loop that owns the data client: orders first, then one poll.
func (m *member) read() {
	reading := make(map[int32]*claim)
	for {
		m.mu.Lock()
		orders := m.orders
		m.orders = nil
		ctx, cancel := context.WithCancel(context.Background())
		m.poke = cancel
		m.mu.Unlock()
		for _, o := range orders {
			m.obey(reading, o)
		}
		fetches := m.data.PollFetches(ctx)
		cancel()
		if fetches.IsClientClosed() {
			return
		}
		m.deliver(reading, fetches)
	}
}

func (m *member) obey(reading map[int32]*claim, o order) {
	p := o.c.partition
	if !o.read && reading[p] != o.c {
		return // another claim reads it by now
	}
	if reading[p] != nil {
		m.data.RemoveConsumePartitions(map[string][]int32{m.topic: {p}})
		delete(reading, p)
	}
	if !o.read {
		return
	}
	m.data.ResumeFetchPartitions(map[string][]int32{m.topic: {p}})
	m.data.AddConsumePartitions(map[string]map[int32]kgo.Offset{m.topic: {p: kgo.NewOffset().At(o.from)}})
	reading[p] = o.c
	m.mu.Lock()
	defer m.mu.Unlock()
	o.c.applied, o.c.paused = o.nth, false
}

// deliver puts what was polled into the claims' buffers.
func (m *member) deliver(reading map[int32]*claim, fetches kgo.Fetches) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fetches.EachTopic(func(t kgo.FetchTopic) {
		for i := range t.Partitions {
			p := &t.Partitions[i]
			c := reading[p.Partition]
			if t.Topic != m.topic || c == nil || c.applied != c.wanted || c.told {
				continue
			}
			if t.TopicID != [16]byte{} && model.ID(t.TopicID) != c.topicID {
				c.fault = errRemade
				continue
			}
			c.receive(p)
		}
	})
	m.notify()
}

// receive: the mutex is held.
func (c *claim) receive(p *kgo.FetchPartition) {
	if p.Err == nil {
		c.outage = nil
	}
	if len(p.Records) > 0 && p.Records[0].Offset > c.next && p.LogStartOffset > c.next {
		c.fault = kerr.OffsetOutOfRange // not a hole of compaction: retention took what we asked for
		return
	}
	for _, r := range p.Records {
		if r.Offset >= c.next {
			c.buffer = append(c.buffer, incoming(r))
			c.next = r.Offset + 1
		}
	}
	if p.Err != nil && !passing(p.Err) {
		c.fault = p.Err
		if _, lost := errors.AsType[*kgo.ErrDataLoss](p.Err); lost {
			c.buffer = nil // some of it may be of the log that was lost
		}
	}
	if len(c.buffer) >= c.m.b.options.BufferRecords && !c.paused {
		c.paused = true
		c.m.data.PauseFetchPartitions(map[string][]int32{c.m.topic: {c.partition}})
	}
}

// passing is what franz-go gets over by itself, by asking again or elsewhere.
func passing(err error) bool { return kerr.IsRetriable(err) && !mayBeRemade(err) }

func incoming(r *kgo.Record) port.Record {
	out := port.Record{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, LeaderEpoch: r.LeaderEpoch,
		Key: r.Key, Value: r.Value, At: r.Timestamp.UnixMilli(),
	}
	for _, h := range r.Headers {
		out.Headers = append(out.Headers, port.Header{Key: h.Key, Value: h.Value})
	}
	return out
}

// position makes the buffer begin at from: by dropping what lies before it, else by a seek. A seek
// with a leader epoch first asks whether the log still has what was consumed in it (KIP-320).
func (c *claim) position(ctx context.Context, from port.Position) error {
	c.m.mu.Lock()
	near := c.started && c.fault == nil && c.at <= from.Offset && from.Offset <= c.next
	if near || c.told {
		c.skipTo(from.Offset)
		c.m.mu.Unlock()
		return nil
	}
	c.m.mu.Unlock()
	if from.LeaderEpoch >= 0 {
		if err := c.truncated(ctx, from); err != nil {
			return err
		}
	}
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	if !c.told {
		c.seek(from.Offset)
	}
	return nil
}

// skipTo: the mutex is held.
func (c *claim) skipTo(offset int64) {
	i, _ := slices.BinarySearchFunc(c.buffer, offset, func(r port.Record, o int64) int {
		return int(min(1, max(-1, r.Offset-o)))
	})
	c.buffer, c.at = c.buffer[i:], offset
}

// records waits for one, lingers for more, and takes at most max. A fault is for explain, an error
// for the caller.
func (c *claim) records(
	ctx context.Context, max int, linger time.Duration,
) (rs []port.Record, fault, err error) {
	if err := c.await(ctx, 1, nil); err != nil {
		return nil, nil, err
	}
	if linger > 0 {
		patience := time.NewTimer(linger)
		defer patience.Stop()
		if err := c.await(ctx, max, patience.C); err != nil {
			return nil, nil, err
		}
	}
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	if len(c.buffer) == 0 {
		fault, err = c.fault, c.outage
		c.outage = nil
		if fault != nil {
			c.started, err = false, nil
		}
		return nil, fault, err
	}
	n := min(max, len(c.buffer))
	rs = slices.Clone(c.buffer[:n])
	c.buffer, c.at = c.buffer[n:], rs[n-1].Offset+1
	if len(c.buffer) == 0 {
		c.buffer = nil
	}
	if c.paused && len(c.buffer) <= c.m.b.options.BufferRecords/2 {
		c.paused = false
		c.m.data.ResumeFetchPartitions(map[string][]int32{c.m.topic: {c.partition}})
	}
	return rs, nil, nil
}

// await waits until n records are there, or nothing more will come, or patience ends.
func (c *claim) await(ctx context.Context, n int, patience <-chan time.Time) error {
	for {
		c.m.mu.Lock()
		changed := c.m.changed
		ready := len(c.buffer) >= n || c.told || c.fault != nil || c.outage != nil
		c.m.mu.Unlock()
		if ready {
			return nil
		}
		select {
		case <-changed:
		case <-patience:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
