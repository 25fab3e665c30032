package memory

import (
	"context"
	"sync"
	"time"
)

// Clock gives the servers' time.
type Clock func() time.Time

// Plain is the gate of ordinary goroutines: a mutex around every exec, a condition variable to wait.
type Plain struct {
	mu    sync.Mutex
	moved *sync.Cond
	clock Clock
	alarm func(d time.Duration, fn func()) (stop func() bool)
}

// NewPlain makes a gate. clock gives the servers' time, alarm calls fn after d (time.AfterFunc in
// production): this package itself reads no clock.
func NewPlain(clock Clock, alarm func(d time.Duration, fn func()) (stop func() bool)) *Plain {
	g := &Plain{clock: clock, alarm: alarm}
	g.moved = sync.NewCond(&g.mu)
	return g
}

// Call implements [Gate].
func (g *Plain) Call(ctx context.Context, _ Call, exec func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.moved.Broadcast()
	return exec()
}

// Step lets other goroutines in.
func (g *Plain) Step() {
	g.moved.Broadcast()
	g.mu.Unlock()
	g.mu.Lock()
}

// Between lets other goroutines in.
func (g *Plain) Between() { g.Step() }

// Block implements [Gate].
func (g *Plain) Block(ctx context.Context, w Wait) error {
	if w.Until() {
		return nil
	}
	g.moved.Broadcast() // what this exec did so far may be what another waits for
	wake := func() { g.mu.Lock(); g.moved.Broadcast(); g.mu.Unlock() }
	defer context.AfterFunc(ctx, wake)()
	if w.DeadlineMS != 0 {
		d := time.Duration(w.DeadlineMS-g.NowMS()) * time.Millisecond
		defer g.alarm(d, wake)()
	}
	for !w.Until() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if w.DeadlineMS != 0 && g.NowMS() >= w.DeadlineMS {
			return ErrWaitTimeout
		}
		g.moved.Wait()
	}
	return nil
}

// Later runs fn at once: a plain gate has no schedule to put it in.
func (g *Plain) Later(_ string, fn func()) { fn() } // only inside exec

// Local implements [Gate].
func (g *Plain) Local(fn func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	fn()
	g.moved.Broadcast()
}

// NowMS implements [Gate].
func (g *Plain) NowMS() int64 { return g.clock().UnixMilli() }
