package postgres

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/inventory/port"
	"stockproof/model"
)

// postgresEpoch is 2000-01-01, from which PostgreSQL counts, in microseconds since 1970.
const postgresEpoch = 946_684_800_000_000

// decoder reads pgoutput (PostgreSQL 15 documentation, 55.9, Logical Replication Message Formats),
// protocol version 1: each transaction whole, in commit order, values as text.
type decoder struct {
	relations map[uint32]*relation
	tx        *decodedTx // nil between transactions
	previous  uint64     // commit LSN of the transaction before
}

type decodedTx struct {
	commit  uint64
	at, xid int64
	ordinal int
	held    *port.Change // the latest change: only its successor says that it was not the last
}

type relation struct {
	schema, name string
	full         bool // REPLICA IDENTITY FULL
	columns      []relationColumn
}

type relationColumn struct {
	name string
	oid  uint32
	key  bool
}

func newDecoder(previous uint64) decoder {
	return decoder{relations: map[uint32]*relation{}, previous: previous}
}

// inside reports whether a transaction has begun and not ended.
func (d *decoder) inside() bool { return d.tx != nil }

// decode takes one message. It returns the changes of which it is now known whether they are the last of
// their transaction, and with a commit where that begins and ends.
func (d *decoder) decode(lsn uint64, message []byte) (changes []port.Change, end commitEnd, err error) {
	r := &reader{rest: message}
	switch kind := r.byte(); kind {
	case 'B':
		d.tx = &decodedTx{commit: r.uint64(), at: int64(r.uint64()) + postgresEpoch, xid: int64(r.uint32())}
	case 'C':
		r.byte()
		end = commitEnd{commit: r.uint64(), end: r.uint64()}
		if d.tx != nil {
			changes = d.tx.release(nil)
		}
		d.previous, d.tx = end.commit, nil
	case 'R':
		d.relation(r)
	case 'I', 'U', 'D':
		change := d.change(kind, r)
		if r.err == nil {
			change.LSN = lsn
			changes = d.tx.release(change)
		}
	case 'T', 'Y', 'O', 'M': // truncate, type, origin, logical message: nothing for a reader of rows
	default:
		r.fail("a message of the unknown kind %q", kind)
	}
	if r.err != nil {
		return nil, commitEnd{}, &brokenStream{fmt.Errorf("decode pgoutput at %X/%X: %w", lsn>>32, uint32(lsn), r.err)}
	}
	return changes, end, nil
}

// release gives out the change that was held, and holds the next one.
func (t *decodedTx) release(next *port.Change) (out []port.Change) {
	if t.held != nil {
		t.held.Last = next == nil
		out = append(out, *t.held)
	}
	if t.held = next; next != nil {
		t.ordinal++
		next.Ordinal, next.CommitLSN, next.At, next.XID = t.ordinal, t.commit, t.at, t.xid
	}
	return out
}

func (d *decoder) relation(r *reader) {
	id := r.uint32()
	rel := &relation{schema: r.string(), name: r.string(), full: r.byte() == 'f'}
	for range r.uint16() {
		key := r.byte()&1 != 0
		rel.columns = append(rel.columns, relationColumn{name: r.string(), oid: r.uint32(), key: key})
		r.uint32() // type modifier
	}
	d.relations[id] = rel
}

func (d *decoder) change(kind byte, r *reader) *port.Change {
	rel := d.relations[r.uint32()]
	if rel == nil || d.tx == nil {
		r.fail("a change of an unknown relation or outside a transaction")
		return nil
	}
	c := &port.Change{Schema: rel.schema, Table: rel.name, PrevCommitLSN: d.previous,
		Op: map[byte]byte{'I': 'c', 'U': 'u', 'D': 'd'}[kind]}
	var before []port.Column
	for r.err == nil && len(r.rest) > 0 {
		switch part := r.byte(); part {
		case 'K', 'O':
			before = rel.tuple(r, part == 'K')
		case 'N':
			c.After = rel.tuple(r, false)
		default:
			r.fail("a tuple of the unknown kind %q", part)
		}
	}
	if c.After == nil && kind != 'D' || before == nil && kind == 'D' {
		r.fail("a change without its row")
	}
	if kind == 'D' || rel.full {
		c.Before = before
	}
	return c
}

// tuple reads the columns of one row. A value stored out of line that did not change is not in the log:
// its column is left out.
func (rel *relation) tuple(r *reader, keyOnly bool) []port.Column {
	columns := make([]port.Column, 0, len(rel.columns))
	n := int(r.uint16())
	if n != len(rel.columns) {
		r.fail("a row of %d columns in %s.%s, which has %d", n, rel.schema, rel.name, len(rel.columns))
		return nil
	}
	for i := range rel.columns {
		col := &rel.columns[i]
		var value any
		switch kind := r.byte(); kind {
		case 'n':
		case 'u':
			continue
		case 't':
			text := r.bytes(int(r.uint32()))
			var err error
			if value, err = decodeValue(col.oid, string(text)); err != nil {
				r.fail("column %s: %v", col.name, err)
			}
		default:
			r.fail("a value of the unknown kind %q", kind)
		}
		if !keyOnly || col.key {
			columns = append(columns, port.Column{Name: col.name, Value: value})
		}
	}
	return columns
}

// decodeValue gives a value the type that port.Column promises; what it does not know stays text.
func decodeValue(oid uint32, text string) (any, error) {
	switch oid {
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		return strconv.ParseInt(text, 10, 64)
	case pgtype.BoolOID:
		return text == "t", nil
	case pgtype.UUIDOID:
		id, err := model.ParseID(text)
		return [16]byte(id), err
	case pgtype.ByteaOID:
		digits, ok := strings.CutPrefix(text, `\x`)
		if !ok {
			return nil, fmt.Errorf("bytea %q is not in hex", text)
		}
		return hex.DecodeString(digits)
	case pgtype.TimestamptzOID:
		at, err := time.Parse("2006-01-02 15:04:05.999999999Z07", text)
		if err != nil {
			at, err = time.Parse("2006-01-02 15:04:05.999999999Z07:00", text)
		}
		return at.UTC().Format("2006-01-02T15:04:05.000000Z"), err
	}
	return text, nil
}

// brokenStream is a stream that this decoder cannot read.
type brokenStream struct{ err error }

func (e *brokenStream) Error() string { return e.err.Error() }
func (e *brokenStream) Unwrap() error { return e.err }

func isBroken(err error) bool {
	var b *brokenStream
	return errors.As(err, &b)
}

// reader takes big-endian values off a message; the first error stays.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.fail("%d bytes are missing", n-len(r.rest))
		r.rest = nil
	}
	if r.err != nil {
		return make([]byte, 8) // enough for every fixed-size value
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte() byte     { return r.bytes(1)[0] }
func (r *reader) uint16() uint16 { return binary.BigEndian.Uint16(r.bytes(2)) }
func (r *reader) uint32() uint32 { return binary.BigEndian.Uint32(r.bytes(4)) }
func (r *reader) uint64() uint64 { return binary.BigEndian.Uint64(r.bytes(8)) }

func (r *reader) string() string {
	for i, c := range r.rest {
		if c == 0 {
			s := string(r.rest[:i])
			r.rest = r.rest[i+1:]
			return s
		}
	}
	r.fail("a string has no end")
	r.rest = nil
	return ""
}
