package debezium

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// TestReaderAgreesWithEncodingJSON: every string and number that the standard library writes reads back
// exactly, and nothing is accepted that it calls invalid.
func TestReaderAgreesWithEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, n := rapid.String().Draw(t, "s"), rapid.Int64().Draw(t, "n")
		f := rapid.Float64Range(-1e300, 1e300).Draw(t, "f")
		b, err := json.Marshal([]any{s, n, f, nil, true, map[string]any{s: n}, []any{}, map[string]any{}})
		if err != nil {
			t.Fatal(err)
		}
		v, err := parseJSON("value", b)
		if err != nil || len(v.items) != 8 {
			t.Fatalf("%s: %v", b, err)
		}
		back, exact := parseInteger(v.items[1].text)
		float, _ := json.Marshal(f)
		if v.items[0].text != s || back != n || !exact || v.items[2].text != string(float) ||
			v.items[5].fields[0].name != s {
			t.Fatalf("%s read as %+v", b, v)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.SampledFrom([]byte("{}[]\",:0123-+.eE\\utrfalsn \n\x00\x7f\xc3\xbc"))).Draw(t, "b")
		if _, err := parseJSON("value", b); err == nil && !json.Valid(b) {
			t.Fatalf("accepted %q", b)
		}
	})
}

func TestReaderRefusesWhatALenientReaderRepairs(t *testing.T) {
	for _, s := range []string{`"\ud800"`, `"\udc00"`, `"\ud800\u0041"`, `"\ud800x"`, `"\u12"`, `"\u12g4"`, `"\u+123"`, `"\x"`, "\"\xff\"",
		"\"\n\"", `"\`, `"`, `{"a":1,"a":2}`, `{"a" 1}`, `{"a":1,}`, `[1,]`, `01`, `-`, `1.`, `1e`, `.5`, `+1`, `nul`, `NaN`, ``, ` `, `1 2`} {
		if v, err := parseJSON("value", []byte(s)); err == nil {
			t.Errorf("%s accepted as %+v", s, v)
		}
	}
	if v, err := parseJSON("value", []byte(` "\ud83d\ude02\u00fc\/" `)); err != nil || v.text != "😂ü/" {
		t.Errorf("%+v, %v", v, err)
	}
}
