package postgres

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
)

// Client is one process's access to the server: a pool of connections that never runs out.
type Client struct {
	pg   *Server
	busy []*Session // with a transaction
	idle []*Session
}

// Client makes the access of one process instance, so that the server can tell instances apart.
func (p *Server) Client() port.Truth {
	c := &Client{pg: p}
	p.gate.Local(func() { p.clients = append(p.clients, c) })
	return c
}

// terminated sums up the transactions that the server has ended without the client's knowledge.
func (c *Client) terminated() (n uint64) {
	for _, s := range c.busy {
		if s.closed {
			n += s.digest()
		}
	}
	return n
}

// Busy reports whether a client has a transaction open, or a request under way.
func (p *Server) Busy(t port.Truth) bool { return len(t.(*Client).busy) > 0 }

// Kill ends every connection of a client, as its crash does once the server notices it, or
// pg_terminate_backend: what is open is rolled back. The client may go on over new connections.
func (p *Server) Kill(t port.Truth) {
	c := t.(*Client)
	p.gate.Local(func() {
		for _, s := range c.busy {
			s.close()
		}
		c.busy = nil
	})
}

// connect takes a connection and opens a transaction on it.
func (c *Client) connect() *Session {
	var s *Session
	for n := len(c.idle); n > 0 && s == nil; n = len(c.idle) {
		if s, c.idle = c.idle[n-1], c.idle[:n-1]; s.born != c.pg.born {
			s = nil // a pool looks at a connection before it gives it out
		}
	}
	if s == nil {
		s = c.pg.Session()
	}
	if g, ok := c.pg.gate.(memory.Identified); ok {
		s.owner = g.Caller()
	}
	c.busy = append(c.busy, s)
	s.begin()
	return s
}

// release gives a connection back when its transaction is over.
func (c *Client) release(s *Session) {
	if i := slices.Index(c.busy, s); i >= 0 {
		c.busy = slices.Delete(c.busy, i, i+1)
	}
	if s.status = sessionIdle; !s.closed {
		c.idle = append(c.idle, s)
	}
}

// Begin implements [port.Truth].
func (c *Client) Begin() port.Tx { return &clientTx{client: c} }

// Do implements [port.Truth].
func (c *Client) Do(ctx context.Context, batch ...port.Statement) error {
	t := clientTx{client: c}
	return t.round(ctx, "do", batch, true, slices.ContainsFunc(batch, writes))
}

// clientTx implements [port.Tx].
type clientTx struct {
	client  *Client
	session *Session // nil before the first round, and when the transaction is over
	begun   bool
	lost    bool  // the client has given up the connection
	over    error // why nothing more can be done
}

// Do implements [port.Tx].
func (t *clientTx) Do(ctx context.Context, batch ...port.Statement) error {
	if t.over == nil {
		t.over = t.round(ctx, "tx do", batch, false, false)
	}
	return t.over
}

// Commit implements [port.Tx].
func (t *clientTx) Commit(ctx context.Context, batch ...port.Statement) error {
	if t.over != nil {
		return t.over
	}
	if t.over = t.round(ctx, "tx commit", batch, true, true); t.over != nil {
		return t.over
	}
	t.over = errors.New("the transaction is committed")
	return nil
}

// Rollback implements [port.Tx]. The end of ctx does not keep it from being sent.
func (t *clientTx) Rollback(ctx context.Context) {
	if t.over != nil {
		return
	}
	t.over = errors.New("the transaction is rolled back")
	if !t.begun {
		return
	}
	call := memory.Call{Server: "postgres", Op: "tx rollback", Unseen: t.session == nil || t.session.holdsNothing()}
	err := t.client.pg.gate.Call(context.WithoutCancel(ctx), call, func() error {
		if t.session != nil {
			t.session.rollback()
			t.release()
		}
		return nil
	})
	if err != nil {
		t.hangUp()
	}
}

// request is what is on its way to the server in one round trip, and the answer that comes back.
type request struct {
	t        *clientTx
	ctx      context.Context
	batch    []port.Statement
	commit   bool
	answer   error
	answered bool
}

func (r *request) serve() error {
	r.answer, r.answered = r.t.serve(r.ctx, r.batch, r.commit), true
	return r.answer
}

// round is one round trip: BEGIN where it is the first, the statements, COMMIT where asked for.
// Unsure says that a lost connection leaves the outcome unknown.
func (t *clientTx) round(
	ctx context.Context, op string, batch []port.Statement, commit, unsure bool,
) error {
	r := request{t: t, ctx: ctx, batch: batch, commit: commit}
	call := memory.Call{Server: "postgres", Op: op, With: batch}
	if len(batch) > 0 {
		call.Key = label(batch[0])
	}
	err := t.client.pg.gate.Call(ctx, call, r.serve)
	switch {
	case err == nil:
		return nil
	case !r.answered || err != r.answer: // the request or its answer did not arrive
		t.hangUp()
	case !errors.Is(err, errTerminated):
		return err
	}
	class := port.ErrUnavailable
	if unsure {
		class = port.ErrUnknown
	}
	if errors.Is(err, class) || !unsure && ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w: %w", class, err)
}

// serve is the round on the server's side. It may run after the client gave up.
func (t *clientTx) serve(ctx context.Context, batch []port.Statement, commit bool) error {
	if !t.begun {
		t.session, t.begun = t.client.connect(), true
		if t.lost {
			t.noticed() // it was late: the server may notice while it works
		}
	}
	s := t.session
	if s == nil {
		return errTerminated // it arrives after the server noticed that the client is gone
	}
	err := s.serve(func() error { return s.pipeline(ctx, batch, commit) })
	if t.lost {
		s.close()
	}
	if t.session == s && s.status != sessionOpen { // else the server noticed meanwhile that the client is gone
		t.release()
	}
	return err
}

func (t *clientTx) release() {
	t.client.release(t.session)
	t.session = nil
}

// hangUp closes the connection; the server notices in its own time if anything is open there.
func (t *clientTx) hangUp() {
	t.client.pg.gate.Local(func() {
		t.lost = true
		if t.session != nil {
			t.noticed()
		}
	})
}

// noticed lets the server end the connection at some later moment.
func (t *clientTx) noticed() {
	t.client.pg.gate.Later("postgres notices a lost connection", func() {
		if t.session != nil {
			t.session.close()
			t.release()
		}
	})
}

// pipeline runs statements and COMMIT, each a step: what others do may come between. An error skips
// the rest.
func (s *Session) pipeline(ctx context.Context, batch []port.Statement, commit bool) error {
	gate := s.tx.pg.gate
	for i, st := range batch {
		if i > 0 {
			gate.Between()
		}
		if s.closed {
			return errTerminated
		}
		if err := s.run(ctx, st); err != nil {
			return err
		}
	}
	if !commit {
		return nil
	}
	if len(batch) > 0 {
		gate.Between()
	}
	_, err := s.commit()
	return err
}

// label names a statement by its type.
func label(st port.Statement) string {
	if st == nil {
		return ""
	}
	return reflect.TypeOf(st).Elem().Name()
}
