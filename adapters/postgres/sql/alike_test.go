package sql_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/adapters/postgres/sql"
	"stockproof/inventory/port"
	"stockproof/model"
)

// What rows do not have in common must not travel as if they had: whichever field of the last row differs, the
// statement arrives as it was sent, and equal rows leave by the short text.
func TestRowsThatDifferInAnyFieldArriveAsTheyWereSent(t *testing.T) {
	t.Run("commands", differing(func(rows []port.CommandRow) port.Statement { return &port.AcceptCommands{Rows: rows} }))
	t.Run("ledger", differing(func(rows []port.LedgerRow) port.Statement { return &port.InsertLedger{Rows: rows} }))
	t.Run("orders", differing(func(rows []port.OrderRow) port.Statement { return &port.InsertOrders{Rows: rows} }))
	t.Run("lines", differing(func(rows []model.Line) port.Statement {
		return &port.WriteLines{Fresh: true, Lines: rows}
	}))
}

func differing[R any](of func([]R) port.Statement) func(*testing.T) {
	return func(t *testing.T) {
		rows := make([]R, 3)
		fill(reflect.ValueOf(&rows[0]).Elem(), new(int))
		rows[1], rows[2] = rows[0], rows[0]
		if name := arrives(t, of(rows)); !strings.HasSuffix(name, " alike") {
			t.Errorf("equal rows leave as %s", name)
		}
		short, n := 0, 1000
		for i := range leaves(reflect.ValueOf(&rows[2]).Elem()) {
			rows[2] = rows[0]
			leaf := leaves(reflect.ValueOf(&rows[2]).Elem())[i]
			fill(leaf, &n)
			if strings.HasSuffix(arrives(t, of(rows)), " alike") {
				short++
			}
		}
		if all := len(leaves(reflect.ValueOf(&rows[2]).Elem())); short == 0 || short == all {
			t.Errorf("%d of %d fields leave as arrays", short, all)
		}
	}
}

// leaves are the fields of a row, those of its parts among them.
func leaves(v reflect.Value) []reflect.Value {
	if v.Kind() != reflect.Struct {
		return []reflect.Value{v}
	}
	var all []reflect.Value
	for i := range v.NumField() {
		all = append(all, leaves(v.Field(i))...)
	}
	return all
}

// arrives sends a statement to a fresh one of its form, and names the form.
func arrives(t *testing.T, sent port.Statement) string {
	t.Helper()
	q, m := bind(t, sent), pgtype.NewMap()
	for _, form := range sql.Forms() {
		got := form.New()
		to := bind(t, got)
		if to.Text != q.Text {
			continue
		}
		for i, p := range q.Params {
			bytes, null, err := p.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			if null {
				bytes = nil
			}
			if err := m.Scan(uint32(p.Type), pgtype.BinaryFormatCode, bytes, to.Params[i].Value); err != nil {
				t.Fatalf("%s: %v", p.Name, err)
			}
		}
		if !reflect.DeepEqual(got, sent) {
			t.Errorf("%s: sent\n%s\ngot\n%s", form.Name, fmt.Sprintf("%+v", sent), fmt.Sprintf("%+v", got))
		}
		return form.Name
	}
	t.Fatalf("no form has the text\n%s", q.Text)
	return ""
}
