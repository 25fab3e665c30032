package postgres

import (
	"context"
	"fmt"
	"slices"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
)

// Session is one connection to the server, as a wire protocol drives it: a statement at a time, each
// a call of the gate. Not for concurrent use, but for Close, which may come at any time.
//
// Errors are [*SQLError] and [*port.ConstraintError] (see [SQLState]), or wrap the error of a ctx
// that ended during a lock wait. After any of them the transaction has been rolled back and its
// locks are free; an explicit one then answers 25P02 until Commit or Rollback.
type Session struct {
	tx         transaction
	status     byte
	closed     bool
	committing bool   // between its two steps a COMMIT cannot be stopped
	born       int    // the start of the server that it is connected to
	owner      uint64 // who opened the transaction, where the gate knows

	serving bool  // a statement is being executed
	idleMS  int64 // since when none is
}

// The states of a session, as in ReadyForQuery.
const (
	sessionIdle   = 'I'
	sessionOpen   = 'T'
	sessionFailed = 'E'
)

// Session opens a connection.
func (p *Server) Session() *Session {
	s := &Session{status: sessionIdle, born: p.born}
	s.tx = transaction{pg: p, session: s}
	return s
}

// Status is 'I' outside a transaction, 'T' in one, 'E' in one that failed.
func (s *Session) Status() byte { return s.status }

// Begin opens a transaction; in an open one it does nothing (PostgreSQL warns).
func (s *Session) Begin(ctx context.Context) error {
	return s.call(ctx, "begin", nil, func() error {
		if s.closed {
			return errTerminated
		}
		if s.status == sessionIdle {
			s.begin()
		}
		return nil
	})
}

// Exec runs one statement: in the open transaction, or else in one of its own.
func (s *Session) Exec(ctx context.Context, st port.Statement) error {
	return s.call(ctx, "exec", st, func() error { return s.exec(ctx, st) })
}

// Commit ends the transaction. Done is false if there was nothing to commit: none was open, or it
// had failed and was rolled back (PostgreSQL's answer is then the tag ROLLBACK).
func (s *Session) Commit(ctx context.Context) (done bool, err error) {
	err = s.call(ctx, "commit", nil, func() (err error) {
		done, err = s.commit()
		return err
	})
	return done, err
}

// Rollback ends the transaction without effect; outside one it does nothing.
func (s *Session) Rollback(ctx context.Context) error {
	return s.call(ctx, "rollback", nil, func() error {
		if s.closed {
			return errTerminated
		}
		s.rollback()
		s.status = sessionIdle
		return nil
	})
}

// Close ends the connection, as its loss or pg_terminate_backend does: an open transaction is rolled
// back, and a statement that waits ends with 57P01. A COMMIT that has begun ends well.
func (s *Session) Close() { s.tx.pg.gate.Local(s.close) }

func (s *Session) call(ctx context.Context, op string, st port.Statement, exec func() error) error {
	return s.tx.pg.gate.Call(ctx, memory.Call{Server: "postgres", Op: op, Key: label(st)}, func() error {
		return s.serve(exec)
	})
}

// serve executes what one call asks for, after it ended who was idle for too long.
func (s *Session) serve(exec func() error) error {
	s.tx.pg.endIdle()
	if s.born != s.tx.pg.born {
		s.close() // the server that it was connected to has ended
	}
	s.serving = true
	err := exec()
	s.serving, s.idleMS = false, s.tx.pg.gate.NowMS()
	return err
}

// idleUntilMS is when idle_in_transaction_session_timeout ends the session; 0: not now.
func (s *Session) idleUntilMS() int64 {
	if ms := s.tx.pg.options.IdleTimeoutMS; ms > 0 && !s.serving && s.status == sessionOpen {
		return s.idleMS + ms
	}
	return 0
}

// endIdle ends the sessions that were idle inside their transactions for too long. PostgreSQL does so
// by a timer; here it is done when somebody could notice.
func (p *Server) endIdle() {
	for i := len(p.sessions) - 1; i >= 0; i-- {
		if s := p.sessions[i]; s.idleUntilMS() != 0 && s.idleUntilMS() <= p.gate.NowMS() {
			s.close()
		}
	}
}

func (s *Session) begin() {
	s.status, s.idleMS = sessionOpen, s.tx.pg.gate.NowMS()
	s.tx.pg.sessions = append(s.tx.pg.sessions, s)
}

func (s *Session) exec(ctx context.Context, st port.Statement) error {
	switch {
	case s.closed:
		return errTerminated
	case s.status == sessionFailed:
		return &SQLError{State: "25P02", Message: "current transaction is aborted, " +
			"commands ignored until end of transaction block"}
	case s.status == sessionIdle:
		s.begin()
		err := s.run(ctx, st)
		s.status = sessionIdle
		if err != nil {
			return err
		}
		s.status = sessionOpen
		_, err = s.commit()
		return err
	}
	return s.run(ctx, st)
}

// run executes a statement in the open transaction, which an error ends.
func (s *Session) run(ctx context.Context, st port.Statement) error {
	s.tx.copied = copied{}
	err := s.tx.pg.refused(st)
	if err == nil {
		err = s.tx.execute(ctx, st)
	}
	if err != nil {
		s.rollback()
		s.status = sessionFailed
		return fmt.Errorf("%s: %w", label(st), err)
	}
	return nil
}

// commit is two steps, as in PostgreSQL 15: first the commit record is in the log, where a slot
// reads it; then what it wrote is visible, and its locks are free.
func (s *Session) commit() (done bool, err error) {
	switch {
	case s.closed:
		return false, errTerminated
	case s.status != sessionOpen:
		s.status = sessionIdle
		return false, nil
	}
	if s.tx.xid != 0 {
		s.committing = true
		s.tx.flush()
		s.tx.pg.gate.Step()
		s.committing = false
	}
	s.end(true)
	s.status = sessionIdle
	if s.closed {
		return false, errTerminated // it is committed, but nobody is told
	}
	return true, nil
}

// rollback undoes an open transaction.
func (s *Session) rollback() {
	if s.status == sessionOpen {
		s.end(false)
	}
}

// holdsNothing reports whether the end of a transaction would set nothing free and undo nothing.
func (s *Session) holdsNothing() bool {
	return s.status != sessionOpen || s.tx.xid == 0 && len(s.tx.held) == 0
}

func (s *Session) end(commit bool) {
	p := s.tx.pg
	s.tx.finish(commit)
	if i := slices.Index(p.sessions, s); i >= 0 {
		p.sessions = slices.Delete(p.sessions, i, i+1)
	}
}

func (s *Session) close() {
	if s.closed {
		return
	}
	s.closed, s.tx.killed = true, true
	if !s.committing {
		s.rollback()
		s.status = sessionIdle
	}
}
