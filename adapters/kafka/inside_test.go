package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	fake "stockproof/adapters/fakes/kafka"
	"stockproof/inventory/port"
	"stockproof/model"
)

// inside is a member of a cluster of one broker and one topic, seen from inside.
type inside struct {
	cluster *fake.Cluster
	b       *Broker
	m       *member
	ctx     context.Context
}

func newInside(t *testing.T, o Options) *inside {
	c, err := fake.Start(fake.Options{Topics: []fake.Topic{{Name: "t", Partitions: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	o.Seeds, o.FetchMaxWait = c.Seeds(), 20*time.Millisecond
	b, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	m, err := b.Join(ctx, "g", "t")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Leave(context.Background()) })
	return &inside{c, b, m.(*member), ctx}
}

func (in *inside) claim(t *testing.T) *claim {
	t.Helper()
	c, err := in.m.Claim(in.ctx)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*claim)
}

func (in *inside) put(t *testing.T, n int) {
	t.Helper()
	rs := make([]port.Record, n)
	for i := range rs {
		rs[i] = port.Record{Topic: "t", Value: fmt.Append(nil, i)}
	}
	if err := in.b.Produce(in.ctx, rs...); err != nil {
		t.Fatal(err)
	}
}

// TestACommitThatWaitedForARebalanceLooksAtItsClaimAgain: the client sends a commit under whatever
// generation it then has, and by then the partition may be somebody else's.
func TestACommitThatWaitedForARebalanceLooksAtItsClaimAgain(t *testing.T) {
	in := newInside(t, Options{})
	c := in.claim(t)
	joining, join := make(chan struct{}), make(chan struct{})
	in.cluster.Fake().ControlKey(int16(kmsg.JoinGroup), func(kmsg.Request) (kmsg.Response, error, bool) {
		close(joining)
		in.cluster.Fake().SleepControl(func() { <-join })
		return nil, nil, false
	})
	in.m.membership.ForceRebalance()
	<-joining
	committed := make(chan error, 1)
	go func() { committed <- c.Commit(in.ctx, port.Position{Offset: 5, LeaderEpoch: -1}) }()
	time.Sleep(20 * time.Millisecond) // lets it get past its first look; too little only weakens the test
	in.m.mu.Lock()
	c.end()
	in.m.mu.Unlock()
	close(join)
	if err := <-committed; !errors.Is(err, port.ErrFenced) {
		t.Errorf("the commit of a claim that ended meanwhile: %v, want fenced", err)
	}
	offsets, err := in.b.admin.FetchOffsets(in.ctx, "g")
	if o, ok := offsets.Lookup("t", 0); err != nil || ok && o.At == 5 {
		t.Errorf("it reached the group: %+v, %v", o, err)
	}
}

// TestWhatWasPolledBeforeASeekIsNotDelivered: an order to read elsewhere may come while a poll is
// under way, and the loop carries it out only after that poll.
func TestWhatWasPolledBeforeASeekIsNotDelivered(t *testing.T) {
	b := &Broker{options: Options{}.withDefaults()}
	m := &member{b: b, topic: "t", changed: make(chan struct{}), poke: func() {}}
	c := &claim{m: m, gone: make(chan struct{})}
	reading := map[int32]*claim{0: c}
	polled := func(offset int64) kgo.Fetches {
		r := &kgo.Record{Topic: "t", Offset: offset}
		p := kgo.FetchPartition{Records: []*kgo.Record{r}}
		return kgo.Fetches{{Topics: []kgo.FetchTopic{{Topic: "t", Partitions: []kgo.FetchPartition{p}}}}}
	}
	c.seek(10)
	m.deliver(reading, polled(500))
	if len(c.buffer) != 0 {
		t.Errorf("offset %d was delivered to a reader at 10", c.buffer[0].Offset)
	}
	c.applied = c.wanted // the loop has obeyed
	m.deliver(reading, polled(10))
	if len(c.buffer) != 1 || c.buffer[0].Offset != 10 {
		t.Errorf("after the seek the reader at 10 has %+v", c.buffer)
	}
}

// What was polled may be of another topic of the same name, or begin behind records that retention took since they
// were asked for: a reader is given none of it, and asks why. A hole that compaction left is no loss.
func TestWhatWasPolledOfAnotherLogIsNotDelivered(t *testing.T) {
	ours, remade := model.ID{1}, model.ID{2}
	for name, c := range map[string]struct {
		topic model.ID
		start int64 // of the log, behind retention
		fault error
		held  int
	}{
		"ours":                       {ours, 0, nil, 1},
		"a hole of compaction":       {ours, 10, nil, 1},
		"behind what retention took": {ours, 12, kerr.OffsetOutOfRange, 0},
		"a topic made anew":          {remade, 0, errRemade, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := &member{b: &Broker{options: Options{}.withDefaults()}, topic: "t", changed: make(chan struct{}), poke: func() {}}
			reader := &claim{m: m, topicID: ours, gone: make(chan struct{})}
			reader.seek(10)
			reader.applied = reader.wanted
			p := kgo.FetchPartition{LogStartOffset: c.start, Records: []*kgo.Record{{Topic: "t", Offset: 12}}}
			m.deliver(map[int32]*claim{0: reader}, kgo.Fetches{{Topics: []kgo.FetchTopic{
				{Topic: "t", TopicID: c.topic, Partitions: []kgo.FetchPartition{p}}}}})
			if len(reader.buffer) != c.held || !errors.Is(reader.fault, c.fault) {
				t.Errorf("the reader has %+v and the fault %v, want %d records and %v", reader.buffer, reader.fault, c.held, c.fault)
			}
		})
	}
}

// A call of which some records are in the log and some are not is unknown as a whole: whoever is told that nothing
// happened would not count with those that are there.
func TestACallThatFailedInPartIsUnknown(t *testing.T) {
	b, err := New(Options{Seeds: []string{"127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for name, c := range map[string]struct {
		fates []error
		class error
	}{
		"none failed":         {[]error{nil, nil}, nil},
		"all refused":         {[]error{kerr.NotLeaderForPartition, kerr.NotLeaderForPartition}, port.ErrUnavailable},
		"one of two refused":  {[]error{nil, kerr.NotLeaderForPartition}, port.ErrUnknown},
		"refused and unknown": {[]error{kerr.NotLeaderForPartition, kerr.RequestTimedOut}, port.ErrUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			d := &delivery{left: len(c.fates), done: make(chan struct{})}
			ks := make([]*kgo.Record, len(c.fates))
			for i, fate := range c.fates {
				ks[i] = &kgo.Record{Topic: "t", Partition: int32(i)}
				d.promise(ks[i], fate)
			}
			<-d.done
			if err := b.delivered(d, ks); port.Class(err) != c.class {
				t.Errorf("%v, want class %v", err, c.class)
			}
		})
	}
}

func TestASeekIntoATruncatedLogIsOutOfRange(t *testing.T) {
	in := newInside(t, Options{})
	in.put(t, 10)
	c := in.claim(t)
	// kfake does not truncate: let it say that the log of epoch 0 ended at 3.
	in.cluster.Fake().ControlKey(int16(kmsg.OffsetForLeaderEpoch),
		func(req kmsg.Request) (kmsg.Response, error, bool) {
			resp := req.ResponseKind().(*kmsg.OffsetForLeaderEpochResponse)
			for _, asked := range req.(*kmsg.OffsetForLeaderEpochRequest).Topics {
				topic := kmsg.NewOffsetForLeaderEpochResponseTopic()
				topic.Topic = asked.Topic
				p := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
				p.EndOffset, p.LeaderEpoch = 3, 0
				topic.Partitions = append(topic.Partitions, p)
				resp.Topics = append(resp.Topics, topic)
			}
			return resp, nil, true
		})
	_, err := c.Fetch(in.ctx, port.Position{Offset: 7, LeaderEpoch: 0}, 1, 0)
	out, ok := errors.AsType[*port.OutOfRangeError](err)
	if !ok || out.Asked != 7 || out.Earliest != 0 || out.Latest != 3 {
		t.Errorf("fetch at 7 of a log that ended at 3: %v", err)
	}
}

func TestABufferNobodyReadsStopsGrowing(t *testing.T) {
	in := newInside(t, Options{BufferRecords: 10})
	c := in.claim(t)
	in.put(t, 20)
	if _, err := c.Fetch(in.ctx, port.Position{LeaderEpoch: -1}, 1, 0); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		in.put(t, 20)
	}
	in.m.mu.Lock()
	held, paused := len(c.buffer), c.paused
	in.m.mu.Unlock()
	if !paused || held > 500 {
		t.Errorf("%d of 1 020 records in a buffer for 10, paused %v", held, paused)
	}
}

// fetchCounter counts fetch requests of all clients.
type fetchCounter struct{ n atomic.Int64 }

func (f *fetchCounter) OnBrokerWrite(
	_ kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, _ error,
) {
	if key == int16(kmsg.Fetch) {
		f.n.Add(1)
	}
}

func TestTheMembershipClientFetchesNothing(t *testing.T) {
	var fetches fetchCounter
	in := newInside(t, Options{Extra: []kgo.Opt{kgo.WithHooks(&fetches)}})
	in.put(t, 10)
	c := in.claim(t) // and nobody calls its Fetch
	for range 10 {
		if err := c.Commit(in.ctx, port.Position{Offset: 1, LeaderEpoch: -1}); err != nil {
			t.Fatal(err)
		}
	}
	if n := fetches.n.Load(); n != 0 {
		t.Errorf("%d fetch requests, and nobody fetched", n)
	}
}
