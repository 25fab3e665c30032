package jepsen

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// form is one EDN value: nil, bool, int64, float64, string, keyword, symbol, sequence, mapping or tagged.
type form any

type (
	keyword  string   // without its colon
	symbol   string   // what is none of the others
	sequence []form   // a list, vector or set
	mapping  []form   // keys and values in turn
	tagged   struct { // #tag value
		tag   string
		value form
	}
)

// get is the value of a keyword or string key; false: there is none.
func (m mapping) get(key string) (form, bool) {
	for i := 0; i+1 < len(m); i += 2 {
		if m[i] == form(keyword(key)) || m[i] == form(key) {
			return m[i+1], true
		}
	}
	return nil, false
}

// reader reads forms one after the other.
type reader struct {
	text string
	at   int
	line int // from 1
	// starts are the lines on which the items of the outermost form begin.
	starts []int
}

// syntaxError is malformed EDN, at a line.
type syntaxError struct {
	line   int
	reason string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.reason) }

func (r *reader) errorf(line int, format string, args ...any) error {
	return &syntaxError{line, fmt.Sprintf(format, args...)}
}

// space passes over white space, commas, comments and discarded forms.
func (r *reader) space() error {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == '\n':
			r.line++
			r.at++
		case c == ' ' || c == '\t' || c == '\r' || c == ',' || c == '\f':
			r.at++
		case c == ';':
			for r.at < len(r.text) && r.text[r.at] != '\n' {
				r.at++
			}
		case strings.HasPrefix(r.text[r.at:], "#_"):
			r.at += 2
			if _, err := r.form(1); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// depthMost is how deep forms may nest.
const depthMost = 100

// next is the next form and the line on which it begins; ok is false at the end.
func (r *reader) next() (f form, line int, ok bool, err error) {
	if err := r.space(); err != nil || r.at == len(r.text) {
		return nil, r.line, false, err
	}
	line, r.starts = r.line, nil
	f, err = r.form(0)
	return f, line, err == nil, err
}

func (r *reader) form(depth int) (form, error) {
	if err := r.space(); err != nil {
		return nil, err
	}
	if r.at == len(r.text) {
		return nil, r.errorf(r.line, "ends where a value is expected")
	}
	if depth > depthMost {
		return nil, r.errorf(r.line, "nests deeper than %d", depthMost)
	}
	switch c := r.text[r.at]; c {
	case '(', '[':
		items, err := r.items(depth, map[byte]byte{'(': ')', '[': ']'}[c])
		return sequence(items), err
	case '{':
		line := r.line
		items, err := r.items(depth, '}')
		if err == nil && len(items)%2 != 0 {
			err = r.errorf(line, "a map has a key without a value")
		}
		return mapping(items), err
	case '"':
		return r.quoted()
	case '#':
		return r.dispatch(depth)
	case ')', ']', '}':
		return nil, r.errorf(r.line, "%q closes nothing", c)
	}
	return r.atom()
}

// items are the forms up to the closing bracket.
func (r *reader) items(depth int, closing byte) (items []form, err error) {
	line := r.line
	r.at++
	for {
		if err := r.space(); err != nil {
			return nil, err
		}
		if r.at == len(r.text) {
			return nil, r.errorf(line, "is cut short: %q is missing", closing)
		}
		if r.text[r.at] == closing {
			r.at++
			return items, nil
		}
		if depth == 0 {
			r.starts = append(r.starts, r.line)
		}
		item, err := r.form(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
}

// dispatch reads a set or a tagged value.
func (r *reader) dispatch(depth int) (form, error) {
	if strings.HasPrefix(r.text[r.at:], "#{") {
		r.at++
		items, err := r.items(depth, '}')
		return sequence(items), err
	}
	r.at++
	tag, err := r.atom()
	if err != nil {
		return nil, err
	}
	name, ok := tag.(symbol)
	if !ok {
		return nil, r.errorf(r.line, "# is followed by no tag")
	}
	value, err := r.form(depth + 1)
	return tagged{string(name), value}, err
}

// quoted reads a string.
func (r *reader) quoted() (form, error) {
	line := r.line
	var b strings.Builder
	for r.at++; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case '"':
			r.at++
			return b.String(), nil
		case '\\':
			r.at++
			if r.at == len(r.text) {
				continue
			}
			plain, known := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', '"': '"'}[r.text[r.at]]
			if !known {
				return nil, r.errorf(r.line, "a string has the unknown escape \\%c", r.text[r.at])
			}
			b.WriteByte(plain)
		default:
			if c == '\n' {
				r.line++
			}
			b.WriteByte(c)
		}
	}
	return nil, r.errorf(line, "a string is cut short")
}

// atom reads nil, a boolean, a number, a keyword or a symbol.
func (r *reader) atom() (form, error) {
	from := r.at
	for r.at < len(r.text) && !strings.ContainsRune(" \t\r\n\f,;()[]{}\"", rune(r.text[r.at])) {
		r.at++
	}
	word := r.text[from:r.at]
	switch {
	case word == "" || !utf8.ValidString(word):
		return nil, r.errorf(r.line, "%q is no value", r.text[from:min(from+1, len(r.text))])
	case word == "nil":
		return nil, nil
	case word == "true" || word == "false":
		return word == "true", nil
	case word[0] == ':':
		if len(word) == 1 {
			return nil, r.errorf(r.line, "a keyword has no name")
		}
		return keyword(word[1:]), nil
	case word[0] >= '0' && word[0] <= '9' || (word[0] == '-' || word[0] == '+') && len(word) > 1 && word[1] >= '0' && word[1] <= '9':
		if n, err := strconv.ParseInt(strings.TrimSuffix(word, "N"), 10, 64); err == nil {
			return n, nil
		}
		if x, err := strconv.ParseFloat(strings.TrimSuffix(word, "M"), 64); err == nil {
			return x, nil
		}
		return nil, r.errorf(r.line, "%q is no number", word)
	}
	return symbol(word), nil
}
