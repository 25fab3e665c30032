package contract

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"stockproof/adapters/redis/command"
)

// ScriptBed runs shipped scripts on a server, below the port: with any arguments, bad ones included.
type ScriptBed struct {
	// Eval runs a script; an error reply is a command.Error.
	Eval func(s *command.Script, keys, args []string) any
	// Raw runs a plain command that must succeed.
	Raw func(args ...string) any
}

const (
	oneKey   = "{P}:one" // the lane, the heartbeat or the stock
	otherKey = "{P}:other"
)

// SpeedScripts checks every script against its meaning in Go (speed_model.go), over random states
// and arguments: the same reply and the same data afterwards, after runs of up to steps scripts.
func SpeedScripts(t *testing.T, bed ScriptBed, steps int) {
	for _, s := range command.Scripts() {
		if s.Name == "replid" {
			continue // reads no data
		}
		t.Run(s.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				for range steps {
					prepare(t, bed)
					for range rapid.IntRange(1, 3).Draw(t, "runs") {
						scriptStep(t, bed, s)
					}
				}
			})
		})
	}
}

// scriptStep runs s once and compares.
func scriptStep(t *rapid.T, bed ScriptBed, s *command.Script) {
	before := look(bed)
	var args []string
	keys := []string{oneKey}
	switch s.Name {
	case "install":
		args = drawArguments(t, 9)
	case "beat":
		args = drawArguments(t, 1)
	default:
		keys = append(keys, otherKey)
		args = []string{drawNumber(t, "qty"), drawTTL(t)}
	}
	after, want := meaning(s.Name, before, args)
	got := bed.Eval(s, keys, args)
	if !sameReply(got, want) {
		t.Fatalf("%s %q on %v\nreplied %#v\nwant    %#v", s.Name, args, before, got, want)
	}
	if now := look(bed); !reflect.DeepEqual(now, after) {
		t.Fatalf("%s %q on %v (replied %#v)\nleft %v\nwant %v", s.Name, args, before, got, now, after)
	}
}

// sameReply compares replies; of an error, its code or, where a script made it, its text.
func sameReply(got, want any) bool {
	e, ok := got.(command.Error)
	if !ok {
		return reflect.DeepEqual(got, want)
	}
	w, ok := want.(command.Error)
	made := strings.TrimPrefix(string(e), "ERR ") // Redis 7 puts ERR before a script's bare text
	if w == "ERR" {
		return made != string(e) && made != "ALREADY_PROCESSED" && made != "INSUFFICIENT_STOCK"
	}
	return ok && strings.HasPrefix(made, string(w))
}

// prepare puts the two keys into a random state.
func prepare(t *rapid.T, bed ScriptBed) {
	for _, key := range []string{oneKey, otherKey} {
		bed.Raw("DEL", key)
	}
	switch rapid.SampledFrom([]string{"absent", "string", "number", "hash", "lane", "lane", "lane"}).Draw(t, "state") {
	case "string":
		bed.Raw("SET", oneKey, drawNumber(t, "value"))
	case "number":
		bed.Raw("SET", oneKey, fmt.Sprint(rapid.Int64Range(-20, 50).Draw(t, "stock")))
	case "hash":
		bed.Raw("HSET", oneKey, "foreign", "1")
	case "lane":
		bed.Raw("HSET", oneKey, "e", drawNumber(t, "e"), "s", drawNumber(t, "s"), "a", drawNumber(t, "a"))
	}
	if rapid.IntRange(0, 4).Draw(t, "token") == 0 {
		bed.Raw("SET", otherKey, "1")
	}
}

// look reads both keys.
func look(bed ScriptBed) state {
	now := state{}
	for _, key := range []string{oneKey, otherKey} {
		if bed.Raw("EXISTS", key) == int64(0) {
			continue
		}
		if fmt.Sprint(bed.Raw("TYPE", key)) == "hash" {
			fields := map[string]string{}
			list := bed.Raw("HGETALL", key).([]any)
			for i := 0; i < len(list); i += 2 {
				fields[list[i].(string)] = list[i+1].(string)
			}
			now[key] = value{hash: fields}
			continue
		}
		now[key] = value{text: bed.Raw("GET", key).(string)}
	}
	return now
}

// edges are the inputs that separate one reading of a number from another.
var edges = []string{"", " ", "5 ", " 5", "\t5\v", "+5", "-0", "0", "007", "-5", "0x10", "0X1F", "-0x2", "0x", "0x1p3",
	"0x.8", "1e1", "1E+2", "1e", "1.0", "1.5", ".5", "5.", ".", "inf", "-Infinity", "nan", "NaN", "1e400", "1e16", "1e17",
	"1e18", "1_000", "0b1", "0o7", "5\x005", "\x00", "--1", "1,2", "9007199254740990", "9007199254740991", "9007199254740992",
	"9007199254740993", "-9007199254740991", "-9007199254740992", "9223372036854775807", "-9223372036854775808",
	"9223372036854775808", "99999999999999999999", "00000000000000000000005"}

func drawNumber(t *rapid.T, label string) string {
	switch rapid.IntRange(0, 9).Draw(t, label+" kind") {
	case 0, 1, 2, 3, 4:
		return fmt.Sprint(rapid.Int64Range(-3, 12).Draw(t, label))
	case 5, 6:
		return rapid.SampledFrom(edges).Draw(t, label)
	case 7:
		return fmt.Sprint(rapid.Int64().Draw(t, label))
	case 8:
		return string(rapid.SliceOfN(rapid.SampledFrom([]byte("0123456789-+.eExXpP \t")), 0, 6).Draw(t, label))
	}
	return string(rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, label))
}

// drawArguments draws n arguments, mostly good ones, now and then too few or too many.
func drawArguments(t *rapid.T, n int) []string {
	switch rapid.IntRange(0, 19).Draw(t, "arguments") {
	case 0:
		n--
	case 1:
		n++
	}
	args := make([]string, n)
	spoiled := rapid.IntRange(0, 3*n+3).Draw(t, "spoiled")
	for i := range args {
		args[i] = fmt.Sprint(rapid.Int64Range(-1, 12).Draw(t, "argument"))
		if i == spoiled {
			args[i] = drawNumber(t, "spoiled argument")
		}
	}
	return args
}

func drawTTL(t *rapid.T) string {
	if rapid.Bool().Draw(t, "good ttl") {
		return "86400"
	}
	return rapid.SampledFrom([]string{"0", "-1", "86400.0", "", "x", " 86400", "0x10", "+86400", "086400",
		"9223372036854775", "9223372036854776", "9223372036854775807", "-9223372036854775808", "99999999999"}).Draw(t, "ttl")
}
