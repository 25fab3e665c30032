package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"stockproof/inventory/port"
)

// explain turns the data client's error into the port's, or into nil where reading can just go on.
func (c *claim) explain(ctx context.Context, from port.Position, fault error) error {
	ctx, cancel := c.m.b.options.bounded(ctx)
	defer cancel()
	loss, lost := errors.AsType[*kgo.ErrDataLoss](fault)
	switch {
	case lost, errors.Is(fault, kerr.OffsetOutOfRange):
		out, err := c.outside(ctx, from)
		if out != nil && lost {
			out.Latest = min(out.Latest, loss.ResetTo)
		}
		if err != nil || out != nil && out.Earliest <= from.Offset && from.Offset <= out.Latest {
			return err
		}
		return out
	case mayBeRemade(fault):
		info, err := c.m.b.lookUp(ctx, c.m.topic)
		if err != nil || info.id == c.topicID {
			return errors.Join(err, fault)
		}
		return c.remade()
	}
	return fault
}

func mayBeRemade(err error) bool {
	return errors.Is(err, errRemade) || errors.Is(err, kerr.UnknownTopicID) ||
		errors.Is(err, kerr.InconsistentTopicID) || errors.Is(err, kerr.UnknownTopicOrPartition)
}

// remade ends the claim, once, and has the member ask for the new topic.
func (c *claim) remade() error {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	if !c.told {
		c.end()
		delete(c.m.held, c.partition) // the group offers it again, not Release
		go c.m.remade()               // it waits for the group, which waits for Release
	}
	return fmt.Errorf("%w: %w", errRemade, port.ErrFenced)
}

// outside says what the log holds.
func (c *claim) outside(ctx context.Context, from port.Position) (*port.OutOfRangeError, error) {
	start, end, err := c.m.b.bounds(ctx, c.m.topic, c.partition)
	if err != nil {
		return nil, err
	}
	_, epoch, _ := c.m.data.PartitionLeader(c.m.topic, c.partition)
	return &port.OutOfRangeError{
		Topic: c.m.topic, Partition: c.partition, Asked: from.Offset,
		Earliest: start, Latest: end, LeaderEpoch: epoch,
	}, nil
}

// truncated asks where the log of the position's leader epoch ends.
func (c *claim) truncated(ctx context.Context, from port.Position) error {
	ctx, cancel := c.m.b.options.bounded(ctx)
	defer cancel()
	var req kadm.OffsetForLeaderEpochRequest
	req.Add(c.m.topic, c.partition, from.LeaderEpoch)
	answers, err := c.m.b.admin.OffsetForLeaderEpoch(ctx, req)
	if err != nil {
		return err
	}
	a := answers[c.m.topic][c.partition]
	if a.Err != nil || a.EndOffset < 0 || from.Offset <= a.EndOffset {
		return a.Err
	}
	out, err := c.outside(ctx, from)
	if err != nil {
		return err
	}
	out.Latest = min(out.Latest, a.EndOffset)
	return out
}

// dataHooks is member as franz-go's hook on the data client.
type dataHooks member

// OnBrokerConnect tells the claims whose leader cannot be reached: franz-go goes on trying in
// silence, and whoever waits in Fetch must hear of it.
func (h *dataHooks) OnBrokerConnect(broker kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if errors.Is(err, context.Canceled) {
		return // by a seek, which ends what the data client has under way
	}
	m := (*member)(h)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.held {
		leader, _, _ := m.data.PartitionLeader(m.topic, c.partition)
		switch {
		case err == nil && leader == broker.NodeID:
			c.outage = nil
		case err != nil && (leader == broker.NodeID || leader < 0):
			address := net.JoinHostPort(broker.Host, fmt.Sprint(broker.Port))
			c.outage = fmt.Errorf("broker %s: %w: %w", address, port.ErrUnavailable, err)
		}
	}
	m.notify()
}
