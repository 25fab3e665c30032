package kafka

import (
	"slices"
	"strings"

	"stockproof/adapters/memory"
)

// Digest is the state of the broker, but for topics that nobody reads: where a record of a transaction's
// number goes depends on the number.
func (k *Server) Digest(unread ...string) uint64 {
	h := memory.NewHash()
	for _, t := range k.topics {
		if slices.Contains(unread, t.name) {
			continue
		}
		h.Text(t.name)
		h.Word(uint64(t.generation))
		for _, l := range t.logs {
			h.Word(l.digest(k.options.Shapes))
		}
	}
	groups := uint64(0)
	for _, g := range k.groups {
		groups += g.digest()
	}
	h.Word(groups)
	return uint64(h)
}

func (l *log) digest(by *memory.Shapes) uint64 {
	for i := len(l.hashes); i < len(l.records); i++ {
		h := memory.NewHash()
		if i > 0 {
			h = l.hashes[i-1]
		}
		h.Record(by, &l.records[i])
		l.hashes = append(l.hashes, h)
	}
	h := memory.NewHash()
	h.Word(uint64(l.start))
	h.Word(uint64(l.leaderEpoch()))
	if n := len(l.records); n > 0 {
		h.Word(uint64(l.hashes[n-1]))
	}
	return uint64(h)
}

// place is where a member stands in the lists.
func (g *consumerGroup) place(m *member) int {
	if i := slices.Index(g.members, m); i >= 0 {
		return 1 + i
	}
	return -1 - slices.Index(g.zombies, m)
}

// whose is the process that a member belongs to, whichever of its lives it is.
func whose(m *member) string {
	process, _, _ := strings.Cut(m.id, "'")
	return process
}

func (g *consumerGroup) digest() uint64 {
	h := memory.NewHash()
	h.Text(g.name)
	for _, list := range [][]*member{g.members, g.zombies} {
		h.Word(uint64(len(list)))
		for _, m := range list {
			h.Text(whose(m))
			h.Flag(m.gone)
			h.Flag(m.told)
			h.Word(uint64(m.life))
			h.Flag(m.left)
		}
	}
	for i := range g.shares {
		s := &g.shares[i]
		h.Flag(s.stored)
		h.Word(uint64(s.committed.Offset))
		h.Word(uint64(g.place(s.wanted)))
		c := s.claim
		h.Flag(c != nil)
		if c != nil {
			h.Word(uint64(g.place(c.member)))
			for _, f := range []bool{c.taken, c.revoked, c.released, c.over, c.told} {
				h.Flag(f)
			}
		}
	}
	return uint64(h)
}

// Sum implements [memory.Summed]. Where it begins to read is what the group has stored, until it commits itself.
func (h *handed) Sum(sum *memory.Hash, _ *memory.Shapes) {
	if c := h.claim; c != nil {
		sum.Text(c.share)
		sum.Word(uint64(c.life)) // a zombie's loop works beside that of its next claim
	}
}
