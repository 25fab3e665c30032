package debezium

import (
	"strconv"

	"stockproof/model"
)

// kind is the type of a JSON value.
type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	object
	array
)

func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an object", "an array"}[k]
}

// value is one JSON value with what encoding/json loses: the order of fields, the text of a number.
type value struct {
	kind   kind
	text   string // string: decoded; boolean and number: as written
	raw    []byte // object and array: as written, part of the record
	fields []field
	items  []value
}

type field struct {
	name  string
	value value
}

// maxDepth bounds nesting: a connector writes about six levels, schema included.
const maxDepth = 64

// parseJSON reads exactly one value; every error is a *model.ContractError whose field is the path to
// the offending place under root.
func parseJSON(root string, b []byte) (value, error) {
	p := parser{b: b, path: []string{root}}
	v, ok := p.value()
	if !ok {
		return value{}, p.err
	}
	if p.space(); p.at != len(b) {
		p.fail("has more after the end of its JSON, at byte %d", p.at)
		return value{}, p.err
	}
	return v, nil
}

type parser struct {
	b    []byte
	at   int
	path []string
	err  error
}

func (p *parser) fail(format string, args ...any) bool {
	if p.err == nil {
		p.err = model.Contractf(joinPath(p.path), format, args...)
	}
	return false
}

// joinPath writes a path without its root where there is more: "after.qty", not "value.after.qty".
// The path is never empty, whatever the fields are called.
func joinPath(path []string) string {
	if len(path) > 1 && path[0] == "value" && path[1] != "" {
		path = path[1:]
	}
	s := path[0]
	for _, name := range path[1:] {
		s += "." + name
	}
	return s
}

func (p *parser) space() {
	for p.at < len(p.b) {
		switch p.b[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// next is the byte at the position, 0 at the end.
func (p *parser) next() byte {
	if p.at < len(p.b) {
		return p.b[p.at]
	}
	return 0
}

func (p *parser) value() (value, bool) {
	p.space()
	start := p.at
	switch c := p.next(); {
	case p.at == len(p.b):
		return value{}, p.fail("ends where a value should be, at byte %d", p.at)
	case c == '{':
		fields, ok := p.object()
		return value{kind: object, raw: p.b[start:p.at], fields: fields}, ok
	case c == '[':
		items, ok := p.array()
		return value{kind: array, raw: p.b[start:p.at], items: items}, ok
	case c == '"':
		s, ok := p.string()
		return value{kind: text, text: s}, ok
	case c == '-' || c >= '0' && c <= '9':
		n, ok := p.number()
		return value{kind: number, text: n}, ok
	}
	for _, w := range [...]struct {
		word string
		kind kind
	}{{"null", null}, {"true", boolean}, {"false", boolean}} {
		if end := p.at + len(w.word); end <= len(p.b) && string(p.b[p.at:end]) == w.word {
			p.at = end
			return value{kind: w.kind, text: w.word}, true
		}
	}
	return value{}, p.fail("is not JSON at byte %d", p.at)
}

func (p *parser) object() ([]field, bool) {
	if len(p.path) > maxDepth {
		return nil, p.fail("is nested deeper than %d levels", maxDepth)
	}
	var fields []field
	p.at++ // {
	if p.space(); p.next() == '}' {
		p.at++
		return nil, true
	}
	for {
		if p.space(); p.next() != '"' {
			return nil, p.fail("has no field name at byte %d", p.at)
		}
		name, ok := p.string()
		if !ok {
			return nil, false
		}
		p.path = append(p.path, name)
		for i := range fields {
			if fields[i].name == name {
				return nil, p.fail("comes twice")
			}
		}
		if p.space(); p.next() != ':' {
			return nil, p.fail("has no colon at byte %d", p.at)
		}
		p.at++
		v, ok := p.value()
		if !ok {
			return nil, false
		}
		p.path = p.path[:len(p.path)-1]
		fields = append(fields, field{name, v})
		switch p.space(); p.next() {
		case ',':
			p.at++
		case '}':
			p.at++
			return fields, true
		default:
			return nil, p.fail("has neither comma nor brace at byte %d (behind %q)", p.at, name)
		}
	}
}

func (p *parser) array() ([]value, bool) {
	if len(p.path) > maxDepth {
		return nil, p.fail("is nested deeper than %d levels", maxDepth)
	}
	var items []value
	p.at++ // [
	if p.space(); p.next() == ']' {
		p.at++
		return nil, true
	}
	for {
		p.path = append(p.path, strconv.Itoa(len(items)))
		v, ok := p.value()
		if !ok {
			return nil, false
		}
		p.path = p.path[:len(p.path)-1]
		items = append(items, v)
		switch p.space(); p.next() {
		case ',':
			p.at++
		case ']':
			p.at++
			return items, true
		default:
			return nil, p.fail("has neither comma nor bracket at byte %d", p.at)
		}
	}
}

// number scans -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func (p *parser) number() (string, bool) {
	start := p.at
	if p.next() == '-' {
		p.at++
	}
	zero := p.next() == '0'
	if n := p.digits(); n == 0 || zero && n > 1 {
		return "", p.fail("is not a JSON number at byte %d", start)
	}
	if p.next() == '.' {
		p.at++
		if p.digits() == 0 {
			return "", p.fail("is not a JSON number at byte %d", start)
		}
	}
	if c := p.next(); c == 'e' || c == 'E' {
		p.at++
		if c := p.next(); c == '+' || c == '-' {
			p.at++
		}
		if p.digits() == 0 {
			return "", p.fail("is not a JSON number at byte %d", start)
		}
	}
	return string(p.b[start:p.at]), true
}

func (p *parser) digits() int {
	start := p.at
	for p.next() >= '0' && p.next() <= '9' {
		p.at++
	}
	return p.at - start
}
