package engine

import (
	"context"
	"testing"
	"time"

	"stockproof/adapters/memory"
)

// ownPath is the engine's own path: what an actor does at a port, n times.
func ownPath() []path {
	ctx := context.Background()
	call := memory.Call{Server: "server", Op: "operation", Key: "key"}
	served := func() error { return nil }
	item := any("item")
	return []path{
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
	}
}

type path struct {
	name string
	do   func(e *Engine, p *Process, n int)
}

// run lets one actor go the path n times, as one execution of a campaign does: on an engine that is reset.
func (c *path) run(e *Engine, n int) {
	e.Reset(Options{StepLimit: 1 << 62})
	p := e.NewProcess("p", "p")
	p.Go("main", func() { c.do(e, p, n) })
	e.Run(e.Now().Add(1e6*time.Hour), nil)
	e.Stop()
}

// What is left is what an execution costs whatever its length: the closures of run.
func TestTheEnginesOwnPathAllocatesNothing(t *testing.T) {
	for _, c := range ownPath() {
		t.Run(c.name, func(t *testing.T) {
			e := New(Options{})
			defer e.Close()
			once := testing.AllocsPerRun(10, func() { c.run(e, 1) })
			often := testing.AllocsPerRun(10, func() { c.run(e, 1000) })
			if often > once {
				t.Errorf("%v allocations in an execution that goes it 1000 times, %v in one that goes it once", often, once)
			}
			if once > 20 {
				t.Errorf("%v allocations in an execution that does next to nothing", once)
			}
		})
	}
}

// BenchmarkEngine is the engine's own path, one of it per iteration.
func BenchmarkEngine(b *testing.B) {
	for _, c := range ownPath() {
		b.Run(c.name, func(b *testing.B) {
			e := New(Options{})
			defer e.Close()
			c.run(e, 10)
			b.ReportAllocs()
			b.ResetTimer()
			c.run(e, b.N)
		})
	}
}
