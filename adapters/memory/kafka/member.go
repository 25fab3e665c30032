package kafka

import (
	"context"
	"errors"
	"fmt"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
)

// member is a membership in a consumer group. An evicted one is a zombie until it is told.
type member struct {
	g    *consumerGroup
	name string // client id and a number
	id   string // client id
	gone bool   // the coordinator does not count it any more
	told bool   // and it knows
	life int    // how often it was told: a claim of an earlier life is learned to be over
	left bool   // by its own wish, for ever
}

// Join implements [port.Broker].
func (c *client) Join(ctx context.Context, group, topic string) (port.Member, error) {
	var m *member
	call := memory.Call{Server: "kafka", Op: "join", Key: group}
	err := c.k.gate.Call(ctx, call, func() error {
		t, err := c.k.known(topic)
		if err != nil {
			return err
		}
		m = &member{g: c.k.group(group, t), id: c.id}
		m.g.admit(m)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("kafka: %s joins group %s: %w", c.id, group, err)
	}
	return m, nil
}

// handed is a claim as the answer to a member.
type handed struct{ claim *claim }

// Claim implements [port.Member]. A member that learned of its eviction joins again here. Whoever
// waits here also ends revocations whose time is up: the coordinator has no clock of its own.
func (m *member) Claim(ctx context.Context) (port.Claim, error) {
	var taken handed
	g := m.g
	call := memory.Call{Server: "kafka", Op: "claim", Key: g.name, Poll: true, Answer: &taken}
	err := g.k.gate.Call(ctx, call, func() error {
		for {
			if m.left {
				return fmt.Errorf("kafka: %s left group %s: %w", m.name, g.name, port.ErrFenced)
			}
			if m.told {
				g.admit(m)
			}
			g.grant()
			if c := m.offered(); c != nil {
				c.take(g)
				taken.claim = c
				return nil
			}
			err := g.k.gate.Block(ctx, memory.Wait{
				Key:        "group/" + g.name,
				Until:      func() bool { return m.left || m.told || m.offered() != nil },
				DeadlineMS: g.deadlineMS(),
				Poll:       true,
			})
			if err != nil && !errors.Is(err, memory.ErrWaitTimeout) {
				return err
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return taken.claim, nil
}

func (m *member) offered() *claim {
	for i := range m.g.shares {
		if c := m.g.shares[i].claim; c != nil && c.member == m && !c.taken {
			return c
		}
	}
	return nil
}

// Leave implements [port.Member].
func (m *member) Leave(ctx context.Context) error {
	call := memory.Call{Server: "kafka", Op: "leave", Key: m.g.name}
	return m.g.k.gate.Call(ctx, call, func() error {
		m.left = true
		if !m.gone {
			m.g.dismiss(m)
		}
		m.learns()
		return nil
	})
}

// Evict ends the membership of every member of a client, as a session timeout does: the partitions
// move at once, and the members do not know. They go on fetching until a Commit is refused or
// [Server.Heartbeat] tells them. It reports whether there was one.
func (k *Server) Evict(group, clientID string) (found bool) {
	k.gate.Local(func() {
		for _, g := range k.groups {
			for _, m := range named(g.members, clientID) {
				if g.name != group {
					continue
				}
				found = true
				g.dismiss(m)
				g.zombies = append(g.zombies, m)
			}
		}
	})
	return found
}

// Heartbeat tells the evicted members of a client what happened: their claims end, and they join
// again at the next Claim.
func (k *Server) Heartbeat(group, clientID string) {
	k.gate.Local(func() {
		for _, g := range k.groups {
			for _, m := range named(g.zombies, clientID) {
				if g.name == group {
					m.learns()
				}
			}
		}
	})
}

// Forget is for the evicted members of a client that is dead: nobody will tell them any more.
func (k *Server) Forget(group, clientID string) {
	k.gate.Local(func() {
		for _, g := range k.groups {
			for _, m := range named(g.zombies, clientID) {
				if g.name == group {
					g.zombies = without(g.zombies, m)
				}
			}
		}
	})
}

func named(ms []*member, clientID string) (found []*member) {
	for _, m := range ms {
		if m.id == clientID {
			found = append(found, m)
		}
	}
	return found
}

// learns is called each time that the member is told: by a heartbeat, and by a commit that comes later.
func (m *member) learns() {
	if !m.told {
		m.told = true
		m.life++
	}
	m.g.zombies = without(m.g.zombies, m)
}

func without(ms []*member, m *member) []*member {
	for i := range ms {
		if ms[i] == m {
			return append(ms[:i:i], ms[i+1:]...)
		}
	}
	return ms
}

// Committed is the group's offset of a partition, and whether there is one.
func (k *Server) Committed(group, topic string, partition int32) (at port.Position, ok bool) {
	k.gate.Local(func() {
		if _, s := k.share(group, topic, partition); s != nil {
			at, ok = s.committed, s.stored
		}
	})
	return at, ok
}

// Rewind is a lost offset commit: the group's offset goes back, and whoever holds the partition loses
// it, so that the next claim delivers the same records at the same offsets once more.
func (k *Server) Rewind(group, topic string, partition int32, to port.Position) {
	k.gate.Local(func() {
		g, s := k.share(group, topic, partition)
		if s == nil {
			return
		}
		s.committed, s.stored = to, true
		if s.claim != nil && s.claim.taken {
			s.claim.end()
			s.claim = nil
			g.grant()
		}
	})
}

func (k *Server) share(group, topic string, partition int32) (*consumerGroup, *share) {
	for _, g := range k.groups {
		if g.name == group && g.topic.name == topic && int(partition) < len(g.shares) {
			return g, &g.shares[partition]
		}
	}
	return nil, nil
}
