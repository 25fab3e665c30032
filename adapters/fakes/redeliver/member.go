package redeliver

import (
	"context"
	"sync"
	"time"

	"stockproof/inventory/port"
)

// member hands out the inner member's claims, and the same again after a lost commit.
type member struct {
	b     *Broker
	inner port.Member
	key   string

	mu      sync.Mutex
	asking  bool     // an inner Claim is under way
	again   []*claim // after a lost commit
	offered []*claim
	err     error         // of the inner Claim
	changed chan struct{} // closed and replaced
}

func newMember(b *Broker, inner port.Member, key string) *member {
	return &member{b: b, inner: inner, key: key, changed: make(chan struct{})}
}

// Claim implements [port.Member].
func (m *member) Claim(ctx context.Context) (port.Claim, error) {
	for {
		m.mu.Lock()
		for _, from := range []*[]*claim{&m.again, &m.offered} {
			if cs := *from; len(cs) > 0 {
				*from = cs[1:]
				m.mu.Unlock()
				return cs[0], nil
			}
		}
		err, changed := m.err, m.changed
		m.err = nil
		if err == nil && !m.asking {
			m.asking = true
			go m.ask()
		}
		m.mu.Unlock()
		if err != nil {
			return nil, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// ask waits for the inner member beyond the caller's context: what it gets then is kept. It ends with
// the membership.
func (m *member) ask() {
	c, err := m.inner.Claim(context.Background())
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asking, m.err = false, err
	if err == nil {
		m.offered = append(m.offered, &claim{Claim: c, m: m, committed: c.Committed(), next: c.Committed()})
	}
	m.notify()
}

// notify: the mutex is held.
func (m *member) notify() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// Leave implements [port.Member].
func (m *member) Leave(ctx context.Context) error { return m.inner.Leave(ctx) }

// claim is one of the inner member's, until a commit of it is lost.
type claim struct {
	port.Claim
	m         *member
	committed port.Position

	mu       sync.Mutex
	next     port.Position // what the broker has
	doomed   bool          // the next commit is lost
	lost     bool          // it was
	released bool
}

// Committed implements [port.Claim].
func (c *claim) Committed() port.Position { return c.committed }

// Fetch implements [port.Claim].
func (c *claim) Fetch(
	ctx context.Context, from port.Position, max int, linger time.Duration,
) ([]port.Record, error) {
	if c.isLost() {
		return nil, errFenced(c)
	}
	b, p := c.m.b, c.Partition()
	n := b.payable(c.m.key, p, from.Offset)
	if n > 0 {
		max, linger = min(max, int(n)), 0
	}
	rs, err := c.Claim.Fetch(ctx, from, max, linger)
	if err != nil {
		return nil, err
	}
	b.deliver(c.m.key, p, rs, n > 0)
	if n > 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.doomed = true
	}
	return rs, nil
}

func (c *claim) isLost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost || c.released
}

// Commit implements [port.Claim].
func (c *claim) Commit(ctx context.Context, next port.Position) error {
	if c.isLost() {
		return errFenced(c)
	}
	if c.lose() {
		c.m.b.loseCommit()
		return errLost(c, next)
	}
	if err := c.Claim.Commit(ctx, next); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = next
	return nil
}

func (c *claim) lose() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = c.doomed
	return c.lost
}

// Release implements [port.Claim]. After a lost commit the partition stays with the inner member, and
// comes back from Claim at what the broker has.
func (c *claim) Release() {
	c.mu.Lock()
	lost, next, first := c.lost, c.next, !c.released
	c.released = true
	c.mu.Unlock()
	switch {
	case !first:
	case !lost:
		c.Claim.Release()
	default:
		c.m.mu.Lock()
		defer c.m.mu.Unlock()
		c.m.again = append(c.m.again, &claim{Claim: c.Claim, m: c.m, committed: next, next: next})
		c.m.notify()
	}
}
