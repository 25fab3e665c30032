package fakepg

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"stockproof/model"
)

// The types that the statements use, with their OIDs (PostgreSQL's pg_type.dat).
const (
	oidBool       uint32 = 16
	oidBytea      uint32 = 17
	oidInt8       uint32 = 20
	oidInt2       uint32 = 21
	oidInt4       uint32 = 23
	oidText       uint32 = 25
	oidBoolList   uint32 = 1000
	oidByteaList  uint32 = 1001
	oidInt2List   uint32 = 1005
	oidInt4List   uint32 = 1007
	oidTextList   uint32 = 1009
	oidInt8List   uint32 = 1016
	oidUUID       uint32 = 2950
	oidUUIDList   uint32 = 2951
	formatText    int16  = 0
	formatBinary  int16  = 1
	maxDimensions        = 6
)

// typeInfo is what the protocol says of a type.
type typeInfo struct {
	oid  uint32
	elem uint32 // of a list
	size int16  // pg_type.typlen; -1: variable
}

// types by the name SQL has for them.
func types() map[string]typeInfo {
	return map[string]typeInfo{
		"bool":    {oidBool, 0, 1},
		"bytea":   {oidBytea, 0, -1},
		"int8":    {oidInt8, 0, 8},
		"int2":    {oidInt2, 0, 2},
		"int4":    {oidInt4, 0, 4},
		"text":    {oidText, 0, -1},
		"uuid":    {oidUUID, 0, 16},
		"bool[]":  {oidBoolList, oidBool, -1},
		"bytea[]": {oidByteaList, oidBytea, -1},
		"int2[]":  {oidInt2List, oidInt2, -1},
		"int4[]":  {oidInt4List, oidInt4, -1},
		"text[]":  {oidTextList, oidText, -1},
		"int8[]":  {oidInt8List, oidInt8, -1},
		"uuid[]":  {oidUUIDList, oidUUID, -1},
	}
}

// decoder reads one value that is not NULL.
type decoder[T any] func(src []byte, format int16) (T, error)

func decodeBool(src []byte, format int16) (bool, error) {
	if format == formatBinary {
		if len(src) != 1 {
			return false, badBinary("bool", src)
		}
		return src[0] != 0, nil
	}
	switch string(src) {
	case "t", "true", "1":
		return true, nil
	case "f", "false", "0":
		return false, nil
	}
	return false, badText("boolean", src)
}

// decodeInt reads an integer of the given number of bytes.
func decodeInt(name string, size int) decoder[int64] {
	return func(src []byte, format int16) (int64, error) {
		if format == formatText {
			n, err := strconv.ParseInt(string(src), 10, size*8)
			if err != nil {
				return 0, badText(name, src)
			}
			return n, nil
		}
		if len(src) != size {
			return 0, badBinary(name, src)
		}
		switch size {
		case 2:
			return int64(int16(binary.BigEndian.Uint16(src))), nil
		case 4:
			return int64(int32(binary.BigEndian.Uint32(src))), nil
		}
		return int64(binary.BigEndian.Uint64(src)), nil
	}
}

// decodeText refuses what a UTF-8 database refuses: invalid bytes and U+0000.
func decodeText(src []byte, _ int16) (string, error) {
	if i := strings.IndexByte(string(src), 0); i >= 0 {
		return "", &Error{Code: "22021", Message: `invalid byte sequence for encoding "UTF8": 0x00`}
	}
	if !utf8.Valid(src) {
		return "", &Error{Code: "22021",
			Message: fmt.Sprintf(`invalid byte sequence for encoding "UTF8": 0x%x`, invalidBytes(src))}
	}
	return string(src), nil
}

func invalidBytes(src []byte) []byte {
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && n == 1 {
			return src[i : i+1]
		}
		i += n
	}
	return nil
}

func decodeBytes(src []byte, format int16) ([]byte, error) {
	if format == formatBinary {
		return append([]byte{}, src...), nil
	}
	digits, isHex := strings.CutPrefix(string(src), `\x`)
	b, err := hex.DecodeString(digits)
	if !isHex || err != nil {
		return nil, badText("bytea", src)
	}
	return b, nil
}

func decodeUUID(src []byte, format int16) (model.ID, error) {
	if format == formatText {
		id, err := model.ParseID(string(src))
		if err != nil {
			return model.ID{}, badText("uuid", src)
		}
		return id, nil
	}
	if len(src) != 16 {
		return model.ID{}, badBinary("uuid", src)
	}
	return model.ID(src), nil
}

// eachElement reads a list of one dimension. A NULL element comes as nil.
func eachElement(src []byte, format int16, elem uint32, visit func(src []byte) error) error {
	if format == formatText {
		return eachTextElement(src, visit)
	}
	if len(src) < 12 {
		return badBinary("array", src)
	}
	dims := binary.BigEndian.Uint32(src)
	if got := binary.BigEndian.Uint32(src[8:]); got != elem {
		return &Error{Code: "42804",
			Message: fmt.Sprintf("binary data has array element type %d instead of expected %d", got, elem)}
	}
	if dims == 0 {
		return nil
	}
	if dims != 1 || len(src) < 20 {
		return &Error{Code: "2202E", Message: fmt.Sprintf("%d dimensions, this server takes one", dims)}
	}
	n, rest := binary.BigEndian.Uint32(src[12:]), src[20:]
	for range n {
		if len(rest) < 4 {
			return badBinary("array", src)
		}
		size := int32(binary.BigEndian.Uint32(rest))
		rest = rest[4:]
		var value []byte
		if size >= 0 {
			if len(rest) < int(size) {
				return badBinary("array", src)
			}
			value, rest = rest[:size:size], rest[size:]
		}
		if err := visit(value); err != nil {
			return err
		}
	}
	return nil
}

// eachTextElement reads {a,"b\"c",NULL}.
func eachTextElement(src []byte, visit func(src []byte) error) error {
	if len(src) < 2 || src[0] != '{' || src[len(src)-1] != '}' {
		return badText("array", src)
	}
	body := src[1 : len(src)-1]
	for len(body) > 0 {
		value, rest, quoted, err := nextTextElement(body)
		if err != nil {
			return badText("array", src)
		}
		if !quoted && strings.EqualFold(string(value), "null") {
			value = nil
		}
		if err := visit(value); err != nil {
			return err
		}
		if len(rest) == 0 {
			return nil
		}
		if body = rest[1:]; len(body) == 0 { // a comma with nothing behind it
			return badText("array", src)
		}
	}
	return nil
}

// nextTextElement splits off the first element; rest begins with the comma.
func nextTextElement(body []byte) (value, rest []byte, quoted bool, err error) {
	value = []byte{}
	if body[0] != '"' {
		end := strings.IndexByte(string(body), ',')
		if end < 0 {
			end = len(body)
		}
		if value = body[:end]; len(value) == 0 || strings.ContainsAny(string(value), `{}"\`) {
			return nil, nil, false, fmt.Errorf("bare element %q", value)
		}
		return value, body[end:], false, nil
	}
	for i := 1; i < len(body); i++ {
		switch body[i] {
		case '\\':
			if i++; i == len(body) {
				return nil, nil, true, fmt.Errorf("unterminated element")
			}
			value = append(value, body[i])
		case '"':
			if rest = body[i+1:]; len(rest) > 0 && rest[0] != ',' {
				return nil, nil, true, fmt.Errorf("%q behind an element", rest[0])
			}
			return value, rest, true, nil
		default:
			value = append(value, body[i])
		}
	}
	return nil, nil, true, fmt.Errorf("unterminated element")
}

func badText(name string, src []byte) error {
	return &Error{Code: "22P02", Message: fmt.Sprintf("invalid input syntax for type %s: %q", name, src)}
}

func badBinary(name string, src []byte) error {
	return &Error{Code: "22P03",
		Message: fmt.Sprintf("incorrect binary data format for type %s: %d bytes", name, len(src))}
}
