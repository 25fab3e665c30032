package fakepg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func newEchoServer(t testing.TB) (*Server, *notebook) {
	book := newNotebook()
	s := NewServer(book)
	s.catalog = echoCatalog()
	t.Cleanup(s.Close)
	return s, book
}

// dial connects pgx; change may alter its configuration.
func dial(t testing.TB, s *Server, change ...func(*pgx.ConnConfig)) *pgx.Conn {
	t.Helper()
	c, err := tryDial(s, change...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func tryDial(s *Server, change ...func(*pgx.ConnConfig)) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig("host=fake port=5432 user=stockproof database=stockproof sslmode=disable")
	if err != nil {
		return nil, err
	}
	cfg.DialFunc = s.Dial
	cfg.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	for _, fn := range change {
		fn(cfg)
	}
	return pgx.ConnectConfig(context.Background(), cfg)
}

func wantState(t testing.TB, err error, code string) *pgconn.PgError {
	t.Helper()
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("got %v, want SQLSTATE %s", err, code)
	}
	return e
}

func wantNotes(t testing.TB, book *notebook, want ...string) {
	t.Helper()
	if got := book.notes(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("committed %v, want %v", got, want)
	}
}

func TestTextThatIsNotUTF8IsRefused(t *testing.T) {
	s, book := newEchoServer(t)
	c := dial(t, s)
	for _, bad := range []string{"a\xffb", "a\x00b"} {
		_, err := c.Exec(context.Background(), writeSQL, bad)
		wantState(t, err, "22021")
	}
	wantNotes(t, book)
}

func TestUnknownSQLIsRefusedByName(t *testing.T) {
	s, _ := newEchoServer(t)
	c := dial(t, s)
	for _, args := range [][]any{nil, {1}} {
		_, err := c.Exec(context.Background(), "select secret", args...)
		if e := wantState(t, err, "42601"); !strings.Contains(e.Message, "select secret") {
			t.Fatalf("%q does not name the text", e.Message)
		}
	}
}

func TestUnknownSettingIsRefusedAtStartup(t *testing.T) {
	s, _ := newEchoServer(t)
	_, err := tryDial(s, func(c *pgx.ConnConfig) { c.RuntimeParams["no_such_setting"] = "1" })
	wantState(t, err, "42704")
	_, err = tryDial(s, func(c *pgx.ConnConfig) {
		c.RuntimeParams[idleTimeout] = "soon"
	})
	wantState(t, err, "22023")
}

func TestErrorNamesSchemaTableAndConstraint(t *testing.T) {
	s, _ := newEchoServer(t)
	_, err := dial(t, s).Exec(context.Background(), writeSQL, "fail")
	e := wantState(t, err, "23505")
	if e.SchemaName != "notes" || e.TableName != "note" || e.ConstraintName != "note_pkey" || e.Detail == "" {
		t.Fatalf("%+v", e)
	}
}

func TestPingAndSimpleQuery(t *testing.T) {
	s, _ := newEchoServer(t)
	c := dial(t, s)
	if err := c.Ping(context.Background()); err != nil {
		t.Fatal(err)
	}
	var n int64
	err := c.QueryRow(context.Background(), askSQL, pgx.QueryExecModeSimpleProtocol).Scan(&n)
	if err != nil || n != 42 {
		t.Fatalf("%d, %v", n, err)
	}
}

func TestTransactionStatusFollowsBeginCommitAndErrors(t *testing.T) {
	s, book := newEchoServer(t)
	c := dial(t, s)
	ctx := context.Background()
	status := func(want byte) {
		t.Helper()
		if got := c.PgConn().TxStatus(); got != want {
			t.Fatalf("status %c, want %c", got, want)
		}
	}
	exec := func(sql string, args ...any) (string, error) {
		tag, err := c.Exec(ctx, sql, args...)
		return tag.String(), err
	}
	must := func(want, sql string, args ...any) {
		t.Helper()
		if tag, err := exec(sql, args...); err != nil || tag != want {
			t.Fatalf("%s: tag %q, %v", sql, tag, err)
		}
	}
	status('I')
	must("BEGIN", "begin")
	status('T')
	must("UPDATE 1", writeSQL, "one")
	must("COMMIT", "commit")
	status('I')
	wantNotes(t, book, "one")

	must("BEGIN", "begin")
	must("UPDATE 1", writeSQL, "lost")
	_, err := exec(writeSQL, "fail")
	wantState(t, err, "23505")
	status('E')
	if book.rolled != 1 {
		t.Fatal("an aborted transaction still holds its locks")
	}
	_, err = c.Prepare(ctx, "", writeSQL)
	wantState(t, err, "25P02")
	_, err = exec(writeSQL, "after the error")
	wantState(t, err, "25P02")
	_, err = exec("begin")
	wantState(t, err, "25P02")
	must("ROLLBACK", "commit")
	status('I')

	must("BEGIN", "begin")
	must("UPDATE 1", writeSQL, "undone")
	must("ROLLBACK", "rollback")
	wantNotes(t, book, "one")
}

func TestErrorInAPipelineSkipsToSync(t *testing.T) {
	s, book := newEchoServer(t)
	c := dial(t, s)
	ctx := context.Background()
	b := &pgx.Batch{}
	b.Queue("begin")
	b.Queue(writeSQL, "first")
	b.Queue(writeSQL, "fail")
	b.Queue("commit")
	wantState(t, c.SendBatch(ctx, b).Close(), "23505")
	if got := c.PgConn().TxStatus(); got != 'E' {
		t.Fatalf("status %c: COMMIT behind the error was not skipped", got)
	}
	if tag, err := c.Exec(ctx, "rollback"); err != nil || tag.String() != "ROLLBACK" {
		t.Fatal(tag, err)
	}
	wantNotes(t, book)
}

func TestFlightOutsideABlockIsOneTransaction(t *testing.T) {
	s, book := newEchoServer(t)
	c := dial(t, s)
	ctx := context.Background()
	good := &pgx.Batch{}
	good.Queue(writeSQL, "a")
	good.Queue(writeSQL, "b")
	if err := c.SendBatch(ctx, good).Close(); err != nil {
		t.Fatal(err)
	}
	bad := &pgx.Batch{}
	bad.Queue(writeSQL, "c")
	bad.Queue(writeSQL, "fail")
	wantState(t, c.SendBatch(ctx, bad).Close(), "23505")
	wantNotes(t, book, "a", "b")
}

func TestCommitThatIsRefusedReportsItsError(t *testing.T) {
	s, book := newEchoServer(t)
	book.refuse = &Error{Code: "40001", Message: "could not serialize access"}
	c := dial(t, s)
	_, err := c.Exec(context.Background(), writeSQL, "x")
	wantState(t, err, "40001")
	b := &pgx.Batch{}
	b.Queue("begin")
	b.Queue(writeSQL, "y")
	b.Queue("commit")
	wantState(t, c.SendBatch(context.Background(), b).Close(), "40001")
	if got := c.PgConn().TxStatus(); got != 'I' {
		t.Fatalf("status %c", got)
	}
	wantNotes(t, book)
}

func TestCancelRequestEndsAWaitAndNothingElse(t *testing.T) {
	s, book := newEchoServer(t)
	c := dial(t, s)
	ctx := context.Background()
	failed := make(chan error, 1)
	wait := func() {
		go func() { _, err := c.Exec(ctx, writeSQL, "wait"); failed <- err }()
		<-book.waiting
	}
	cancel := func() {
		t.Helper()
		if err := c.PgConn().CancelRequest(ctx); err != nil {
			t.Fatal(err)
		}
	}
	released := func() {
		t.Helper()
		book.release <- struct{}{}
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
	cancel() // nothing runs: it does nothing
	wait()
	released()
	wait()
	cancel()
	wantState(t, <-failed, "57014")
	wait()
	released()
	wantNotes(t, book, "wait", "wait")
}

func TestIdleTransactionIsEnded(t *testing.T) {
	s, book := newEchoServer(t)
	c := dial(t, s, func(c *pgx.ConnConfig) {
		c.RuntimeParams[idleTimeout] = "20ms"
	})
	ctx := context.Background()
	if _, err := c.Exec(ctx, "begin"); err != nil {
		t.Fatal(err)
	}
	for len(s.Activity()) > 0 { // the server's clock ends it; how soon does not matter
		time.Sleep(time.Millisecond)
	}
	_, err := c.Exec(ctx, writeSQL, "too late")
	wantState(t, err, "25P03")
	wantNotes(t, book)
}

func TestListenerServesTheSameProtocol(t *testing.T) {
	s, book := newEchoServer(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	overTCP := func(c *pgx.ConnConfig) {
		c.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", l.Addr().String())
		}
	}
	c := dial(t, s, overTCP)
	if _, err := c.Exec(context.Background(), writeSQL, "over tcp"); err != nil {
		t.Fatal(err)
	}
	wantNotes(t, book, "over tcp")
	s.Cut()
	if _, err := c.Exec(context.Background(), writeSQL, "lost"); err == nil {
		t.Fatal("a cut connection answered")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Fatal(err)
	}
}
