package kafka

import "slices"

// What a search asks about a consumer group: whether a change of who is in it can matter to those who are at work
// on its records. Dead is who has crashed, by client id.

// Joined reports whether the coordinator counts a client as a member.
func (k *Server) Joined(group, client string) bool {
	return slices.ContainsFunc(k.groups, func(g *consumerGroup) bool {
		return g.name == group && len(named(g.members, client)) > 0
	})
}

// Settled reports whether all members that live are in the group by the coordinator's will, and nothing that they
// work on is wanted back.
func (k *Server) Settled(group string, dead func(client string) bool) bool {
	for _, g := range k.groups {
		if g.name != group {
			continue
		}
		if slices.ContainsFunc(g.zombies, func(m *member) bool { return !dead(m.id) }) {
			return false
		}
		for _, m := range g.members {
			if !dead(m.id) && (m.told || m.left) {
				return false
			}
		}
		for i := range g.shares {
			if c := g.shares[i].claim; c != nil && c.revoked && !dead(c.member.id) {
				return false
			}
		}
	}
	return true
}

// JoinDisturbs reports whether one more member would take something away that a living one works on.
func (k *Server) JoinDisturbs(group string, dead func(client string) bool) bool {
	for _, g := range k.groups {
		if g.name != group {
			continue
		}
		trial := *g
		trial.members = append(slices.Clone(g.members), &member{g: g})
		trial.shares = slices.Clone(g.shares)
		trial.assign()
		for i := range trial.shares {
			s := &trial.shares[i]
			if c := s.claim; c != nil && c.taken && c.member != s.wanted && !dead(c.member.id) {
				return true
			}
		}
	}
	return false
}

// TakenBack reports whether something was taken back from a living member that it has not let go of.
func (k *Server) TakenBack(dead func(client string) bool) bool {
	return slices.ContainsFunc(k.taken, func(c *claim) bool { return c.learned() && !c.released && !dead(c.member.id) })
}
