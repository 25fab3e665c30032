package contract

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"stockproof/inventory/port"
)

func brokerCommitted(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	f.put(0, 10)
	_, m := f.join("one")
	c := f.claim(m)
	epoch := f.fetch(c, 0, 1)[0].LeaderEpoch
	for _, offset := range []int64{8, 5} {
		next := port.Position{Offset: offset, LeaderEpoch: epoch}
		if err := c.Commit(f.ctx, next); err != nil { // the group takes what it is given
			t.Fatalf("commit: %v", err)
		}
	}
	c.Release()
	if err := m.Leave(f.ctx); err != nil {
		t.Fatalf("leave: %v", err)
	}
	_, m = f.join("two")
	c = f.claim(m)
	if got := c.Committed(); got != (port.Position{Offset: 5, LeaderEpoch: epoch}) {
		t.Errorf("committed %+v, want 5 of epoch %d", got, epoch)
	}
	wantValues(t, f.fetch(c, c.Committed().Offset, 1), "5")
}

func brokerNoOffset(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	f.put(0, 10)
	rig.DeleteRecords(t, topic, 0, 3)
	_, m := f.join("one")
	c := f.claim(m)
	if got := c.Committed(); got != at(3) {
		t.Errorf("committed %+v, want the log's start %+v", got, at(3))
	}
	if c.Topic() != topic || c.Partition() != 0 || c.TopicID().IsZero() {
		t.Errorf("claim of %s[%d], id %s", c.Topic(), c.Partition(), c.TopicID())
	}
}

func brokerReleased(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	f.put(0, 10)
	_, m := f.join("one")
	c := f.claim(m)
	f.commit(c, 4)
	c.Release()
	c.Release()
	_, err := c.Fetch(f.ctx, at(4), 1, 0)
	wantClass(t, "fetch after Release", err, port.ErrFenced)
	wantClass(t, "commit after Release", c.Commit(f.ctx, at(9)), port.ErrFenced)
	again := f.claim(m)
	if again.Committed().Offset != 4 {
		t.Errorf("offered again at %d, want 4", again.Committed().Offset)
	}
	wantValues(t, f.fetch(again, 4, 1), "4")
}

func brokerRevocation(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 2)
	_, one := f.join("one")
	held := map[int32]port.Claim{}
	for range 2 {
		c := f.claim(one)
		held[c.Partition()] = c
	}
	_, two := f.join("two")
	taken := make(chan port.Claim, 1)
	go func() {
		c, err := two.Claim(f.ctx)
		if err != nil {
			t.Errorf("two claims: %v", err)
		}
		taken <- c
	}()
	// One of the two is revoked: its Fetch ends, though there is nothing to read.
	fenced := make(chan port.Claim, 2)
	watch, cancel := context.WithCancel(f.ctx)
	defer cancel()
	for _, c := range held {
		go func() {
			if _, err := c.Fetch(watch, at(0), 1, 0); errors.Is(err, port.ErrFenced) {
				fenced <- c
			}
		}()
	}
	var revoked port.Claim
	select {
	case revoked = <-fenced:
	case <-f.ctx.Done():
		t.Fatal("no claim was revoked")
	}
	select {
	case c := <-taken:
		t.Fatalf("%s[%d] moved before it was released", c.Topic(), c.Partition())
	default:
	}
	f.commit(revoked, 77) // what was in flight
	revoked.Release()
	var moved port.Claim
	select {
	case moved = <-taken:
	case <-f.ctx.Done():
		t.Fatal("a released partition did not move")
	}
	if moved.Partition() != revoked.Partition() || moved.Committed().Offset != 77 {
		t.Errorf("two got partition %d at %d, want %d at 77",
			moved.Partition(), moved.Committed().Offset, revoked.Partition())
	}
	wantClass(t, "commit after the move", revoked.Commit(f.ctx, at(1)), port.ErrFenced)
	for p, c := range held {
		if p != revoked.Partition() {
			f.commit(c, 5) // the other claim lives through the rebalance
		}
	}
}

// reader is a member with a loop per claim, as production code has it.
type reader struct {
	m    port.Member
	stop context.CancelFunc
	done sync.WaitGroup
}

// tally counts what all readers saw.
type tally struct {
	mu     sync.Mutex
	seen   map[string]int
	owners map[int32]string
	faults []string
	total  int
	moved  chan struct{} // a token whenever something was read
}

func (f *brokerFixture) startReader(name string, tl *tally) *reader {
	_, m := f.join(name)
	ctx, stop := context.WithCancel(f.ctx)
	r := &reader{m: m, stop: stop}
	r.done.Go(func() {
		for {
			c, err := m.Claim(ctx)
			if err != nil {
				return
			}
			r.done.Go(func() { tl.read(ctx, name, c) })
		}
	})
	return r
}

func (r *reader) leave(ctx context.Context) error {
	r.stop()
	r.done.Wait()
	return r.m.Leave(ctx)
}

func (tl *tally) read(ctx context.Context, name string, c port.Claim) {
	defer c.Release()
	tl.own(name, c.Partition())
	defer tl.disown(c.Partition())
	pos := c.Committed()
	for {
		rs, err := c.Fetch(ctx, pos, 7, 0)
		if err != nil {
			return
		}
		tl.count(c.Partition(), rs)
		last := rs[len(rs)-1]
		pos = port.Position{Offset: last.Offset + 1, LeaderEpoch: last.LeaderEpoch}
		// Not the reader's context: what was read must be committed before the hand-over.
		if err := c.Commit(context.WithoutCancel(ctx), pos); err != nil {
			tl.fault(fmt.Sprintf("%s commits %d of partition %d: %v", name, pos.Offset, c.Partition(), err))
			return
		}
	}
}

func (tl *tally) own(name string, p int32) {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if other := tl.owners[p]; other != "" {
		tl.faults = append(tl.faults, fmt.Sprintf("partition %d has two owners, %s and %s", p, other, name))
	}
	tl.owners[p] = name
}

func (tl *tally) disown(p int32) {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	tl.owners[p] = ""
}

func (tl *tally) fault(what string) {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	tl.faults = append(tl.faults, what)
}

func (tl *tally) count(p int32, rs []port.Record) {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	for _, r := range rs {
		tl.seen[fmt.Sprintf("%d@%d", p, r.Offset)]++
	}
	tl.total += len(rs)
	select {
	case tl.moved <- struct{}{}:
	default:
	}
}

// await waits until n records have been read.
func (tl *tally) await(ctx context.Context, t *testing.T, n int) {
	t.Helper()
	for {
		tl.mu.Lock()
		total, faults := tl.total, tl.faults
		tl.mu.Unlock()
		if total >= n {
			return
		}
		select {
		case <-tl.moved:
		case <-ctx.Done():
			t.Fatalf("read %d of %d records, then nothing more; %v", total, n, faults)
		}
	}
}

func brokerHandover(t *testing.T, rig BrokerRig) {
	const partitions, rounds, perRound = 8, 6, 200
	f := fixture(t, rig, partitions)
	tl := &tally{seen: map[string]int{}, owners: map[int32]string{}, moved: make(chan struct{}, 1)}
	readers := map[string]*reader{}
	n := 0
	round := func(change func()) {
		change()
		for i := range perRound {
			r := port.Record{Topic: topic, Partition: int32(i % partitions), Value: fmt.Append(nil, n)}
			if err := f.b.Produce(f.ctx, r); err != nil {
				t.Fatalf("produce: %v", err)
			}
			n++
		}
		tl.await(f.ctx, t, n)
	}
	join := func(name string) func() { return func() { readers[name] = f.startReader(name, tl) } }
	leave := func(name string) func() {
		return func() {
			if err := readers[name].leave(f.ctx); err != nil {
				t.Errorf("%s leaves: %v", name, err)
			}
		}
	}
	for _, change := range []func(){
		join("a"), join("b"), join("c"), leave("a"), join("d"), leave("b"),
	} {
		round(change)
	}
	leave("c")()
	leave("d")()
	for _, fault := range tl.faults {
		t.Error(fault)
	}
	if len(tl.seen) != n || tl.total != n {
		t.Errorf("read %d records, %d different, want %d once each", tl.total, len(tl.seen), n)
	}
}

func brokerEviction(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	f.put(0, 10)
	_, one := f.join("one")
	zombie := f.claim(one)
	wantValues(t, f.fetch(zombie, 0, 2), "0", "1")
	f.commit(zombie, 2)
	_, two := f.join("two")
	rig.Evict(t, group, "one")
	c := f.claim(two)
	if c.Committed().Offset != 2 {
		t.Errorf("two begins at %d, want 2", c.Committed().Offset)
	}
	f.commit(c, 3)
	wantClass(t, "the zombie commits", zombie.Commit(f.ctx, at(9)), port.ErrFenced)
	for {
		_, err := zombie.Fetch(f.ctx, at(0), 1, 0)
		if errors.Is(err, port.ErrFenced) {
			break
		}
		if err != nil {
			t.Fatalf("the zombie fetches: %v", err)
		}
	}
	zombie.Release()
	c.Release()
	if err := two.Leave(f.ctx); err != nil {
		t.Fatalf("two leaves: %v", err)
	}
	again := f.claim(one)
	if again.Committed().Offset != 3 {
		t.Errorf("one begins again at %d, want 3", again.Committed().Offset)
	}
	f.commit(again, 4)
}

func brokerLeave(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	f.put(0, 1)
	_, m := f.join("one")
	c := f.claim(m)
	wait := f.inBackground(func() ([]port.Record, error) { return c.Fetch(f.ctx, at(1), 1, 0) })
	if err := m.Leave(f.ctx); err != nil {
		t.Fatalf("leave: %v", err)
	}
	_, err := wait()
	wantClass(t, "a waiting fetch", err, port.ErrFenced)
	wantClass(t, "commit", c.Commit(f.ctx, at(1)), port.ErrFenced)
	_, err = m.Claim(f.ctx)
	wantClass(t, "claim", err, port.ErrFenced)
	if err := m.Leave(f.ctx); err != nil {
		t.Errorf("leaving twice: %v", err)
	}
	c.Release()
	_, two := f.join("two")
	wantValues(t, f.fetch(f.claim(two), 0, 1), "0")
}

func brokerRemade(t *testing.T, rig BrokerRig) {
	f := fixture(t, rig, 1)
	f.put(0, 5)
	_, m := f.join("one")
	c := f.claim(m)
	wantValues(t, f.fetch(c, 0, 1), "0")
	f.commit(c, 5)
	old := c.TopicID()
	rig.CreateTopic(t, topic, 1)
	for {
		_, err := c.Fetch(f.ctx, at(5), 1, 0)
		if !errors.Is(err, port.ErrUnavailable) { // between deletion and creation there is no topic
			wantClass(t, "fetch from the deleted topic", err, port.ErrFenced)
			break
		}
	}
	c.Release()
	c = f.claim(m)
	if c.TopicID() == old || c.TopicID().IsZero() {
		t.Errorf("the new topic has id %s, the old one %s", c.TopicID(), old)
	}
	if c.Committed().Offset != 0 {
		t.Errorf("the new topic begins at %d", c.Committed().Offset)
	}
	again := port.Record{Topic: topic, Value: []byte("100")}
	for {
		err := f.b.Produce(f.ctx, again)
		if err == nil {
			break
		}
		// A producer may find out by being refused; it must get over it.
		if !errors.Is(err, port.ErrUnavailable) || f.ctx.Err() != nil {
			t.Fatalf("produce to the new topic: %v", err)
		}
	}
	wantValues(t, f.fetch(c, 0, 1), "100")
}
