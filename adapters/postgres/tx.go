package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"stockproof/adapters/postgres/sql"
	"stockproof/inventory/port"
)

// tx is port.Tx. It takes a connection with its first round trip and gives it back at its end.
type tx struct {
	truth *Truth
	conn  *pgxpool.Conn // nil before the first round trip and after the last
	over  error         // what every later call answers
}

var (
	errCommitted  = errors.New("the transaction is committed")
	errRolledBack = errors.New("the transaction is rolled back")
)

// rollbackLimit bounds the wait for an answer to ROLLBACK; a server that is that slow loses the
// connection instead.
const rollbackLimit = 2 * time.Second

// Do implements [port.Tx].
func (t *tx) Do(ctx context.Context, batch ...port.Statement) error {
	if t.over == nil && len(batch) > 0 {
		t.over = t.round(ctx, batch, false)
	}
	return t.over
}

// Commit implements [port.Tx]. A transaction without a statement is committed without asking anybody.
func (t *tx) Commit(ctx context.Context, batch ...port.Statement) error {
	if t.over != nil {
		return t.over
	}
	if t.conn != nil || len(batch) > 0 {
		if t.over = t.round(ctx, batch, true); t.over != nil {
			return t.over
		}
		t.conn.Release()
	}
	t.conn, t.over = nil, errCommitted
	return nil
}

// Rollback implements [port.Tx].
func (t *tx) Rollback(ctx context.Context) {
	if t.over == nil {
		t.over = errRolledBack
		t.abandon(ctx)
	}
}

// round is one round trip. An error ends the transaction: the connection goes back to the pool without
// it, or is closed.
func (t *tx) round(ctx context.Context, batch []port.Statement, commit bool) error {
	queries, err := bindAll(batch)
	if err != nil {
		t.abandon(ctx)
		return err
	}
	begin := t.conn == nil
	if begin {
		if t.conn, err = t.truth.acquire(ctx); err != nil {
			t.conn = nil
			return err
		}
	}
	p := pipeline{begin: begin, queries: queries, commit: commit}
	if err := p.run(ctx, t.conn.Conn()); err != nil {
		if dropsConnection(err) {
			hangUp(t.conn.Conn().PgConn())
		}
		t.abandon(ctx)
		return fmt.Errorf("%s: %w", t.truth.where, err)
	}
	return nil
}

// abandon rolls back what is open and gives the connection back. A connection that cannot be brought
// to rest is closed by the pool, and the server rolls back when it notices.
func (t *tx) abandon(ctx context.Context) {
	if t.conn == nil {
		return
	}
	conn := t.conn.Conn()
	if !conn.IsClosed() && conn.PgConn().TxStatus() != 'I' {
		// The caller's wish to stop is no reason to keep its locks.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackLimit)
		_, _ = conn.Exec(ctx, sql.Rollback)
		cancel()
	}
	t.conn.Release()
	t.conn = nil
}
