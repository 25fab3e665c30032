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
		// Whoever was answered together is about to send again: let them, or a batch is what the first
		// few of them managed to send.
		runtime.Gosched()
		for len(out) < max {
			select {
			case v := <-m.ch:
				out = append(out, v)
			default:
				return out, nil
			}
		}
		return out, nil
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
