package postgres

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"stockproof/adapters/postgres/sql"
)

// line is what this package knows of one connection beside pgx.
type line struct {
	commits atomic.Bool // a COMMIT may be running: no cancel request
	warned  atomic.Bool // the server warned since the last pipeline began

	prepared map[string]*prepared // by text
	buffer   []byte               // the values of one statement, used again by the next
	values   [][]byte
	formats  []int16
}

// prepared is a text that the server knows on this connection.
type prepared struct {
	*pgconn.StatementDescription
	formats []int16 // of the result columns
}

// bufferMax is how much room a connection keeps for the values of a statement, in bytes.
const bufferMax = 1 << 20

// encode writes the values of one statement. They stay as they are until the next call.
func (l *line) encode(params []sql.Field) (values [][]byte, formats []int16, err error) {
	if l.buffer == nil || cap(l.buffer) > bufferMax {
		l.buffer = make([]byte, 0, 1024) // never nil: that is NULL
	}
	l.buffer, l.values, l.formats = l.buffer[:0], l.values[:0], l.formats[:0]
	ends := make([]int, len(params))
	for i := range params {
		null := false
		if l.buffer, null, err = params[i].Append(l.buffer); err != nil {
			return nil, nil, err
		}
		if ends[i] = len(l.buffer); null {
			ends[i] = -1
		}
	}
	// Only now does the buffer stay where it is.
	from := 0
	for _, end := range ends {
		if l.formats = append(l.formats, pgx.BinaryFormatCode); end < 0 {
			l.values = append(l.values, nil)
			continue
		}
		l.values = append(l.values, l.buffer[from:end:end])
		from = end
	}
	return l.values, l.formats, nil
}

const lineKey = "stockproof"

// muteCancels makes the connection refuse to dial for a cancel request while a COMMIT may be running.
// pgx sends one by itself whenever it gives a connection up.
func muteCancels(c *pgx.ConnConfig) {
	l := &line{prepared: make(map[string]*prepared)}
	dial := c.DialFunc
	c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if l.commits.Load() {
			return nil, fmt.Errorf("dial %s: no cancel request while COMMIT may be running", address)
		}
		return dial(ctx, network, address)
	}
	c.AfterConnect = chain(c.AfterConnect, func(_ context.Context, conn *pgconn.PgConn) error {
		conn.CustomData()[lineKey] = l
		return nil
	})
}

func chain(first, second pgconn.AfterConnectFunc) pgconn.AfterConnectFunc {
	if first == nil {
		return second
	}
	return func(ctx context.Context, conn *pgconn.PgConn) error {
		if err := first(ctx, conn); err != nil {
			return err
		}
		return second(ctx, conn)
	}
}

func lineOf(conn *pgconn.PgConn) *line {
	l, _ := conn.CustomData()[lineKey].(*line)
	return l
}

// noteWarning remembers that the server warned: with COMMIT that means that it gave up waiting for its
// synchronous standby, so the commit is here and perhaps nowhere else.
func noteWarning(conn *pgconn.PgConn, n *pgconn.Notice) {
	if l := lineOf(conn); l != nil && n.SeverityUnlocalized == "WARNING" {
		l.warned.Store(true)
	}
}

// hangUp closes a connection at once, without waiting for the server to take leave.
func hangUp(conn *pgconn.PgConn) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = conn.Close(ctx)
}
