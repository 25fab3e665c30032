package luahost

import (
	"math"
	"strconv"
	"strings"
)

// space is what C's isspace takes for space.
const space = " \t\n\v\f\r"

// ParseNumber reads a string as Lua 5.1's tonumber does on glibc: strtod, with space around it. Hex
// and hex floats, "inf" and "nan" are numbers; a NUL ends the string.
// Source: Lua 5.1 lobject.c luaO_str2d; C99 7.20.1.3.
func ParseNumber(s string) (float64, bool) {
	if n, ok := short(s); ok {
		return n, true
	}
	if i := strings.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	s = strings.Trim(s, space)
	sign := ""
	body := s
	if body != "" && (body[0] == '+' || body[0] == '-') {
		sign, body = body[:1], body[1:]
	}
	lower := strings.ToLower(body)
	switch {
	case lower == "inf" || lower == "infinity":
		return math.Inf(signOf(sign)), true
	case lower == "nan" || nanPayload(lower):
		return math.NaN(), true
	case strings.HasPrefix(lower, "0x"):
		return parseFloat(sign, "0x", lower[2:], 'p', hexDigit)
	}
	return parseFloat(sign, "", lower, 'e', decimalDigit)
}

// short reads the common case: an integer of at most 15 digits.
func short(s string) (float64, bool) {
	digits := strings.TrimPrefix(s, "-")
	if len(digits) == 0 || len(digits) > 15 {
		return 0, false
	}
	n := int64(0)
	for i := 0; i < len(digits); i++ {
		if !decimalDigit(digits[i]) {
			return 0, false
		}
		n = n*10 + int64(digits[i]-'0')
	}
	if len(digits) < len(s) {
		return -float64(n), true // "-0" stays negative
	}
	return float64(n), true
}

// parseFloat reads digits [. digits] [exponent], and nothing after it.
func parseFloat(sign, prefix, s string, marker byte, digit func(byte) bool) (float64, bool) {
	mantissa, exponent := s, ""
	if i := strings.IndexByte(s, marker); i >= 0 {
		mantissa, exponent = s[:i], s[i+1:]
		digits := strings.TrimLeft(exponent, "+-")
		if len(exponent)-len(digits) > 1 || !all(digits, decimalDigit) {
			return 0, false
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole+fraction == "" || !all(whole+fraction+"0", digit) {
		return 0, false
	}
	text := sign + prefix + whole + "." + fraction
	switch {
	case exponent != "":
		text += string(marker) + exponent
	case prefix != "":
		text += "p0" // Go wants an exponent on a hexadecimal float
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(v, 0) {
		return 0, false
	}
	return v, true // out of range is infinite, as in C
}

func all(s string, ok func(byte) bool) bool {
	for i := 0; i < len(s); i++ {
		if !ok(s[i]) {
			return false
		}
	}
	return s != ""
}

func decimalDigit(c byte) bool { return c >= '0' && c <= '9' }

func hexDigit(c byte) bool { return decimalDigit(c) || c >= 'a' && c <= 'f' }

func nanPayload(s string) bool {
	s, open := strings.CutPrefix(s, "nan(")
	s, shut := strings.CutSuffix(s, ")")
	word := func(c byte) bool { return decimalDigit(c) || c >= 'a' && c <= 'z' || c == '_' }
	return open && shut && (s == "" || all(s, word))
}

func signOf(sign string) int {
	if sign == "-" {
		return -1
	}
	return 1
}

// FormatNumber writes a number as redis.call passes it on: "%.17g".
// Source: Redis 7.0 script_lua.c, luaRedisGenericCommand.
func FormatNumber(n float64) string {
	switch {
	case math.IsNaN(n):
		if math.Signbit(n) {
			return "-nan"
		}
		return "nan"
	case math.IsInf(n, 0):
		if n < 0 {
			return "-inf"
		}
		return "inf"
	case n == 0 && math.Signbit(n):
		return "-0"
	case n == math.Trunc(n) && math.Abs(n) < 1e17:
		return strconv.FormatInt(int64(n), 10)
	}
	s := strconv.FormatFloat(n, 'g', 17, 64)
	mantissa, exponent, scientific := strings.Cut(s, "e")
	if strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	if scientific {
		return mantissa + "e" + exponent
	}
	return mantissa
}
