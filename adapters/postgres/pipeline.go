package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
	if err := p.exchange(ctx, conn, l); err != nil {
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

// exchange sends the statements and reads what they answer.
func (p *pipeline) exchange(ctx context.Context, conn *pgx.Conn, l *line) error {
	wire := conn.PgConn().StartPipeline(ctx)
	err := p.prepare(wire, conn, l)
	if err == nil {
		err = p.send(wire, l)
	}
	if err == nil {
		err = p.receive(wire, conn)
	}
	// Close reads what is left. What was sent and not finished closes the connection: the server must not
	// take a part for the whole.
	if closed := wire.Close(); err == nil {
		err = closed
	}
	return err
}

// texts are all texts of the pipeline, in order.
func (p *pipeline) texts() []string {
	var ts []string
	if p.begin {
		ts = append(ts, sql.Begin)
	}
	for i := range p.queries {
		ts = append(ts, p.queries[i].Text)
	}
	if p.commit {
		ts = append(ts, sql.Commit)
	}
	return ts
}

// prepare makes the connection know every text: one round trip where it meets any for the first time.
func (p *pipeline) prepare(wire *pgconn.Pipeline, conn *pgx.Conn, l *line) error {
	var fresh []string
	for _, text := range p.texts() {
		if l.prepared[text] == nil && !slices.Contains(fresh, text) {
			wire.SendPrepare(fmt.Sprintf("stockproof_%d", len(l.prepared)+len(fresh)), text, nil)
			fresh = append(fresh, text)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := wire.Sync(); err != nil {
		return err
	}
	known := make([]*prepared, len(fresh))
	for i, text := range fresh {
		answer, err := wire.GetResults()
		if err != nil {
			return fmt.Errorf("prepare %s: %w", text, err)
		}
		description, ok := answer.(*pgconn.StatementDescription)
		if !ok {
			return fmt.Errorf("prepare %s: the answer is a %T", text, answer)
		}
		description.Name = fmt.Sprintf("stockproof_%d", len(l.prepared)+i)
		known[i] = &prepared{StatementDescription: description}
		for _, f := range description.Fields {
			known[i].formats = append(known[i].formats, conn.TypeMap().FormatCodeForOID(f.DataTypeOID))
		}
	}
	if _, err := wire.GetResults(); err != nil { // of the Sync
		return err
	}
	for i, text := range fresh {
		l.prepared[text] = known[i]
	}
	return nil
}

// flushBytes is how much is encoded before it is sent: the server works on the first statements while the
// last are still being encoded.
const flushBytes = 16 << 10

func (p *pipeline) send(wire *pgconn.Pipeline, l *line) error {
	unsent := 0
	statement := func(text string, params []sql.Field) error {
		values, formats, err := l.encode(params)
		if err != nil {
			return err
		}
		s := l.prepared[text]
		wire.SendQueryStatement(s.StatementDescription, values, formats, s.formats)
		if unsent += len(l.buffer); unsent < flushBytes {
			return nil
		}
		unsent = 0
		return wire.Flush()
	}
	if p.begin {
		if err := statement(sql.Begin, nil); err != nil {
			return err
		}
	}
	for i := range p.queries {
		if err := statement(p.queries[i].Text, p.queries[i].Params); err != nil {
			return err
		}
	}
	if p.commit {
		if err := statement(sql.Commit, nil); err != nil {
			return err
		}
	}
	return wire.Sync()
}

func (p *pipeline) receive(wire *pgconn.Pipeline, conn *pgx.Conn) error {
	if p.begin {
		if _, err := tag(wire); err != nil {
			return err
		}
	}
	for i := range p.queries {
		if err := p.answer(wire, conn, &p.queries[i]); err != nil {
			return err
		}
		p.read++
	}
	if !p.commit {
		return nil
	}
	done, err := tag(wire)
	p.tag = done.String()
	return err
}

func (p *pipeline) answer(wire *pgconn.Pipeline, conn *pgx.Conn, q *sql.Query) error {
	if len(q.Rows.Columns) == 0 {
		_, err := tag(wire)
		return err
	}
	r, err := result(wire)
	if err != nil {
		return err
	}
	rows := pgx.RowsFromResultReader(conn.TypeMap(), r)
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(q.Rows.Next()...); err != nil {
			return &unreadable{err}
		}
	}
	return rows.Err()
}

func result(wire *pgconn.Pipeline) (*pgconn.ResultReader, error) {
	answer, err := wire.GetResults()
	if err != nil {
		return nil, err
	}
	r, ok := answer.(*pgconn.ResultReader)
	if !ok {
		return nil, &unreadable{fmt.Errorf("it is a %T", answer)}
	}
	return r, nil
}

func tag(wire *pgconn.Pipeline) (pgconn.CommandTag, error) {
	r, err := result(wire)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	return r.Close()
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
	if p.decides() && p.read == len(p.queries) {
		return fmt.Errorf("COMMIT of %d statements: %w", len(p.queries), classify(err, unsure))
	}
	return fmt.Errorf("statement %d of %d: %w", p.read+1, len(p.queries), classify(err, unsure))
}
