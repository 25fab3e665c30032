package sql_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/adapters/postgres/sql"
	"stockproof/inventory/port"
)

var parameter = regexp.MustCompile(`\$(\d+)`)

func TestEveryFormHasItsOwnTextAndAsManyParametersAsTheTextNames(t *testing.T) {
	names := map[string]string{}
	for _, form := range sql.Forms() {
		q := bind(t, form.New())
		if other, taken := names[q.Text]; taken {
			t.Errorf("%s and %s have the same text", form.Name, other)
		}
		names[q.Text] = form.Name
		last := 0
		for _, m := range parameter.FindAllStringSubmatch(q.Text, -1) {
			n, _ := strconv.Atoi(m[1])
			last = max(last, n)
		}
		if last != len(q.Params) {
			t.Errorf("%s: the text names %d parameters, %d are bound", form.Name, last, len(q.Params))
		}
	}
	if len(names) < 60 {
		t.Errorf("only %d texts", len(names))
	}
}

// What the client encodes from a statement, the fake scans into a fresh one: encoding that one again
// must give the same bytes. The same for the rows on the way back.
func TestAStatementSurvivesTheWireInBothDirections(t *testing.T) {
	for _, form := range sql.Forms() {
		t.Run(form.Name, func(t *testing.T) {
			sent := form.New()
			fill(reflect.ValueOf(sent).Elem(), new(int))
			from := bind(t, sent)
			got := form.New()
			to := bind(t, got)
			if from.Text != to.Text {
				t.Fatalf("the filled statement has another text:\n%s", from.Text)
			}
			for i, p := range from.Params {
				sameAfterScan(t, p.Name, p.Type, p.Value, func() any { return to.Params[i].Value })
			}
			answer := bind(t, got)
			if len(from.Rows.Columns) == 0 {
				return
			}
			for i := range from.Rows.Len() {
				values := append([]any{}, from.Rows.At(i)...)
				targets := append([]any{}, answer.Rows.Next()...)
				for c, h := range from.Rows.Columns {
					sameAfterScan(t, h.Name, h.Type, values[c], func() any { return targets[c] })
				}
			}
			if answer.Rows.Len() != from.Rows.Len() {
				t.Errorf("%d rows came back of %d", answer.Rows.Len(), from.Rows.Len())
			}
		})
	}
}

func sameAfterScan(t *testing.T, name string, typ sql.Type, value any, target func() any) {
	t.Helper()
	m := pgtype.NewMap()
	for _, format := range []int16{pgtype.BinaryFormatCode, pgtype.TextFormatCode} {
		sent, err := m.Encode(uint32(typ), format, value, nil)
		if err != nil {
			t.Fatalf("encode %s: %v", name, err)
		}
		if err := m.Scan(uint32(typ), format, sent, target()); err != nil {
			t.Fatalf("scan %s: %v", name, err)
		}
		again, err := m.Encode(uint32(typ), format, target(), nil)
		if err != nil {
			t.Fatalf("encode %s again: %v", name, err)
		}
		if string(again) != string(sent) || (again == nil) != (sent == nil) {
			t.Errorf("%s came back as %q, sent %q", name, again, sent)
		}
	}
}

func TestTheZeroValueTravelsAsNullWhereAbsenceHasAMeaning(t *testing.T) {
	accept := &port.AcceptCommands{Rows: []port.CommandRow{{}, {Kind: 1}}}
	dead := &port.InsertDead{Rows: make([]port.DeadRow, 1)}
	nulls := map[string]bool{}
	m := pgtype.NewMap()
	for _, statement := range []port.Statement{accept, dead} {
		q := bind(t, statement)
		for _, p := range q.Params {
			text, err := m.Encode(uint32(p.Type), pgtype.TextFormatCode, p.Value, nil)
			if err != nil {
				t.Fatal(err)
			}
			nulls[p.Name] = nulls[p.Name] || strings.HasPrefix(string(text), "{NULL")
		}
	}
	for _, name := range []string{"ref", "outcome", "lane_seq", "to_seq", "command_id", "chain", "sku_id", "loc",
		"key", "headers", "raw", "repaired"} {
		if !nulls[name] {
			t.Errorf("absent %s is not NULL", name)
		}
	}
	for _, name := range []string{"fingerprint", "kind", "next_try", "tries", "off", "idx", "err"} {
		if nulls[name] {
			t.Errorf("zero %s is NULL", name)
		}
	}
}

func TestAStatementOfAnUnknownSchemaIsRefused(t *testing.T) {
	for _, statement := range []port.Statement{
		&port.InsertShopOrders{Schema: "public; DROP TABLE x"},
		&port.InsertShopOrders{Schema: port.RowLockSchema},
		&port.AddShopStock{},
		nil,
	} {
		if q, err := sql.Bind(statement); err == nil {
			t.Errorf("%T %+v was bound to %s", statement, statement, q.Text)
		}
	}
}

func bind(t *testing.T, s port.Statement) sql.Query {
	t.Helper()
	q, err := sql.Bind(s)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// fill gives every field a value of its own, and every list two elements. What chooses a text keeps it.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			switch v.Type().Field(i).Name {
			case "Schema", "Share", "Fresh", "Passing":
				continue
			case "Rows", "Lines":
				if v.Field(i).Len() == 1 { // alike
					fill(v.Field(i).Index(0), n)
					v.Field(i).Set(reflect.Append(v.Field(i), v.Field(i).Index(0)))
					continue
				}
			case "Keys", "SKUs":
				if v.Field(i).Len() == 0 {
					continue
				}
			case "Chain":
				if v.Type() == reflect.TypeFor[port.ReadDead]() && v.Field(i).IsZero() {
					continue
				}
			}
			fill(v.Field(i), n)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(*n))
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("value %d {\"',\\é", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n) - 1<<40)
	case reflect.Int32, reflect.Int16:
		v.SetInt(-int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n % 251))
	default:
		panic(v.Kind())
	}
}
