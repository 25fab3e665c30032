package debezium_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"stockproof/inventory/port"
)

const envelopes = "../../testdata/envelopes"

// captured is one line of a file of captured records.
type captured struct {
	Topic     string
	Partition int32
	Offset    int64
	Key       *string
	Value     *string
	Headers   [][2]string
	Timestamp int64 `json:"timestamp_ms"`
}

func (c captured) record() port.Record {
	r := port.Record{Topic: c.Topic, Partition: c.Partition, Offset: c.Offset, At: c.Timestamp}
	if c.Key != nil {
		r.Key = []byte(*c.Key)
	}
	if c.Value != nil {
		r.Value = []byte(*c.Value)
	}
	for _, h := range c.Headers {
		r.Headers = append(r.Headers, port.Header{Key: h[0], Value: []byte(h[1])})
	}
	return r
}

func lines[T any](t testing.TB, name string) []T {
	t.Helper()
	f, err := os.Open(filepath.Join(envelopes, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []T
	for s := bufio.NewReader(f); ; {
		line, err := s.ReadBytes('\n')
		if err != nil {
			if len(line) > 0 {
				t.Fatalf("%s: line %d does not end", name, len(out)+1)
			}
			return out
		}
		var v T
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields() // a misspelled expectation expects nothing
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s:%d: %v", name, len(out)+1, err)
		}
		out = append(out, v)
	}
}

func records(t testing.TB, name string) []port.Record {
	t.Helper()
	var out []port.Record
	for _, c := range lines[captured](t, name) {
		out = append(out, c.record())
	}
	return out
}

// captureFiles are all files of captured records.
func captureFiles(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(envelopes, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range paths {
		if name := filepath.Base(p); name != "expected.jsonl" {
			out = append(out, name)
		}
	}
	return out
}
