package redeliver_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"stockproof/adapters/contract"
	"stockproof/adapters/fakes/redeliver"
	"stockproof/adapters/live"
	"stockproof/adapters/memory/kafka"
	"stockproof/inventory/port"
)

const (
	topic = "inventory.state"
	group = "projection"
)

func newKafka() *kafka.Server {
	return kafka.New(live.Gate(), kafka.Options{})
}

// reading is what a consumer with a loop per claim, as production code has it, saw.
type reading struct {
	mu    sync.Mutex
	seen  map[string]int
	fault error
	start func(port.Claim) port.Position
	want  int
	done  context.CancelFunc
}

// consume reads until it has seen want different records.
func consume(
	t *testing.T, b port.Broker, want int, start func(port.Claim) port.Position,
) map[string]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	m, err := b.Join(ctx, group, topic)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Leave(context.Background())
	r := &reading{seen: map[string]int{}, start: start, want: want, done: cancel}
	var loops sync.WaitGroup
	for {
		c, err := m.Claim(ctx)
		if err != nil {
			break
		}
		loops.Go(func() { r.loop(ctx, c) })
	}
	loops.Wait()
	if r.fault != nil || len(r.seen) != want {
		t.Fatalf("saw %d of %d records: %v", len(r.seen), want, r.fault)
	}
	return r.seen
}

func (r *reading) loop(ctx context.Context, c port.Claim) {
	defer c.Release()
	at := r.start(c)
	for {
		rs, err := c.Fetch(ctx, at, 5, 0)
		if err != nil {
			return
		}
		at.Offset = rs[len(rs)-1].Offset + 1
		r.handle(c, rs)
		if err := c.Commit(context.WithoutCancel(ctx), at); err != nil && !errors.Is(err, port.ErrUnknown) {
			r.mu.Lock()
			r.fault = err
			r.mu.Unlock()
			r.done()
		}
	}
}

func (r *reading) handle(c port.Claim, rs []port.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range rs {
		r.seen[fmt.Sprintf("%d@%d", c.Partition(), rec.Offset)]++
	}
	if len(r.seen) == r.want {
		r.done()
	}
}

func filled(t *testing.T, n int) *kafka.Server {
	k := newKafka()
	k.CreateTopic(topic, 2)
	for i := range n {
		r := port.Record{Topic: topic, Partition: int32(i % 2), Value: fmt.Append(nil, i)}
		if err := k.Client("producer").Produce(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

func TestTheShareComesASecondTimeAtTheSameOffset(t *testing.T) {
	const n = 2000
	b := redeliver.Wrap(filled(t, n).Client("one"), redeliver.Options{Share: 0.1, Seed: 1})
	seen := consume(t, b, n, port.Claim.Committed)
	again := 0
	for record, times := range seen {
		again += times - 1
		if times > 2 {
			t.Errorf("%s came %d times", record, times)
		}
	}
	c := b.Counts()
	if c.Delivered != n || c.Redelivered != int64(again) {
		t.Errorf("%+v, want %d delivered and %d again", c, n, again)
	}
	if again < n/20 || again > n*3/20 {
		t.Errorf("%d of %d records came again, want about %d", again, n, n/10)
	}
}

func TestAShortRunLosesACommitToo(t *testing.T) {
	b := redeliver.Wrap(filled(t, 100).Client("one"), redeliver.Options{Share: 0.025, Seed: 1})
	consume(t, b, 100, port.Claim.Committed)
	if c := b.Counts(); c.Redelivered == 0 || c.LostCommits == 0 {
		t.Errorf("%+v: asked for redelivery, none happened", c)
	}
}

func TestAPositionOfOnesOwnSeesNothingTwice(t *testing.T) {
	b := redeliver.Wrap(filled(t, 500).Client("one"), redeliver.Options{Share: 0.2, Seed: 1})
	var mu sync.Mutex
	next := map[int32]int64{} // what a truth would hold: written with the effect, before the commit
	handled := func(c port.Claim, rs []port.Record) {
		mu.Lock()
		defer mu.Unlock()
		next[c.Partition()] = rs[len(rs)-1].Offset + 1
	}
	seen := consume(t, watched{b, handled}, 500, func(c port.Claim) port.Position {
		mu.Lock()
		defer mu.Unlock()
		return port.Position{Offset: next[c.Partition()], LeaderEpoch: -1}
	})
	for record, times := range seen {
		if times != 1 {
			t.Errorf("%s was read %d times", record, times)
		}
	}
	if c := b.Counts(); c.LostCommits == 0 || c.Redelivered != 0 {
		t.Errorf("%+v, want commits lost and nothing delivered again", c)
	}
}

// watched tells of every fetch.
type watched struct {
	port.Broker
	fetched func(port.Claim, []port.Record)
}

func (w watched) Join(ctx context.Context, group, topic string) (port.Member, error) {
	m, err := w.Broker.Join(ctx, group, topic)
	return watchedMember{m, w.fetched}, err
}

type watchedMember struct {
	port.Member
	fetched func(port.Claim, []port.Record)
}

func (m watchedMember) Claim(ctx context.Context) (port.Claim, error) {
	c, err := m.Member.Claim(ctx)
	return watchedClaim{c, m.fetched}, err
}

type watchedClaim struct {
	port.Claim
	fetched func(port.Claim, []port.Record)
}

func (c watchedClaim) Fetch(
	ctx context.Context, from port.Position, max int, linger time.Duration,
) ([]port.Record, error) {
	rs, err := c.Claim.Fetch(ctx, from, max, linger)
	if err == nil {
		c.fetched(c, rs)
	}
	return rs, err
}

func TestALostCommitIsUnknownAndFencesTheClaim(t *testing.T) {
	k := filled(t, 20)
	b := redeliver.Wrap(k.Client("one"), redeliver.Options{Share: 0.5, Seed: 1})
	m, err := b.Join(t.Context(), group, topic)
	if err != nil {
		t.Fatal(err)
	}
	c, err := m.Claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := c.Committed()
	for {
		before := at
		rs, err := c.Fetch(t.Context(), at, 2, 0)
		if err != nil {
			t.Fatal(err)
		}
		at.Offset = rs[len(rs)-1].Offset + 1
		err = c.Commit(t.Context(), at)
		if err == nil {
			continue
		}
		if !errors.Is(err, port.ErrUnknown) {
			t.Fatalf("a lost commit is %v", err)
		}
		if stored, _ := k.Committed(group, topic, c.Partition()); stored.Offset != before.Offset {
			t.Fatalf("the broker has %d, want %d", stored.Offset, before.Offset)
		}
		at = before
		break
	}
	for _, err := range []error{
		c.Commit(t.Context(), at),
		func() error { _, err := c.Fetch(t.Context(), at, 1, 0); return err }(),
	} {
		if !errors.Is(err, port.ErrFenced) {
			t.Errorf("after the lost commit: %v, want fenced", err)
		}
	}
	p := c.Partition()
	c.Release()
	c, err = m.Claim(t.Context())
	if err != nil || c.Partition() != p || c.Committed() != at {
		t.Errorf("claimed again: partition %d at %+v, %v, want %d at %+v",
			c.Partition(), c.Committed(), err, p, at)
	}
}

// With no share the decorator is a broker like any other.
func TestWithoutAShareItKeepsTheBrokerContract(t *testing.T) {
	contract.Broker(t, func(*testing.T) contract.BrokerRig { return rig{newKafka()} })
}

type rig struct{ k *kafka.Server }

func (r rig) Client(_ *testing.T, id string) port.Broker {
	return redeliver.Wrap(r.k.Client(id), redeliver.Options{})
}
func (r rig) CreateTopic(_ *testing.T, name string, n int32) { r.k.CreateTopic(name, n) }
func (r rig) DeleteRecords(_ *testing.T, topic string, p int32, before int64) {
	r.k.DeleteRecords(topic, p, before)
}
func (r rig) Evict(t *testing.T, group, client string) {
	if !r.k.Evict(group, client) {
		t.Fatalf("group %s has no member of %s", group, client)
	}
}
