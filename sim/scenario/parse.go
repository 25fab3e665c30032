package scenario

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"stockproof/checks"
)

// maxBytes bounds a scenario or schedule file; a large workload is a file of its own.
const maxBytes = 1 << 20

// Parse reads a scenario; name and file are for messages. What is wrong with it is an
// [checks.InputError] that names the line. Everything that can be known without a design and a tier is
// checked: which faults a tier can express is the tier's to say.
func Parse(name, file, text string) (*Scenario, error) {
	s := &Scenario{Name: name, File: file}
	if len(text) > maxBytes {
		return nil, s.Errorf(0, "too large: at most %d bytes are allowed", maxBytes)
	}
	lines := strings.Split(text, "\n")
	if err := s.header(strings.TrimSuffix(lines[0], "\r")); err != nil {
		return nil, err
	}
	for i, line := range lines[1:] {
		if err := s.line(i+2, strings.TrimSuffix(line, "\r")); err != nil {
			return nil, err
		}
	}
	return s, s.check()
}

func (s *Scenario) header(line string) error {
	return fileHeader(s, line, magic, Version)
}

// fileHeader checks the first line of a file: what it is, and in which version.
func fileHeader(s *Scenario, line, magic string, newest int) error {
	version, ok := strings.CutPrefix(line, magic+" ")
	if !ok {
		return s.Errorf(1, "not a %s: the first line must be %q", magic[len("stockproof "):], magic+" "+strconv.Itoa(newest))
	}
	n, err := strconv.Atoi(version)
	switch {
	case err != nil || n < 1 || strconv.Itoa(n) != version:
		return s.Errorf(1, "%q is not a version", version)
	case n > newest:
		return s.Errorf(1, "version %d is newer than this program, which reads version %d", n, newest)
	}
	return nil
}

func (s *Scenario) line(n int, line string) error {
	if !utf8.ValidString(line) {
		return s.Errorf(n, "is not valid UTF-8")
	}
	line = strings.TrimSpace(line)
	if line == "" {
		return nil
	}
	if line[0] == '#' {
		s.Prose = append(s.Prose, Prose{n, line})
		return nil
	}
	directive, rest := cutWord(line)
	e, err := s.entry(n, rest)
	if err != nil {
		return err
	}
	switch directive {
	case "design":
		if s.Design != nil {
			return s.Errorf(n, "a second design line, the first is line %d", s.Design.Line)
		}
		s.Design = &e
	case "workload":
		if _, isOrder := e.Get("order"); isOrder && e.Subject == "" {
			e.Subject = "order"
		}
		s.Workload = append(s.Workload, e)
	case "fault":
		if e.Subject == "" {
			return s.Errorf(n, "fault needs a name")
		}
		s.Faults = append(s.Faults, e)
	case "expect":
		return s.expect(n, e)
	default:
		return s.Errorf(n, "unknown directive %q", directive)
	}
	return nil
}

func (s *Scenario) expect(n int, e Entry) error {
	if e.Subject == "" || len(e.Settings) > 0 {
		return s.Errorf(n, "expect takes one guarantee, or holds")
	}
	x := Expectation{Line: n, Holds: e.Subject == "holds"}
	if !x.Holds {
		var err error
		if x.Guarantee, err = checks.ParseGuarantee(e.Subject); err != nil {
			return s.Errorf(n, "unknown guarantee: %v", err)
		}
	}
	for _, old := range s.Expect {
		if old.Holds != x.Holds {
			return s.Errorf(n, "%s contradicts line %d", x.text(), old.Line)
		}
		if old.Guarantee == x.Guarantee {
			return s.Errorf(n, "%s stands on line %d already", x.text(), old.Line)
		}
	}
	s.Expect = append(s.Expect, x)
	return nil
}

// entry reads [SUBJECT] key=value...
func (s *Scenario) entry(n int, rest string) (Entry, error) {
	e := Entry{Line: n}
	for first := true; rest != ""; first = false {
		end := strings.IndexFunc(rest, func(r rune) bool { return r == '=' || unicode.IsSpace(r) })
		word := rest
		if end >= 0 {
			word = rest[:end]
		}
		if !isWord(word) {
			return e, s.Errorf(n, "%q is not a name: letters a-z, digits and dashes", word)
		}
		if end < 0 || rest[end] != '=' {
			if !first {
				return e, s.Errorf(n, "%s has no value", word)
			}
			e.Subject, rest = word, strings.TrimSpace(rest[len(word):])
			continue
		}
		value, after, err := s.value(n, word, rest[end+1:])
		if err != nil {
			return e, err
		}
		if _, twice := e.Get(word); twice {
			return e, s.Errorf(n, "%s stands twice on the line", word)
		}
		e.Settings, rest = append(e.Settings, Setting{word, value}), after
	}
	return e, nil
}

// value reads a bare word or a quoted Go string at the start of text.
func (s *Scenario) value(n int, key, text string) (value, rest string, err error) {
	if strings.HasPrefix(text, `"`) {
		q, err := strconv.QuotedPrefix(text)
		if err != nil {
			return "", "", s.Errorf(n, "%s: the quoted value does not end, or is no Go string", key)
		}
		value, err := strconv.Unquote(q)
		if err != nil {
			return "", "", s.Errorf(n, "%s: %s is no Go string", key, q)
		}
		rest = text[len(q):]
		if rest != "" && strings.TrimLeftFunc(rest, unicode.IsSpace) == rest {
			return "", "", s.Errorf(n, "%s: %q follows the quoted value", key, rest)
		}
		return value, strings.TrimSpace(rest), nil
	}
	value, rest = cutWord(text)
	switch {
	case value == "":
		return "", "", s.Errorf(n, "%s= has no value", key)
	case quoted(value) != value:
		return "", "", s.Errorf(n, "%s: the value must be quoted: %s", key, strconv.Quote(value))
	}
	return value, rest, nil
}

func cutWord(s string) (word, rest string) {
	i := strings.IndexFunc(s, unicode.IsSpace)
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}

// isWord allows what names of directives, keys, faults and guarantees are made of.
func isWord(s string) bool {
	return s != "" && s[0] >= 'a' && s[0] <= 'z' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// quoted is a value as a file holds it: quoted unless it is a plain word.
func quoted(v string) string {
	plain := func(r rune) bool {
		return r > ' ' && r != '"' && r != '`' && r != '\\' && r != '#' && unicode.IsPrint(r)
	}
	if v == "" || !utf8.ValidString(v) || strings.IndexFunc(v, func(r rune) bool { return !plain(r) }) >= 0 {
		return strconv.Quote(v)
	}
	return v
}
