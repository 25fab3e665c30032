package engine

import (
	"context"
	"time"
)

// WithTimeout is context.WithTimeout on the virtual clock. Contexts that standard functions derive from
// it end with it, and no goroutine is needed for that; their error is Canceled, its own DeadlineExceeded.
func (e *Engine) WithTimeout(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	t := e.scope(parent)
	t.deadline = e.now + int64(d)
	e.timers = append(e.timers, t)
	return t, t.cancel
}

// scope is a context that can be cancelled. Production code asks it for its error and nothing else, which
// looks at its own and its parent's. A standard context stands behind it as soon as somebody wants
// more: a channel, or to derive a standard context from it.
type scope struct {
	parent   context.Context
	err      error
	cancel   context.CancelFunc // made once
	deadline int64              // ns; 0: none
	ends     *uint64            // how many virtual contexts have ended, of the engine
	checked  uint64             // ends when the parent was asked last, plus one
	virtual  bool               // no standard context above can end

	standard context.Context // nil until it is wanted
	finish   context.CancelFunc
}

func (e *Engine) scope(parent context.Context) *scope {
	s := e.scopes.next()
	if s.cancel == nil {
		s.cancel = func() { s.end(context.Canceled) }
	}
	s.parent, s.err, s.deadline, s.standard, s.finish = parent, nil, 0, nil, nil
	s.ends, s.checked, s.virtual = &e.ends, 0, parent == context.Background()
	if up, ok := parent.(*scope); ok {
		s.virtual = up.virtual
	}
	return s
}

// Deadline implements [context.Context]. It tells none: nobody may compare it with a real clock.
func (s *scope) Deadline() (time.Time, bool) { return time.Time{}, false }

// Err implements [context.Context].
func (s *scope) Err() error {
	if s.err != nil || s.virtual && s.checked == *s.ends+1 {
		return s.err
	}
	s.err, s.checked = s.parent.Err(), *s.ends+1
	return s.err
}

// Done implements [context.Context].
func (s *scope) Done() <-chan struct{} { return s.behind().Done() }

// Value implements [context.Context]. It is also how package context finds out where a child can be
// registered.
func (s *scope) Value(key any) any { return s.behind().Value(key) }

func (s *scope) behind() context.Context {
	if s.standard == nil {
		s.standard, s.finish = context.WithCancel(s.parent)
		if s.Err() != nil {
			s.finish()
		}
	}
	return s.standard
}

func (s *scope) end(err error) {
	if s.Err() == nil {
		s.err = err
		*s.ends++
	}
	if s.finish != nil {
		s.finish()
	}
}

// expired reports whether a deadline does not matter any more.
func (s *scope) expired() bool { return s.Err() != nil }
