package model

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// decode reads exactly one JSON value. encoding/json would replace what is not UTF-8, and lone
// surrogates, by U+FFFD, and so make two SKUs one; of a member that comes twice it would take the last,
// where another reader takes the first: all three are refused here.
func decode(b []byte, v any) error {
	if !utf8.Valid(b) {
		return Contractf("value", "is not valid UTF-8")
	}
	if i := loneSurrogate(b); i >= 0 {
		return Contractf("value", "has half a surrogate pair at byte %d", i)
	}
	if name := repeatedMember(b); name != "" {
		return Contractf("value", "has the member %q twice", name)
	}
	err := json.Unmarshal(b, v)
	var t *json.UnmarshalTypeError
	var c *ContractError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &c):
		return c
	case errors.As(err, &t):
		return Contractf(cmp.Or(t.Field, "value"), "%s is not a value this field takes (%s)", t.Value, t.Type)
	}
	return Contractf("value", "is not the JSON of this record: %v", err)
}

// repeatedMember finds a name that the outermost object has twice, in any case of letters: encoding/json
// does not tell "qty" from "QTY". "" if there is none; what is no JSON may give either answer.
func repeatedMember(b []byte) string {
	var seen [24][]byte
	names := seen[:0]
	b = bytes.TrimLeft(b, " \t\r\n")
	depth, name := 0, false // name: the next string of depth 1 is a member's name
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			depth++
			name = b[i] == '{'
		case '}', ']':
			depth--
		case ',':
			name = true
		case '"':
			end := i + 1
			for end < len(b) && b[end] != '"' {
				if b[end] == '\\' {
					end++
				}
				end++
			}
			if depth == 1 && name && b[0] == '{' && end < len(b) {
				text := memberName(b[i : end+1])
				for _, n := range names {
					if bytes.EqualFold(n, text) {
						return string(text)
					}
				}
				names = append(names, text)
			}
			name = false
			i = end
		}
	}
	return ""
}

// memberName is a JSON string without its quotes and escapes.
func memberName(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // what is no string is refused with the whole value
	return []byte(s)
}

// loneSurrogate finds a \uD800-\uDFFF escape that is not half of a pair; -1 if there is none.
func loneSurrogate(b []byte) int {
	for i := 0; i+1 < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		r := escapeUnit(b[i:])
		switch {
		case r < 0xD800 || r > 0xDFFF:
			i++
		case r <= 0xDBFF && escapeUnit(b[min(i+6, len(b)):]) >= 0xDC00 && escapeUnit(b[min(i+6, len(b)):]) <= 0xDFFF:
			i += 11
		default:
			return i
		}
	}
	return -1
}

func escapeUnit(b []byte) int {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	r := 0
	for _, c := range bytes.ToUpper(b[2:6]) {
		h := unhex(c)
		if h < 0 {
			return -1
		}
		r = r<<4 | h
	}
	return r
}
