package engine

import (
	"context"
	"time"
)

// WithTimeout is context.WithTimeout on the virtual clock. Contexts that standard functions derive from
// it end with it, and no goroutine is needed for that.
func (e *Engine) WithTimeout(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithCancel(parent)
	t := &deadlineContext{Context: inner, inner: inner, cancel: cancel, deadline: e.now + int64(d)}
	e.timers = append(e.timers, t)
	return t, cancel
}

// deadlineContext ends at a virtual time.
type deadlineContext struct {
	context.Context // inner
	inner           context.Context
	cancel          context.CancelFunc
	deadline        int64
	expired         bool
}

// Deadline implements [context.Context]. It tells none: nobody may compare it with a real clock.
func (t *deadlineContext) Deadline() (time.Time, bool) { return time.Time{}, false }

// Err implements [context.Context].
func (t *deadlineContext) Err() error {
	if t.expired {
		return context.DeadlineExceeded
	}
	return t.inner.Err()
}

func (t *deadlineContext) expire() {
	t.expired = true
	t.cancel()
}
