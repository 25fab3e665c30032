package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"stockproof/inventory/port"
)

// Claim implements [port.Member]. While brokers cannot be reached it reports so instead of waiting in
// silence; claims that came meanwhile are kept.
func (m *member) Claim(ctx context.Context) (port.Claim, error) {
	for {
		m.mu.Lock()
		changed, trouble, left := m.changed, m.trouble, m.left
		m.trouble = nil
		var c *claim
		if len(m.offered) > 0 {
			c, m.offered = m.offered[0], m.offered[1:]
		}
		m.mu.Unlock()
		switch {
		case left:
			return nil, m.b.classified(port.ErrFenced, reads, "group %s: the member has left", m.group)
		case c != nil:
			if err := m.complete(ctx, c); err != nil {
				return nil, err
			}
			return c, nil
		case trouble != nil:
			return nil, trouble
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("kafka %s: group %s: wait for a partition of %s: %w",
				m.b.options.seeds(), m.group, m.topic, ctx.Err())
		}
	}
}

// complete asks for what the assignment did not say. On an error the claim is offered again.
func (m *member) complete(ctx context.Context, c *claim) error {
	ctx, cancel := m.b.options.bounded(ctx)
	defer cancel()
	info, err := m.b.lookUp(ctx, m.topic) // never from memory: it may be another topic by now
	if err == nil && !c.committedKnown {
		c.committed, err = m.committed(ctx, c.partition)
	}
	if err != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.held[c.partition] == c {
			m.offered = append([]*claim{c}, m.offered...)
		} else {
			c.release()
		}
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c.topicID, c.committedKnown = info.id, true
	return nil
}

// committed is the group's offset as it is now; a group without one begins where the log does.
func (m *member) committed(ctx context.Context, partition int32) (port.Position, error) {
	stored, err := m.b.admin.FetchOffsets(ctx, m.group)
	if err != nil {
		return port.Position{}, m.b.classified(err, reads, "fetch the offsets of group %s", m.group)
	}
	o, ok := stored.Lookup(m.topic, partition)
	if ok && o.Err != nil {
		return port.Position{}, m.b.classified(o.Err, reads, "fetch the offset of group %s, %s[%d]",
			m.group, m.topic, partition)
	}
	if ok && o.At >= 0 {
		return port.Position{Offset: o.At, LeaderEpoch: o.LeaderEpoch}, nil
	}
	start, _, err := m.b.bounds(ctx, m.topic, partition)
	if err != nil {
		return port.Position{}, m.b.classified(err, reads, "list the start of %s[%d]", m.topic, partition)
	}
	return port.Position{Offset: start, LeaderEpoch: -1}, nil
}

// Leave implements [port.Member]. Where the brokers do not answer before ctx ends, leaving goes on
// behind it, until the group evicts the member by itself.
func (m *member) Leave(ctx context.Context) error {
	m.mu.Lock()
	if m.left {
		m.mu.Unlock()
		return nil
	}
	m.left = true
	for _, c := range m.held {
		c.end()
	}
	clear(m.held)
	m.offered = nil
	m.notify()
	m.mu.Unlock()

	done := make(chan error, 1)
	go func() {
		bounded, cancel := m.b.options.bounded(context.WithoutCancel(ctx))
		defer cancel()
		err := m.membership.LeaveGroupContext(bounded)
		m.data.Close()
		m.membership.Close()
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			return m.b.classified(err, writes, "leave group %s", m.group)
		}
		return nil
	case <-ctx.Done():
		return m.b.classified(ctx.Err(), writes, "leave group %s", m.group)
	}
}

// remade is a topic that was deleted and created anew. franz-go stands still on it until it is
// forgotten and asked for again; the group then hands out its partitions afresh.
func (m *member) remade() {
	for _, cl := range []*kgo.Client{m.data, m.membership} {
		cl.PurgeTopicsFromConsuming(m.topic)
	}
	m.membership.AddConsumeTopics(m.topic)
}

var errRemade = errors.New("the topic was deleted and created anew")
