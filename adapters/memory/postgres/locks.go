package postgres

import (
	"context"
	"errors"
	"fmt"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
)

// grip says how a transaction wants to hold a row. Of PostgreSQL's four modes three are used here,
// and without foreign keys (which alone take FOR KEY SHARE) FOR NO KEY UPDATE and FOR UPDATE
// conflict with the same ones: what is left is shared against exclusive.
type grip uint8

const (
	shared    grip = iota + 1 // FOR SHARE
	exclusive                 // FOR NO KEY UPDATE, FOR UPDATE, UPDATE, DELETE, and the row of an INSERT
	settled                   // held by nobody who wrote it: what a unique check waits for
)

// rowLock is who holds a row. The zero value is free.
type rowLock struct {
	owner   *transaction   // exclusively
	written bool           // the owner wrote the row, it does not only hold it
	sharers []*transaction // in the order in which they came
}

// conflicts reports whether somebody else keeps t from holding the row with g.
func (l *rowLock) conflicts(t *transaction, g grip) bool {
	if l.owner != nil && l.owner != t && (g != settled || l.written) {
		return true
	}
	return g == exclusive && (len(l.sharers) > 1 || len(l.sharers) == 1 && l.sharers[0] != t)
}

// holds reports whether t holds the row at least with g.
func (l *rowLock) holds(t *transaction, g grip) bool {
	if l.owner == t {
		return true
	}
	return g == shared && l.shares(t)
}

func (l *rowLock) shares(t *transaction) bool {
	for _, s := range l.sharers {
		if s == t {
			return true
		}
	}
	return false
}

// grant gives t the row, which nobody else may hold in conflict. It reports whether t held nothing
// of it before.
func (l *rowLock) grant(t *transaction, g grip) (first bool) {
	first = l.owner != t && !l.shares(t)
	if g == shared {
		if first {
			l.sharers = append(l.sharers, t)
		}
		return first
	}
	l.owner, l.sharers = t, nil
	return first
}

// release takes the row from t.
func (l *rowLock) release(t *transaction) {
	if l.owner == t {
		l.owner, l.written = nil, false
		return
	}
	for i, s := range l.sharers {
		if s == t {
			l.sharers = append(l.sharers[:i], l.sharers[i+1:]...)
			return
		}
	}
}

// lockWait is what a transaction waits for; lock is nil while it waits for nothing.
type lockWait struct {
	lock *rowLock
	grip grip
}

// await waits until nobody keeps t from holding l with g, and holds nothing yet: another one may have
// been faster, so the caller looks again.
func (t *transaction) await(ctx context.Context, l *rowLock, g grip, name func() string) error {
	t.waits = lockWait{lock: l, grip: g}
	defer func() { t.waits = lockWait{} }()
	if t.closesCycle() {
		return &SQLError{State: "40P01", Class: port.ErrConflict,
			Message: "deadlock detected while waiting for " + name()}
	}
	p, deadlineMS := t.pg, int64(0)
	if ms := p.options.LockTimeoutMS; ms > 0 {
		deadlineMS = p.gate.NowMS() + ms
	}
	w := memory.Wait{Key: name(), Until: func() bool { return t.killed || !l.conflicts(t, g) }}
	for {
		w.DeadlineMS = deadlineMS
		if idle := l.idleUntilMS(t); idle != 0 && (deadlineMS == 0 || idle < deadlineMS) {
			w.DeadlineMS = idle
		}
		err := p.gate.Block(ctx, w)
		switch {
		case t.killed:
			return errTerminated
		case err == nil:
			return nil
		case !errors.Is(err, memory.ErrWaitTimeout):
			return fmt.Errorf("canceling statement while waiting for %s: %w", w.Key, err)
		case w.DeadlineMS == deadlineMS:
			return &SQLError{State: "55P03", Class: port.ErrConflict,
				Message: "canceling statement due to lock timeout while waiting for " + w.Key}
		}
		p.endIdle()
	}
}

// idleUntilMS is when the first of those who keep t from the row is ended for idling; 0: none is.
func (l *rowLock) idleUntilMS(t *transaction) (first int64) {
	look := func(h *transaction) {
		if h == nil || h == t {
			return
		}
		if at := h.session.idleUntilMS(); at != 0 && (first == 0 || at < first) {
			first = at
		}
	}
	look(l.owner)
	for _, h := range l.sharers {
		look(h)
	}
	return first
}

// closesCycle reports whether t waits, through others that wait, for itself. PostgreSQL looks after
// deadlock_timeout, and whoever looks first gives up; here the one that closes the cycle does.
func (t *transaction) closesCycle() bool {
	var seen []*transaction
	return reaches(t, t, &seen)
}

func reaches(from, target *transaction, seen *[]*transaction) bool {
	l := from.waits.lock
	if l == nil || !l.conflicts(from, from.waits.grip) {
		return false
	}
	follow := func(h *transaction) bool {
		if h == nil || h == from {
			return false
		}
		if h == target {
			return true
		}
		for _, s := range *seen {
			if s == h {
				return false
			}
		}
		*seen = append(*seen, h)
		return reaches(h, target, seen)
	}
	if follow(l.owner) {
		return true
	}
	if from.waits.grip == exclusive {
		for _, h := range l.sharers {
			if follow(h) {
				return true
			}
		}
	}
	return false
}
