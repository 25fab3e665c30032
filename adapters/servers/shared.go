package servers

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// shared is the one value of this package that outlives a test: the server of the test binary, started at first use.
// It has no Cleanup, because the test that needs it first is not the one that needs it last; it ends with the binary.
var shared = sync.OnceValues(func() (*PG, error) { return startPostgres(nil) })

// SharedPostgres returns the one server of this test binary, with this package's default settings. Take a database
// of your own from it with NewDatabase. A test that stops, kills or reconfigures the server uses Postgres instead.
func SharedPostgres(t testing.TB) *PG {
	t.Helper()
	pg, err := shared()
	require(t, err)
	return pg
}

// NewDatabase creates an empty database and returns its DSN. It is dropped with its connections and its inactive
// replication slots when the test ends.
func (p *PG) NewDatabase(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", p.databases.Add(1))
	if err := p.administer("CREATE DATABASE " + name); err != nil {
		t.Fatalf("create database %s: %v\n%s", name, err, logTail(p.Dir))
	}
	t.Cleanup(func() {
		if p.process.gone() {
			return // the test killed its server: nothing is left to drop
		}
		err := p.administer(
			"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "+
				"WHERE NOT active AND database = '"+name+"'",
			"DROP DATABASE "+name+" WITH (FORCE)")
		if err != nil {
			t.Errorf("drop database %s: %v", name, err)
		}
	})
	return p.dsn(name)
}

// administer runs statements one by one, outside any transaction, in the server's own database.
func (p *PG) administer(statements ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.DSN())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
