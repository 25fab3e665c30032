package fakepg

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"github.com/jackc/pgx/v5/pgproto3"

	"stockproof/model"
)

// rows writes the result of one statement: every column of a row in order, then end. What a binding
// writes must be what its query declares; anything else is a bug of the fake and answered XX000.
type rows struct {
	query   *query
	formats []int16
	send    func(pgproto3.BackendMessage)

	data    []byte // the row's values, one behind the other
	ends    []int  // of each value in data; -1 is NULL
	message pgproto3.DataRow
	count   int64
	err     error
}

func (r *rows) bool(v bool) {
	if r.column(oidBool) == formatBinary {
		r.data = append(r.data, 0)
		if v {
			r.data[len(r.data)-1] = 1
		}
	} else if v {
		r.data = append(r.data, 't')
	} else {
		r.data = append(r.data, 'f')
	}
	r.ends = append(r.ends, len(r.data))
}

func (r *rows) int2(v int16) {
	if r.column(oidInt2) == formatBinary {
		r.data = binary.BigEndian.AppendUint16(r.data, uint16(v))
	} else {
		r.data = strconv.AppendInt(r.data, int64(v), 10)
	}
	r.ends = append(r.ends, len(r.data))
}

func (r *rows) int4(v int32) {
	if r.column(oidInt4) == formatBinary {
		r.data = binary.BigEndian.AppendUint32(r.data, uint32(v))
	} else {
		r.data = strconv.AppendInt(r.data, int64(v), 10)
	}
	r.ends = append(r.ends, len(r.data))
}

func (r *rows) int8(v int64) {
	if r.column(oidInt8) == formatBinary {
		r.data = binary.BigEndian.AppendUint64(r.data, uint64(v))
	} else {
		r.data = strconv.AppendInt(r.data, v, 10)
	}
	r.ends = append(r.ends, len(r.data))
}

func (r *rows) text(v string) {
	r.column(oidText)
	r.data = append(r.data, v...)
	r.ends = append(r.ends, len(r.data))
}

func (r *rows) bytes(v []byte) {
	if r.column(oidBytea) == formatBinary {
		r.data = append(r.data, v...)
	} else {
		r.data = hex.AppendEncode(append(r.data, `\x`...), v)
	}
	r.ends = append(r.ends, len(r.data))
}

func (r *rows) id(v model.ID) {
	if r.column(oidUUID) == formatBinary {
		r.data = append(r.data, v[:]...)
	} else {
		r.data = append(r.data, v.String()...)
	}
	r.ends = append(r.ends, len(r.data))
}

// null writes NULL, whatever the column's type.
func (r *rows) null() { r.ends = append(r.ends, -1) }

// The columns that are NULL where the ports say zero.

func (r *rows) int8OrNull(v int64) {
	if v == 0 {
		r.null()
		return
	}
	r.int8(v)
}

func (r *rows) idOrNull(v model.ID) {
	if v.IsZero() {
		r.null()
		return
	}
	r.id(v)
}

func (r *rows) bytesOrNull(v []byte) {
	if v == nil {
		r.null()
		return
	}
	r.bytes(v)
}

// column checks the next column's type and gives its format.
func (r *rows) column(oid uint32) int16 {
	i := len(r.ends)
	if r.err == nil && (i >= len(r.query.columns) || r.query.columns[i].oid != oid) {
		r.err = r.query.broken("column %d is not written as it was declared", i+1)
	}
	return formatOf(r.formats, i)
}

// end sends the row.
func (r *rows) end() {
	if r.err == nil && len(r.ends) != len(r.query.columns) {
		r.err = r.query.broken("%d of %d columns were written", len(r.ends), len(r.query.columns))
	}
	if r.err == nil {
		values, start := r.message.Values[:0], 0
		for _, end := range r.ends {
			if end < 0 {
				values = append(values, nil)
				continue
			}
			values = append(values, r.data[start:end:end])
			start = end
		}
		r.message.Values = values
		r.send(&r.message)
		r.count++
	}
	r.data, r.ends = r.data[:0], r.ends[:0]
}
