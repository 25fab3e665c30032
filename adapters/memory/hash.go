package memory

import (
	"bytes"
	"encoding/binary"

	"stockproof/inventory/port"
)

// The servers can say in 64 bits what state they are in, so that a search recognises a state in which it has
// been. Two states with one digest behave alike from there on. What cannot be told apart by its effects is
// left out: how a transaction's number or a position in the log came out depends on who was faster, and
// matters only for who is still running, which is in.

// Hash sums up values, in order.
type Hash uint64

// Summed is what says itself which part of it its holder can tell.
type Summed interface{ Sum(h *Hash, by *Shapes) }

// NewHash is the hash of nothing.
func NewHash() Hash { return 0x9e3779b97f4a7c15 }

// Word adds a number.
func (h *Hash) Word(v uint64) {
	x := uint64(*h) ^ v
	x *= 0xff51afd7ed558ccd // the finalizer of MurmurHash3
	x ^= x >> 32
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 29
	*h = Hash(x + 0x9e3779b97f4a7c15)
}

// Flag adds a yes or no.
func (h *Hash) Flag(v bool) {
	if v {
		h.Word(1)
		return
	}
	h.Word(2)
}

// Text adds a string.
func (h *Hash) Text(s string) {
	h.Word(uint64(len(s)))
	for len(s) >= 8 {
		h.Word(uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56)
		s = s[8:]
	}
	last := uint64(0)
	for i := range len(s) {
		last |= uint64(s[i]) << (8 * i)
	}
	h.Word(last)
}

// text is Text of bytes.
func (h *Hash) text(b []byte) {
	h.Word(uint64(len(b)))
	for len(b) >= 8 {
		h.Word(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	last := uint64(0)
	for i := range len(b) {
		last |= uint64(b[i]) << (8 * i)
	}
	h.Word(last)
}

// Failure adds an error by what a caller may look at: its class.
func (h *Hash) Failure(err error) {
	if err == nil {
		h.Word(0)
		return
	}
	class := port.Class(err)
	if class == nil {
		h.Word(99)
		return
	}
	h.Text(class.Error())
}

// ValueOf adds any value made of plain data, pointers and slices. Errors count by their class.
func (h *Hash) ValueOf(s *Shapes, v any) {
	switch v := v.(type) {
	case nil:
		h.Word(0)
	case []port.Statement: // by far the most
		for _, st := range v {
			s.value(h, st)
		}
	case []port.Record:
		for i := range v {
			h.Record(s, &v[i])
		}
	case *[]port.Record:
		h.ValueOf(s, *v)
	case *[]port.Change:
		h.ValueOf(s, *v)
	case []port.Change:
		for i := range v {
			h.Change(s, &v[i])
		}
	case Summed:
		v.Sum(h, s)
	default:
		s.value(h, v)
	}
}

// Record adds a record without what only its producer's transaction number says.
func (h *Hash) Record(s *Shapes, r *port.Record) {
	h.Word(uint64(r.Partition)<<40 ^ uint64(r.LeaderEpoch)<<32 ^ uint64(r.Offset))
	h.Text(r.Topic)
	h.text(r.Key)
	h.Flag(r.Value == nil)
	s.text(h, r.Value)
	for _, x := range r.Headers {
		h.Text(x.Key)
		s.text(h, x.Value)
	}
}

// Change adds a change without the columns that say who was faster.
func (h *Hash) Change(s *Shapes, c *port.Change) {
	h.Text(c.Schema)
	h.Text(c.Table)
	h.Word(uint64(c.Op))
	h.Flag(c.Last)
	for _, cols := range [...][]port.Column{c.Before, c.After} {
		h.Word(uint64(len(cols)))
		for i := range cols {
			h.column(s, &cols[i])
		}
	}
}

func (h *Hash) column(s *Shapes, c *port.Column) {
	h.Text(c.Name)
	if c.Name == "xid" || c.Name == "pos" {
		return // as in the row itself
	}
	switch v := c.Value.(type) {
	case string:
		s.text(h, []byte(v))
	case int64:
		h.Word(uint64(v))
	case [16]byte:
		h.text(v[:])
	default:
		h.ValueOf(s, v)
	}
}

// numbered are the JSON fields that carry transaction numbers and positions in the log: ours and Debezium's.
// A Debezium transaction is known by "xid:lsn".
var numbered = [...][]byte{[]byte(`"ix":`), []byte(`"lsn":`), []byte(`"txId":`), []byte(`"sequence":`),
	[]byte(`"transaction":{"id":`), []byte(`"status":"BEGIN","id":`), []byte(`"status":"END","id":`)}

// lasting is a JSON text without the values of numbered fields.
func lasting(text []byte) []byte {
	var out []byte
	rest := text
	for {
		at, n := -1, 0
		for _, name := range numbered {
			if i := bytes.Index(rest, name); i >= 0 && (at < 0 || i < at) {
				at, n = i, len(name)
			}
		}
		if at < 0 {
			if out == nil {
				return text
			}
			return append(out, rest...)
		}
		out = append(out, rest[:at+n]...)
		rest = afterValue(rest[at+n:])
	}
}

// afterValue is what follows a JSON string or number.
func afterValue(text []byte) []byte {
	if len(text) == 0 || text[0] != '"' {
		for len(text) > 0 && text[0] != ',' && text[0] != '}' {
			text = text[1:]
		}
		return text
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return text[i+1:]
		}
	}
	return nil
}
