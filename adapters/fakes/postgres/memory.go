package fakepg

import (
	"context"
	"errors"

	"stockproof/adapters/memory/postgres"
	"stockproof/inventory/port"
)

// Memory makes the memory store a database to serve. Its timeouts for lock waits and idle
// transactions are the store's own options, as the migrations would have set them.
func Memory(pg *postgres.Server) Database { return memoryDatabase{pg} }

type memoryDatabase struct{ pg *postgres.Server }

func (d memoryDatabase) Connect() (Session, error) { return memorySession{d.pg.Session()}, nil }

func (d memoryDatabase) SystemID() string { return d.pg.SystemID() }

type memorySession struct{ s *postgres.Session }

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
	var s *postgres.SQLError
	switch {
	case errors.As(err, &c):
		return &Error{Code: c.SQLState, Message: c.Message, Table: c.Table, Constraint: c.Constraint}
	case errors.As(err, &s):
		return &Error{Code: s.State, Message: s.Message, Fatal: s.State == "57P01"}
	}
	return err
}
