package engine

import (
	"context"
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
	if a.ending {
		return errDead
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.p.e.o.Search {
		a.rest()
	}
	a.park(local("sleep"), wait{deadline: r.p.e.now + max(int64(d), 1), ctx: ctx})
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
	g := &group{p: r.p}
	g.ctx, g.cancel = context.WithCancel(ctx)
	return g
}

type group struct {
	p       *Process
	ctx     context.Context
	cancel  context.CancelFunc
	running int
	err     error
}

func (g *group) Go(name string, fn func(ctx context.Context) error) {
	if a := g.p.e.current; a != nil && a.ending {
		return
	}
	g.running++
	g.p.Go(name, func() {
		err := fn(g.ctx)
		g.running--
		if err != nil && g.err == nil {
			g.err = err
			g.cancel()
		}
	})
}

func (g *group) Wait() error {
	a := g.p.e.actor("Wait")
	if a.ending {
		return errDead
	}
	if g.running > 0 {
		a.park(local("wait for children"), wait{until: func() bool { return g.running == 0 }})
	}
	g.cancel()
	return g.err
}

// Mailbox implements [port.Runtime].
func (r processRuntime) Mailbox(capacity int) port.Mailbox {
	m := &mailbox{e: r.p.e, capacity: capacity}
	if r.p.e.o.Search {
		r.p.e.register(m)
	}
	return m
}

type mailbox struct {
	e        *Engine
	capacity int
	items    []any
	marks    []uint64 // of a search: who sent each item, and what they had seen
	name     uint64   // of a search
}

func (m *mailbox) Send(ctx context.Context, v any) error {
	a := m.e.actor("Send")
	if a.ending {
		return errDead
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(m.items) >= m.capacity {
		room := func() bool { return len(m.items) < m.capacity }
		a.park(local("send"), wait{until: room, ctx: ctx})
		if !room() {
			return ctx.Err()
		}
	}
	m.put(v)
	return nil
}

func (m *mailbox) Offer(v any) bool {
	if a := m.e.current; a != nil && a.ending || len(m.items) >= m.capacity {
		return false
	}
	m.put(v)
	return true
}

func (m *mailbox) put(v any) {
	m.items = append(m.items, v)
	if m.e.o.Search {
		m.marks = append(m.marks, m.e.mark())
	}
}

func (m *mailbox) Receive(ctx context.Context, max int, linger time.Duration) ([]any, error) {
	a := m.e.actor("Receive")
	if a.ending {
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
	a.park(what, wait{until: func() bool { return len(m.items) > 0 }, ctx: ctx})
	if len(m.items) == 0 {
		return nil, ctx.Err()
	}
	if linger > 0 && len(m.items) < max {
		a.park(local("linger"), wait{until: func() bool { return len(m.items) >= max },
			deadline: m.e.now + int64(linger), ctx: ctx})
	}
	n := min(max, len(m.items))
	if m.e.o.Search {
		for _, mark := range m.marks[:n] {
			a.memory.see(mark)
		}
		m.marks = m.marks[n:]
	}
	out := append([]any(nil), m.items[:n]...)
	clear(m.items[:n])
	if m.items = m.items[n:]; len(m.items) == 0 {
		m.items = nil
	}
	return out, nil
}
