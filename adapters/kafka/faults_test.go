package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	fake "stockproof/adapters/fakes/kafka"
	"stockproof/adapters/kafka"
	"stockproof/inventory/port"
)

const (
	topic = "inventory.command"
	group = "worker"
)

func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// world is a cluster with the topic, n records in partition 0, a client and its member.
type world struct {
	rig
	ctx context.Context
	b   *kafka.Broker
}

func newWorld(t testing.TB, brokers int, partitions int32, change func(*kafka.Options)) *world {
	r := start(t, brokers)
	if err := r.c.CreateTopic(fake.Topic{Name: topic, Partitions: partitions}); err != nil {
		t.Fatal(err)
	}
	o := r.options("one")
	if change != nil {
		change(&o)
	}
	return &world{rig: r, ctx: soon(t), b: r.connect(t, o)}
}

func (w *world) put(t testing.TB, partition int32, from, n int) {
	t.Helper()
	rs := make([]port.Record, n)
	for i := range rs {
		rs[i] = port.Record{Topic: topic, Partition: partition, Value: fmt.Append(nil, from+i)}
	}
	if err := w.b.Produce(w.ctx, rs...); err != nil {
		t.Fatal(err)
	}
}

func (w *world) join(t testing.TB, b *kafka.Broker) port.Member {
	t.Helper()
	m, err := b.Join(w.ctx, group, topic)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Leave(context.Background()) })
	return m
}

// claimAll takes n claims and returns them by partition.
func claimAll(t testing.TB, ctx context.Context, m port.Member, n int) []port.Claim {
	t.Helper()
	cs := make([]port.Claim, n)
	for range n {
		c, err := m.Claim(ctx)
		if err != nil {
			t.Fatal(err)
		}
		cs[c.Partition()] = c
	}
	return cs
}

func (w *world) claims(t testing.TB, b *kafka.Broker, n int) []port.Claim {
	t.Helper()
	return claimAll(t, w.ctx, w.join(t, b), n)
}

func from(offset int64) port.Position { return port.Position{Offset: offset, LeaderEpoch: -1} }

func want(t *testing.T, err, class error, naming ...string) {
	t.Helper()
	if !errors.Is(err, class) {
		t.Errorf("%v, want %v", err, class)
		return
	}
	for _, name := range naming {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%q does not name %s", err, name)
		}
	}
}

func TestAnUnreachableBrokerIsUnavailableAndNamed(t *testing.T) {
	const nobody = "127.0.0.1:1"
	b, err := kafka.New(kafka.Options{Seeds: []string{nobody}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ctx := soon(t)
	err = b.Produce(ctx, port.Record{Topic: topic, Key: []byte("k")})
	want(t, err, port.ErrUnavailable, nobody, topic)
	_, _, err = b.End(ctx, topic)
	want(t, err, port.ErrUnavailable, nobody, topic)
	_, err = b.Join(ctx, group, topic)
	want(t, err, port.ErrUnavailable, nobody, topic)
	_, err = b.EnsureTopics(ctx, kafka.Topic{Name: topic, Partitions: 1})
	want(t, err, port.ErrUnavailable, nobody, topic)
}

func TestABrokerThatNeverAnswersIsUnavailableAtTheRequestTimeout(t *testing.T) {
	w := newWorld(t, 1, 1, func(o *kafka.Options) { o.RequestTimeout = 50 * time.Millisecond })
	w.c.Fake().ControlKey(int16(kmsg.Metadata), func(kmsg.Request) (kmsg.Response, error, bool) {
		w.c.Fake().KeepControl()
		w.c.Fake().SleepControl(func() { <-w.ctx.Done() })
		return nil, nil, false
	})
	err := w.b.Produce(context.Background(), port.Record{Topic: topic, Key: []byte("k")})
	want(t, err, port.ErrUnavailable, w.c.Seeds()[0], topic)
}

// TestABrokerLostMidRun: every call that waits learns of it, with a class that is true, and
// everything goes on when the broker is back.
func TestABrokerLostMidRun(t *testing.T) {
	w := newWorld(t, 1, 1, func(o *kafka.Options) { o.RequestTimeout = 3 * time.Second })
	address := w.c.Seeds()[0]
	w.put(t, 0, 0, 3)
	m := w.join(t, w.b)
	c := claimAll(t, w.ctx, m, 1)[0]
	if _, err := c.Fetch(w.ctx, from(0), 3, 0); err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() { _, err := c.Fetch(w.ctx, from(3), 1, 0); waiting <- err }()
	w.c.Cut("one")

	// Leader and coordinator are the same broker here: the session may be given up first. Then it is
	// Claim that says why.
	if err := <-waiting; errors.Is(err, port.ErrFenced) {
		_, err = m.Claim(w.ctx)
		want(t, err, port.ErrUnavailable, address, group)
	} else {
		want(t, err, port.ErrUnavailable, address, topic+"[0]")
	}
	three := port.Record{Topic: topic, Value: []byte("3")}
	if err := w.b.Produce(w.ctx, three); !errors.Is(err, port.ErrUnavailable) {
		// The client had not noticed yet, and took it.
		want(t, err, port.ErrUnknown, address, topic+"[0]")
	}
	want(t, w.b.Produce(w.ctx, three), port.ErrUnavailable, address, topic)
	err := c.Commit(w.ctx, from(3))
	if class := port.Class(err); class == nil || class == port.ErrContract || class == port.ErrConflict {
		t.Errorf("commit: %v, want unavailable, unknown or, once the session is over, fenced", err)
	}

	w.c.Mend("one")
	for {
		err := w.b.Produce(w.ctx, three)
		if err == nil {
			break
		}
		want(t, err, port.ErrUnavailable)
	}
	for w.ctx.Err() == nil {
		rs, err := c.Fetch(w.ctx, from(3), 1, 0)
		switch {
		case err == nil:
			if string(rs[0].Value) != "3" || rs[0].Offset != 3 {
				t.Fatalf("after the outage: %+v", rs)
			}
			return
		case errors.Is(err, port.ErrFenced): // the group gave it up: ask again, as a consumer does
			c.Release()
			if next, err := m.Claim(w.ctx); err == nil {
				c = next
			} else {
				want(t, err, port.ErrUnavailable, address, group)
			}
		default:
			want(t, err, port.ErrUnavailable)
		}
	}
	t.Fatal("the client did not get over the outage")
}

// TestALostLeaderIsReportedForItsPartitionsAlone: of three brokers one cannot be reached, and it is
// not the coordinator.
func TestALostLeaderIsReportedForItsPartitionsAlone(t *testing.T) {
	var mu sync.Mutex
	refused := ""
	w := newWorld(t, 3, 3, func(o *kafka.Options) {
		dial := o.Dialer
		o.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			if address == refused {
				return nil, &net.OpError{Op: "dial", Err: errors.New("no route")}
			}
			return dial(ctx, network, address)
		}
	})
	lost := (w.c.Fake().CoordinatorFor(group) + 1) % 3
	well := (lost + 1) % 3
	cs := w.claims(t, w.b, 3)
	mu.Lock()
	refused = w.c.Seeds()[lost]
	mu.Unlock()
	w.c.Drop("one")
	_, err := cs[lost].Fetch(w.ctx, from(0), 1, 0)
	want(t, err, port.ErrUnavailable, refused, fmt.Sprintf("%s[%d]", topic, lost))
	w.put(t, well, 0, 1)
	if rs, err := cs[well].Fetch(w.ctx, from(0), 1, 0); err != nil || len(rs) != 1 {
		t.Errorf("a partition of another broker: %v, %v", rs, err)
	}
}

// TestSeeksNeverReadWhatWasPolledBefore: whatever the client has in flight, a fetch begins at the
// position it names.
func TestSeeksNeverReadWhatWasPolledBefore(t *testing.T) {
	const n = 2000
	w := newWorld(t, 1, 1, nil)
	for i := range 20 { // many batches: many polls
		w.put(t, 0, i*n/20, n/20)
	}
	c := w.claims(t, w.b, 1)[0]
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		at := random.Int64N(n)
		for range random.IntN(3) + 1 {
			if at >= n {
				break
			}
			rs, err := c.Fetch(w.ctx, from(at), random.IntN(50)+1, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rs {
				if r.Offset != at || string(r.Value) != fmt.Sprint(at) {
					t.Fatalf("at %d came %d", at, r.Offset)
				}
				at++
			}
		}
	}
}

func TestConnectionsThatBreakWhileProducingNeitherLoseNorRepeat(t *testing.T) {
	w := newWorld(t, 1, 1, nil)
	const n = 300
	stop := make(chan struct{})
	broken := make(chan struct{})
	go func() {
		defer close(broken)
		for {
			select {
			case <-stop:
				return
			case <-time.After(3 * time.Millisecond):
				w.c.Drop("one")
			}
		}
	}()
	for i := range n {
		for {
			err := w.b.Produce(w.ctx, port.Record{Topic: topic, Value: fmt.Append(nil, i)})
			if err == nil {
				break
			}
			want(t, err, port.ErrUnavailable) // refused before it was sent: again is right
		}
	}
	close(stop)
	<-broken
	c := w.claims(t, w.b, 1)[0]
	for at := int64(0); at < n; {
		rs, err := c.Fetch(w.ctx, from(at), n, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rs {
			if string(r.Value) != fmt.Sprint(at) {
				t.Fatalf("offset %d holds record %s", at, r.Value)
			}
			at++
		}
	}
	if _, ends, err := w.b.End(w.ctx, topic); err != nil || ends[0] != n {
		t.Errorf("the log ends at %v, %v, want %d", ends, err, n)
	}
}

func TestProduceWithoutAnAnswerIsUnknown(t *testing.T) {
	w := newWorld(t, 1, 1, func(o *kafka.Options) { o.RequestTimeout = 100 * time.Millisecond })
	w.put(t, 0, 0, 1)
	release := make(chan struct{})
	w.c.Fake().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		w.c.Fake().SleepControl(func() { <-release })
		return nil, nil, false
	})
	err := w.b.Produce(context.Background(), port.Record{Topic: topic, Value: []byte("late")})
	want(t, err, port.ErrUnknown, topic+"[0]")
	close(release)
	c := w.claims(t, w.b, 1)[0]
	if rs, err := c.Fetch(w.ctx, from(1), 1, 0); err != nil || string(rs[0].Value) != "late" {
		t.Errorf("what was unknown happened later: %v, %v", rs, err)
	}
}

// A call that gives up may not look at its records any more: the client is placing them just then.
// The race detector judges.
func TestProduceGivesUpWhileTheClientPlacesItsRecords(t *testing.T) {
	gaveUp := 0
	for range 20 {
		w := newWorld(t, 1, 1, nil)
		ctx, cancel := context.WithCancel(w.ctx)
		asked := 0
		w.c.Fake().ControlKey(int16(kmsg.Metadata), func(kmsg.Request) (kmsg.Response, error, bool) {
			w.c.Fake().KeepControl()
			if asked++; asked == 2 { // the first was the look-up
				cancel()
			}
			return nil, nil, false
		})
		if err := w.b.Produce(ctx, port.Record{Topic: topic, Value: []byte("abandoned")}); err != nil {
			want(t, err, port.ErrUnknown, topic+"[0]")
			gaveUp++
		}
	}
	if gaveUp == 0 {
		t.Error("every call was answered before it could give up")
	}
}

func TestAFullBufferPausesItsPartitionAndNoOther(t *testing.T) {
	w := newWorld(t, 1, 2, func(o *kafka.Options) { o.BufferRecords = 10 })
	w.put(t, 0, 0, 500)
	cs := w.claims(t, w.b, 2)
	if rs, err := cs[0].Fetch(w.ctx, from(0), 1, 0); err != nil || len(rs) != 1 {
		t.Fatal(rs, err)
	}
	for i := range 20 { // partition 0 is full and nobody reads it
		w.put(t, 1, i, 1)
		if rs, err := cs[1].Fetch(w.ctx, from(int64(i)), 1, 0); err != nil || rs[0].Offset != int64(i) {
			t.Fatal(rs, err)
		}
	}
	w.put(t, 0, 500, 500) // cannot be buffered: it must come after the pause, and in order
	for at := int64(1); at < 1000; {
		rs, err := cs[0].Fetch(w.ctx, from(at), 7, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rs {
			if r.Offset != at || string(r.Value) != fmt.Sprint(at) {
				t.Fatalf("at %d came %d: %s", at, r.Offset, r.Value)
			}
			at++
		}
	}
}
