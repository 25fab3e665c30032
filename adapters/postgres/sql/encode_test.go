package sql_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/adapters/postgres/sql"
	"stockproof/inventory/port"
	"stockproof/model"
)

// pgx knows the formats; what we write faster must be what it writes.
func TestParametersAreEncodedAsPgxEncodesThem(t *testing.T) {
	m := pgtype.NewMap()
	same := func(t *testing.T, s port.Statement) {
		t.Helper()
		for _, p := range bind(t, s).Params {
			want, err := m.Encode(uint32(p.Type), pgtype.BinaryFormatCode, p.Value, []byte{})
			if err != nil {
				t.Fatalf("pgx: %s: %v", p.Name, err)
			}
			got, null, err := p.Append([]byte("before"))
			if err != nil {
				t.Fatal(err)
			}
			if null != (want == nil) || !null && !bytes.Equal(got, append([]byte("before"), want...)) {
				t.Errorf("%s (NULL %t)\n%x\npgx: (NULL %t)\n%x", p.Name, null, got[6:], want == nil, want)
			}
		}
	}
	for _, form := range sql.Forms() {
		t.Run(form.Name, func(t *testing.T) {
			same(t, form.New())
			filled := form.New()
			fill(reflect.ValueOf(filled).Elem(), new(int))
			same(t, filled)
		})
	}
	same(t, &port.InsertDead{Rows: make([]port.DeadRow, 2)})
	same(t, &port.AcceptCommands{Rows: make([]port.CommandRow, 3)})
	same(t, &port.InsertLines{Lines: make([]model.Line, 1)})
}

func TestANumberThatDoesNotFitIsRefused(t *testing.T) {
	part := bind(t, &port.ScanLanes{Max: 1 << 40}).Params[0]
	if _, _, err := part.Append(nil); err != nil {
		t.Errorf("an int8: %v", err)
	}
	part.Type = sql.Int4
	if out, _, err := part.Append(nil); err == nil {
		t.Errorf("an int4 became %x", out)
	}
}
