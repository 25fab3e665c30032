package fakepg

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/inventory/port"
	"stockproof/model"
)

// pgEpoch is 2000-01-01, from which PostgreSQL counts, in microseconds since 1970.
const pgEpoch = 946_684_800_000_000

// pgoutput writes changes as the plugin of that name does, protocol version 1: each transaction between
// Begin and Commit, each change behind the Relation that describes its columns, values as text.
//
// A [port.Change] says less than a catalog does: the type of a column is that of its value, and what a
// delete names are the columns that it has. So a Relation is sent whenever it differs from the last one
// of its table, where PostgreSQL sends it once; a reader must expect that.
type pgoutput struct {
	relations map[string][]byte // by schema.table: the last that was sent, behind its id
	ids       map[string]uint32
}

func newPgoutput() *pgoutput {
	return &pgoutput{relations: map[string][]byte{}, ids: map[string]uint32{}}
}

// encode is the messages of one change, with what begins and ends its transaction.
func (p *pgoutput) encode(c port.Change) (messages [][]byte, err error) {
	if c.Ordinal == 1 {
		b := message{'B'}.u64(c.CommitLSN).u64(uint64(c.At - pgEpoch)).u32(uint32(c.XID))
		messages = append(messages, b)
	}
	name := c.Schema + "." + c.Table
	id, seen := p.ids[name]
	if !seen {
		id = 16384 + uint32(len(p.ids)) // where the oids of users' tables begin
		p.ids[name] = id
	}
	if r := relationOf(c); !slices.Equal(r, p.relations[name]) {
		p.relations[name] = r
		messages = append(messages, append(message{'R'}.u32(id), r...))
	}
	m := message{map[byte]byte{'c': 'I', 'u': 'U', 'd': 'D'}[c.Op]}.u32(id)
	for _, tuple := range tuplesOf(c) {
		if m, err = append(m, tuple.kind).tuple(tuple.row); err != nil {
			return nil, fmt.Errorf("change of %s: %w", name, err)
		}
	}
	messages = append(messages, m)
	if c.Last {
		messages = append(messages, append(message{'C'}, 0).u64(c.CommitLSN).u64(endOf(c)).u64(uint64(c.At-pgEpoch)))
	}
	return messages, nil
}

// endOf is where the commit record ends: behind its beginning, and before anything that follows.
func endOf(c port.Change) uint64 { return c.CommitLSN + 1 }

// relationOf describes the columns that a change has.
func relationOf(c port.Change) []byte {
	identity, columns := byte('d'), c.After
	switch {
	case c.Op == 'd':
		columns = c.Before
	case c.Before != nil:
		identity = 'f'
	}
	m := append(message(nil).str(c.Schema).str(c.Table), identity).u16(uint16(len(columns)))
	for _, col := range columns {
		key := byte(0)
		if c.Op == 'd' || identity == 'f' {
			key = 1
		}
		m = append(m, key).str(col.Name).u32(typeOf(col.Value)).u32(^uint32(0)) // no type modifier
	}
	return m
}

// typeOf is the oid of a value's type. NULL has none of its own.
func typeOf(v any) uint32 {
	switch v.(type) {
	case int64:
		return pgtype.Int8OID
	case bool:
		return pgtype.BoolOID
	case []byte:
		return pgtype.ByteaOID
	case [16]byte:
		return pgtype.UUIDOID
	}
	return pgtype.TextOID
}

type tuple struct {
	kind byte // 'K' the key, 'O' the old row, 'N' the new one
	row  []port.Column
}

func tuplesOf(c port.Change) (ts []tuple) {
	switch {
	case c.Op == 'd':
		return []tuple{{'K', c.Before}}
	case c.Before != nil:
		ts = append(ts, tuple{'O', c.Before})
	}
	return append(ts, tuple{'N', c.After})
}

// message builds a message of the plugin: big-endian numbers, strings that end with a zero.
type message []byte

func (m message) u16(n uint16) message { return binary.BigEndian.AppendUint16(m, n) }
func (m message) u32(n uint32) message { return binary.BigEndian.AppendUint32(m, n) }
func (m message) u64(n uint64) message { return binary.BigEndian.AppendUint64(m, n) }
func (m message) str(s string) message { return append(append(m, s...), 0) }

func (m message) tuple(row []port.Column) (message, error) {
	m = m.u16(uint16(len(row)))
	for _, col := range row {
		var text string
		switch v := col.Value.(type) {
		case nil:
			m = append(m, 'n')
			continue
		case int64:
			text = strconv.FormatInt(v, 10)
		case string:
			text = v
		case bool:
			text = strconv.FormatBool(v)[:1]
		case []byte:
			text = `\x` + hex.EncodeToString(v)
		case [16]byte:
			text = model.ID(v).String()
		default:
			return nil, fmt.Errorf("column %s: no text for a %T", col.Name, v)
		}
		m = append(append(m, 't').u32(uint32(len(text))), text...)
	}
	return m, nil
}
