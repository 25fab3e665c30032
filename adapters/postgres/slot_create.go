package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// CreateSlot makes a publication of the given tables ("schema.table") and a slot of the same name that
// follows it from the next transaction on. What exists already stays, but the publication gets these
// tables. It waits for the transactions that are running.
func CreateSlot(ctx context.Context, pool *pgxpool.Pool, name string, tables ...string) error {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return publish(ctx, tx, name, tables) })
	if err == nil {
		err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return createSlot(ctx, tx, name) })
	}
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "42710" { // somebody was faster
		return nil
	}
	if err != nil {
		return fmt.Errorf("create slot %s in %s: %w", name, where(pool.Config()), classify(err, true))
	}
	return nil
}

func publish(ctx context.Context, tx pgx.Tx, name string, tables []string) error {
	list := ""
	for _, table := range tables {
		schema, table, found := cutName(table)
		if !found {
			return fmt.Errorf("table %q has no schema", table)
		}
		if list != "" {
			list += ", "
		}
		list += pgx.Identifier{schema, table}.Sanitize()
	}
	id := pgx.Identifier{name}.Sanitize()
	var exists bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = $1)`, name).Scan(&exists)
	if err != nil {
		return err
	}
	if exists {
		_, err = tx.Exec(ctx, `ALTER PUBLICATION `+id+` SET TABLE `+list)
		return err
	}
	_, err = tx.Exec(ctx, `CREATE PUBLICATION `+id+` FOR TABLE `+list+` WITH (publish = 'insert, update, delete')`)
	return err
}

// createSlot has a transaction of its own, because one that has written cannot make a slot.
func createSlot(ctx context.Context, tx pgx.Tx, name string) error {
	_, err := tx.Exec(ctx, `SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)`)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `SELECT pg_create_logical_replication_slot($1, 'pgoutput')
		WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1)`, name)
	return err
}

// DropSlot removes a slot that nobody is connected to, and its publication.
func DropSlot(ctx context.Context, pool *pgxpool.Pool, name string) error {
	_, err := pool.Exec(ctx, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
		WHERE slot_name = $1`, name)
	if err == nil {
		_, err = pool.Exec(ctx, `DROP PUBLICATION IF EXISTS `+pgx.Identifier{name}.Sanitize())
	}
	if err != nil {
		return fmt.Errorf("drop slot %s in %s: %w", name, where(pool.Config()), classify(err, true))
	}
	return nil
}

// cutName splits "schema.table".
func cutName(name string) (schema, table string, ok bool) {
	schema, table, ok = strings.Cut(name, ".")
	return schema, table, ok && schema != "" && table != ""
}
