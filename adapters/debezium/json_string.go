package debezium

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// string scans a string literal and decodes it.
func (p *parser) string() (string, bool) {
	p.at++ // opening quote
	start, escaped := p.at, false
	for p.at < len(p.b) && p.b[p.at] != '"' {
		switch c := p.b[p.at]; {
		case c < ' ':
			return "", p.fail("has a control character in a string at byte %d", p.at)
		case c == '\\':
			escaped = true
			p.at++
		}
		p.at++
	}
	if p.at >= len(p.b) {
		return "", p.fail("has a string without end, from byte %d", start)
	}
	raw := p.b[start:p.at]
	p.at++ // closing quote
	if !utf8.Valid(raw) {
		return "", p.fail("is not valid UTF-8")
	}
	if !escaped {
		return string(raw), true
	}
	return p.unescape(raw)
}

func (p *parser) unescape(raw []byte) (string, bool) {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++ // string() saw to it that a byte follows
		switch c := raw[i]; c {
		case '"', '\\', '/':
			out = append(out, c)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, n := codePoint(raw[i+1:])
			if n == 0 {
				return "", p.fail("has a broken \\u escape or half a surrogate pair")
			}
			out = utf8.AppendRune(out, r)
			i += n
		default:
			return "", p.fail("has the unknown escape \\%c", c)
		}
	}
	return string(out), true
}

// codePoint reads what follows \u, and the second half of a surrogate pair with it; n is the number
// of bytes used, 0 where there is no code point.
func codePoint(b []byte) (r rune, n int) {
	hi, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(hi) {
		return hi, 4
	}
	if len(b) < 10 || b[4] != '\\' || b[5] != 'u' {
		return 0, 0
	}
	lo, ok := hex4(b[6:])
	if r = utf16.DecodeRune(hi, lo); !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 10
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[:4]), 16, 16)
	return rune(n), err == nil
}
