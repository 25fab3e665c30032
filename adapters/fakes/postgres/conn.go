package fakepg

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// The status bytes of ReadyForQuery.
const (
	statusIdle    byte = 'I'
	statusInBlock byte = 'T'
	statusAborted byte = 'E'
)

// conn is one backend: one connection, one session, one goroutine that reads a message, carries it
// out and reads the next. Only what mu guards is touched by others.
type conn struct {
	server *Server
	net    transport
	wire   *pgproto3.Backend
	pid    uint32
	done   chan struct{} // closed when its transaction is rolled back and its goroutine ends

	db       Session
	idle     time.Duration // idle_in_transaction_session_timeout, 0: none
	streams  bool          // it may stream a slot
	status   byte
	open     bool // the session has a transaction, explicit or that of this flight
	watched  bool // the idle timeout runs
	skipping bool // an error in the flight: nothing counts until Sync
	prepared map[string]*prepared
	portals  map[string]*portal
	rows     rows

	mu      sync.Mutex
	app     string          // application_name
	ctx     context.Context // of the statement that runs
	stop    context.CancelCauseFunc
	running bool
	ended   error // why the connection is over: errCut or errTerminated
}

// errCut is the end of a connection whose client hears nothing any more.
var errCut = errors.New("connection cut")

func newConn(s *Server, t transport, pid uint32) *conn {
	c := &conn{
		server: s, net: t, wire: pgproto3.NewBackend(t, t), pid: pid, done: make(chan struct{}),
		status: statusIdle, prepared: map[string]*prepared{}, portals: map[string]*portal{},
	}
	c.ctx, c.stop = context.WithCancelCause(context.Background())
	return c
}

// serve is the backend's life. However it ends, its transaction rolls back.
func (c *conn) serve() {
	defer close(c.done)
	defer c.server.forget(c)
	err := c.start()
	for err == nil {
		err = c.turn()
	}
	c.rollback()
	var e *Error
	if errors.As(err, &e) && e.Fatal {
		c.wire.Send(response(e))
		_ = c.wire.Flush() // the client may be gone, and that is the end in any case
	}
	if errors.Is(err, errCut) {
		c.net.Reset()
	} else {
		_ = c.net.Close()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop(nil)
}

// turn reads one message and carries it out. An error ends the connection.
func (c *conn) turn() error {
	m, err := c.wire.Receive()
	if err != nil {
		return c.why(err)
	}
	if c.skipping {
		switch m.(type) {
		case *pgproto3.Sync, *pgproto3.Terminate:
		default:
			return nil
		}
	}
	switch m := m.(type) {
	case *pgproto3.Query:
		if slot, ok := slotOf(m.String); ok && c.streams {
			return c.replicate(m.String, slot)
		}
		return c.simple(m.String)
	case *pgproto3.Sync:
		return c.sync()
	case *pgproto3.Flush:
		return c.wire.Flush()
	case *pgproto3.Terminate:
		return errClosed
	case *pgproto3.Parse:
		err = c.parse(m)
	case *pgproto3.Describe:
		err = c.describe(m)
	case *pgproto3.Bind:
		err = c.bind(m)
	case *pgproto3.Execute:
		err = c.execute(m)
	case *pgproto3.Close:
		c.close(m)
	default:
		err = &Error{Code: "08P01", Fatal: true, Message: fmt.Sprintf("%T is not supported", m)}
	}
	if err != nil {
		c.skipping = true
		return c.fail(err)
	}
	return nil
}

// errClosed is the client's own goodbye.
var errClosed = errors.New("closed by the client")

// fail answers an error and aborts the transaction; its locks are free at once, as in PostgreSQL. It
// returns the error if that ends the connection.
func (c *conn) fail(err error) error {
	var e *Error
	if errors.Is(err, errCut) || errors.As(err, &e) && e.Fatal {
		return err
	}
	c.rollback()
	if c.status != statusIdle {
		c.status = statusAborted
	}
	c.wire.Send(response(err))
	return nil
}

// ready ends a flight.
func (c *conn) ready() error {
	c.wire.Send(&pgproto3.ReadyForQuery{TxStatus: c.status})
	if c.status == statusIdle {
		clear(c.portals)
	}
	if err := c.watchIdle(); err != nil {
		return err
	}
	return c.wire.Flush()
}

// watchIdle limits how long a transaction may stay open without a word from its client.
func (c *conn) watchIdle() error {
	inBlock := c.status != statusIdle
	if c.idle == 0 || !inBlock && !c.watched {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil { // its deadline must stay
		return c.ended
	}
	var until time.Time
	if inBlock {
		until = time.Now().Add(c.idle)
	}
	c.watched = inBlock
	return c.net.SetReadDeadline(until)
}

// why gives the reason a read failed for.
func (c *conn) why(err error) error {
	c.mu.Lock()
	ended := c.ended
	c.mu.Unlock()
	switch {
	case ended != nil:
		return ended
	case errors.Is(err, os.ErrDeadlineExceeded) && c.status != statusIdle:
		return &Error{Code: "25P03", Fatal: true,
			Message: "terminating connection due to idle-in-transaction timeout"}
	}
	return err
}

// wait runs one call of the session that may wait for a lock and gives the error for the client.
func (c *conn) wait(call func(ctx context.Context) error) error {
	c.mu.Lock()
	c.running = true
	ctx := c.ctx
	c.mu.Unlock()
	err := call(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = false
	if ctx.Err() == nil {
		return err
	}
	if c.ended == nil { // canceled: the next statement runs again
		c.ctx, c.stop = context.WithCancelCause(context.Background())
	}
	if err != nil {
		return context.Cause(ctx)
	}
	return nil
}

// cancel is a CancelRequest: it ends the statement that runs, if one does and waits.
func (c *conn) cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running {
		c.stop(errCanceled())
	}
}

func (c *conn) cut() { c.finish(errCut, c.net.Reset) }

func (c *conn) terminate() {
	c.finish(errTerminated(), func() { _ = c.net.SetReadDeadline(time.Unix(1, 0)) })
}

// finish ends the connection from outside: its goroutine finds out at its next read or wait.
func (c *conn) finish(why error, wake func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		c.ended = why
		c.stop(why)
	}
	wake()
}

// rollback undoes what is open.
func (c *conn) rollback() {
	if c.open {
		c.open = false
		c.db.Rollback()
	}
}

func (c *conn) applicationName() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.app
}

// start is the handshake: no TLS, no password.
func (c *conn) start() error {
	for {
		m, err := c.wire.ReceiveStartupMessage()
		if err != nil {
			return c.why(err)
		}
		switch m := m.(type) {
		case *pgproto3.SSLRequest, *pgproto3.GSSEncRequest:
			if _, err := c.net.Write([]byte{'N'}); err != nil {
				return err
			}
		case *pgproto3.CancelRequest:
			if b := c.server.backend(m.ProcessID); b != nil && string(b.secret()) == string(m.SecretKey) {
				b.cancel()
			}
			return errClosed
		case *pgproto3.StartupMessage:
			return c.connect(m.Parameters)
		default:
			return fmt.Errorf("startup: unexpected %T", m)
		}
	}
}

// connect opens the session and greets the client.
func (c *conn) connect(parameters map[string]string) error {
	var s settings
	err := c.meet(Request{Step: Connect}, func() (err error) {
		if s, err = readSettings(parameters); err == nil {
			c.db, err = c.server.db.Connect()
		}
		return err
	})
	if errors.Is(err, errCut) {
		return err
	}
	if err != nil {
		fatal := *asError(err)
		fatal.Fatal = true
		return &fatal
	}
	c.idle, c.streams = s.idleInTransaction, s.replication
	c.mu.Lock()
	c.app = s.values["application_name"]
	c.mu.Unlock()
	c.wire.Send(&pgproto3.AuthenticationOk{})
	for _, p := range s.reported() {
		c.wire.Send(&p)
	}
	c.wire.Send(&pgproto3.BackendKeyData{ProcessID: c.pid, SecretKey: c.secret()})
	return c.ready()
}

// secret goes with the pid in a CancelRequest. It guards nothing here; it only has to be compared.
func (c *conn) secret() []byte { return binary.BigEndian.AppendUint32(nil, ^c.pid) }
