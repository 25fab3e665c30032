package fakepg

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/adapters/postgres/sql"
	"stockproof/model"
)

// rows writes the rows of one result. It is used again by the next one.
type rows struct {
	data    []byte // the row's values, one behind the other
	ends    []int  // of each value in data; -1 is NULL
	message pgproto3.DataRow
}

// encode gives a row as a message that is good until the next one.
func (r *rows) encode(columns []sql.Head, views []any, formats []int16) (*pgproto3.DataRow, error) {
	r.data, r.ends = append(r.data[:0], 0), r.ends[:0] // never nil: an empty value is not NULL
	for i, col := range columns {
		data, null, err := appendValue(r.data, col.Type, views[i], formatOf(formats, i))
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", col.Name, err)
		}
		if null {
			r.ends = append(r.ends, -1)
			continue
		}
		r.data = data
		r.ends = append(r.ends, len(data))
	}
	values, start := r.message.Values[:0], 1
	for _, end := range r.ends {
		if end < 0 {
			values = append(values, nil)
			continue
		}
		values = append(values, r.data[start:end:end])
		start = end
	}
	r.message.Values = values
	return &r.message, nil
}

// appendValue writes what a view of the sql package holds.
func appendValue(b []byte, t sql.Type, view any, format int16) (out []byte, null bool, err error) {
	if elem := element(t); elem != 0 {
		return appendList(b, elem, view, format)
	}
	switch view := view.(type) {
	case pgtype.Int64Valuer:
		v, err := view.Int64Value()
		if err != nil || !v.Valid {
			return b, true, err
		}
		return appendInt(b, t, v.Int64, format)
	case pgtype.TextValuer:
		v, err := view.TextValue()
		return append(b, v.String...), !v.Valid, err
	case pgtype.UUIDValuer:
		v, err := view.UUIDValue()
		if format == formatText {
			return append(b, model.ID(v.Bytes).String()...), !v.Valid, err
		}
		return append(b, v.Bytes[:]...), !v.Valid, err
	case pgtype.BoolValuer:
		v, err := view.BoolValue()
		return appendBool(b, v.Bool, format), !v.Valid, err
	case pgtype.BytesValuer:
		v, err := view.BytesValue()
		if format == formatText {
			return hex.AppendEncode(append(b, `\x`...), v), v == nil, err
		}
		return append(b, v...), v == nil, err
	}
	return b, false, fmt.Errorf("%T has no value", view)
}

func appendInt(b []byte, t sql.Type, n int64, format int16) ([]byte, bool, error) {
	switch {
	case t == sql.Int2 && n != int64(int16(n)), t == sql.Int4 && (n < math.MinInt32 || n > math.MaxInt32):
		return b, false, &Error{Code: "22003", Message: fmt.Sprintf("%d is out of range for type %d", n, t)}
	case format == formatText:
		return strconv.AppendInt(b, n, 10), false, nil
	case t == sql.Int2:
		return binary.BigEndian.AppendUint16(b, uint16(n)), false, nil
	case t == sql.Int4:
		return binary.BigEndian.AppendUint32(b, uint32(n)), false, nil
	}
	return binary.BigEndian.AppendUint64(b, uint64(n)), false, nil
}

func appendBool(b []byte, v bool, format int16) []byte {
	switch {
	case format == formatText && v:
		return append(b, 't')
	case format == formatText:
		return append(b, 'f')
	case v:
		return append(b, 1)
	}
	return append(b, 0)
}

// formatOf is the format of the i-th value: no code means text, one code counts for all.
func formatOf(formats []int16, i int) int16 {
	switch {
	case len(formats) == 0:
		return formatText
	case len(formats) == 1:
		return formats[0]
	case i < len(formats):
		return formats[i]
	}
	return formatText
}
