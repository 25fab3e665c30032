package postgres

import (
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/inventory/port"
)

// message builds a pgoutput message.
type message []byte

func (m message) u16(n uint16) message  { return binary.BigEndian.AppendUint16(m, n) }
func (m message) u32(n uint32) message  { return binary.BigEndian.AppendUint32(m, n) }
func (m message) u64(n uint64) message  { return binary.BigEndian.AppendUint64(m, n) }
func (m message) str(s string) message  { return append(append(m, s...), 0) }
func (m message) text(s string) message { return append(append(m, 't').u32(uint32(len(s))), s...) }

func stream() []message {
	columns := func(m message) message {
		for _, c := range []struct {
			flags byte
			name  string
			oid   uint32
		}{{1, "id", pgtype.Int8OID}, {0, "doc", pgtype.TextOID}} {
			m = append(m, c.flags).str(c.name).u32(c.oid).u32(0)
		}
		return m
	}
	return []message{
		message{'B'}.u64(900).u64(5).u32(77),
		columns(append(message{'R'}.u32(1).str("ledger").str("t"), 'd').u16(2)),
		append(message{'I'}.u32(1), 'N').u16(2).text("1").text("long"),
		append(append(message{'U'}.u32(1), 'N').u16(2).text("1"), 'u'), // doc is out of line and unchanged
		append(append(message{'D'}.u32(1), 'K').u16(2).text("1"), 'n'),
		append(message{'T'}.u32(1), 0),
		append(message{'C'}, 0).u64(900).u64(950).u64(5),
	}
}

func TestTheDecoderFillsAChange(t *testing.T) {
	d := newDecoder(800)
	var got []port.Change
	for i, m := range stream() {
		changes, end, err := d.decode(uint64(100+i), m)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, changes...)
		if want := (commitEnd{}); i < 6 && end != want || i == 6 && end != (commitEnd{900, 950}) {
			t.Errorf("message %d ends %+v", i, end)
		}
	}
	common := port.Change{Schema: "ledger", Table: "t", CommitLSN: 900, PrevCommitLSN: 800, XID: 77, At: postgresEpoch + 5}
	insert, update, remove := common, common, common
	insert.Op, insert.LSN, insert.Ordinal = 'c', 102, 1
	insert.After = []port.Column{{Name: "id", Value: int64(1)}, {Name: "doc", Value: "long"}}
	update.Op, update.LSN, update.Ordinal = 'u', 103, 2
	update.After = []port.Column{{Name: "id", Value: int64(1)}}
	remove.Op, remove.LSN, remove.Ordinal, remove.Last = 'd', 104, 3, true
	remove.Before = []port.Column{{Name: "id", Value: int64(1)}}
	if want := []port.Change{insert, update, remove}; !reflect.DeepEqual(got, want) {
		t.Errorf("decoded\n%+v\nwant\n%+v", got, want)
	}
}

// Whatever is cut off or mixed up is an error with a place, never a panic and never half a change.
func TestTheDecoderRefusesABrokenStream(t *testing.T) {
	for broken, m := range stream() {
		for n := range len(m) {
			if m[0] == 'T' && n > 0 {
				continue // it is not read
			}
			d := newDecoder(0)
			for _, whole := range stream()[:broken] {
				if _, _, err := d.decode(1, whole); err != nil {
					t.Fatal(err)
				}
			}
			if m[0] == 'C' && n >= 18 {
				continue // the rest is not read
			}
			_, _, err := d.decode(1, m[:n])
			if !isBroken(err) || !strings.Contains(err.Error(), "0/1") {
				t.Errorf("%c cut to %d of %d bytes: %v", m[0], n, len(m), err)
			}
		}
	}
	d := newDecoder(0)
	if _, _, err := d.decode(1, stream()[2]); !isBroken(err) {
		t.Errorf("a change outside a transaction, of an unknown relation: %v", err)
	}
	if _, _, err := d.decode(1, message{'?'}); !isBroken(err) {
		t.Errorf("an unknown message: %v", err)
	}
	if isBroken(errors.New("other")) {
		t.Error("any error is a broken stream")
	}
}

func TestValuesOfTheLogHaveTheTypesOfAColumn(t *testing.T) {
	for text, c := range map[string]struct {
		oid  uint32
		want any
	}{
		"-9007199254740991":                    {pgtype.Int8OID, int64(-9007199254740991)},
		"t":                                    {pgtype.BoolOID, true},
		"f":                                    {pgtype.BoolOID, false},
		`\x00ff`:                               {pgtype.ByteaOID, []byte{0, 255}},
		"19.99":                                {pgtype.NumericOID, "19.99"},
		"2026-11-22 20:12:57.5956+00":          {pgtype.TimestamptzOID, "2026-11-22T20:12:57.595600Z"},
		"2026-11-22 20:12:57+05:30":            {pgtype.TimestamptzOID, "2026-11-22T14:42:57.000000Z"},
		"00000000-0000-0000-0000-000000000a01": {pgtype.UUIDOID, [16]byte{14: 10, 15: 1}},
	} {
		if got, err := decodeValue(c.oid, text); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q became %v (%v), want %v", text, got, err, c.want)
		}
	}
	for text, oid := range map[string]uint32{"x": pgtype.Int8OID, "abc": pgtype.ByteaOID, "u": pgtype.UUIDOID,
		"now": pgtype.TimestamptzOID} {
		if got, err := decodeValue(oid, text); err == nil {
			t.Errorf("%q became %v", text, got)
		}
	}
}
