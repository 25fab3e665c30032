package servers

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func query(t *testing.T, dsn, sql string) string {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var value string
	if err := conn.QueryRow(ctx, sql).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

func execute(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

func TestPostgresIsVersion15WithProductionDurability(t *testing.T) {
	dsn := SharedPostgres(t).DSN()
	want := map[string]string{
		"wal_level": "logical", "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
		"default_transaction_isolation": "read committed", "server_encoding": "UTF8", "lc_collate": "C",
	}
	for setting, value := range want {
		if got := query(t, dsn, "SHOW "+setting); got != value {
			t.Errorf("%s is %q, want %q", setting, got, value)
		}
	}
	if version := query(t, dsn, "SHOW server_version"); !strings.HasPrefix(version, "15.") {
		t.Errorf("server_version is %q, want 15", version)
	}
}

func TestPostgresSettingsOfTheCallerWin(t *testing.T) {
	dsn := Postgres(t, "synchronous_commit=off", "max_connections=17").DSN()
	if got := query(t, dsn, "SHOW synchronous_commit"); got != "off" {
		t.Errorf("synchronous_commit is %q, want off", got)
	}
	if got := query(t, dsn, "SHOW max_connections"); got != "17" {
		t.Errorf("max_connections is %q, want 17", got)
	}
}

// startLog is all that the server has logged since it was started last: who asks too early whether it is ready fills
// more of it than a tail shows.
func startLog(t *testing.T, pg *PG) string {
	t.Helper()
	log, err := os.ReadFile(logFile(pg.Dir))
	if err != nil {
		t.Fatal(err)
	}
	return string(log)
}

func TestCommittedRowsSurviveKillAndStop(t *testing.T) {
	pg := Postgres(t)
	dsn := pg.NewDatabase(t)
	execute(t, dsn, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (1)")

	if err := pg.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.Connect(context.Background(), dsn); err == nil {
		t.Fatal("a killed server accepted a connection")
	}
	if err := pg.Restart(); err != nil {
		t.Fatal(err)
	}
	if log := startLog(t, pg); !strings.Contains(log, "automatic recovery in progress") {
		t.Errorf("the start after Kill did not recover from the log, so Kill was no crash:\n%s", log)
	}
	execute(t, dsn, "INSERT INTO kept VALUES (2)")

	if err := pg.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := pg.Restart(); err != nil {
		t.Fatal(err)
	}
	if log := startLog(t, pg); strings.Contains(log, "automatic recovery in progress") {
		t.Errorf("the start after Stop had to recover, so Stop was a crash:\n%s", log)
	}
	if got := query(t, dsn, "SELECT string_agg(n::text, ',' ORDER BY n) FROM kept"); got != "1,2" {
		t.Errorf("kept rows are %q, want 1,2", got)
	}
}

func TestSharedPostgresIsOneServerWithSeparateDatabases(t *testing.T) {
	first, second := SharedPostgres(t), SharedPostgres(t)
	if first != second {
		t.Fatal("two servers for one test binary")
	}
	one, two := first.NewDatabase(t), first.NewDatabase(t)
	execute(t, one, "CREATE TABLE mine (n int)")
	if got := query(t, two, "SELECT (to_regclass('mine') IS NULL)::text"); got != "true" {
		t.Error("a table of one database is visible in another")
	}
}

func TestDatabaseIsDroppedWithItsConnectionsAndSlots(t *testing.T) {
	pg := SharedPostgres(t)
	var conn *pgx.Conn
	t.Run("user", func(t *testing.T) {
		dsn := pg.NewDatabase(t)
		execute(t, dsn, "SELECT pg_create_logical_replication_slot('left_behind', 'pgoutput')")
		var err error
		if conn, err = pgx.Connect(context.Background(), dsn); err != nil {
			t.Fatal(err)
		}
	})
	defer conn.Close(context.Background())
	left := query(t, pg.DSN(), "SELECT count(*)::text FROM pg_replication_slots WHERE slot_name = 'left_behind'")
	if left != "0" {
		t.Error("the replication slot outlived its database")
	}
	name := conn.Config().Database
	if got := query(t, pg.DSN(), "SELECT count(*)::text FROM pg_database WHERE datname = '"+name+"'"); got != "0" {
		t.Errorf("database %s outlived its test", name)
	}
}

func TestPostgresThatCannotStartShowsItsLog(t *testing.T) {
	if _, err := postgresBinaries(); err != nil {
		require(t, err)
	}
	_, err := startPostgres([]string{"shared_buffers=nonsense"})
	if err == nil || !strings.Contains(err.Error(), `invalid value for parameter "shared_buffers"`) {
		t.Fatalf("error does not show the server's own words: %v", err)
	}
}

func TestServerEndsWithItsTest(t *testing.T) {
	var pg *PG
	t.Run("user", func(t *testing.T) { pg = Postgres(t) })
	if pg == nil {
		require(t, &missing{"postgresql-15", "see the subtest"})
	}
	if !pg.process.gone() {
		t.Errorf("process %d still runs", pg.process.pid)
	}
	if _, err := os.Stat(pg.Dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", pg.Dir, err)
	}
}
