package postgres

import (
	"stockproof/adapters/memory"
)

// Digest is the state of the database.
func (p *Server) Digest() uint64 {
	h := memory.NewHash()
	tables, rest := p.Digests()
	h.Word(tables)
	h.Word(rest)
	return uint64(h)
}

// Digests are what a statement may see, and the rest: what transactions hold that are under way, and what slots
// have to send.
func (p *Server) Digests() (tables, rest uint64) {
	h := memory.NewHash()
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
	r := memory.NewHash()
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
				h := memory.Hash(r.digest())
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
		h, s := memory.NewHash(), r.table.pg.shapes
		h.ValueOf(s, &r.key)
		h.ValueOf(s, r.committed)
		r.hashed, r.hash = r.committed, uint64(h)
	}
	return r.hash
}

// digestOwn is what a transaction made of a row that it holds.
func (r *row[K, V]) digestOwn(h *memory.Hash) {
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
	h := memory.NewHash()
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
func (s *slot) digest(by *memory.Shapes) uint64 {
	h := memory.NewHash()
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
func (d *decodedCommit) digest(by *memory.Shapes) uint64 {
	if d.hash == 0 {
		h := memory.NewHash()
		for i := range d.changes {
			ch := d.render(i)
			h.Change(by, &ch)
		}
		d.hash = uint64(h)
	}
	return d.hash
}
