package contract

import (
	"maps"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"stockproof/adapters/redis/command"
)

// state is the data of the two keys: what the scripts mean, without a Redis.
type state map[string]value

// value is a string, or a hash where hash is not nil.
type value struct {
	text string
	hash map[string]string
}

// meaning is what a script does to before, and replies.
func meaning(script string, before state, args []string) (after state, reply any) {
	after = state{}
	for k, v := range before {
		after[k] = value{text: v.text, hash: maps.Clone(v.hash)}
	}
	switch script {
	case "install":
		return after, installMeans(after, args)
	case "beat":
		return after, beatMeans(after, args)
	case "deduct":
		return after, stockMeans(after, args, -1)
	}
	return after, stockMeans(after, args, 1)
}

var digits = regexp.MustCompile(`^-?[0-9]+\z`)

// exact reads a decimal integer within 2^53-1, and nothing else.
func exact(s string) (int64, bool) {
	n, ok := new(big.Int).SetString(s, 10)
	if !digits.MatchString(s) || !ok || n.CmpAbs(big.NewInt(1<<53-1)) > 0 {
		return 0, false
	}
	return n.Int64(), true
}

func list(ns ...int64) []any {
	out := make([]any, len(ns))
	for i, n := range ns {
		out[i] = n
	}
	return out
}

// installMeans is install.lua in Go, in its order.
func installMeans(s state, args []string) any {
	var n [9]int64
	for i, a := range args {
		v, ok := exact(a)
		if !ok || len(args) != 9 {
			return list(-9, 0, 0, 0)
		}
		n[i] = v
	}
	if len(args) != 9 {
		return list(-9, 0, 0, 0)
	}
	held, found := s[oneKey]
	if found && held.hash == nil {
		return list(-8, 0, 0, 0)
	}
	code := int64(3)
	if found {
		e, ok1 := exact(held.hash["e"])
		q, ok2 := exact(held.hash["s"])
		a, ok3 := exact(held.hash["a"])
		switch {
		case !ok1 || !ok2 || !ok3:
			code = 4
		case n[0] < e:
			return list(-2, e, q, a)
		case n[0] == e && n[1] <= q:
			return list(0, e, q, a)
		case n[2] > q+1:
			code = 2
		default:
			code = 1
		}
	} else {
		s[oneKey] = value{hash: map[string]string{}}
	}
	for i, name := range []string{"e", "s", "", "a", "on_hand", "reserved", "limit", "ver", "at"} {
		if name != "" { // from_seq is not stored
			s[oneKey].hash[name] = args[i]
		}
	}
	return list(code, n[0], n[1], n[3])
}

func beatMeans(s state, args []string) any {
	if len(args) == 0 {
		return list(-9, 0)
	}
	at, ok := exact(args[0])
	if !ok {
		return list(-9, 0)
	}
	held, found := s[oneKey]
	code := int64(3)
	if found {
		last, ok := exact(held.text)
		switch {
		case held.hash != nil:
			return list(-8, 0)
		case !ok:
			code = 4
		case at <= last:
			return list(0, last)
		default:
			code = 1
		}
	}
	s[oneKey] = value{text: args[0]}
	return list(code, at)
}

// stockMeans is deduct (sign -1) and credit (sign 1): ARTICLE's six steps, partial effects included.
func stockMeans(s state, args []string, sign int64) any {
	raised := command.Error("ERR")
	if _, seen := s[otherKey]; seen {
		return command.Error("ALREADY_PROCESSED")
	}
	held, found := s[oneKey]
	switch {
	case !found:
		held.text = "0"
	case held.hash != nil:
		return command.Error("WRONGTYPE")
	}
	stock, stockIsNumber := cNumber(held.text)
	qty, qtyIsNumber := cNumber(args[0])
	if sign < 0 {
		if !stockIsNumber || !qtyIsNumber {
			return raised // compares nil
		}
		if stock < qty {
			return command.Error("INSUFFICIENT_STOCK")
		}
	}
	by, ok := integral(qty)
	old, isCounter := canonical(held.text)
	if !qtyIsNumber || !ok || !isCounter {
		return raised
	}
	next := new(big.Int).Add(big.NewInt(old), new(big.Int).Mul(big.NewInt(sign), big.NewInt(by)))
	if !next.IsInt64() || sign < 0 && by == math.MinInt64 {
		return raised
	}
	s[oneKey] = value{text: next.String()}
	ttl, ok := canonical(args[1])
	if !ok || ttl <= 0 || ttl > (math.MaxInt64-4_000_000_000_000)/1000 { // now is some 2e12 ms
		return raised // after the deduction
	}
	s[otherKey] = value{text: "1"}
	return int64(stock + float64(sign)*qty)
}

// integral is the integer that Redis reads from a Lua number written with %.17g.
func integral(n float64) (int64, bool) {
	if n != math.Trunc(n) || math.Abs(n) >= 1e17 || n == 0 && math.Signbit(n) {
		return 0, false
	}
	return int64(n), true
}

// canonical reads an integer as Redis stores one.
func canonical(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == s
}

var (
	cDecimal = regexp.MustCompile(`(?i)^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?\z`)
	cHex     = regexp.MustCompile(`(?i)^([+-]?0x)([0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(p[+-]?[0-9]+)?\z`)
	cSpecial = regexp.MustCompile(`(?i)^[+-]?(inf|infinity|nan)\z`)
)

// cNumber reads a number as strtod does, with space around it.
func cNumber(s string) (float64, bool) {
	s, _, _ = strings.Cut(s, "\x00")
	s = strings.Trim(s, " \t\n\v\f\r")
	if m := cHex.FindStringSubmatch(s); m != nil && m[3] == "" {
		s += "p0"
	} else if m == nil && !cDecimal.MatchString(s) && !cSpecial.MatchString(s) {
		return 0, false
	}
	if strings.HasSuffix(strings.ToLower(s), "nan") {
		return math.NaN(), true
	}
	n, _ := strconv.ParseFloat(s, 64) // out of range is infinite, as in C
	return n, true
}
