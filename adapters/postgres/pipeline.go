package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"stockproof/adapters/postgres/sql"
	"stockproof/inventory/port"
)

// pipeline is one round trip: what is queued, and how far its answers have been read.
type pipeline struct {
	begin   bool
	queries []sql.Query
	commit  bool
	writes  bool // an implicit transaction that changes something: its end is a COMMIT too

	read int // queries answered
	tag  string
}

// run sends it and reads every answer. The connection is then in the state that the server reports,
// or closed. The error is classified.
func (p *pipeline) run(ctx context.Context, conn *pgx.Conn) error {
	l := lineOf(conn.PgConn())
	l.warned.Store(false)
	l.commits.Store(p.decides())
	err := conn.SendBatch(ctx, p.batch()).Close()
	if err != nil {
		return p.failed(err)
	}
	l.commits.Store(false)
	switch {
	case p.commit && p.tag != "COMMIT":
		return fmt.Errorf("%w: COMMIT was answered with %s", port.ErrUnknown, p.tag)
	case p.decides() && l.warned.Load():
		return fmt.Errorf("%w: the server warned while it committed", port.ErrUnknown)
	}
	return nil
}

// decides reports whether the end of the pipeline is a commit.
func (p *pipeline) decides() bool { return p.commit || p.writes }

func (p *pipeline) batch() *pgx.Batch {
	b := &pgx.Batch{}
	if p.begin {
		b.Queue(sql.Begin)
	}
	for i := range p.queries {
		q := &p.queries[i]
		if len(q.Rows.Columns) == 0 {
			b.Queue(q.Text, q.Args()...).Exec(func(pgconn.CommandTag) error { p.read++; return nil })
			continue
		}
		b.Queue(q.Text, q.Args()...).Query(func(rows pgx.Rows) error { return p.scan(q, rows) })
	}
	if p.commit {
		b.Queue(sql.Commit).Exec(func(tag pgconn.CommandTag) error {
			p.tag = tag.String()
			return nil
		})
	}
	return b
}

func (p *pipeline) scan(q *sql.Query, rows pgx.Rows) error {
	for rows.Next() {
		if err := rows.Scan(q.Rows.Next()...); err != nil {
			return &unreadable{err}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	p.read++
	return nil
}

// unreadable is an answer that does not fit into its statement.
type unreadable struct{ err error }

func (e *unreadable) Error() string { return "read the answer: " + e.err.Error() }
func (e *unreadable) Unwrap() error { return e.err }

// failed classifies what ended the pipeline. An error that the server sent as the answer to a statement
// comes before COMMIT: it did not happen. As the answer to COMMIT itself, or without an answer, nobody
// knows.
func (p *pipeline) failed(err error) error {
	var server *pgconn.PgError
	fromServer := errors.As(err, &server)
	unsure := p.decides() && !(fromServer && p.read < len(p.queries))
	var bad *unreadable
	switch {
	case errors.As(err, &bad) && unsure:
		return fmt.Errorf("%w: %w", port.ErrUnknown, err)
	case errors.As(err, &bad):
		return err
	}
	return fmt.Errorf("statement %d of %d: %w", p.read+1, len(p.queries), classify(err, unsure))
}
