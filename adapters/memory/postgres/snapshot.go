package postgres

import (
	"context"
	"fmt"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
)

// readable is a table whose rows a snapshot can read.
type readable interface {
	decodable
	// each walks the committed versions in key order; pending says that a transaction is writing the row.
	each(fn func(version any, pending bool))
}

func (tb *table[K, V]) each(fn func(version any, pending bool)) {
	tb.rows.all(func(_ K, r *row[K, V]) bool {
		if r.committed != nil {
			fn(r.committed, r.written)
		}
		return true
	})
}

// readables are the tables that a slot can follow.
func (p *Server) readables() []readable {
	return []readable{p.cluster, p.lanes, p.commands, p.ledger, p.orders, p.lines, p.progress, p.outbox,
		p.dead, p.heartbeat, p.article.orders, p.article.stock, p.dualwrite.orders, p.dualwrite.stock,
		p.rowLocks, p.rowlock.stock}
}

// rows reads tables of a slot as op r, in the order of its tables and of their keys.
func (s *slot) rows(p *Server, skipPending bool) (l []logged) {
	for _, name := range s.tables {
		for _, tb := range p.readables() {
			if !contains([]string{name}, tb.relation()) {
				continue
			}
			tb.each(func(version any, pending bool) {
				if !pending || !skipPending {
					l = append(l, logged{op: 'r', table: tb, after: version})
				}
			})
		}
	}
	return l
}

// Snapshot reads the rows of the slot's tables, one consistent state, as op r: all transactions that
// the slot does not follow have ended, which it waits for, and what it shows is not streamed again from
// a slot that nobody has read. Confirming lsn confirms what the rows show. With unlessBegun it reads
// nothing where a position was confirmed before; lsn is then 0.
func (c *slotConnection) Snapshot(
	ctx context.Context, unlessBegun bool,
) (out []port.Change, lsn uint64, err error) {
	err = c.pg.gate.Call(ctx, c.call("snapshot", &out), func() error {
		c.open()
		err := c.pg.gate.Block(ctx, memory.Wait{Key: "snapshot " + c.name, Poll: true, Until: func() bool {
			return c.broken() || c.pg.horizon() >= c.slot.since
		}})
		switch {
		case c.broken():
			return c.why()
		case err == nil && !(unlessBegun && c.slot.began):
			out, lsn = c.snapshot()
		}
		return err
	})
	if err != nil {
		c.pg.gate.Local(c.hangUp)
		return nil, 0, fmt.Errorf("snapshot of slot %s: %w", c.name, unavailable(ctx, err))
	}
	return out, lsn, nil
}

func (c *slotConnection) snapshot() (out []port.Change, lsn uint64) {
	s, p := c.slot, c.pg
	at := p.nowMS() * 1000
	lsn = p.lsn
	if !s.began && c.commit == s.confirmed && c.change == 0 {
		var later []decodedCommit // in the log, and not visible yet
		for _, d := range s.queue {
			if p.inProgress(d.xid) {
				later = append(later, d)
			}
		}
		s.queue = later
	}
	if len(s.queue) > s.confirmed { // what is still to be streamed must not be confirmed
		lsn = s.queue[s.confirmed].lsn - 1
	}
	d := decodedCommit{xid: p.ended, at: at, changes: s.rows(p, false)}
	for i := range d.changes {
		d.changes[i].lsn = lsn
		out = append(out, d.render(i))
	}
	return out, lsn
}

// IncrementalSnapshot makes the reader of a slot see every row of the slot's tables once more, in the
// middle of its stream, as op r without LSN and transaction (Debezium's source has neither there). Rows
// that are being written are left out, as those are that change between the two watermarks. It reports
// how many rows there are.
func (p *Server) IncrementalSnapshot(name string) (n int) {
	p.gate.Local(func() {
		s := p.slot(name)
		if s == nil || s.lost {
			return
		}
		if rows := s.rows(p, true); len(rows) > 0 {
			n = len(rows)
			p.lsn += changeLSN // the watermarks: nothing before them confirms these rows
			s.queue = append(s.queue, decodedCommit{lsn: p.lsn, at: p.nowMS() * 1000, changes: rows})
		}
	})
	return n
}
