package postgres_test

import (
	"slices"
	"sync"
	"testing"

	"stockproof/adapters/postgres"
	"stockproof/adapters/postgres/sql"
	"stockproof/adapters/servers"
)

// The wire fake answers Describe with what package sql declares: the server must say the same.
func TestTheServerDescribesEveryTextAsItIsBound(t *testing.T) {
	dsn, _ := migrated(t)
	conn := raw(t, dsn)
	for _, form := range sql.Forms() {
		q, err := sql.Bind(form.New())
		if err != nil {
			t.Fatal(err)
		}
		described, err := conn.Prepare(background(t), form.Name, q.Text)
		if err != nil {
			t.Errorf("%s: %v", form.Name, err)
			continue
		}
		var params, bound []uint32
		for _, p := range q.Params {
			bound = append(bound, uint32(p.Type))
		}
		params = append(params, described.ParamOIDs...)
		if !slices.Equal(params, bound) {
			t.Errorf("%s takes parameters %v, bound are %v", form.Name, params, bound)
		}
		var columns, heads []sql.Head
		heads = append(heads, q.Rows.Columns...)
		for _, f := range described.Fields {
			columns = append(columns, sql.Head{Name: f.Name, Type: sql.Type(f.DataTypeOID)})
		}
		if !slices.Equal(columns, heads) {
			t.Errorf("%s answers %v, bound are %v", form.Name, columns, heads)
		}
	}
}

func TestProcessesThatStartTogetherMigrateOnce(t *testing.T) {
	dsn := servers.SharedPostgres(t).NewDatabase(t)
	var group sync.WaitGroup
	for range 4 {
		truth := open(t, postgres.Options{DSN: dsn})
		group.Go(func() {
			if err := postgres.Migrate(background(t), truth.Pool()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	names := value[[]string](t, raw(t, dsn), `SELECT array_agg(name ORDER BY name) FROM public.stockproof_migration`)
	want := []string{"migrations/0001_ledger.sql", "migrations/0002_shops.sql", "migrations/0003_settings.sql"}
	if !slices.Equal(names, want) {
		t.Fatalf("applied %v, want %v", names, want)
	}
}

func TestSessionsHaveTheTimeoutsOfTheDatabase(t *testing.T) {
	_, truth := migrated(t)
	for setting, want := range map[string]string{
		"idle_in_transaction_session_timeout": "2s",
		"lock_timeout":                        "2s",
		"statement_timeout":                   "2s",
		"synchronous_commit":                  "on",
		"tcp_keepalives_idle":                 "2",
		"tcp_keepalives_interval":             "1",
		"tcp_keepalives_count":                "3",
		"tcp_user_timeout":                    "5000",
		"enable_seqscan":                      "off",
		"plan_cache_mode":                     "force_generic_plan",
		"jit":                                 "off",
		"application_name":                    "stockproof",
		"transaction_isolation":               "read committed",
	} {
		var got string
		if err := truth.Pool().QueryRow(background(t), "SHOW "+setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", setting, got, err, want)
		}
	}
}

func TestEveryKeyIsComparedAsBytes(t *testing.T) {
	dsn, _ := migrated(t)
	other := value[[]string](t, raw(t, dsn), `
		SELECT coalesce(array_agg(format('%s.%s', a.attrelid::regclass, a.attname)), '{}')
		FROM pg_attribute a
		JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
		JOIN pg_collation l ON l.oid = a.attcollation
		WHERE c.relnamespace::regnamespace::text IN ('ledger', 'article', 'dualwrite', 'rowlock')
		  AND a.attnum > 0 AND l.collname <> 'C'`)
	if len(other) > 0 {
		t.Errorf("not COLLATE \"C\": %v", other)
	}
}

func TestNothingRefersToALaneByForeignKey(t *testing.T) {
	dsn, _ := migrated(t)
	if n := value[int](t, raw(t, dsn), `SELECT count(*) FROM pg_constraint WHERE contype = 'f'`); n != 0 {
		t.Errorf("%d foreign keys: their locks come in another order than settle's", n)
	}
}
