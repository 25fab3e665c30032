package luahost

import (
	"math"
	"reflect"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"stockproof/adapters/redis/command"
)

func script(source string) *command.Script { return &command.Script{SHA: source, Source: source} }

func refuse([]string) any { return command.Error("ERR no command expected") }

// What Redis 7 replies to each of these. The last column of its documentation, "Data type
// conversion", with its traps: fractions are cut, arrays end at nil, true is 1.
func TestRepliesAreConvertedAsRedisDoes(t *testing.T) {
	h := New()
	for source, want := range map[string]any{
		"return 3.9":                     int64(3),
		"return -3.9":                    int64(-3),
		"return 'text'":                  "text",
		"return true":                    int64(1),
		"return false":                   nil,
		"return nil":                     nil,
		"return":                         nil,
		"return {1, 'a', {2.5}, false}":  []any{int64(1), "a", []any{int64(2)}, nil},
		"return {1, nil, 3}":             []any{int64(1)},
		"return {}":                      []any{},
		"return {ok='FINE'}":             command.Status("FINE"),
		"return {err='MY error'}":        command.Error("MY error"),
		"return redis.status_reply('S')": command.Status("S"),
		"return redis.error_reply('ALREADY_PROCESSED')": command.Error("ERR ALREADY_PROCESSED"),
		"return redis.error_reply('-MY text')":          command.Error("MY text"),
		"return redis.error_reply('MY text')":           command.Error("ERR MY text"),
		"return #KEYS .. #ARGV .. KEYS[1] .. ARGV[2]":   "12ky",
		"return string.rep('ab', 2)":                    "abab",
		"return tostring(tonumber('12', 8))":            "10",
	} {
		if got := h.Run(script(source), []string{"k"}, []string{"x", "y"}, refuse); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v, want %#v", source, got, want)
		}
	}
}

func TestCommandsSeeStringsAndScriptsSeeReplies(t *testing.T) {
	h := New()
	var seen []string
	replies := map[string]any{"NIL": nil, "INT": int64(7), "TEXT": "t", "LIST": []any{nil, "x", int64(2)},
		"OK": command.Status("OK"), "BAD": command.Error("WRONGTYPE no")}
	call := func(args []string) any { seen = args; return replies[args[0]] }
	for source, want := range map[string]any{
		"return redis.call('NIL') == false and 1":                   int64(1),
		"return redis.call('INT') + 1":                              int64(8),
		"return redis.call('TEXT') .. '!'":                          "t!",
		"local l = redis.call('LIST') return {#l, l[1], l[2]}":      []any{int64(3), nil, "x"},
		"return redis.call('OK')":                                   command.Status("OK"),
		"return redis.call('OK').ok":                                "OK",
		"return redis.pcall('BAD').err":                             "WRONGTYPE no",
		"return redis.pcall('BAD')":                                 command.Error("WRONGTYPE no"),
		"local ok, e = pcall(redis.call, 'BAD') return e.err":       "WRONGTYPE no",
		"return redis.pcall('INT', {}).err":                         "ERR Lua redis lib command arguments must be strings or integers",
		"redis.call('INT', 1, 1.5, 1e16, 1e17, 'a') return 'after'": "after",
	} {
		if got := h.Run(script(source), nil, nil, call); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v, want %#v", source, got, want)
		}
		if strings.Contains(source, "1e17") && !reflect.DeepEqual(seen, []string{"INT", "1", "1.5", "10000000000000000", "1e+17", "a"}) {
			t.Errorf("arguments arrive as %q", seen)
		}
	}
	got, _ := h.Run(script("redis.call('BAD') return 1"), nil, nil, call).(command.Error)
	if !strings.HasPrefix(string(got), "WRONGTYPE no script: ") {
		t.Errorf("an error of redis.call ends the script with %q", got)
	}
	got, _ = h.Run(script("return 1 < nil"), nil, nil, call).(command.Error)
	if !strings.HasPrefix(string(got), "ERR user_script:1: attempt to compare") {
		t.Errorf("an error of Lua ends the script with %q", got)
	}
	got, _ = h.Run(script("return ("), nil, nil, call).(command.Error)
	if !strings.HasPrefix(string(got), "ERR Error compiling script") {
		t.Errorf("a script that does not compile: %q", got)
	}
}

func TestNothingSurvivesACall(t *testing.T) {
	h := New()
	for _, source := range []string{"x = 1", "return x", "function f() end", "tonumber = nil"} {
		if _, refused := h.Run(script(source), nil, nil, refuse).(command.Error); !refused && source != "tonumber = nil" {
			t.Errorf("%s: a global was let through", source)
		}
	}
	for range 3 {
		if got := h.Run(script("return #KEYS + 10 * #ARGV"), []string{"a", "b"}, []string{"c"}, refuse); got != int64(12) {
			t.Errorf("got %v, want 12", got)
		}
		if got := h.Run(script("return #KEYS + 10 * #ARGV"), nil, nil, refuse); got != int64(0) {
			t.Errorf("got %v, want 0: KEYS or ARGV of an earlier call is still there", got)
		}
		if got := h.Run(script("local was = ARGV[5] ARGV[5] = 'left' return was"), nil, nil, refuse); got != nil {
			t.Errorf("ARGV[5] is %v from an earlier call", got)
		}
	}
}

// Vectors: printf("%.17g") of glibc.
func TestNumbersAreWrittenWithSeventeenDigits(t *testing.T) {
	for want, n := range map[string]float64{
		"0": 0, "-0": math.Copysign(0, -1), "3": 3, "-7": -7, "1.5": 1.5, "0.10000000000000001": 0.1, "10000000000000000": 1e16,
		"1e+17": 1e17, "1.0000000000000001e-05": 1e-5, "inf": math.Inf(1), "-inf": math.Inf(-1),
		"1.2345678901234568e+20": 123456789012345678901, "0.00012": 0.00012, "2.5000000000000002e-10": 2.5e-10,
	} {
		if got := FormatNumber(n); got != want {
			t.Errorf("%v is written %q, want %q", n, got, want)
		}
	}
}

// The quick search must find what gopher-lua's own finds.
func TestFindIsLuasFind(t *testing.T) {
	l := lua.NewState()
	original := l.GetGlobal("string").(*lua.LTable).RawGetString("find")
	rapid.Check(t, func(t *rapid.T) {
		pattern := ""
		if rapid.Bool().Draw(t, "anchored") {
			pattern = "^"
		}
		for range rapid.IntRange(1, 4).Draw(t, "items") {
			pattern += rapid.SampledFrom([]string{"a", ",", ".", "%d", "%a", "%s", "%-", "%.", "%D", "%x", "%w", "%l", "%u", "%p", "%W"}).Draw(t, "item")
			pattern += rapid.SampledFrom([]string{"", "", "?", "*", "+", "-"}).Draw(t, "quantifier")
		}
		if rapid.Bool().Draw(t, "to the end") {
			pattern += "$"
		}
		if rapid.IntRange(0, 9).Draw(t, "integer") == 0 {
			pattern = integer
		}
		for range 20 {
			s := string(rapid.SliceOfN(rapid.SampledFrom([]byte("aaB1,,2-. x")), 0, 8).Draw(t, "s"))
			l.Push(original)
			l.Push(lua.LString(s))
			l.Push(lua.LString(pattern))
			l.Call(2, 2)
			from, to := -1, -1
			if n, ok := l.Get(-2).(lua.LNumber); ok {
				from, to = int(n)-1, int(l.Get(-1).(lua.LNumber))
			}
			l.Pop(2)
			if gotFrom, gotTo := search(s, pattern); gotFrom != from || gotTo != to {
				t.Fatalf("find(%q, %q) = %d, %d; gopher-lua says %d, %d", s, pattern, gotFrom, gotTo, from, to)
			}
		}
	})
}

func TestFindHandsOverWhatItDoesNotKnow(t *testing.T) {
	h := New()
	for source, want := range map[string]any{
		"return {string.find('key=7', '(%a+)=(%d)')}": []any{int64(1), int64(5), "key", "7"},
		"return {string.find('a.b', '.', 1, true)}":   []any{int64(2), int64(2)},
		"return {string.find('x17', '[0-9]+')}":       []any{int64(2), int64(3)},
		"return {string.find('abab', 'b', 3)}":        []any{int64(4), int64(4)},
		"return string.find('abc', 'x')":              nil,
	} {
		if got := h.Run(script(source), nil, nil, refuse); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v, want %#v", source, got, want)
		}
	}
}
