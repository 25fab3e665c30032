package memory

import (
	"cmp"
	"slices"
	"strings"
)

// The servers can say in 64 bits what state they are in, so that a search recognises a state in which it has
// been. Two states with one digest behave alike from there on. What cannot be told apart by its effects is
// left out: how a transaction's number or a position in the log came out depends on who was faster, and
// matters only for who is still running, which is in.

// Digest is the state of the database.
func (p *Postgres) Digest() uint64 {
	h := NewHash()
	tables, rest := p.Digests()
	h.Word(tables)
	h.Word(rest)
	return uint64(h)
}

// Digests are what a statement may see, and the rest: what transactions hold that are under way, and what slots
// have to send.
func (p *Postgres) Digests() (tables, rest uint64) {
	h := NewHash()
	h.Word(p.ledgerTables.digest() + p.shopTables.digest())
	for _, s := range [...]*shop{&p.article, &p.dualwrite, &p.rowlock} {
		h.Word(uint64(s.ids.last))
		h.Word(uint64(s.ids.logged))
	}
	h.Word(uint64(p.options.Timeline))
	open, committing := uint64(0), uint64(0)
	for _, s := range p.sessions {
		if d := s.digest(); s.committing {
			committing += d
		} else {
			open += d
		}
	}
	h.Word(committing)
	for _, c := range p.clients {
		open += c.terminated()
	}
	r := NewHash()
	r.Word(open)
	for _, c := range p.inDoubt() { // a standby may be promoted without the last of them
		for _, s := range p.sessions {
			if s.tx.record == c {
				r.Word(s.digest())
			}
		}
	}
	for _, s := range p.slots {
		r.Word(s.digest(p.shapes))
	}
	return uint64(h), uint64(r)
}

func (t *ledgerTables) digest() uint64 {
	return t.cluster.digest(1) + t.lanes.digest(2) + t.commands.digest(3) + t.ledger.digest(4) + t.orders.digest(5) +
		t.lines.digest(6) + t.progress.digest(7) + t.outbox.digest(8) + t.dead.digest(9) + t.heartbeat.digest(10)
}

func (t *shopTables) digest() (sum uint64) {
	for i, s := range [...]*shop{&t.article, &t.dualwrite, &t.rowlock} {
		sum += s.stock.digest(uint64(11 + 2*i))
		if s.orders != nil {
			sum += s.orders.digest(uint64(12 + 2*i))
		}
	}
	return sum + t.rowLocks.digest(17)
}

// digest is a sum over the committed rows, so that the order in which they came does not matter.
func (tb *table[K, V]) digest(seed uint64) uint64 {
	if !tb.summed {
		tb.sum, tb.summed = 0, true
		tb.rows.all(func(k K, r *row[K, V]) bool {
			if r.committed != nil {
				h := Hash(r.digest())
				h.Word(seed)
				tb.sum += uint64(h)
			}
			return true
		})
	}
	return tb.sum
}

// digest is the committed version.
func (r *row[K, V]) digest() uint64 {
	if r.hashed != r.committed {
		h, s := NewHash(), r.table.pg.shapes
		h.ValueOf(s, &r.key)
		h.ValueOf(s, r.committed)
		r.hashed, r.hash = r.committed, uint64(h)
	}
	return r.hash
}

// digestOwn is what a transaction made of a row that it holds.
func (r *row[K, V]) digestOwn(h *Hash) {
	h.Text(r.table.about.name)
	h.ValueOf(r.table.pg.shapes, &r.key)
	h.Flag(r.written)
	if r.written {
		h.ValueOf(r.table.pg.shapes, r.own)
	}
	h.Word(uint64(len(r.sharers)))
}

// digest is an open transaction: what it holds, and how far it is.
func (s *Session) digest() uint64 {
	h := NewHash()
	h.Word(s.owner)
	h.Flag(s.closed)
	h.Flag(s.committing)
	h.Flag(s.serving)
	h.Flag(s.tx.xid != 0)
	h.Flag(s.tx.waits.lock != nil)
	for _, r := range s.tx.held {
		r.digestOwn(&h)
	}
	return uint64(h)
}

// digest is what a slot has still to send or to be confirmed.
func (s *slot) digest(by *Shapes) uint64 {
	h := NewHash()
	h.Text(s.name)
	h.Flag(s.connected != nil)
	h.Flag(s.began)
	h.Flag(s.lost)
	h.Word(uint64(s.confirmed))
	if c := s.connected; c != nil {
		h.Word(uint64(c.commit)<<32 | uint64(c.change))
	}
	for i := range s.queue {
		h.Word(s.queue[i].digest(by))
	}
	return uint64(h)
}

// digest is what a transaction in a slot's queue says. It never changes.
func (d *decodedCommit) digest(by *Shapes) uint64 {
	if d.hash == 0 {
		h := NewHash()
		for i := range d.changes {
			ch := d.render(i)
			h.change(by, &ch)
		}
		d.hash = uint64(h)
	}
	return d.hash
}

// Digest is the state of the broker, but for topics that nobody reads: where a record of a transaction's
// number goes depends on the number.
func (k *Kafka) Digest(unread ...string) uint64 {
	h := NewHash()
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

func (l *kafkaLog) digest(by *Shapes) uint64 {
	for i := len(l.hashes); i < len(l.records); i++ {
		h := NewHash()
		if i > 0 {
			h = l.hashes[i-1]
		}
		h.Record(by, &l.records[i])
		l.hashes = append(l.hashes, h)
	}
	h := NewHash()
	h.Word(uint64(l.start))
	h.Word(uint64(l.leaderEpoch()))
	if n := len(l.records); n > 0 {
		h.Word(uint64(l.hashes[n-1]))
	}
	return uint64(h)
}

// place is where a member stands in the lists.
func (g *kafkaGroup) place(m *kafkaMember) int {
	if i := slices.Index(g.members, m); i >= 0 {
		return 1 + i
	}
	return -1 - slices.Index(g.zombies, m)
}

// whose is the process that a member belongs to, whichever of its lives it is.
func whose(m *kafkaMember) string {
	process, _, _ := strings.Cut(m.id, "'")
	return process
}

func (g *kafkaGroup) digest() uint64 {
	h := NewHash()
	h.Text(g.name)
	for _, list := range [][]*kafkaMember{g.members, g.zombies} {
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

// Digest is the state of the speed layer.
func (r *Redis) Digest() uint64 {
	h := NewHash()
	h.Word(uint64(r.skewMS))
	h.Word(uint64(r.lives))
	for _, n := range r.nodes {
		names := slices.Clone(n.keys.names)
		slices.SortFunc(names, cmp.Compare[string])
		for _, name := range names {
			h.Text(name)
			n.keys.byName[name].digest(&h)
		}
		for _, w := range n.writes { // a replica may be promoted without the last of them
			h.Word(uint64(len(w.before)))
			for _, b := range w.before {
				h.Text(b.key)
				b.value.digest(&h)
			}
		}
	}
	return uint64(h)
}

// digest is what a key holds; nil is no such key.
func (v *redisValue) digest(h *Hash) {
	h.Flag(v != nil)
	if v == nil {
		return
	}
	h.Text(v.text)
	h.Word(uint64(v.expireMS))
	for _, f := range v.fields {
		h.Text(f.name)
		h.Text(f.value)
	}
}
