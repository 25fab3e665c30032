package fakepg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/adapters/postgres/sql"
	"stockproof/model"
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

// echoArgs are values for echoSQL: the scalars, then lists of two.
func echoArgs() []any {
	a, b := model.NameID("a"), model.NameID("b")
	return []any{true, int16(-2), int32(-4), int64(-8), "text ü\n", []byte{0, 1, 255},
		[16]byte(model.NameID("scalar")), []bool{false, true}, []int16{3, -3}, []int32{5, -5},
		[]int64{1 << 60, -7}, []string{`{"\,NULL`, ""}, [][]byte{{}, {0}}, [][16]byte{a, b}}
}

type echoRow struct {
	B   *bool
	I2  *int16
	I4  *int32
	I8  *int64
	T   *string
	Raw []byte
	ID  *[16]byte
}

func echoed(b bool, i2 int16, i4 int32, i8 int64, t string, raw []byte, id model.ID) echoRow {
	return echoRow{&b, &i2, &i4, &i8, &t, raw, (*[16]byte)(&id)}
}

func readEcho(t *testing.T, rows pgx.Rows, err error) []echoRow {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[echoRow])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestValuesOfEveryTypeRoundTripInBothFormats(t *testing.T) {
	s, _ := newEchoServer(t)
	c := dial(t, s)
	want := []echoRow{
		echoed(false, 3, 5, 1<<60, `{"\,NULL`, []byte{}, model.NameID("a")),
		echoed(true, -3, -5, -7, "", []byte{0}, model.NameID("b")),
		echoed(true, -2, -4, -8, "text ü\n", []byte{0, 1, 255}, model.NameID("scalar")),
	}
	for _, format := range []int16{formatText, formatBinary} {
		args := append([]any{pgx.QueryResultFormats{format}}, echoArgs()...)
		rows, err := c.Query(context.Background(), echoSQL, args...)
		if got := readEcho(t, rows, err); !reflect.DeepEqual(got, want) {
			t.Fatalf("format %d: got %+v", format, got)
		}
	}
}

func TestParametersInTextFormatReadAsTheSameValues(t *testing.T) {
	s, _ := newEchoServer(t)
	c := dial(t, s)
	a := model.NameID("a").String()
	text := []string{"t", "-2", "-4", "-8", "x", `\x00ff`, a,
		"{f}", "{3}", "{5}", "{-9}", `{"a\"b\\,"}`, `{"\\x0102"}`, "{" + a + "}"}
	values := make([][]byte, len(text))
	for i, v := range text {
		values[i] = []byte(v)
	}
	ctx := context.Background()
	if _, err := c.Prepare(ctx, "echo", echoSQL); err != nil {
		t.Fatal(err)
	}
	r := c.PgConn().ExecPrepared(ctx, "echo", values, nil, nil).Read()
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	var got []string
	for _, row := range r.Rows {
		for _, v := range row {
			got = append(got, string(v))
		}
	}
	want := []string{"f", "3", "5", "-9", `a"b\,`, `\x0102`, a, "t", "-2", "-4", "-8", "x", `\x00ff`, a}
	if !reflect.DeepEqual(got, want) || r.CommandTag.String() != "SELECT 2" {
		t.Fatalf("got %q, tag %q", got, r.CommandTag)
	}
}

func TestNullIsNullInBothDirections(t *testing.T) {
	s, _ := newEchoServer(t)
	c := dial(t, s)
	rows, err := c.Query(context.Background(), echoSQL, make([]any, 14)...)
	if got, want := readEcho(t, rows, err), []echoRow{{}}; !reflect.DeepEqual(got, want) {
		t.Fatalf("scalars: got %+v", got)
	}
	lists := make([]any, 14)
	lists[7], lists[8], lists[9] = []*bool{nil}, []*int16{nil}, []*int32{nil}
	lists[10], lists[11], lists[12] = []*int64{nil}, []*string{nil}, [][]byte{nil}
	lists[13] = []*[16]byte{nil}
	rows, err = c.Query(context.Background(), echoSQL, lists...)
	if got, want := readEcho(t, rows, err), []echoRow{{}, {}}; !reflect.DeepEqual(got, want) {
		t.Fatalf("lists: got %+v", got)
	}
}

func TestListsAreWrittenAsPgxReadsThem(t *testing.T) {
	one := `a"b\c,{}`
	for _, want := range [][]*string{nil, {&one, nil}, {nil}} {
		list := pgtype.FlatArray[pgtype.Text]{}
		for _, s := range want {
			v := pgtype.Text{}
			if s != nil {
				v = pgtype.Text{String: *s, Valid: true}
			}
			list = append(list, v)
		}
		for _, format := range []int16{formatText, formatBinary} {
			b, null, err := appendValue(nil, sql.Text.Array(), list, format)
			if err != nil || null {
				t.Fatal(null, err)
			}
			var got []*string
			if err := pgtype.NewMap().Scan(uint32(sql.Text.Array()), format, b, &got); err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
				t.Fatalf("format %d: %q reads as %v", format, b, got)
			}
			if hasNull := len(b) > 7 && b[7] == 1; format == formatBinary && hasNull != (len(want) > 0) {
				t.Fatalf("the flag for NULLs is %v", hasNull)
			}
		}
	}
}

func TestMalformedParametersAreRefusedByName(t *testing.T) {
	s, _ := newEchoServer(t)
	c := dial(t, s)
	ctx := context.Background()
	if _, err := c.Prepare(ctx, "echo", echoSQL); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct {
		param  int // 1-based
		format int16
		value  string
		code   string
	}{
		{1, formatText, "maybe", "22P02"}, {2, formatText, "32768", "22P02"}, {3, formatText, "1e1", "22P02"},
		{4, formatBinary, "\x01", "22P03"}, {6, formatText, "00ff", "22P02"}, {7, formatText, "{}", "22P02"},
		{7, formatBinary, "short", "22P03"}, {11, formatText, "{1,}", "22P02"}, {11, formatText, "1", "22P02"},
		{11, formatText, `{"1`, "22P02"}, {11, formatText, "{{1}}", "22P02"}, {11, formatBinary, "short", "22P03"},
		{11, formatBinary, "\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x14", "2202E"},
		{11, formatBinary, "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x19", "42804"},
	} {
		values := make([][]byte, 14)
		values[bad.param-1] = []byte(bad.value)
		r := c.PgConn().ExecPrepared(ctx, "echo", values, []int16{bad.format}, nil).Read()
		e := wantState(t, r.Err, bad.code)
		if want := fmt.Sprintf("parameter $%d of echo", bad.param); e.Where != want {
			t.Errorf("%q: %q, want %q", bad.value, e.Where, want)
		}
	}
	r := c.PgConn().ExecPrepared(ctx, "echo", nil, nil, nil).Read()
	wantState(t, r.Err, "08P01")
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
	for s.Connections() > 0 { // the server's clock ends it; how soon does not matter
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
