package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// claim is a partition in a member's hands. What the coordinator knows (over) and what the
// member knows (told, or its membership's told) are two things: between them lives the zombie.
type claim struct {
	member     *member
	life       int // the member's, when it got the claim
	topic      *topic
	topicID    model.ID
	partition  int32
	generation int32
	committed  port.Position
	place      string // topic/partition, as calls name it
	share      string // group/topic/partition

	taken      bool  // Claim returned it
	revoked    bool  // the group wants it back: the member has been told, and commits are still taken
	deadlineMS int64 // of the revocation, on the gate's clock
	released   bool
	over       bool
	told       bool
}

func (c *claim) end() { c.over, c.told = true, true }

// Reset is where a group begins that has no offset of a partition.
type Reset uint8

// With Earliest a group may read again what it has read; with Latest it misses what was written before
// it came: the first records of a new partition, too.
const (
	Earliest Reset = iota
	Latest
)

// take hands the claim to its member. A group without an offset begins where Reset says.
func (c *claim) take(g *consumerGroup) {
	c.taken = true
	g.k.taken = append(slices.DeleteFunc(g.k.taken, func(c *claim) bool { return c.released }), c)
	s := &g.shares[c.partition]
	if s.stored {
		c.committed = s.committed
		return
	}
	c.committed = port.Position{Offset: c.log().start, LeaderEpoch: -1}
	if g.k.options.Reset == Latest {
		c.committed.Offset = c.log().end()
	}
}

func (c *claim) log() *log { return c.topic.logs[c.partition] }

// Topic implements [port.Claim].
func (c *claim) Topic() string { return c.topic.name }

// TopicID implements [port.Claim].
func (c *claim) TopicID() model.ID { return c.topicID }

// Partition implements [port.Claim].
func (c *claim) Partition() int32 { return c.partition }

// Committed implements [port.Claim].
func (c *claim) Committed() port.Position { return c.committed }

// learned is whether the member knows that it must stop.
func (c *claim) learned() bool {
	return c.told || c.revoked || c.released || c.life != c.member.life
}

func (c *claim) fenced() error {
	return fmt.Errorf("kafka: %s holds %s[%d] of generation %d of group %s no more: %w",
		c.member.name, c.topic.name, c.partition, c.generation, c.member.g.name, port.ErrFenced)
}

// Fetch implements [port.Claim].
func (c *claim) Fetch(
	ctx context.Context, from port.Position, max int, linger time.Duration,
) (rs []port.Record, err error) {
	k := c.member.g.k
	key := c.place
	call := memory.Call{Server: "kafka", Op: "fetch", Key: key, With: &rs, Poll: true, From: from.Offset}
	err = k.gate.Call(ctx, call, func() error {
		full := func(n int) func() bool {
			return func() bool {
				return c.learned() || c.outside(from) != nil || c.log().has(from.Offset, n)
			}
		}
		if err := k.gate.Block(ctx, memory.Wait{Key: key, Until: full(1), Poll: true}); err != nil {
			return err
		}
		if linger > 0 {
			wait := memory.Wait{Key: key, Until: full(max), Poll: true, DeadlineMS: k.gate.NowMS() + ceilMS(linger)}
			err := k.gate.Block(ctx, wait)
			if err != nil && !errors.Is(err, memory.ErrWaitTimeout) {
				return err
			}
		}
		if c.learned() {
			return c.fenced()
		}
		if out := c.outside(from); out != nil {
			return fmt.Errorf("kafka: fetch: %w", out)
		}
		rs = c.log().read(from.Offset, max)
		return nil
	})
	return rs, err
}

// outside guards the log's bounds. A claim of a topic that was made anew is learned to be over
// before its partition's log is asked for.
func (c *claim) outside(at port.Position) *port.OutOfRangeError {
	return c.log().outside(c.topic.name, c.partition, at)
}

func ceilMS(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

// Commit implements [port.Claim]. A zombie learns here what it is.
func (c *claim) Commit(ctx context.Context, next port.Position) error {
	g := c.member.g
	return g.k.gate.Call(ctx, memory.Call{Server: "kafka", Op: "commit", Key: c.share}, func() error {
		if c.over && c.member.gone {
			c.member.learns()
		}
		if c.over {
			return c.fenced()
		}
		s := &g.shares[c.partition]
		s.committed, s.stored = next, true
		return nil
	})
}

// Release implements [port.Claim]. A partition that is still this member's by the group's will is
// offered to it again.
func (c *claim) Release() {
	g := c.member.g
	g.k.gate.Local(func() {
		c.released = true
		if s := &g.shares[c.partition]; !c.over && s.claim == c {
			c.end()
			s.claim = nil
			g.grant()
		}
	})
}
