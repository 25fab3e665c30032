package engine

import (
	"context"
	"slices"
	"time"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
)

// Runtime is the process's own world.
func (p *Process) Runtime() port.Runtime { return processRuntime{p} }

type processRuntime struct{ p *Process }

// Now implements [port.Runtime].
func (r processRuntime) Now() time.Time { return time.Unix(0, r.p.e.now+r.p.skew).UTC() }

// Sleep implements [port.Runtime].
func (r processRuntime) Sleep(ctx context.Context, d time.Duration) error {
	a := r.p.e.actor("Sleep")
	if a.gone() {
		return errDead
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.p.e.o.Search {
		a.rest()
	}
	a.park(local("sleep"), wait{deadline: r.p.e.now + max(int64(d), 1), ctx: ctx})
	if r.p.e.o.Search {
		a.wakes()
	}
	return ctx.Err()
}

func local(what string) Point { return Point{Phase: Local, Call: memory.Call{Op: what}} }

// Random implements [port.Runtime]: it depends on the actor and on how many it has drawn, so that what
// others do moves nothing.
func (r processRuntime) Random() uint64 {
	a := r.p.e.actor("Random")
	a.draws++
	return scramble(foldString(r.p.e.o.Seed, a.Name) + a.draws)
}

// Group implements [port.Runtime].
func (r processRuntime) Group(ctx context.Context) port.Group {
	g := r.p.e.groups.next()
	*g = group{p: r.p, ctx: r.p.e.scope(ctx)}
	return g
}

type group struct {
	p       *Process
	ctx     *scope
	running int
	err     error
}

func (g *group) Go(name string, fn func(ctx context.Context) error) {
	if a := g.p.e.caller("Go"); a != nil && a.gone() {
		return
	}
	g.running++
	g.p.Go(name, func() {
		err := fn(g.ctx)
		g.running--
		if err != nil && g.err == nil {
			g.err = err
			g.ctx.end(context.Canceled)
		}
	})
}

func (g *group) Wait() error {
	a := g.p.e.actor("Wait")
	if a.gone() {
		return errDead
	}
	if g.running > 0 {
		a.park(local("wait for children"), wait{group: g})
	}
	g.ctx.end(context.Canceled)
	return g.err
}

// Mailbox implements [port.Runtime].
func (r processRuntime) Mailbox(capacity int) port.Mailbox {
	m := r.p.e.mailboxes.next()
	*m = mailbox{e: r.p.e, capacity: capacity, store: m.store, marks: m.marks[:0]}
	m.items = m.store[:0]
	if r.p.e.o.Search {
		r.p.e.register(m)
	}
	return m
}

type mailbox struct {
	e        *Engine
	capacity int
	items    []any    // a part of store
	store    []any    // used from its beginning again when it is empty
	marks    []uint64 // of a search: who sent each item, and what they had seen
	name     uint64   // of a search
}

func (m *mailbox) Send(ctx context.Context, v any) error {
	a := m.e.actor("Send")
	if a.gone() {
		return errDead
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(m.items) >= m.capacity {
		a.park(local("send"), wait{box: m, ctx: ctx})
		if len(m.items) >= m.capacity {
			return ctx.Err()
		}
	}
	m.put(v)
	return nil
}

func (m *mailbox) Offer(v any) bool {
	if a := m.e.caller("Offer"); a != nil && a.gone() || len(m.items) >= m.capacity {
		return false
	}
	m.put(v)
	return true
}

func (m *mailbox) put(v any) {
	if len(m.items) == cap(m.items) {
		m.store = append(make([]any, 0, 2*len(m.items)+1), m.items...)
		m.items = m.store
	}
	m.items = append(m.items, v)
	if m.e.o.Search {
		m.marks = append(m.marks, m.e.mark())
	}
}

func (m *mailbox) Receive(ctx context.Context, max int, linger time.Duration) ([]any, error) {
	a := m.e.actor("Receive")
	if a.gone() {
		return nil, errDead
	}
	if len(m.items) == 0 && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	what := local("receive")
	if m.capacity == 1 {
		what.Call.Key = "reply"
	} else if m.e.o.Search {
		a.checkpoint(&what.Call)
	}
	for taken := true; taken; taken = len(m.items) == 0 { // another receiver may take all while this one lingers
		a.park(what, wait{box: m, least: 1, ctx: ctx})
		if len(m.items) == 0 {
			return nil, ctx.Err()
		}
		if linger > 0 && len(m.items) < max {
			a.park(local("linger"), wait{box: m, least: max, deadline: m.e.now + int64(linger), ctx: ctx})
		}
	}
	n := min(max, len(m.items))
	if m.e.o.Search {
		for _, mark := range m.marks[:n] {
			a.memory.see(mark)
		}
		m.marks = slices.Delete(m.marks, 0, n)
	}
	clear(a.items)
	a.items = append(a.items[:0], m.items[:n]...)
	m.take(n)
	return a.items, nil
}

// take forgets the first n items.
func (m *mailbox) take(n int) {
	clear(m.items[:n])
	if m.items = m.items[n:]; len(m.items) == 0 {
		m.items = m.store[:0]
	}
}
