package fakepg

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/adapters/postgres/sql"
)

// scanList reads an array of one dimension, element by element.
func scanList(elem sql.Type, src []byte, format int16, view any) error {
	list, ok := view.(pgtype.ArraySetter)
	if !ok {
		return fmt.Errorf("%T is no list", view)
	}
	n := 0
	count := func([]byte) error { n++; return nil }
	if err := eachElement(src, format, elem, count); err != nil {
		return err
	}
	if err := list.SetDimensions([]pgtype.ArrayDimension{{Length: int32(n), LowerBound: 1}}); err != nil {
		return err
	}
	i := 0
	return eachElement(src, format, elem, func(src []byte) error {
		i++
		return scanScalar(elem, src, format, list.ScanIndex(i-1))
	})
}

// eachElement reads an array of one dimension. A NULL element comes as nil.
func eachElement(src []byte, format int16, elem sql.Type, visit func(src []byte) error) error {
	switch {
	case src == nil:
		return nil
	case format == formatText:
		return eachTextElement(elem, src, visit)
	case len(src) < 12:
		return badBinary(elem.Array(), src)
	}
	dims := binary.BigEndian.Uint32(src)
	if got := binary.BigEndian.Uint32(src[8:]); sql.Type(got) != elem {
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
			return badBinary(elem.Array(), src)
		}
		size := int32(binary.BigEndian.Uint32(rest))
		rest = rest[4:]
		var value []byte
		if size >= 0 {
			if len(rest) < int(size) {
				return badBinary(elem.Array(), src)
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
func eachTextElement(elem sql.Type, src []byte, visit func(src []byte) error) error {
	if len(src) < 2 || src[0] != '{' || src[len(src)-1] != '}' {
		return badText(elem.Array(), src)
	}
	body := src[1 : len(src)-1]
	for len(body) > 0 {
		value, rest, quoted, err := nextTextElement(body)
		if err != nil {
			return badText(elem.Array(), src)
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
			return badText(elem.Array(), src)
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

// appendList writes an array of one dimension.
func appendList(b []byte, elem sql.Type, view any, format int16) ([]byte, bool, error) {
	list, ok := view.(pgtype.ArrayGetter)
	if !ok {
		return b, false, fmt.Errorf("%T is no list", view)
	}
	n := 0
	if d := list.Dimensions(); len(d) > 0 {
		n = int(d[0].Length)
	}
	if format == formatText {
		return appendTextList(b, elem, list, n)
	}
	if n == 0 { // no dimensions, no NULL, the type
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
		return binary.BigEndian.AppendUint32(b, uint32(elem)), false, nil
	}
	start := len(b)
	b = binary.BigEndian.AppendUint32(b, 1)
	b = binary.BigEndian.AppendUint32(b, 0) // whether there are NULLs: patched below
	b = binary.BigEndian.AppendUint32(b, uint32(elem))
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	b = binary.BigEndian.AppendUint32(b, 1) // lower bound
	for i := range n {
		at := len(b)
		b = append(b, 0, 0, 0, 0)
		out, null, err := appendValue(b, elem, list.Index(i), formatBinary)
		if err != nil {
			return b, false, err
		}
		size := uint32(len(out) - len(b))
		if null {
			out, size, b[start+7] = b, math.MaxUint32, 1
		}
		b = out
		binary.BigEndian.PutUint32(b[at:], size)
	}
	return b, false, nil
}

// appendTextList writes {"a","b",NULL}; PostgreSQL leaves out quotes that are not needed.
func appendTextList(b []byte, elem sql.Type, list pgtype.ArrayGetter, n int) ([]byte, bool, error) {
	b = append(b, '{')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		value, null, err := appendValue(nil, elem, list.Index(i), formatText)
		switch {
		case err != nil:
			return b, false, err
		case null:
			b = append(b, "NULL"...)
		default:
			b = append(b, '"')
			for _, c := range value {
				if c == '"' || c == '\\' {
					b = append(b, '\\')
				}
				b = append(b, c)
			}
			b = append(b, '"')
		}
	}
	return append(b, '}'), false, nil
}
