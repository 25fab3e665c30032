package fakepg

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/adapters/postgres/sql"
	"stockproof/model"
)

// The two formats of a value.
const (
	formatText   int16 = 0
	formatBinary int16 = 1
)

// scan reads one value into a view of the sql package; src nil is NULL.
func scan(t sql.Type, src []byte, format int16, view any) error {
	if elem := element(t); elem != 0 {
		return scanList(elem, src, format, view)
	}
	return scanScalar(t, src, format, view)
}

func scanScalar(t sql.Type, src []byte, format int16, view any) error {
	switch view := view.(type) {
	case pgtype.Int64Scanner:
		n, err := decodeInt(t, src, format)
		if err != nil {
			return err
		}
		return outOfRange(view.ScanInt64(pgtype.Int8{Int64: n, Valid: src != nil}))
	case pgtype.TextScanner:
		s, err := decodeText(src)
		if err != nil {
			return err
		}
		return view.ScanText(pgtype.Text{String: s, Valid: src != nil})
	case pgtype.UUIDScanner:
		u, err := decodeUUID(src, format)
		if err != nil {
			return err
		}
		return view.ScanUUID(pgtype.UUID{Bytes: u, Valid: src != nil})
	case pgtype.BoolScanner:
		b, err := decodeBool(src, format)
		if err != nil {
			return err
		}
		return view.ScanBool(pgtype.Bool{Bool: b, Valid: src != nil})
	case pgtype.BytesScanner:
		b, err := decodeBytes(src, format)
		if err != nil {
			return err
		}
		return outOfRange(view.ScanBytes(b))
	}
	return fmt.Errorf("%T cannot be scanned into", view)
}

// outOfRange gives the SQLSTATE to what a view refuses: a value that its field cannot hold.
func outOfRange(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Code: "22003", Message: err.Error()}
}

// element is the type of an array's elements, 0 for what is no array.
func element(t sql.Type) sql.Type {
	for _, e := range [...]sql.Type{sql.UUID, sql.Text, sql.Bytea, sql.Bool, sql.Int2, sql.Int4, sql.Int8} {
		if e.Array() == t {
			return e
		}
	}
	return 0
}

// sizeOf is a type's pg_type.typlen: bytes, or -1 where it varies.
func sizeOf(t sql.Type) int16 {
	switch t {
	case sql.Bool:
		return 1
	case sql.Int2:
		return 2
	case sql.Int4:
		return 4
	case sql.Int8:
		return 8
	case sql.UUID:
		return 16
	}
	return -1
}

func decodeBool(src []byte, format int16) (bool, error) {
	switch {
	case src == nil:
		return false, nil
	case format == formatBinary && len(src) == 1:
		return src[0] != 0, nil
	case format == formatBinary:
		return false, badBinary(sql.Bool, src)
	}
	switch string(src) {
	case "t", "true", "1":
		return true, nil
	case "f", "false", "0":
		return false, nil
	}
	return false, badText(sql.Bool, src)
}

func decodeInt(t sql.Type, src []byte, format int16) (int64, error) {
	size := int(sizeOf(t))
	switch {
	case src == nil:
		return 0, nil
	case format == formatText:
		n, err := strconv.ParseInt(string(src), 10, size*8)
		if err != nil {
			return 0, badText(t, src)
		}
		return n, nil
	case len(src) != size:
		return 0, badBinary(t, src)
	case size == 2:
		return int64(int16(binary.BigEndian.Uint16(src))), nil
	case size == 4:
		return int64(int32(binary.BigEndian.Uint32(src))), nil
	}
	return int64(binary.BigEndian.Uint64(src)), nil
}

// decodeText refuses what a UTF-8 database refuses: invalid bytes and U+0000.
func decodeText(src []byte) (string, error) {
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		if r == 0 || r == utf8.RuneError && n == 1 {
			return "", &Error{Code: "22021",
				Message: fmt.Sprintf(`invalid byte sequence for encoding "UTF8": 0x%02x`, src[i])}
		}
		i += n
	}
	return string(src), nil
}

func decodeBytes(src []byte, format int16) ([]byte, error) {
	if src == nil || format == formatBinary {
		return src, nil
	}
	digits, isHex := strings.CutPrefix(string(src), `\x`)
	b, err := hex.DecodeString(digits)
	if !isHex || err != nil {
		return nil, badText(sql.Bytea, src)
	}
	return b, nil
}

func decodeUUID(src []byte, format int16) (id model.ID, err error) {
	switch {
	case src == nil:
	case format == formatText:
		if id, err = model.ParseID(string(src)); err != nil {
			return id, badText(sql.UUID, src)
		}
	case len(src) != len(id):
		return id, badBinary(sql.UUID, src)
	default:
		copy(id[:], src)
	}
	return id, nil
}

func badText(t sql.Type, src []byte) error {
	return &Error{Code: "22P02", Message: fmt.Sprintf("invalid input for type %d: %q", t, src)}
}

func badBinary(t sql.Type, src []byte) error {
	return &Error{Code: "22P03", Message: fmt.Sprintf("%d bytes are no value of type %d", len(src), t)}
}
