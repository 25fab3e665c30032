package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrationLock is the advisory lock under which one process migrates at a time: "stockpro" in ASCII.
const migrationLock int64 = 0x73746f636b70726f

// Migrate brings the schema of the pool's database up to date: the files of migrations/ in order of
// their names, each once, all of them in one transaction. Processes that start together wait for each
// other. It also makes the database's timeouts, which sessions get when they begin; so the pool's idle
// connections are dropped.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return migrate(ctx, tx) })
	if err != nil {
		return fmt.Errorf("migrate %s: %w", where(pool.Config()), classify(err, true))
	}
	pool.Reset()
	return nil
}

func migrate(ctx context.Context, tx pgx.Tx) error {
	for _, sql := range []string{
		// What the first run sets for all sessions would end a long migration of a later one.
		`SET LOCAL statement_timeout = 0`,
		`SET LOCAL lock_timeout = 0`,
		`SET LOCAL idle_in_transaction_session_timeout = 0`,
		fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d)`, migrationLock),
		`CREATE TABLE IF NOT EXISTS public.stockproof_migration (
			name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`,
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	for _, name := range names { // Glob sorts
		if err := apply(ctx, tx, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// apply runs one file, unless it is recorded.
func apply(ctx context.Context, tx pgx.Tx, name string) error {
	tag, err := tx.Exec(ctx,
		`INSERT INTO public.stockproof_migration (name) VALUES ($1) ON CONFLICT DO NOTHING`, name)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	text, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, string(text), pgx.QueryExecModeSimpleProtocol)
	return err
}
