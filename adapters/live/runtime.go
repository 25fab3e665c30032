package live

import (
	"context"
	"math/rand/v2"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"stockproof/inventory/port"
)

// Runtime implements [port.Runtime].
type Runtime struct{}

// Now is the wall clock.
func (Runtime) Now() time.Time { return time.Now() }

// Sleep waits for d, or for the end of ctx.
func (Runtime) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Random is jitter from the process's own source.
func (Runtime) Random() uint64 { return rand.Uint64() }

// Group runs goroutines.
func (Runtime) Group(ctx context.Context) port.Group {
	g, ctx := errgroup.WithContext(ctx)
	return &group{g: g, ctx: ctx}
}

// Mailbox is a buffered channel.
func (Runtime) Mailbox(capacity int) port.Mailbox { return &mailbox{ch: make(chan any, capacity)} }

type group struct {
	g   *errgroup.Group
	ctx context.Context
}

func (g *group) Go(_ string, fn func(ctx context.Context) error) {
	g.g.Go(func() error { return fn(g.ctx) })
}

func (g *group) Wait() error { return g.g.Wait() }

// yields is how often in a row nothing may arrive before a batch is closed: a few hundred nanoseconds each
// when nobody else wants to run.
const yields = 3

type mailbox struct{ ch chan any }

func (m *mailbox) Send(ctx context.Context, v any) error {
	select {
	case m.ch <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *mailbox) Offer(v any) bool {
	select {
	case m.ch <- v:
		return true
	default:
		return false
	}
}

func (m *mailbox) Receive(ctx context.Context, max int, linger time.Duration) ([]any, error) {
	var out []any
	select {
	case v := <-m.ch:
		out = append(out, v)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if linger <= 0 {
		return m.drain(out, max), nil
	}
	t := time.NewTimer(linger)
	defer t.Stop()
	for len(out) < max {
		select {
		case v := <-m.ch:
			out = append(out, v)
		case <-t.C:
			return out, nil
		case <-ctx.Done():
			return out, nil
		}
	}
	return out, nil
}

// drain takes what is there and what arrives while it lets others run. Whoever was answered together is
// about to send again: without the yields a batch is what the first few of them managed to send.
func (m *mailbox) drain(out []any, max int) []any {
	for quiet := 0; len(out) < max && quiet < yields; {
		select {
		case v := <-m.ch:
			out, quiet = append(out, v), 0
		default:
			runtime.Gosched()
			quiet++
		}
	}
	return out
}
