package debezium

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"stockproof/inventory/port"
	"stockproof/model"
)

// What Kafka Connect's JsonConverter writes with Jackson, byte for byte: no spaces, upper-case hex,
// and characters beyond U+FFFF as two escapes (FasterXML/jackson-core#223: UTF8JsonGenerator never
// writes four-byte characters unless told to).

func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\b':
			b = append(b, `\b`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\f':
			b = append(b, `\f`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r < ' ':
			b = appendEscape(b, r)
		case r > 0xFFFF:
			hi, lo := utf16.EncodeRune(r)
			b = appendEscape(appendEscape(b, hi), lo)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

func appendEscape(b []byte, unit rune) []byte {
	const hex = "0123456789ABCDEF"
	return append(b, '\\', 'u', hex[unit>>12&15], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
}

func appendName(b []byte, name string) []byte {
	if c := b[len(b)-1]; c != '{' && c != '[' {
		b = append(b, ',')
	}
	return append(appendString(b, name), ':')
}

func appendTextField(b []byte, name, v string) []byte { return appendString(appendName(b, name), v) }

func appendIntField(b []byte, name string, v int64) []byte {
	return strconv.AppendInt(appendName(b, name), v, 10)
}

// appendOptionalField writes null for 0.
func appendOptionalField(b []byte, name string, v int64) []byte {
	if v == 0 {
		return appendNullField(b, name)
	}
	return appendIntField(b, name, v)
}

func appendNullField(b []byte, name string) []byte { return append(appendName(b, name), "null"...) }

// appendColumns writes a row or a key.
func appendColumns(b []byte, cs []port.Column) ([]byte, error) {
	b = append(b, '{')
	for _, c := range cs {
		var err error
		if b, err = appendColumn(appendName(b, c.Name), c); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendColumn(b []byte, c port.Column) ([]byte, error) {
	switch v := c.Value.(type) {
	case nil:
		return append(b, "null"...), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case string:
		if !utf8.ValidString(v) {
			return nil, model.Contractf(c.Name, "%.40q is not valid UTF-8", v)
		}
		return appendString(b, v), nil
	case []byte:
		b = base64.StdEncoding.AppendEncode(append(b, '"'), v)
		return append(b, '"'), nil
	case [16]byte:
		return appendString(b, model.ID(v).String()), nil
	case model.ID:
		return appendString(b, v.String()), nil
	}
	return nil, model.Contractf(c.Name, "%T is not the type of a column", c.Value)
}

// columnText is a column as a StringConverter writes it; ok is false for null.
func columnText(c port.Column) (s []byte, ok bool, err error) {
	switch v := c.Value.(type) {
	case nil:
		return nil, false, nil
	case string:
		return []byte(v), true, nil
	case []byte:
		return nil, false, fmt.Errorf("%w: column %s is bytea, and the event router needs text", port.ErrContract, c.Name)
	}
	b, err := appendColumn(nil, c)
	if err == nil && len(b) > 1 && b[0] == '"' {
		b = b[1 : len(b)-1] // a UUID
	}
	return b, true, err
}
