package postgres

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// line is what this package knows of one connection beside pgx.
type line struct {
	commits atomic.Bool // a COMMIT may be running: no cancel request
	warned  atomic.Bool // the server warned since the last pipeline began
}

const lineKey = "stockproof"

// muteCancels makes the connection refuse to dial for a cancel request while a COMMIT may be running.
// pgx sends one by itself whenever it gives a connection up.
func muteCancels(c *pgx.ConnConfig) {
	l := &line{}
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
