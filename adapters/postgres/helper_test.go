package postgres_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"stockproof/adapters/postgres"
	"stockproof/adapters/servers"
	"stockproof/inventory/port"
	"stockproof/model"
)

// limit ends a test whose server hangs; no test waits for it otherwise.
const limit = time.Minute

func background(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// migrated is a fresh database with the schema and an open gate.
func migrated(t testing.TB) (dsn string, truth *postgres.Truth) {
	t.Helper()
	dsn = servers.SharedPostgres(t).NewDatabase(t)
	truth = open(t, postgres.Options{DSN: dsn})
	if err := postgres.Migrate(background(t), truth.Pool()); err != nil {
		t.Fatal(err)
	}
	do(t, truth, &port.SetEpoch{})
	return dsn, truth
}

func open(t testing.TB, o postgres.Options) *postgres.Truth {
	t.Helper()
	truth, err := postgres.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(truth.Close)
	return truth
}

func do(t testing.TB, truth port.Truth, batch ...port.Statement) {
	t.Helper()
	if err := truth.Do(background(t), batch...); err != nil {
		t.Fatal(err)
	}
}

// raw is a connection beside the adapter, for what no statement says.
func raw(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(background(t), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t testing.TB, conn *pgx.Conn, text string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(background(t), text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func value[T any](t testing.TB, conn *pgx.Conn, text string, args ...any) (v T) {
	t.Helper()
	if err := conn.QueryRow(background(t), text, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// eventually polls a condition of the server that nothing announces.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// waiting is how many backends of the database wait for a lock.
func waiting(t testing.TB, conn *pgx.Conn) int {
	return value[int](t, conn, `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock'`)
}

func lane(sku string) model.LaneKey {
	return model.LaneKey{SKU: model.SKU(sku), Loc: model.MainLocation}
}

func nameID(format string, args ...any) model.ID { return model.NameID(fmt.Sprintf(format, args...)) }

// command is an accepted, undecided RESTOCK row.
func command(id model.ID, sku string) port.CommandRow {
	c := model.Command{ID: id, Kind: model.Restock, SKU: model.SKU(sku), Loc: model.MainLocation, Qty: 1}
	return port.CommandRow{ID: id, Fingerprint: c.Fingerprint(), Kind: c.Kind, Lane: c.Lane(),
		Body: model.EncodeCommand(c), IntakeEpoch: 1, SubmittedAt: 1, NextTry: 1, SentAt: 1}
}

// counted counts what a client writes to the network.
type counted struct{ writes, dials atomic.Int64 }

func (c *counted) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c.dials.Add(1)
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &countedConn{conn, c}, err
}

type countedConn struct {
	net.Conn
	count *counted
}

func (c *countedConn) Write(b []byte) (int, error) {
	c.count.writes.Add(1)
	return c.Conn.Write(b)
}
