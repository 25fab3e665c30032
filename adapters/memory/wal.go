package memory

import (
	"context"
	"fmt"
	"slices"

	"stockproof/inventory/port"
)

// The write-ahead log as its readers see it: a transaction enters it whole when it commits, before
// it is visible. What no slot wants is not kept, and what a slot confirmed is forgotten, so the log
// is as long as its slowest reader is behind.

// logged is one row change, kept as versions: what nobody reads is never rendered.
type logged struct {
	op            byte
	lsn           uint64
	table         decodable
	before, after any // *V of the table
}

// decodable is a table of any type.
type decodable interface {
	relation() *relation
	decode(version any, whole bool) []port.Column
}

// Distances in the log, in bytes; only their order means something.
const (
	firstLSN  = 1 << 24
	changeLSN = 128
	commitLSN = 48
)

// log appends a change to the transaction's part of the log.
func (t *transaction) log(op byte, tb decodable, before, after any) {
	t.assignXID()
	t.pg.lsn += changeLSN
	if len(t.pg.slots) > 0 {
		t.changes = append(t.changes, logged{op, t.pg.lsn, tb, before, after})
	}
}

// flush writes the commit record: from here on every slot can read the transaction.
func (t *transaction) flush() {
	t.pg.lsn += commitLSN
	for _, s := range t.pg.slots {
		if t.xid >= s.since {
			s.append(t)
		}
	}
}

// decodedCommit is one transaction in a slot's queue.
type decodedCommit struct {
	xid     int64
	lsn     uint64 // of its commit record
	before  uint64 // of the commit record that the slot decoded before, 0: none
	at      int64  // µs since 1970
	changes []logged
}

// slot is a replication slot: the committed transactions that touched one of its tables and are not
// confirmed yet, in commit order.
type slot struct {
	name      string
	tables    []string // schema.table
	since     int64    // transactions that were open at its creation have a smaller xid
	decoded   uint64   // commit record of the last transaction that entered the queue
	queue     []decodedCommit
	connected *slotConnection
}

func (s *slot) append(t *transaction) {
	n := 0
	for i := range t.changes {
		if s.follows(t.changes[i].table) {
			n++
		}
	}
	if n == 0 {
		return
	}
	c := decodedCommit{xid: t.xid, lsn: t.pg.lsn, before: s.decoded, at: t.pg.nowMS() * 1000,
		changes: make([]logged, 0, n)}
	for _, l := range t.changes {
		if s.follows(l.table) {
			c.changes = append(c.changes, l)
		}
	}
	s.queue, s.decoded = append(s.queue, c), c.lsn
}

func (s *slot) follows(tb decodable) bool {
	r := tb.relation()
	for _, name := range s.tables {
		if len(name) == len(r.schema)+1+len(r.name) && name[:len(r.schema)] == r.schema &&
			name[len(r.schema)+1:] == r.name {
			return true
		}
	}
	return false
}

// slotConnection is a stream from a slot.
type slotConnection struct {
	pg     *Postgres
	slot   *slot
	commit int // the next change to send: its transaction's place in the queue,
	change int // and its own in the transaction
}

// Slot connects to a replication slot, which it creates where there is none: it then follows the
// given tables ("schema.table") from the next transaction on. A second connection to a slot ends the
// first one.
func (p *Postgres) Slot(name string, tables ...string) port.Slot {
	c := &slotConnection{pg: p}
	p.gate.Local(func() {
		i := slices.IndexFunc(p.slots, func(s *slot) bool { return s.name == name })
		if i < 0 {
			i = len(p.slots)
			p.slots = append(p.slots, &slot{name: name, tables: tables, since: p.nextXID})
		}
		c.slot = p.slots[i]
		c.slot.connected = c
	})
	return c
}

// DropSlot forgets a slot and what it kept of the log.
func (p *Postgres) DropSlot(name string) {
	p.gate.Local(func() {
		p.slots = slices.DeleteFunc(p.slots, func(s *slot) bool {
			if s.name == name {
				s.connected = nil
			}
			return s.name == name
		})
	})
}

// Read implements [port.Slot].
func (c *slotConnection) Read(ctx context.Context, max int) (out []port.Change, err error) {
	err = c.pg.gate.Call(ctx, c.call("read slot"), func() error {
		err := c.pg.gate.Block(ctx, Wait{Key: "slot " + c.slot.name, Poll: true, Until: func() bool {
			return c.slot.connected != c || c.commit < len(c.slot.queue)
		}})
		if c.slot.connected != c {
			return c.lost()
		}
		if err == nil {
			out = c.take(max)
		}
		return err
	})
	if err != nil {
		c.pg.gate.Local(func() { c.commit, c.change = 0, 0 }) // the next stream starts at what is confirmed
		return nil, fmt.Errorf("read slot %s: %w", c.slot.name, unavailable(ctx, err))
	}
	return out, nil
}

// Confirm implements [port.Slot].
func (c *slotConnection) Confirm(ctx context.Context, lsn uint64) error {
	err := c.pg.gate.Call(ctx, c.call("confirm slot"), func() error {
		if c.slot.connected != c {
			return c.lost()
		}
		n := 0
		for n < len(c.slot.queue) && c.slot.queue[n].lsn <= lsn {
			n++
		}
		clear(c.slot.queue[:n])
		c.slot.queue = c.slot.queue[n:]
		if c.commit -= n; c.commit < 0 {
			c.commit, c.change = 0, 0
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("confirm slot %s up to %d: %w", c.slot.name, lsn, unavailable(ctx, err))
	}
	return nil
}

func (c *slotConnection) call(op string) Call {
	return Call{Server: "postgres", Op: op, Key: c.slot.name}
}

func (c *slotConnection) lost() error {
	return &SQLError{State: "55006", Class: port.ErrUnavailable,
		Message: fmt.Sprintf("replication slot %q is active for another connection, or gone", c.slot.name)}
}

// take renders at most max changes and moves on.
func (c *slotConnection) take(max int) (out []port.Change) {
	for c.commit < len(c.slot.queue) && len(out) < max {
		d := &c.slot.queue[c.commit]
		out = append(out, d.render(c.change))
		if c.change++; c.change == len(d.changes) {
			c.commit, c.change = c.commit+1, 0
		}
	}
	return out
}

func (d *decodedCommit) render(i int) port.Change {
	l := d.changes[i]
	r := l.table.relation()
	ch := port.Change{Schema: r.schema, Table: r.name, Op: l.op, LSN: l.lsn, CommitLSN: d.lsn,
		PrevCommitLSN: d.before, XID: d.xid, Ordinal: i + 1, At: d.at, Last: i == len(d.changes)-1}
	if l.op != 'd' {
		ch.After = l.table.decode(l.after, true)
	}
	if l.op == 'd' || l.op == 'u' && r.full {
		ch.Before = l.table.decode(l.before, r.full)
	}
	return ch
}

// unavailable is what a broken read means to its caller, whose own cancellation stays one.
func unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil || port.Class(err) != nil {
		return err
	}
	return fmt.Errorf("%w: %w", port.ErrUnavailable, err)
}
