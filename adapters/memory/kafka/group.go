package kafka

import (
	"fmt"
	"strconv"

	"stockproof/inventory/port"
)

// consumerGroup is a consumer group on one topic, balanced cooperatively: a partition moves only once
// the member that holds it has released it, has been evicted, or has let the rebalance timeout pass.
type consumerGroup struct {
	k          *Server
	name       string
	topic      *topic
	generation int32
	joins      int       // names members
	members    []*member // in order of joining
	zombies    []*member // evicted and not told yet
	shares     []share   // one per partition
}

// share is a partition as the coordinator sees it.
type share struct {
	claim     *claim        // in whose hands it is; nil between two
	wanted    *member       // who shall have it; nil in an empty group
	committed port.Position // meaningful if stored
	stored    bool
}

func (k *Server) group(name string, t *topic) *consumerGroup {
	for _, g := range k.groups {
		if g.name == name && g.topic == t {
			return g
		}
	}
	g := &consumerGroup{k: k, name: name, topic: t, shares: make([]share, len(t.logs))}
	k.groups = append(k.groups, g)
	return g
}

func (g *consumerGroup) admit(m *member) {
	g.joins++
	m.name = fmt.Sprintf("%s-%d", m.id, g.joins)
	m.gone, m.told = false, false
	g.members = append(g.members, m)
	g.rebalance()
}

// dismiss takes a member out of the group, with its claims: at the coordinator, which tells nobody.
func (g *consumerGroup) dismiss(m *member) {
	m.gone = true
	g.members = without(g.members, m)
	for i := range g.shares {
		if c := g.shares[i].claim; c != nil && c.member == m {
			c.over = true
			g.shares[i].claim = nil
		}
	}
	g.rebalance()
}

// rebalance begins a generation: it says who shall have what, grants what is free and revokes what is
// in the wrong hands.
func (g *consumerGroup) rebalance() {
	g.generation++
	g.assign()
	g.grant()
}

// assign shares the partitions out evenly and leaves them where they are as far as that allows.
func (g *consumerGroup) assign() {
	if len(g.members) == 0 {
		for i := range g.shares {
			g.shares[i].wanted = nil
		}
		return
	}
	room := g.quotas()
	for i := range g.shares {
		s := &g.shares[i]
		s.wanted = nil
		if s.claim == nil {
			continue
		}
		if at := g.index(s.claim.member); room[at] > 0 {
			room[at]--
			s.wanted = s.claim.member
		}
	}
	next := 0
	for i := range g.shares {
		if g.shares[i].wanted != nil {
			continue
		}
		for room[next] == 0 {
			next++
		}
		room[next]--
		g.shares[i].wanted = g.members[next]
	}
}

// quotas is how many partitions each member gets: all the same, and one more for those that hold
// most, so that least has to move.
func (g *consumerGroup) quotas() []int {
	held := make([]int, len(g.members))
	for i := range g.shares {
		if c := g.shares[i].claim; c != nil {
			held[g.index(c.member)]++
		}
	}
	quota := make([]int, len(g.members))
	for i := range quota {
		quota[i] = len(g.shares) / len(quota)
	}
	for range len(g.shares) % len(quota) {
		best := -1
		for i := range quota {
			if quota[i] == len(g.shares)/len(quota) && (best < 0 || held[i] > held[best]) {
				best = i
			}
		}
		quota[best]++
	}
	return quota
}

func (g *consumerGroup) index(m *member) int {
	for i := range g.members {
		if g.members[i] == m {
			return i
		}
	}
	panic("memory: a claim of " + m.name + ", which is not in group " + g.name)
}

// grant gives free partitions to whom they are meant for. A claim that nobody has taken yet moves at
// once; one in use is revoked and moves when it is released or its time is up.
func (g *consumerGroup) grant() {
	now := g.k.gate.NowMS()
	for i := range g.shares {
		s := &g.shares[i]
		if c := s.claim; c != nil {
			if c.member == s.wanted && !c.revoked {
				continue
			}
			if c.taken && !c.revoked {
				c.revoked = true
				c.deadlineMS = now + g.k.options.RebalanceTimeout.Milliseconds()
			}
			if c.taken && now < c.deadlineMS {
				continue
			}
			c.end()
			s.claim = nil
		}
		if s.wanted != nil {
			s.claim = &claim{
				member: s.wanted, life: s.wanted.life, topic: g.topic, topicID: g.topic.id,
				partition: int32(i), generation: g.generation,
			}
			s.claim.place = g.topic.name + "/" + strconv.Itoa(i)
			s.claim.share = g.name + "/" + s.claim.place
		}
	}
}

// deadlineMS is when the next revocation runs out of patience; 0 if none is under way.
func (g *consumerGroup) deadlineMS() (at int64) {
	for i := range g.shares {
		if c := g.shares[i].claim; c != nil && c.revoked && (at == 0 || c.deadlineMS < at) {
			at = c.deadlineMS
		}
	}
	return at
}

// restart is a topic created anew: no claim and no offset of the old one is worth anything.
func (g *consumerGroup) restart() {
	for i := range g.shares {
		if c := g.shares[i].claim; c != nil {
			c.end()
		}
	}
	g.shares = make([]share, len(g.topic.logs))
	g.rebalance()
}

// grow is a topic with more partitions than the group has shares of.
func (g *consumerGroup) grow() {
	for len(g.shares) < len(g.topic.logs) {
		g.shares = append(g.shares, share{})
	}
	g.rebalance()
}
