package engine

import (
	"context"
	"testing"
	"time"

	"stockproof/adapters/memory"
)

// BenchmarkEngine is the engine's own path: what an actor does at a port, one of it per iteration. Nothing
// of it allocates.
func BenchmarkEngine(b *testing.B) {
	ctx := context.Background()
	call := memory.Call{Server: "server", Op: "operation", Key: "key"}
	served := func() error { return nil }
	item := any("item")
	for _, c := range []struct {
		name string
		do   func(e *Engine, p *Process, n int)
	}{
		{"park", func(e *Engine, _ *Process, n int) {
			for range n {
				e.current.park(local("park"), wait{})
			}
		}},
		{"call", func(e *Engine, _ *Process, n int) {
			for range n {
				_ = e.Call(ctx, call, served)
			}
		}},
		{"sleep", func(_ *Engine, p *Process, n int) {
			rt := p.Runtime()
			for range n {
				_ = rt.Sleep(ctx, time.Microsecond)
			}
		}},
		{"mailbox", func(_ *Engine, p *Process, n int) {
			rt := p.Runtime()
			box := rt.Mailbox(16)
			for range n {
				_ = box.Send(ctx, item)
				_, _ = box.Receive(ctx, 1, 0)
			}
		}},
		{"mailbox of two", func(_ *Engine, p *Process, n int) {
			rt := p.Runtime()
			box := rt.Mailbox(1)
			g := rt.Group(ctx)
			g.Go("receive", func(ctx context.Context) error {
				for range n {
					_, _ = box.Receive(ctx, 1, 0)
				}
				return nil
			})
			for range n {
				_ = box.Send(ctx, item)
			}
			_ = g.Wait()
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			e := New(Options{StepLimit: 1 << 62})
			defer e.Close()
			run := func(n int) {
				e.Reset(Options{StepLimit: 1 << 62})
				p := e.NewProcess("p", "p")
				p.Go("main", func() { c.do(e, p, n) })
				e.Run(e.Now().Add(1e6*time.Hour), nil)
				e.Stop()
			}
			run(10)
			if allocs := testing.AllocsPerRun(10, func() { run(1000) }); allocs >= 100 {
				b.Fatalf("%v allocations in 1000 of it", allocs)
			}
			b.ReportAllocs()
			b.ResetTimer()
			run(b.N)
		})
	}
}
