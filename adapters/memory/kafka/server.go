package kafka

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Options are the settings of a broker that matter to its clients.
type Options struct {
	// RebalanceTimeout is how long a revocation waits for Release. Default 60 s.
	RebalanceTimeout time.Duration
	// MaxRecordBytes bounds key, value and headers of one record (message.max.bytes).
	// Default 1 048 588.
	MaxRecordBytes int
	// Reset is where a group begins that has no offset: auto.offset.reset. Default [Earliest].
	Reset Reset
	// Shapes is for digests; default new ones. Worlds that never run at once may share them.
	Shapes *memory.Shapes
}

// Server is a broker: topics of partitions, and consumer groups (group.go). Leader epochs, topic
// identities, truncation, retention, compaction and growth (faults.go) are there because
// consumers must survive them; replication and transactions are not, because nothing behind the ports
// can see them.
//
// A producer with another partitioner, or one that has not heard of new partitions yet, names the
// partition itself: [port.Record].Partition. One with other key bytes just writes them.
type Server struct {
	gate    memory.Gate
	options Options
	topics  []*topic         // in order of creation
	groups  []*consumerGroup // in order of the first Join
	taken   []*claim         // that members were handed and, but for the last few, have not let go of
	spare   []*topic         // from before the last reset
}

type topic struct {
	name       string
	id         model.ID
	generation int // how often the name was created
	logs       []*log
}

// New makes a broker without topics.
func New(gate memory.Gate, options Options) *Server {
	k := &Server{}
	k.Reset(gate, options)
	return k
}

// Reset makes the broker as good as new; of the topics it had it keeps the room. Its clients are nobody's any
// more.
func (k *Server) Reset(gate memory.Gate, options Options) {
	if options.RebalanceTimeout <= 0 {
		options.RebalanceTimeout = time.Minute
	}
	if options.MaxRecordBytes <= 0 {
		options.MaxRecordBytes = 1_048_588
	}
	if options.Shapes == nil {
		options.Shapes = memory.NewShapes()
	}
	*k = Server{gate: gate, options: options, spare: append(k.spare, k.topics...), topics: k.topics[:0]}
}

// fresh is a topic of a name that was never used, made of one that was there before the last reset if there was one.
func (k *Server) fresh(name string, partitions int32) *topic {
	for i, t := range k.spare {
		if t.name != name {
			continue
		}
		k.spare = slices.Delete(k.spare, i, i+1)
		if t.generation != 1 || len(t.logs) != int(partitions) {
			break
		}
		for _, l := range t.logs {
			l.reset()
		}
		return t
	}
	t := &topic{name: name}
	t.create(partitions)
	return t
}

// create makes the topic anew.
func (t *topic) create(partitions int32) {
	t.generation++
	t.id = model.NameID("topic", t.name, strconv.Itoa(t.generation))
	t.logs = nil
	for range partitions {
		t.logs = append(t.logs, newLog())
	}
}

// Client is one process's connection; its group members are named after clientID.
func (k *Server) Client(clientID string) port.Broker { return &client{k: k, id: clientID} }

// CreateTopic makes a topic, or makes an existing one anew: with another identity, from offset 0,
// its groups' offsets gone.
func (k *Server) CreateTopic(name string, partitions int32) {
	k.gate.Local(func() {
		t := k.topic(name)
		if t == nil {
			k.topics = append(k.topics, k.fresh(name, partitions))
			return
		}
		t.create(partitions)
		for _, g := range k.groups {
			if g.topic == t {
				g.restart()
			}
		}
	})
}

// TopicID identifies the topic as it is now; zero if there is none.
func (k *Server) TopicID(name string) (id model.ID) {
	k.gate.Local(func() {
		if t := k.topic(name); t != nil {
			id = t.id
		}
	})
	return id
}

// Records is everything a topic holds, by partition and offset.
func (k *Server) Records(name string) (rs []port.Record) {
	k.gate.Local(func() {
		if t := k.topic(name); t != nil {
			for _, l := range t.logs {
				rs = append(rs, l.records...)
			}
		}
	})
	return rs
}

// Behind is what a partition holds behind its first n records, and how many it holds in all.
func (k *Server) Behind(topic string, partition int32, n int) (rs []port.Record, holds int) {
	k.log(topic, partition, func(l *log) {
		holds = len(l.records)
		rs = l.records[min(n, holds):holds:holds]
	})
	return rs, holds
}

func (k *Server) log(topic string, partition int32, fn func(*log)) {
	k.gate.Local(func() {
		if t := k.topic(topic); t != nil && partition >= 0 && int(partition) < len(t.logs) {
			fn(t.logs[partition])
		}
	})
}

func (k *Server) topic(name string) *topic {
	for _, t := range k.topics {
		if t.name == name {
			return t
		}
	}
	return nil
}

// known is the topic, or what a client is told about one that does not exist: infrastructure, since
// a missing topic is never the record's fault.
func (k *Server) known(name string) (*topic, error) {
	if t := k.topic(name); t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("kafka: there is no topic %s: %w", name, port.ErrUnavailable)
}

type client struct {
	k  *Server
	id string
}

func (c *client) Produce(ctx context.Context, rs ...port.Record) error {
	if len(rs) == 0 {
		return nil
	}
	call := memory.Call{Server: "kafka", Op: "produce", Key: rs[0].Topic, With: rs}
	return c.k.gate.Call(ctx, call, func() error { return c.k.produce(rs) })
}

// produce refuses the whole call before it appends anything, as a client does that looks at its
// metadata first. Between two partitions other clients may come.
func (k *Server) produce(rs []port.Record) error {
	logs := make([]*log, len(rs))
	parts := make([]int32, len(rs))
	for i := range rs {
		t, err := k.known(rs[i].Topic)
		if err != nil {
			return err
		}
		parts[i], err = placement(&rs[i], int32(len(t.logs)))
		if err == nil {
			err = k.fits(&rs[i])
		}
		if err != nil {
			return err
		}
		logs[i] = t.logs[parts[i]]
	}
	for i := range rs {
		if i > 0 && logs[i] != logs[i-1] {
			k.gate.Between()
		}
		r := ownRecord(rs[i])
		r.Partition = parts[i]
		if r.At == 0 {
			r.At = k.gate.NowMS()
		}
		logs[i].append(r)
	}
	return nil
}

// placement is the partition of a record in a topic of n: the one it names, or its key's. A null key
// orders nothing, so the value spreads it.
func placement(r *port.Record, n int32) (int32, error) {
	switch {
	case r.Partition >= n || r.Partition < -1:
		return 0, fmt.Errorf("kafka: produce to %s[%d], which has %d partitions: %w",
			r.Topic, r.Partition, n, port.ErrContract)
	case r.Partition >= 0:
		return r.Partition, nil
	case r.Key == nil:
		return model.Partition(r.Value, n), nil
	}
	return model.Partition(r.Key, n), nil
}

func (k *Server) fits(r *port.Record) error {
	n := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value)
	}
	if n <= k.options.MaxRecordBytes {
		return nil
	}
	return fmt.Errorf("kafka: produce to %s: a record of %d bytes exceeds %d: %w",
		r.Topic, n, k.options.MaxRecordBytes, port.ErrContract)
}

// ownRecord shares no memory with the producer, who may reuse his.
func ownRecord(r port.Record) port.Record {
	r.Key, r.Value = bytes.Clone(r.Key), bytes.Clone(r.Value)
	hs := make([]port.Header, len(r.Headers))
	for i, h := range r.Headers {
		hs[i] = port.Header{Key: h.Key, Value: bytes.Clone(h.Value)}
	}
	r.Headers = hs
	return r
}

func (c *client) End(
	ctx context.Context, topic string,
) (id model.ID, ends []int64, err error) {
	call := memory.Call{Server: "kafka", Op: "end", Key: topic, Answer: &ends}
	err = c.k.gate.Call(ctx, call, func() error {
		t, err := c.k.known(topic)
		if err != nil {
			return err
		}
		id = t.id
		for _, l := range t.logs {
			ends = append(ends, l.end())
		}
		return nil
	})
	return id, ends, err
}
