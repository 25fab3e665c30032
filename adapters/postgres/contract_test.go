package postgres_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"stockproof/adapters/contract"
	"stockproof/adapters/postgres"
	"stockproof/adapters/servers"
	"stockproof/inventory/port"
)

// All cases share a database, which each of them finds empty: making one takes longer than most cases.
func TestRealPostgresKeepsTheContractOfTheTruth(t *testing.T) {
	dsn := servers.SharedPostgres(t).NewDatabase(t)
	if err := postgres.Migrate(background(t), open(t, postgres.Options{DSN: dsn}).Pool()); err != nil {
		t.Fatal(err)
	}
	contract.Truth(t, func(t *testing.T) contract.TruthBed {
		admin := raw(t, dsn)
		empty(t, admin)
		clients := 0
		return contract.TruthBed{
			Client: func() port.Truth {
				clients++
				return open(t, postgres.Options{DSN: dsn, ApplicationName: fmt.Sprintf("client %d", clients)})
			},
			Kill: func(truth port.Truth) { killAll(t, dsn, truth.(*postgres.Truth)) },
			Depose: func() {
				exec(t, admin, `UPDATE ledger.cluster SET sysid = 'another server'`)
			},
			Waiting: func() int { return waiting(t, admin) },
		}
	})
}

// empty truncates every table of the designs. What an earlier case left running is waited for.
func empty(t *testing.T, admin *pgx.Conn) {
	t.Helper()
	tables := value[string](t, admin, `SELECT string_agg(oid::regclass::text, ', ') FROM pg_class
		WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('ledger', 'article', 'dualwrite', 'rowlock')`)
	eventually(t, "the tables are free and empty", func() bool {
		_, err := admin.Exec(background(t), `TRUNCATE `+tables+` RESTART IDENTITY`)
		return err == nil
	})
}

// killAll ends the backends of one client and returns when they are gone.
func killAll(t *testing.T, dsn string, truth *postgres.Truth) {
	t.Helper()
	admin := raw(t, dsn)
	defer admin.Close(context.Background())
	name := truth.Pool().Config().ConnConfig.RuntimeParams["application_name"]
	exec(t, admin, `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = $1`, name)
}
