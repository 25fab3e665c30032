package fakepg

import (
	"context"
	"errors"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
)

// Memory makes the memory store a database to serve. It is as the migrations leave one, settings
// included. Only the idle timeout is kept by this package: how long a lock is waited for is the
// store's own option, and nothing else that a statement does here takes time.
func Memory(pg *memory.Postgres) Database { return memoryDatabase{pg} }

type memoryDatabase struct{ pg *memory.Postgres }

func (d memoryDatabase) Connect() (Session, error) { return memorySession{d.pg.Session()}, nil }

func (d memoryDatabase) Settings() map[string]string {
	return map[string]string{idleTimeout: "2s", "lock_timeout": "2s", "statement_timeout": "2s"}
}

func (d memoryDatabase) SystemID() string { return d.pg.SystemID() }

type memorySession struct{ s *memory.Session }

func (m memorySession) Begin(ctx context.Context) error { return sqlError(m.s.Begin(ctx)) }

func (m memorySession) Exec(ctx context.Context, stmt port.Statement) error {
	return sqlError(m.s.Exec(ctx, stmt))
}

func (m memorySession) Commit(ctx context.Context) error {
	done, err := m.s.Commit(ctx)
	if err == nil && !done {
		err = errors.New("COMMIT found no transaction")
	}
	return sqlError(err)
}

func (m memorySession) Rollback() {
	_ = m.s.Rollback(context.Background()) // fails only on a session that somebody closed, as rolled back
}

// sqlError gives an error of the store the form in which PostgreSQL reports it.
func sqlError(err error) error {
	var c *port.ConstraintError
	var s *memory.SQLError
	switch {
	case errors.As(err, &c):
		return &Error{Code: c.SQLState, Message: c.Message, Table: c.Table, Constraint: c.Constraint}
	case errors.As(err, &s):
		return &Error{Code: s.State, Message: s.Message, Fatal: s.State == "57P01"}
	}
	return err
}
