package redeliver

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"

	"stockproof/inventory/port"
)

// Options say how much is delivered again.
type Options struct {
	// Share of the records, 0..0.5, that come a second time at the same offset.
	Share float64
	// Seed of the sizes of what is lost at once.
	Seed uint64
}

// Counts are what has happened so far.
type Counts struct {
	Delivered   int64 // records, each offset once
	Redelivered int64 // records at an offset that had been delivered before
	LostCommits int64 // commits that did not reach the broker; each fenced a claim
}

// Broker is a [port.Broker] that loses offset commits.
type Broker struct {
	port.Broker
	share float64

	mu     sync.Mutex
	random *rand.Rand
	counts Counts
	debts  map[string]*debt // by group and topic
}

// debt is what a group still has to see twice. It grows with what is delivered, and is paid in
// commits of a few records each.
type debt struct {
	owed float64
	due  int64           // pay when so much is owed
	ends map[int32]int64 // by partition: behind the last record delivered
}

// Wrap decorates a broker. Everything but group members is the broker's own.
func Wrap(b port.Broker, o Options) *Broker {
	return &Broker{
		Broker: b, share: min(0.5, max(0, o.Share)),
		random: rand.New(rand.NewPCG(o.Seed, 0)), debts: make(map[string]*debt),
	}
}

// Counts are what has happened so far.
func (b *Broker) Counts() Counts {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts
}

// Join implements [port.Broker].
func (b *Broker) Join(ctx context.Context, group, topic string) (port.Member, error) {
	inner, err := b.Broker.Join(ctx, group, topic)
	if err != nil {
		return nil, err
	}
	return newMember(b, inner, group+"/"+topic), nil
}

// debt: the mutex is held. The first loss is of one record, so that a short run has one too.
func (b *Broker) debt(key string) *debt {
	if b.debts[key] == nil {
		b.debts[key] = &debt{due: 1, ends: make(map[int32]int64)}
	}
	return b.debts[key]
}

// payable is how many records the next fetch from there may have for its commit to be lost; 0 if it
// shall not be.
func (b *Broker) payable(key string, partition int32, from int64) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := b.debt(key)
	if b.share == 0 || d.owed < float64(d.due) || from < d.ends[partition] {
		return 0
	}
	return d.due
}

// deliver counts what a fetch returned. Where its commit will be lost, that much less is owed.
func (b *Broker) deliver(key string, partition int32, rs []port.Record, pays bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := b.debt(key)
	var fresh int64
	for _, r := range rs {
		if r.Offset >= d.ends[partition] {
			d.ends[partition] = r.Offset + 1
			fresh++
		}
	}
	b.counts.Delivered += fresh
	b.counts.Redelivered += int64(len(rs)) - fresh
	d.owed += b.share * float64(fresh)
	if pays {
		d.owed -= float64(len(rs))
		d.due = b.random.Int64N(8) + 1
	}
}

func (b *Broker) loseCommit() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts.LostCommits++
}

func errLost(c port.Claim, next port.Position) error {
	return fmt.Errorf("redeliver: the commit of %s[%d] at %d was lost: %w",
		c.Topic(), c.Partition(), next.Offset, port.ErrUnknown)
}

func errFenced(c port.Claim) error {
	return fmt.Errorf("redeliver: %s[%d] lost its claim with its commit: %w",
		c.Topic(), c.Partition(), port.ErrFenced)
}
