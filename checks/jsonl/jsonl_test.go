package jsonl_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"stockproof/checks"
	"stockproof/checks/jsonl"
	"stockproof/model"
)

// enum makes values of a type that has no more values than these.
func enum[E ~uint8](values int) *rapid.Generator[any] {
	return rapid.Map(rapid.Uint8Range(0, uint8(values)), func(n uint8) any { return E(n) }).AsAny()
}

// bytesOf makes any bytes: what JSON cannot hold.
func bytesOf[S ~string]() *rapid.Generator[any] {
	return rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 6), func(b []byte) any { return S(b) }).AsAny()
}

// anyOf makes values of a type: everything that the format can hold.
func anyOf[T any]() *rapid.Generator[T] {
	optional := rapid.Map(rapid.Int64(), func(n int64) any { return model.Optional{Value: n, Present: n%2 == 0} })
	absent := func(v any) any { // an absent number has no value
		if o := v.(model.Optional); !o.Present {
			return model.Optional{}
		}
		return v
	}
	return rapid.MakeCustom[T](rapid.MakeConfig{Types: map[reflect.Type]*rapid.Generator[any]{
		reflect.TypeFor[model.SKU]():         bytesOf[model.SKU](),
		reflect.TypeFor[model.Location]():    bytesOf[model.Location](),
		reflect.TypeFor[model.Kind]():        enum[model.Kind](int(model.SetLimit)),
		reflect.TypeFor[model.Outcome]():     enum[model.Outcome](int(model.Invalid)),
		reflect.TypeFor[model.Policy]():      enum[model.Policy](int(model.Partial)),
		reflect.TypeFor[model.LineState]():   enum[model.LineState](int(model.LineRejected)),
		reflect.TypeFor[checks.EffectKind](): enum[checks.EffectKind](int(checks.Set)),
		reflect.TypeFor[checks.Reply]():      enum[checks.Reply](int(checks.Insufficient)),
		reflect.TypeFor[checks.Fate]():       enum[checks.Fate](int(checks.Ignored)),
		reflect.TypeFor[model.Optional]():    rapid.Map(optional, absent),
		reflect.TypeFor[checks.Capability](): rapid.Map(rapid.Uint8Range(0, uint8(checks.LedgerRows)),
			func(n uint8) any { return checks.Capability(n) }).AsAny(),
		reflect.TypeFor[checks.Guarantee](): rapid.Map(rapid.SampledFrom(checks.Guarantees()),
			func(g checks.Guarantee) any { return g }).AsAny(),
	}, Kinds: map[reflect.Kind]*rapid.Generator[any]{reflect.String: rapid.StringN(0, 8, -1).AsAny()}})
}

// anyEvent makes an event that may come at a time: an answer answers an open call.
func anyEvent(t *rapid.T, now *int64, calls *uint64, open *[]uint64) checks.Event {
	*now += rapid.Int64Range(0, 5).Draw(t, "pass")
	switch rapid.IntRange(0, 10).Draw(t, "kind") {
	case 10:
		return anyOf[checks.Skew]().Draw(t, "skew")
	case 8:
		return anyOf[checks.Lost]().Draw(t, "lost")
	case 0, 1:
		e := anyOf[checks.Call]().Draw(t, "call")
		*calls++
		*open = append(*open, *calls)
		e.Attempt, e.At = *calls, *now
		if e.Late {
			e.At -= rapid.Int64Range(0, 9).Draw(t, "late")
		}
		return e
	case 2, 3:
		if len(*open) == 0 {
			break
		}
		i := rapid.IntRange(0, len(*open)-1).Draw(t, "attempt")
		if rapid.Bool().Draw(t, "unknown") {
			return checks.Unknown{Attempt: (*open)[i], At: *now, Why: rapid.String().Draw(t, "why")}
		}
		e := anyOf[checks.Return]().Draw(t, "return")
		e.Attempt, e.At = (*open)[i], *now
		if e.Decision.Decided() || e.Refused != "" {
			*open = slices.Delete(*open, i, i+1)
		}
		return e
	case 4:
		return anyOf[checks.Answer]().Draw(t, "answer")
	case 5:
		return anyOf[checks.Effect]().Draw(t, "effect")
	case 6:
		return anyOf[checks.Install]().Draw(t, "install")
	case 7:
		e := anyOf[checks.Read]().Draw(t, "read")
		e.At, e.Call = *now, *now-rapid.Int64Range(0, 9).Draw(t, "took")
		return e
	}
	return anyOf[checks.Delivery]().Draw(t, "delivery")
}

func anyHistory(t *rapid.T) checks.History {
	h := checks.History{Header: anyOf[checks.Header]().Draw(t, "header")}
	now, calls, open := rapid.Int64Range(0, 1<<50).Draw(t, "began"), uint64(0), []uint64(nil)
	for range rapid.IntRange(0, 12).Draw(t, "events") {
		h.Events = append(h.Events, anyEvent(t, &now, &calls, &open))
	}
	a := &h.Audit
	a.SpeedRead = rapid.Bool().Draw(t, "speed read")
	a.Restless = rapid.Bool().Draw(t, "restless")
	rows(t, &a.Commands)
	rows(t, &a.Ledger)
	rows(t, &a.Lanes)
	rows(t, &a.Lines)
	rows(t, &a.Stock)
	rows(t, &a.Speed)
	rows(t, &a.Dead)
	rows(t, &a.Supply)
	rows(t, &a.State)
	rows(t, &a.Held)
	a.StateRead, a.HeldRead = rapid.Bool().Draw(t, "state read"), rapid.Bool().Draw(t, "held read")
	for _, channel := range []string{"web", "erp"}[:rapid.IntRange(0, 2).Draw(t, "feeds")] {
		f := checks.Feed{Channel: channel}
		rows(t, &f.Rows)
		a.Feeds = append(a.Feeds, f)
	}
	h.End = checks.End{NeverHappened: rapid.SliceOfN(rapid.String(), 0, 2).Draw(t, "never"),
		Outside: rapid.SliceOfN(rapid.String(), 0, 2).Draw(t, "outside")}
	return h
}

func rows[R any](t *rapid.T, into *[]R) {
	*into = rapid.SliceOfN(anyOf[R](), 0, 2).Draw(t, reflect.TypeFor[R]().Name())
}

func write(t interface{ Fatal(...any) }, h checks.History) []byte {
	var b bytes.Buffer
	w := jsonl.NewWriter(&b, h.Header)
	for _, e := range h.Events {
		w.Observe(e)
	}
	if err := w.Close(h.Audit, h.End); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What is written is read back whole: every event, every row, every name of any bytes.
func TestAnyHistoryIsReadBackAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := anyHistory(t)
		text := write(t, h)
		got, err := jsonl.Read("h.jsonl", bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if again := write(t, got); !bytes.Equal(text, again) {
			t.Fatalf("written, read and written again:\n%s\nis not\n%s", again, text)
		}
		if len(got.Events) != len(h.Events) {
			t.Fatalf("%d events of %d", len(got.Events), len(h.Events))
		}
		for i := range h.Events {
			if !reflect.DeepEqual(got.Events[i], h.Events[i]) {
				t.Fatalf("event %d: %+v, want %+v", i+1, got.Events[i], h.Events[i])
			}
		}
		if !reflect.DeepEqual(empty(got.Audit), empty(h.Audit)) {
			t.Fatalf("audit: %+v, want %+v", got.Audit, h.Audit)
		}
	})
}

// empty makes lists without rows nil: the format does not tell them apart.
func empty(a checks.Audit) checks.Audit {
	v := reflect.ValueOf(&a).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice && f.Len() == 0 && f.CanSet() {
			f.SetZero()
		}
	}
	for i, f := range a.Feeds {
		if len(f.Rows) == 0 {
			a.Feeds[i].Rows = nil
		}
	}
	return a
}

const samples = "../../testdata/histories"

// The format stands: files that were written once are still read, and written the same, byte for byte.
func TestSamplesAreReadAndWrittenTheSame(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(samples, "*.jsonl"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		h, err := jsonl.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if again := write(t, h); !bytes.Equal(text, again) {
			t.Errorf("%s is written as\n%s", path, again)
		}
	}
}

// Whatever is wrong is an error with file, line and reason.
func TestBadHistoriesAreRefusedByLine(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(samples, "ledger-tiny.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	sample := strings.SplitAfter(string(text), "\n")
	sample = sample[:len(sample)-1]
	at := func(prefix string) int { // the first line of a kind
		return slices.IndexFunc(sample, func(l string) bool { return strings.HasPrefix(l, `{"`+prefix+`"`) })
	}
	with := func(i int, line string) []string {
		return slices.Insert(slices.Clone(sample), i, strings.TrimSuffix(line, "\n")+"\n")
	}
	without := func(i int) []string { return slices.Delete(slices.Clone(sample), i, i+1) }
	replaced := func(i int, old, new string) []string {
		lines := slices.Clone(sample)
		lines[i] = strings.Replace(lines[i], old, new, 1)
		return lines
	}
	decided := slices.IndexFunc(sample, func(l string) bool { return strings.HasPrefix(l, `{"return"`) && strings.Contains(l, "GRANTED") })
	call, ret, ledger, end := at("call"), at("return"), at("ledger"), len(sample)-1
	for _, c := range []struct {
		name  string
		lines []string
		line  int
		says  string
	}{
		{"nothing", nil, 0, "cut short"},
		{"no header", sample[1:], 1, "not the header"},
		{"another version", replaced(0, `"version":1`, `"version":9`), 1, "version 9"},
		{"an unknown claim", replaced(0, "no-oversell", "no-undersell"), 1, "no-undersell"},
		{"a seed that is none", replaced(0, `"seed":"0x`, `"seed":"0xseed`), 1, "is no 0x number"},
		{"a name without an id", replaced(at("name"), `"id":"`, `"id":"x`), at("name") + 1, "UUID"},
		{"a name behind the first event", with(call+1, sample[at("name")]), call + 2, "behind the first event"},
		{"an audit of something else", replaced(at("audit"), `"speed_read"`, `"speed_red"`), at("audit") + 1, "speed_red"},
		{"units that are none", replaced(at("shown"), `"found":true`, `"found":"yes"`), at("shown") + 1, "found"},
		{"a feed that nobody named", replaced(at("shown"), `{"shown":{`, `{"shown":{"feed":"fax",`), at("shown") + 1, `no feed "fax"`},
		{"an end of something else", replaced(end, `"events"`, `"event"`), end + 1, `"event"`},
		{"an answer before its call", replaced(ret, `"at":`, `"at":-`), ret + 1, "time runs backwards"},
		{"a line cut in the middle", append(slices.Clone(sample[:ret]), sample[ret][:20]), ret + 1, "cut short"},
		{"the end is missing", sample[:end], end, "cut short"},
		{"no JSON", with(call, "once upon a time"), call + 1, "no JSON"},
		{"not UTF-8", with(call, "{\"call\":\"\xff\"}"), call + 1, "UTF-8"},
		{"an unknown kind", with(call, `{"refund":{}}`), call + 1, `"refund"`},
		{"an unknown member", replaced(ret, `"attempt"`, `"tries"`), ret + 1, `"tries"`},
		{"a number that is none", replaced(ret, `"attempt":1`, `"attempt":"one"`), ret + 1, "attempt"},
		{"an unknown outcome", replaced(ledger, `GRANTED`, `GIVEN`), ledger + 1, "GIVEN"},
		{"two members", with(call, `{"call":{},"return":{}}`), call + 1, "one member"},
		{"a return without a call", with(call, `{"return":{"attempt":77,"at":1}}`), call + 1, "without a call"},
		{"an unknown outcome without a call", with(call, `{"unknown":{"attempt":77,"at":1}}`), call + 1, "without a call"},
		{"an answer to what was answered", with(decided+1, sample[decided]), decided + 2, "answered before"},
		{"a call twice", with(call, sample[call]), call + 2, "called before"},
		{"time runs backwards", with(end-20, `{"read":{"call":1,"at":1,"space":"inv"}}`), end - 19, "time runs backwards"},
		{"a read that ends before it begins", with(call, `{"read":{"call":9,"at":8,"space":"inv"}}`), call + 1, "time runs backwards"},
		{"an event in the audit", with(ledger, sample[call]), ledger + 1, `"call"`},
		{"a row is missing", without(ledger), end, "lines are missing"},
		{"an event is missing", without(at("install")), end, "lines are missing"},
		{"something behind the end", append(slices.Clone(sample), sample[1]), end + 2, "follows the end"},
		{"a lane that is no key", replaced(ledger, "A:main", "A"), ledger + 1, "enc(sku):enc(loc)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := jsonl.Read("h.jsonl", strings.NewReader(strings.Join(c.lines, "")))
			var bad *checks.InputError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v", err)
			}
			if bad.File != "h.jsonl" || bad.Line != c.line || !strings.Contains(bad.Reason, c.says) {
				t.Errorf("%v, want line %d and %q", bad, c.line, c.says)
			}
		})
	}
}
