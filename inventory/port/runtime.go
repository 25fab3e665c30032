package port

import (
	"context"
	"time"
)

// Runtime is a process's own world.
type Runtime interface {
	Now() time.Time                                   // wall clock of this process: skew is a fault
	Sleep(ctx context.Context, d time.Duration) error // ctx.Err() if cancelled
	Random() uint64                                   // jitter only, never identity
	Group(ctx context.Context) Group
	Mailbox(capacity int) Mailbox
}

// Group runs functions side by side: the first error cancels the others' context.
type Group interface {
	Go(name string, fn func(ctx context.Context) error) // the name appears in schedules: stable, no counters
	Wait() error
}

// Mailbox is a bounded queue inside one process. Use the typed wrapper [Queue].
type Mailbox interface {
	Send(ctx context.Context, v any) error // blocks while full: back pressure
	Offer(v any) bool                      // false when full
	// Receive blocks for the first item, then takes at most max of what is there or arrives within
	// linger of the first.
	Receive(ctx context.Context, max int, linger time.Duration) ([]any, error)
}

// Process is one role of a design: it runs until its context ends or it cannot go on. No state
// outlives it.
type Process interface {
	Run(ctx context.Context) error
}

// Queue is a Mailbox of one type.
type Queue[T any] struct{ box Mailbox }

// NewQueue makes a queue of at most capacity items.
func NewQueue[T any](rt Runtime, capacity int) Queue[T] { return Queue[T]{rt.Mailbox(capacity)} }

// Send blocks while the queue is full.
func (q Queue[T]) Send(ctx context.Context, v T) error { return q.box.Send(ctx, v) }

// Offer reports whether there was room.
func (q Queue[T]) Offer(v T) bool { return q.box.Offer(v) }

// Receive is Mailbox.Receive.
func (q Queue[T]) Receive(ctx context.Context, max int, linger time.Duration) ([]T, error) {
	vs, err := q.box.Receive(ctx, max, linger)
	if err != nil {
		return nil, err
	}
	out := make([]T, len(vs))
	for i, v := range vs {
		out[i] = v.(T)
	}
	return out, nil
}

// Monitor hears what operators must know. Implementations must not block.
type Monitor interface {
	Count(name string, n int64)   // a counter moved
	Alarm(what string, err error) // somebody should look; what names the place
}

// Quiet is a monitor that hears nothing.
type Quiet struct{}

// Count implements [Monitor].
func (Quiet) Count(string, int64) {}

// Alarm implements [Monitor].
func (Quiet) Alarm(string, error) {}
