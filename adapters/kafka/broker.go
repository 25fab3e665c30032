package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"stockproof/inventory/port"
	"stockproof/model"
)

// Broker implements [port.Broker]. It is safe for concurrent use.
type Broker struct {
	options  Options
	producer *kgo.Client
	admin    *kadm.Client
	topics   topicCache
}

// New makes a connection. It dials nothing yet.
func New(options Options) (*Broker, error) {
	b := &Broker{options: options.withDefaults()}
	o := &b.options
	producer, err := o.client(
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(o.ProduceLinger),
		kgo.MaxBufferedRecords(1<<20),
		kgo.MaxBufferedBytes(256<<20),
		kgo.WithHooks(&b.topics),
	)
	if err != nil {
		return nil, fmt.Errorf("kafka %s: %w: %w", o.seeds(), port.ErrContract, err)
	}
	b.producer, b.admin = producer, kadm.NewClient(producer)
	return b, nil
}

// Close ends the connection. Members have their own Leave.
func (b *Broker) Close() { b.producer.Close() }

// Produce implements [port.Broker]. A null key with Partition -1 goes where the value's hash says: a
// null key orders nothing. The records belong to the call even after it has failed.
func (b *Broker) Produce(ctx context.Context, rs ...port.Record) error {
	if len(rs) == 0 {
		return nil
	}
	ctx, cancel := b.options.bounded(ctx)
	defer cancel()
	ks := make([]*kgo.Record, len(rs))
	for i := range rs {
		info, err := b.topic(ctx, rs[i].Topic)
		if err == nil {
			ks[i], err = b.outgoing(&rs[i], info.partitions)
		}
		if err != nil {
			return err // nothing was sent yet
		}
	}
	d := &delivery{left: len(ks), done: make(chan struct{})}
	topic, partition := ks[0].Topic, ks[0].Partition // the client writes to a record until its promise
	for _, r := range ks {
		// Not the caller's context: franz-go fails all that is buffered for a partition with the
		// context of the first, and some of that is other callers'.
		b.producer.TryProduce(context.Background(), r, d.promise)
	}
	select {
	case <-d.done:
		return b.delivered(d, ks)
	case <-ctx.Done():
		return b.classified(ctx.Err(), writes, "produce %d records, first to %s[%d]: no answer",
			len(ks), topic, partition)
	}
}

// outgoing is the client's form of a record, refused here if no broker would ever take it, so that
// one bad record never leaves half a call in the log.
func (b *Broker) outgoing(r *port.Record, partitions int32) (*kgo.Record, error) {
	k := &kgo.Record{Topic: r.Topic, Partition: r.Partition, Key: r.Key, Value: r.Value}
	size := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		size += len(h.Key) + len(h.Value)
		k.Headers = append(k.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
	}
	if r.At != 0 {
		k.Timestamp = time.UnixMilli(r.At)
	}
	switch {
	case size > b.options.MaxRecordBytes:
		err := fmt.Errorf("a record of %d bytes exceeds %d: %w",
			size, b.options.MaxRecordBytes, port.ErrContract)
		return nil, b.classified(err, writes, "produce to %s", r.Topic)
	case r.Partition < -1 || r.Partition >= partitions:
		err := fmt.Errorf("the topic has %d partitions: %w", partitions, port.ErrContract)
		return nil, b.classified(err, writes, "produce to %s[%d]", r.Topic, r.Partition)
	case r.Partition == -1 && r.Key == nil:
		k.Partition = model.Partition(r.Value, partitions)
	case r.Partition == -1:
		k.Partition = model.Partition(r.Key, partitions)
	}
	return k, nil
}

// delivery collects the fates of one Produce's records.
type delivery struct {
	mu     sync.Mutex
	left   int
	failed int
	first  *kgo.Record // that failed
	err    error       // its error
	class  error       // of all failures; ErrUnknown if they differ
	done   chan struct{}
}

func (d *delivery) promise(r *kgo.Record, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left--
	if err != nil {
		d.failed++
		switch class := classOf(err, writes); {
		case d.first == nil:
			d.first, d.err, d.class = r, err, class
		case !errors.Is(class, d.class):
			d.class = port.ErrUnknown
		}
	}
	if d.left == 0 {
		close(d.done)
	}
}

// delivered is nil, or the one class that is true of the whole call: where some records are in the
// log and some are not, that is ErrUnknown.
func (b *Broker) delivered(d *delivery, ks []*kgo.Record) error {
	if d.failed == 0 {
		return nil
	}
	err := d.err
	b.topics.forget(d.first.Topic)
	if errors.Is(err, kerr.UnknownTopicID) || errors.Is(err, kerr.UnknownTopicOrPartition) {
		// Deleted, and perhaps made anew: the client would send to the old topic for ever.
		b.producer.PurgeTopicsFromProducing(d.first.Topic)
	}
	if d.class == port.ErrUnavailable && d.failed < len(ks) {
		d.class = port.ErrUnknown
	}
	if port.Class(err) == nil {
		err = fmt.Errorf("%w: %w", d.class, err)
	}
	return b.classified(err, writes, "produce %d records, %d failed, first to %s[%d]",
		len(ks), d.failed, d.first.Topic, d.first.Partition)
}

// End implements [port.Broker]. The topic is looked up each time: a topic made anew has other offsets.
func (b *Broker) End(ctx context.Context, topic string) (model.ID, []int64, error) {
	ctx, cancel := b.options.bounded(ctx)
	defer cancel()
	info, err := b.lookUp(ctx, topic)
	if err != nil {
		return model.ID{}, nil, err
	}
	listed, err := b.admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return model.ID{}, nil, b.classified(err, reads, "list the ends of %s", topic)
	}
	ends := make([]int64, info.partitions)
	for p := range ends {
		o, ok := listed.Lookup(topic, int32(p))
		if err := o.Err; err != nil || !ok {
			if err == nil {
				err = port.ErrUnavailable
			}
			return model.ID{}, nil, b.classified(err, reads, "list the end of %s[%d]", topic, p)
		}
		ends[p] = o.Offset
	}
	return info.id, ends, nil
}

// bounds is what a partition's log holds: [start, end).
func (b *Broker) bounds(
	ctx context.Context, topic string, partition int32,
) (start, end int64, err error) {
	starts, err := b.admin.ListStartOffsets(ctx, topic)
	if err != nil {
		return 0, 0, err
	}
	ends, err := b.admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return 0, 0, err
	}
	s, ok := starts.Lookup(topic, partition)
	e, okToo := ends.Lookup(topic, partition)
	if !ok || !okToo {
		return 0, 0, port.ErrUnavailable
	}
	return s.Offset, e.Offset, errors.Join(s.Err, e.Err)
}
