package postgres

import (
	"context"
	"fmt"
	"slices"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
)

// slotConnection is a stream from a slot. A stream that broke is opened again by the next Read, from
// what is confirmed; as long as there is no slot of its name, that fails.
type slotConnection struct {
	pg       *Server
	name     string
	slot     *slot // nil: there is no stream
	born     int   // the start of the server that it is connected to
	replaced bool  // another connection took the slot: this one never comes back
	commit   int   // the next change to send: its transaction's place in the queue,
	change   int   // and its own in the transaction
}

// Slot connects to a replication slot, which it creates where there is none, as a connector does when
// it starts: it then follows the given tables ("schema.table") from the next transaction on. A second
// connection to a slot ends the first one.
func (p *Server) Slot(name string, tables ...string) port.Slot {
	return p.connect(name, func() { _ = p.createSlot(name, tables) })
}

// ExistingSlot connects to a slot as Slot does, but creates none: its reads fail until there is one.
func (p *Server) ExistingSlot(name string) port.Slot { return p.connect(name, func() {}) }

func (p *Server) connect(name string, before func()) *slotConnection {
	c := &slotConnection{pg: p, name: name}
	p.gate.Local(func() {
		before()
		c.born = p.born
		if s := p.slot(name); s != nil {
			c.attach(s)
		}
	})
	return c
}

// CreateSlot creates a slot that follows the given tables ("schema.table") from the next transaction
// on. Errors: 42710 where there is one of that name.
func (p *Server) CreateSlot(name string, tables ...string) (err error) {
	p.gate.Local(func() { err = p.createSlot(name, tables) })
	return err
}

func (p *Server) createSlot(name string, tables []string) error {
	if p.slot(name) != nil {
		return &SQLError{State: "42710", Class: port.ErrContract,
			Message: fmt.Sprintf("replication slot %q already exists", name)}
	}
	p.slots = append(p.slots, &slot{name: name, tables: tables, since: p.nextXID})
	return nil
}

func (p *Server) slot(name string) *slot {
	i := slices.IndexFunc(p.slots, func(s *slot) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return p.slots[i]
}

// DropSlot forgets a slot and what it kept of the log: its reader's next calls fail. A slot of the same
// name that is created later has a gap before it. It reports whether there was one.
func (p *Server) DropSlot(name string) (dropped bool) {
	p.gate.Local(func() {
		p.slots = slices.DeleteFunc(p.slots, func(s *slot) bool {
			if s.name == name {
				s.connected, dropped = nil, true
			}
			return s.name == name
		})
	})
	return dropped
}

// InvalidateSlot takes from a slot the log that it needs, as max_slot_wal_keep_size does: nothing can be
// read from it any more, and it stays until it is dropped. It reports whether there was one that had it.
func (p *Server) InvalidateSlot(name string) (invalidated bool) {
	p.gate.Local(func() {
		if s := p.slot(name); s != nil && !s.lost {
			s.queue, s.confirmed, s.connected, s.lost = nil, 0, nil, true
			invalidated = true
		}
	})
	return invalidated
}

// attach makes c the slot's stream.
func (c *slotConnection) attach(s *slot) {
	if s.connected != nil {
		s.connected.replaced = true
	}
	c.slot, s.connected = s, c
	c.commit, c.change = s.confirmed, 0
}

// open is a stream where there is none, if the slot is there and nobody else's.
func (c *slotConnection) open() {
	if c.slot != nil || c.replaced || c.born != c.pg.born {
		return
	}
	if s := c.pg.slot(c.name); s != nil && s.connected == nil && !s.lost {
		c.attach(s)
	}
}

// hangUp ends a broken stream.
func (c *slotConnection) hangUp() {
	if c.slot != nil && c.slot.connected == c {
		c.slot.connected = nil
	}
	c.slot, c.born = nil, c.pg.born
}

func (c *slotConnection) broken() bool {
	return c.replaced || c.born != c.pg.born || c.slot == nil || c.slot.connected != c
}

// why is what the server says about a broken stream.
func (c *slotConnection) why() error {
	if c.born != c.pg.born {
		return errTerminated
	}
	e := &SQLError{Class: port.ErrUnavailable}
	switch s := c.pg.slot(c.name); {
	case s == nil:
		e.State, e.Message = "42704", fmt.Sprintf("replication slot %q does not exist", c.name)
	case s.lost:
		e.State, e.Message = "55000", fmt.Sprintf("replication slot %q has been invalidated "+
			"because it exceeded the maximum reserved size", c.name)
	default:
		e.State, e.Message = "55006", fmt.Sprintf("replication slot %q is active for another connection, "+
			"or this one has no stream", c.name)
	}
	return e
}

// Read implements [port.Slot].
func (c *slotConnection) Read(ctx context.Context, max int) (out []port.Change, err error) {
	call := c.call("read slot", &out)
	call.Poll = true
	err = c.pg.gate.Call(ctx, call, func() error {
		c.open()
		err := c.pg.gate.Block(ctx, memory.Wait{Key: "slot " + c.name, Poll: true, Until: func() bool {
			return c.broken() || c.commit < len(c.slot.queue)
		}})
		if c.broken() {
			return c.why()
		}
		if err == nil {
			out = c.take(max)
		}
		return err
	})
	if err != nil {
		c.pg.gate.Local(c.hangUp)
		return nil, fmt.Errorf("read slot %s: %w", c.name, unavailable(ctx, err))
	}
	return out, nil
}

// Confirm implements [port.Slot].
func (c *slotConnection) Confirm(ctx context.Context, lsn uint64) error {
	err := c.pg.gate.Call(ctx, c.call("confirm slot", nil), func() error {
		if c.broken() {
			return c.why()
		}
		c.confirm(lsn)
		return nil
	})
	if err != nil {
		return fmt.Errorf("confirm slot %s up to %d: %w", c.name, lsn, unavailable(ctx, err))
	}
	return nil
}

func (c *slotConnection) confirm(lsn uint64) {
	s := c.slot
	s.began = true
	for s.confirmed < len(s.queue) && s.queue[s.confirmed].lsn <= lsn {
		s.confirmed++
	}
	if c.commit < s.confirmed {
		c.commit, c.change = s.confirmed, 0
	}
	c.pg.confirms++
	if n := c.pg.options.CheckpointConfirms; n > 0 && c.pg.confirms >= n {
		c.pg.checkpoint()
	}
}

func (c *slotConnection) call(op string, with any) memory.Call {
	return memory.Call{Server: "postgres", Op: op, Key: c.name, With: with}
}

// take renders at most max changes and moves on.
func (c *slotConnection) take(max int) (out []port.Change) {
	n := -c.change
	for _, d := range c.slot.queue[c.commit:] {
		if n += len(d.changes); n >= max {
			break
		}
	}
	out = make([]port.Change, 0, min(n, max))
	for c.commit < len(c.slot.queue) && len(out) < max {
		d := &c.slot.queue[c.commit]
		out = append(out, d.render(c.change))
		if c.change++; c.change == len(d.changes) {
			c.commit, c.change = c.commit+1, 0
		}
	}
	return out
}

// unavailable is what a broken read means to its caller, whose own cancellation stays one.
func unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil || port.Class(err) != nil {
		return err
	}
	return fmt.Errorf("%w: %w", port.ErrUnavailable, err)
}
