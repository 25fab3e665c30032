package fakepg

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/adapters/postgres/sql"
	"stockproof/model"
)

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
