package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"stockproof/inventory/port"
	"stockproof/model"
)

// claim implements [port.Claim]. The member's mutex guards everything that changes.
type claim struct {
	m              *member
	topicID        model.ID
	partition      int32
	committed      port.Position
	committedKnown bool

	told     bool          // Fetch says so: revoked, lost, released, left
	over     bool          // Commit says so too
	released bool          //
	gone     chan struct{} // closed by Release

	stream // fetch.go
}

// revoke tells the member to stop; what it has in flight it may still commit. The mutex is held.
func (c *claim) revoke() {
	if !c.told {
		c.told = true
		c.m.stopReading(c)
	}
}

// end is for claims that somebody else may hold. The mutex is held.
func (c *claim) end() {
	c.revoke()
	c.over = true
}

// release says that nothing is in flight. The mutex is held.
func (c *claim) release() {
	if !c.released {
		c.released = true
		c.end()
		close(c.gone)
	}
}

// Topic implements [port.Claim].
func (c *claim) Topic() string { return c.m.topic }

// TopicID implements [port.Claim].
func (c *claim) TopicID() model.ID { return c.topicID }

// Partition implements [port.Claim].
func (c *claim) Partition() int32 { return c.partition }

// Committed implements [port.Claim].
func (c *claim) Committed() port.Position { return c.committed }

// Release implements [port.Claim]. A partition that is still this member's by the group's will is
// offered again, at whatever offset the group has then.
func (c *claim) Release() {
	m := c.m
	m.mu.Lock()
	defer m.mu.Unlock()
	c.release()
	if m.held[c.partition] == c {
		m.offer(c.partition, port.Position{}, false)
	}
	m.notify()
}

func (c *claim) fenced(doing string) error {
	err := fmt.Errorf("the partition is not this member's any more: %w", port.ErrFenced)
	return c.m.b.classified(err, reads, "%s %s[%d] in group %s", doing, c.m.topic, c.partition, c.m.group)
}

func (c *claim) isOver() bool {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	return c.over
}

// Commit implements [port.Claim]. franz-go sends it under the generation that the member has when
// it goes out, so the claim is looked at once more right then: a member that lost its partitions and
// joined again must not commit for the new owner.
func (c *claim) Commit(ctx context.Context, next port.Position) (err error) {
	if c.isOver() {
		return c.fenced("commit")
	}
	ctx, cancel := c.m.b.options.bounded(ctx)
	defer cancel()
	ctx = kgo.PreCommitFnContext(ctx, func(*kmsg.OffsetCommitRequest) error {
		if c.isOver() {
			return port.ErrFenced
		}
		return nil
	})
	at := kgo.EpochOffset{Epoch: next.LeaderEpoch, Offset: next.Offset}
	offsets := map[string]map[int32]kgo.EpochOffset{c.m.topic: {c.partition: at}}
	answered := func(
		_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, e error,
	) {
		err = commitError(resp, e)
	}
	c.m.membership.CommitOffsetsSync(ctx, offsets, answered)
	if err == nil {
		return nil
	}
	return c.m.b.classified(err, writes, "commit %s[%d] at %d in group %s",
		c.m.topic, c.partition, next.Offset, c.m.group)
}

// commitError is the error of the one partition that was committed.
func commitError(resp *kmsg.OffsetCommitResponse, err error) error {
	if err != nil {
		return err
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			return kerr.ErrorForCode(p.ErrorCode)
		}
	}
	return fmt.Errorf("the broker did not say: %w", port.ErrUnknown)
}

// Fetch implements [port.Claim].
func (c *claim) Fetch(
	ctx context.Context, from port.Position, max int, linger time.Duration,
) ([]port.Record, error) {
	doing := fmt.Sprintf("fetch at %d from", from.Offset)
	for {
		if err := c.position(ctx, from); err != nil {
			return nil, c.m.b.classified(err, reads, "%s %s[%d]", doing, c.m.topic, c.partition)
		}
		rs, fault, err := c.records(ctx, max, linger)
		switch {
		case err != nil:
			return nil, c.m.b.classified(err, reads, "%s %s[%d]", doing, c.m.topic, c.partition)
		case c.toldNow():
			return nil, c.fenced(doing)
		case fault == nil:
			return rs, nil
		}
		if err := c.explain(ctx, from, fault); err != nil {
			return nil, c.m.b.classified(err, reads, "%s %s[%d]", doing, c.m.topic, c.partition)
		}
	}
}

func (c *claim) toldNow() bool {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	return c.told
}
