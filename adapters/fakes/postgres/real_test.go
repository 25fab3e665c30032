package fakepg_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	fakepg "stockproof/adapters/fakes/postgres"
	"stockproof/adapters/live"
	mempg "stockproof/adapters/memory/postgres"
	"stockproof/adapters/postgres"
	"stockproof/adapters/postgres/sql"
	"stockproof/adapters/servers"
	"stockproof/model"
)

// sides are the fake and a real PostgreSQL 15, each with a connection that a test may say the same
// things to.
func sides(t *testing.T) (fake, real *pgx.Conn) {
	t.Helper()
	dsn := servers.SharedPostgres(t).NewDatabase(t)
	truth, err := postgres.Open(postgres.Options{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(truth.Close)
	if err := postgres.Migrate(context.Background(), truth.Pool()); err != nil {
		t.Fatal(err)
	}
	store := mempg.New(live.Gate(), mempg.Options{})
	server := fakepg.NewServer(fakepg.Memory(store))
	t.Cleanup(server.Close)
	return connect(t, "host=fake user=stockproof dbname=stockproof sslmode=disable", func(c *pgx.ConnConfig) {
		c.DialFunc = server.Dial
		c.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	}), connect(t, dsn, func(*pgx.ConnConfig) {})
}

func connect(t *testing.T, dsn string, change func(*pgx.ConnConfig)) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	change(cfg)
	cfg.OnNotice = func(c *pgconn.PgConn, n *pgconn.Notice) {
		heard, _ := c.CustomData()["notices"].(string)
		c.CustomData()["notices"] = heard + n.SeverityUnlocalized + " " + n.Code + " "
	}
	c, err := pgx.ConnectConfig(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	if _, err := c.Exec(context.Background(), sql.Session, pgx.QueryExecModeExec); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryTextIsDescribedAsPostgreSQLDescribesIt(t *testing.T) {
	fake, real := sides(t)
	texts := map[string]string{"Session": sql.Session, "begin": sql.Begin}
	for _, form := range sql.Forms() {
		q, err := sql.Bind(form.New())
		if err != nil {
			t.Fatal(err)
		}
		texts[form.Name] = q.Text
	}
	for name, text := range texts {
		var got [2]*pgconn.StatementDescription
		for i, c := range []*pgx.Conn{fake, real} {
			var err error
			if got[i], err = c.PgConn().Prepare(context.Background(), name, text, nil); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for f := range got[i].Fields { // where a column comes from: the fake has no catalog
				got[i].Fields[f].TableOID, got[i].Fields[f].TableAttributeNumber = 0, 0
			}
		}
		if fmt.Sprint(got[0].ParamOIDs) != fmt.Sprint(got[1].ParamOIDs) {
			t.Errorf("%s: parameters %v, PostgreSQL says %v", name, got[0].ParamOIDs, got[1].ParamOIDs)
		}
		if len(got[0].Fields)+len(got[1].Fields) > 0 && !reflect.DeepEqual(got[0].Fields, got[1].Fields) {
			t.Errorf("%s: columns\n%+v\nPostgreSQL says\n%+v", name, got[0].Fields, got[1].Fields)
		}
	}
}

// remark is what a client can see of one exchange.
func remark(c *pgx.Conn, tag pgconn.CommandTag, err error) string {
	s := fmt.Sprintf("%q", tag)
	var e *pgconn.PgError
	if errors.As(err, &e) {
		s = fmt.Sprintf("%s %s %s.%s %s", e.Severity, e.Code, e.SchemaName, e.TableName, e.ConstraintName)
	} else if err != nil {
		s = err.Error()
	}
	return s + " " + string(c.PgConn().TxStatus())
}

func TestConversationsGoAsWithPostgreSQL(t *testing.T) {
	fake, real := sides(t)
	var a, b = model.NameID("a"), model.NameID("b")
	stock := sql.In("article", sql.ReadAllShopStock)
	add := func(units int64, sku string) []any {
		return []any{sql.In("article", sql.AddShopStock), sku, units}
	}
	scan := func(after model.ID) []any { return []any{sql.ScanCommands, after, 10} }
	for _, script := range []struct {
		name    string
		flights [][][]any // each flight a pipeline of texts with arguments
	}{
		{"begin twice", [][][]any{{{"begin"}, {"begin"}}, {{"commit"}}}},
		{"commit and rollback outside", [][][]any{{{"commit"}}, {{"rollback"}}}},
		{"implicit failure", [][][]any{{add(1, "i"), add(-5, "i")}, {{stock}}}},
		{"failed block", [][][]any{{{"begin"}, add(1, "f")}, {add(-9, "f")}, {add(1, "f")}, {{"begin"}},
			{{"commit"}}, {{stock}}}},
		{"skip to sync", [][][]any{{{"begin"}, add(-9, "s"), {"commit"}}, {{"rollback"}}}},
		{"begin inside a flight", [][][]any{{add(1, "b"), {"begin"}, add(1, "b")}, {{"rollback"}},
			{{stock}}}},
		{"commit ends a flight's own transaction", [][][]any{{add(1, "c"), {"commit"}, add(-9, "c")},
			{{stock}}}},
		{"syntax", [][][]any{{{"selec 1"}}, {{"begin"}}, {{"selec 1"}}, {scan(a)}, {{"rollback"}}}},
		{"bad text", [][][]any{{add(1, "a\x00b")}, {add(1, "a\xff")}, {{"begin"}},
			{add(1, "\xc3")}, {{"rollback"}}}},
		{"reads", [][][]any{{scan(a), scan(b)}, {{"begin"}, scan(a), {"rollback"}}}},
		{"nothing", [][][]any{{{""}}, {{"-- ping"}}, {{";"}}}},
	} {
		for i, flight := range script.flights {
			got, want := converse(fake, flight), converse(real, flight)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, flight %d %q:\n%q\nPostgreSQL:\n%q", script.name, i+1, flight, got, want)
			}
		}
	}
}

// converse sends one pipeline and tells what came back for each text.
func converse(c *pgx.Conn, flight [][]any) (out []string) {
	p := c.PgConn().StartPipeline(context.Background())
	for _, text := range flight {
		var values [][]byte
		for _, arg := range text[1:] {
			values = append(values, fmt.Append(nil, arg))
		}
		p.SendQueryParams(text[0].(string), values, nil, nil, nil)
	}
	err := p.Sync()
	for err == nil {
		var r any
		if r, err = p.GetResults(); r == nil {
			break
		}
		if r, ok := r.(*pgconn.ResultReader); ok {
			result := r.Read()
			out = append(out, fmt.Sprintf("%s, %s", result.Rows, remark(c, result.CommandTag, result.Err)))
		}
	}
	out = append(out, remark(c, pgconn.CommandTag{}, errors.Join(err, p.Close())))
	notices, _ := c.PgConn().CustomData()["notices"].(string)
	delete(c.PgConn().CustomData(), "notices")
	return append(out, notices)
}
