package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"stockproof/adapters/live"
	"stockproof/adapters/memory"
	"stockproof/adapters/memory/kafka"
	"stockproof/inventory/port"
)

// handClock is a clock that a test moves: alarms ring when it passes them.
type handClock struct {
	mu     sync.Mutex
	now    time.Time
	alarms []*alarm
	set    chan struct{} // a token whenever an alarm was set
}

type alarm struct {
	at time.Time
	fn func()
}

func newHandClock() *handClock {
	return &handClock{now: time.UnixMilli(1_700_000_000_000), set: make(chan struct{}, 100)}
}

func (h *handClock) gate() *memory.Plain {
	clock := func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }
	return memory.NewPlain(clock, func(d time.Duration, fn func()) func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.alarms = append(h.alarms, &alarm{h.now.Add(d), fn})
		h.set <- struct{}{}
		return func() bool { return true }
	})
}

func (h *handClock) advance(d time.Duration) {
	h.mu.Lock()
	h.now = h.now.Add(d)
	var due []func()
	h.alarms = slices.DeleteFunc(h.alarms, func(a *alarm) bool {
		if a.at.After(h.now) {
			return false
		}
		due = append(due, a.fn)
		return true
	})
	h.mu.Unlock()
	for _, fn := range due {
		fn()
	}
}

const (
	topicName = "inventory.command"
	groupName = "worker"
)

// produced is a broker with one partition and n records in it.
func produced(t *testing.T, gate memory.Gate, n int) (*kafka.Server, port.Broker) {
	k := kafka.New(gate, kafka.Options{RebalanceTimeout: 10 * time.Second})
	k.CreateTopic(topicName, 1)
	b := k.Client("one")
	produce(t, b, 0, n)
	return k, b
}

func produce(t *testing.T, b port.Broker, from, n int) {
	t.Helper()
	for i := range n {
		r := port.Record{Topic: topicName, Value: fmt.Append(nil, from+i)}
		if err := b.Produce(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

func joined(t *testing.T, b port.Broker) port.Member {
	t.Helper()
	m, err := b.Join(t.Context(), groupName, topicName)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func claimed(t *testing.T, m port.Member) port.Claim {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c, err := m.Claim(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func fetched(t *testing.T, c port.Claim, at port.Position) []port.Record {
	t.Helper()
	rs, err := c.Fetch(t.Context(), at, 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func TestTruncationIsFoundByTheLeaderEpochAlone(t *testing.T) {
	k, b := produced(t, live.Gate(), 10)
	c := claimed(t, joined(t, b))
	last := fetched(t, c, port.Position{LeaderEpoch: -1})[9]
	after := port.Position{Offset: last.Offset + 1, LeaderEpoch: last.LeaderEpoch}
	k.Truncate(topicName, 0, 6)
	produce(t, b, 100, 5) // offsets 6 to 10 are used again

	_, err := c.Fetch(t.Context(), after, 1, 0)
	out, ok := errors.AsType[*port.OutOfRangeError](err)
	if !ok || out.Earliest != 0 || out.Latest != 6 || out.LeaderEpoch != 1 {
		t.Fatalf("fetch at 10 of epoch 0: %v, want out of range of [0,6) in epoch 1", err)
	}
	// Without the epoch the consumer reads a log that is not the one it knew: four records missed.
	rs := fetched(t, c, port.Position{Offset: 10, LeaderEpoch: -1})
	if len(rs) != 1 || string(rs[0].Value) != "104" || rs[0].LeaderEpoch != 1 {
		t.Fatalf("fetch at 10 of no epoch: %+v", rs)
	}
	if rs := fetched(t, c, port.Position{Offset: 6, LeaderEpoch: 0}); string(rs[0].Value) != "100" {
		t.Fatalf("fetch at the point of divergence: %+v", rs)
	}
}

// A consumer that has read the last record is at the end, also where what lay behind it was compacted away.
func TestTruncationLeavesNoHoleAtTheEnd(t *testing.T) {
	k := kafka.New(live.Gate(), kafka.Options{RebalanceTimeout: 10 * time.Second})
	k.CreateTopic(topicName, 1)
	b := k.Client("a")
	for i, key := range []string{"A", "B", "B", "B"} {
		r := port.Record{Topic: topicName, Key: []byte(key), Value: []byte{byte(i)}}
		if err := b.Produce(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if n := k.Compact(topicName); n != 2 {
		t.Fatalf("%d records compacted, not 2", n)
	}
	k.Truncate(topicName, 0, 3) // the last B; a replica that had offset 2 would have kept it
	if _, ends, err := b.End(t.Context(), topicName); err != nil || ends[0] != 1 {
		t.Errorf("the log ends at %d, %v: behind a hole", ends, err)
	}
}

func TestTruncationWakesAFetchThatWaits(t *testing.T) {
	k, b := produced(t, live.Gate(), 10)
	c := claimed(t, joined(t, b))
	done := make(chan error, 1)
	go func() {
		_, err := c.Fetch(t.Context(), port.Position{Offset: 10, LeaderEpoch: 0}, 1, 0)
		done <- err
	}()
	k.Truncate(topicName, 0, 3)
	if _, ok := errors.AsType[*port.OutOfRangeError](<-done); !ok {
		t.Fatal("a waiting fetch did not notice the truncation")
	}
}

func TestElectionKeepsTheLogAndBeginsAnEpoch(t *testing.T) {
	k, b := produced(t, live.Gate(), 2)
	k.Elect(topicName, 0)
	produce(t, b, 2, 1)
	rs := k.Records(topicName)
	if len(rs) != 3 || rs[1].LeaderEpoch != 0 || rs[2].LeaderEpoch != 1 {
		t.Fatalf("records %+v", rs)
	}
	c := claimed(t, joined(t, b))
	if rs := fetched(t, c, port.Position{Offset: 2, LeaderEpoch: 0}); len(rs) != 1 {
		t.Fatalf("an election without loss put position 2 out of range: %+v", rs)
	}
}

func TestDuplicateIsTheSameRecordAtANewOffset(t *testing.T) {
	k, b := produced(t, live.Gate(), 3)
	if !k.Duplicate(topicName, 0, 1) || k.Duplicate(topicName, 0, 9) {
		t.Fatal("Duplicate reports wrongly whether there was such a record")
	}
	rs := fetched(t, claimed(t, joined(t, b)), port.Position{Offset: 3, LeaderEpoch: -1})
	if len(rs) != 1 || rs[0].Offset != 3 || string(rs[0].Value) != "1" {
		t.Fatalf("behind the log: %+v", rs)
	}
}

func TestRewindDeliversTheSameOffsetsAgain(t *testing.T) {
	k, b := produced(t, live.Gate(), 3)
	m := joined(t, b)
	c := claimed(t, m)
	if err := c.Commit(t.Context(), port.Position{Offset: 3, LeaderEpoch: 0}); err != nil {
		t.Fatal(err)
	}
	k.Rewind(groupName, topicName, 0, port.Position{Offset: 1, LeaderEpoch: 0})
	if _, err := c.Fetch(t.Context(), c.Committed(), 1, 0); !errors.Is(err, port.ErrFenced) {
		t.Fatalf("fetch of the old claim: %v", err)
	}
	if err := c.Commit(t.Context(), port.Position{Offset: 3}); !errors.Is(err, port.ErrFenced) {
		t.Fatalf("commit of the old claim: %v", err)
	}
	c.Release()
	c = claimed(t, m)
	if rs := fetched(t, c, c.Committed()); len(rs) != 2 || rs[0].Offset != 1 {
		t.Fatalf("the new claim reads %+v", rs)
	}
	if at, ok := k.Committed(groupName, topicName, 0); !ok || at.Offset != 1 {
		t.Fatalf("committed %+v, %v", at, ok)
	}
}

func TestZombieFetchesUntilAHeartbeatTellsIt(t *testing.T) {
	k, b := produced(t, live.Gate(), 3)
	one := joined(t, b)
	zombie := claimed(t, one)
	two := joined(t, k.Client("two"))
	if !k.Evict(groupName, "one") {
		t.Fatal("nobody was evicted")
	}
	claimed(t, two)
	if rs := fetched(t, zombie, port.Position{LeaderEpoch: -1}); len(rs) != 3 {
		t.Fatalf("the zombie reads %d records, want 3: Kafka does not fence fetches", len(rs))
	}
	k.Heartbeat(groupName, "one")
	if _, err := zombie.Fetch(t.Context(), port.Position{}, 1, 0); !errors.Is(err, port.ErrFenced) {
		t.Fatalf("after its heartbeat the zombie fetches: %v", err)
	}
	// It joins again, and what it held before stays lost.
	if err := two.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	claimed(t, one)
	if _, err := zombie.Fetch(t.Context(), port.Position{}, 1, 0); !errors.Is(err, port.ErrFenced) {
		t.Fatalf("the old claim came back to life: %v", err)
	}
	if err := zombie.Commit(t.Context(), port.Position{}); !errors.Is(err, port.ErrFenced) {
		t.Fatalf("the old claim commits: %v", err)
	}
}

func TestUnreleasedPartitionMovesAtTheDeadlineAndNotBefore(t *testing.T) {
	clock := newHandClock()
	k := kafka.New(clock.gate(), kafka.Options{RebalanceTimeout: 10 * time.Second})
	k.CreateTopic(topicName, 2)
	one := joined(t, k.Client("one"))
	stuck := []port.Claim{claimed(t, one), claimed(t, one)}
	two := joined(t, k.Client("two"))
	got := make(chan port.Claim, 1)
	go func() { got <- claimed(t, two) }()
	<-clock.set // two waits
	clock.advance(9 * time.Second)
	select {
	case <-got:
		t.Fatal("a partition moved before it was released and before the rebalance timeout")
	case <-time.After(20 * time.Millisecond):
	}
	clock.advance(time.Second)
	c := <-got
	old := stuck[c.Partition()]
	if err := old.Commit(t.Context(), port.Position{Offset: 1}); !errors.Is(err, port.ErrFenced) {
		t.Fatalf("commit after the deadline: %v", err)
	}
	old.Release()
	if err := c.Commit(t.Context(), port.Position{Offset: 1}); err != nil {
		t.Fatalf("the new owner commits: %v", err)
	}
}

// A revocation whose reason went away still ends at its deadline: the holder was told to stop.
func TestRevocationOutlivesItsReason(t *testing.T) {
	clock := newHandClock()
	k := kafka.New(clock.gate(), kafka.Options{RebalanceTimeout: 10 * time.Second})
	k.CreateTopic(topicName, 2)
	one := joined(t, k.Client("one"))
	held := []port.Claim{claimed(t, one), claimed(t, one)}
	if err := joined(t, k.Client("two")).Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	clock.advance(10 * time.Second)
	again := claimed(t, one)
	old := held[again.Partition()]
	if _, err := old.Fetch(t.Context(), port.Position{}, 1, 0); !errors.Is(err, port.ErrFenced) {
		t.Fatalf("the revoked claim fetches: %v", err)
	}
	if err := old.Commit(t.Context(), port.Position{}); !errors.Is(err, port.ErrFenced) {
		t.Fatalf("the revoked claim commits beside the new one: %v", err)
	}
	if err := again.Commit(t.Context(), port.Position{}); err != nil {
		t.Fatal(err)
	}
}

func TestTruncationForgetsTheReignsItCutOff(t *testing.T) {
	k, b := produced(t, live.Gate(), 5)
	k.Elect(topicName, 0) // epoch 1 from 5
	produce(t, b, 5, 3)
	k.Elect(topicName, 0) // epoch 2 from 8
	k.Truncate(topicName, 0, 3)
	produce(t, b, 100, 3) // epoch 3 from 3
	c := claimed(t, joined(t, b))
	_, err := c.Fetch(t.Context(), port.Position{Offset: 4, LeaderEpoch: 0}, 1, 0)
	out, ok := errors.AsType[*port.OutOfRangeError](err)
	if !ok || out.Latest != 3 || out.LeaderEpoch != 3 {
		t.Fatalf("epoch 0 ends at 3 now: %v", err)
	}
	if rs := fetched(t, c, port.Position{Offset: 5, LeaderEpoch: 3}); string(rs[0].Value) != "102" {
		t.Fatalf("the new log reads %+v", rs)
	}
}

func TestStampsAndOwnsItsRecords(t *testing.T) {
	clock := newHandClock()
	k, b := produced(t, clock.gate(), 0)
	value := []byte("first")
	header := port.Header{Key: "h", Value: []byte("first")}
	r := port.Record{Topic: topicName, Key: value, Value: value, Headers: []port.Header{header}}
	if err := b.Produce(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	copy(value, "other")
	copy(header.Value, "other")
	got := k.Records(topicName)[0]
	if string(got.Key)+string(got.Value)+string(got.Headers[0].Value) != "firstfirstfirst" {
		t.Errorf("the producer's later writes reached the log: %s %s", got.Key, got.Value)
	}
	if want := clock.gate().NowMS(); got.At != want {
		t.Errorf("timestamp %d, want the gate's %d", got.At, want)
	}
}

func TestLingerEndsOnTheGatesClock(t *testing.T) {
	clock := newHandClock()
	_, b := produced(t, clock.gate(), 1)
	c := claimed(t, joined(t, b))
	got := make(chan int, 1)
	go func() {
		rs, err := c.Fetch(t.Context(), port.Position{LeaderEpoch: -1}, 10, 5*time.Millisecond)
		if err != nil {
			t.Error(err)
		}
		got <- len(rs)
	}()
	<-clock.set
	produce(t, b, 1, 1)
	clock.advance(5 * time.Millisecond)
	if n := <-got; n != 2 {
		t.Fatalf("lingering returned %d records, want the one that was there and the one that came", n)
	}
}
