package debezium_test

import (
	"errors"
	"strings"
	"testing"

	"stockproof/adapters/debezium"
	"stockproof/inventory/port"
)

func encoder(t testing.TB, cfg debezium.Config) *debezium.Encoder {
	t.Helper()
	e, err := debezium.NewEncoder(cfg, func() int64 { return 1_700_000_000_123_456_789 })
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func encode(t testing.TB, e *debezium.Encoder, c port.Change) []port.Record {
	t.Helper()
	recs, err := e.Encode(nil, c)
	if err != nil {
		t.Fatal(err)
	}
	return recs
}

func order(id int64, sku string) []port.Column {
	return []port.Column{{Name: "id", Value: id}, {Name: "sku_id", Value: sku}}
}

func outboxInsert(columns ...port.Column) port.Change {
	row := []port.Column{{Name: "id", Value: [16]byte{15: 1}}, {Name: "aggregatetype", Value: "inventory.state"},
		{Name: "aggregateid", Value: ""}, {Name: "type", Value: "state"}, {Name: "seq", Value: nil},
		{Name: "payload", Value: `{"v":1}`}}
	for _, c := range columns {
		for i := range row {
			if row[i].Name == c.Name {
				row[i] = c
			}
		}
	}
	return port.Change{Schema: "public", Table: "inventory_outbox", Op: 'c', XID: 1, Ordinal: 1, After: row}
}

func TestTablesThatAreNotIncludedAreNotEmittedAndNotCounted(t *testing.T) {
	e := encoder(t, rawConfig)
	skipped := port.Change{Schema: "public", Table: "ledger", Op: 'c', XID: 7, Ordinal: 1, After: order(1, "A")}
	if recs := encode(t, e, skipped); len(recs) != 0 {
		t.Fatalf("got %d records of a table that is not included", len(recs))
	}
	row := port.Change{Schema: "public", Table: "orders", Op: 'c', XID: 7, Ordinal: 2, LSN: 5, After: order(1, "A")}
	recs := encode(t, e, row)
	if len(recs) != 2 || !strings.Contains(string(recs[1].Value), `"total_order":1,`) {
		t.Fatalf("want BEGIN and the first event, got %q", values(recs))
	}
	skipped.Ordinal, skipped.Last, skipped.CommitLSN = 3, true, 9
	recs = encode(t, e, skipped)
	if len(recs) != 1 || !strings.Contains(string(recs[0].Value), `"status":"END","id":"7:9","event_count":1,`) {
		t.Fatalf("want END with one event, got %q", values(recs))
	}
}

// TestCountersStartAgainWhenTheStreamDoes: a slot that broke off inside a transaction sends it from its
// start.
func TestCountersStartAgainWhenTheStreamDoes(t *testing.T) {
	e := encoder(t, rawConfig)
	row := port.Change{Schema: "public", Table: "orders", Op: 'c', XID: 7, Ordinal: 1, LSN: 5, After: order(1, "A")}
	first := encode(t, e, row)
	again := encode(t, e, row)
	if len(again) != 2 || string(again[1].Value) != string(first[1].Value) {
		t.Fatalf("got %q, want %q", values(again), values(first))
	}
}

func TestDeleteStyleAndOldRowsWithoutTheKey(t *testing.T) {
	cfg := debezium.Config{TopicPrefix: "p", Delete: debezium.WithoutTombstone,
		Keys: []debezium.TableKey{{Table: "public.orders", Columns: []string{"sku_id"}}}}
	e := encoder(t, cfg)
	del := port.Change{Schema: "public", Table: "orders", Op: 'd', XID: 1, Ordinal: 1, Before: order(1, "A")}
	if recs := encode(t, e, del); len(recs) != 1 || string(recs[0].Key) != `{"sku_id":"A"}` || recs[0].Topic != "p.public.orders" {
		t.Errorf("delete without tombstone: %v", recs)
	}
	// REPLICA IDENTITY DEFAULT: the old row has no sku_id, so a change of it cannot be seen.
	up := port.Change{Schema: "public", Table: "orders", Op: 'u', XID: 2, Ordinal: 1,
		Before: []port.Column{{Name: "id", Value: int64(1)}}, After: order(1, "B")}
	if recs := encode(t, e, up); len(recs) != 1 || !strings.Contains(string(recs[0].Value), `"op":"u"`) {
		t.Errorf("update without old key: %q", values(recs))
	}
}

func TestOutboxRowsThatTheRouterCannotRoute(t *testing.T) {
	for _, c := range []struct {
		name   string
		change port.Change
		reason string
	}{
		{"update", func() port.Change { c := outboxInsert(); c.Op = 'u'; return c }(), "inserts and deletes only"},
		{"null key", outboxInsert(port.Column{Name: "aggregateid", Value: nil}), "aggregateid"},
		{"null topic", outboxInsert(port.Column{Name: "aggregatetype", Value: nil}), "aggregatetype"},
		{"bytea payload", outboxInsert(port.Column{Name: "payload", Value: []byte("x")}), "bytea"},
		{"missing column", port.Change{Schema: "public", Table: "inventory_outbox", Op: 'c'}, "no column"},
	} {
		_, err := encoder(t, outboxConfig).Encode(nil, c.change)
		if !errors.Is(err, port.ErrContract) || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	del := outboxInsert()
	del.Op, del.Before, del.After = 'd', del.After, nil
	if recs := encode(t, encoder(t, outboxConfig), del); len(recs) != 0 {
		t.Errorf("a delete was emitted: %q", values(recs))
	}
}

func TestTheEmptyAggregateIsAnEmptyKeyAndNotNull(t *testing.T) {
	rec := encode(t, encoder(t, outboxConfig), outboxInsert())[0]
	if rec.Key == nil || len(rec.Key) != 0 {
		t.Errorf("key %#v", rec.Key)
	}
	if seq, ok := rec.Header("seq"); !ok || seq == nil || len(seq) != 0 {
		t.Errorf("seq header %#v", seq)
	}
}

func TestValuesWithoutAnEncodingFailTheConnector(t *testing.T) {
	for _, v := range []any{"\xff", 1.5, int32(1), struct{}{}} {
		c := port.Change{Schema: "public", Table: "orders", Op: 'c', After: []port.Column{{Name: "sku_id", Value: v}}}
		if _, err := encoder(t, rawConfig).Encode(nil, c); !errors.Is(err, port.ErrContract) {
			t.Errorf("%#v: %v", v, err)
		}
	}
}

// TestJacksonsEscapes: upper-case hex, nothing escaped that need not be, and characters beyond U+FFFF as
// two escapes (FasterXML/jackson-core#223).
func TestJacksonsEscapes(t *testing.T) {
	e := encoder(t, debezium.Config{TopicPrefix: "p", Keys: []debezium.TableKey{{Table: "s.t", Columns: []string{"k"}}}})
	c := port.Change{Schema: "s", Table: "t", Op: 'c', After: []port.Column{{Name: "k", Value: "\x00\x1f\x7f\b\t\n\f\r\"\\/<&>\u2028ü\U0001F602"}}}
	want := `{"k":"\u0000\u001F` + "\x7f" + `\b\t\n\f\r\"\\/<&>` + "\u2028ü" + `\uD83D\uDE02"}`
	if got := string(encode(t, e, c)[0].Key); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRoutesAreThoseOfJava(t *testing.T) {
	e := encoder(t, debezium.Config{TopicPrefix: "p", Routes: []debezium.Route{{`public`, "wrong"}, {`p\.(\w+)\.(\w+)`, "$1_$2x"}}})
	c := port.Change{Schema: "public", Table: "t", Op: 'c', After: order(1, "A")}
	if got := encode(t, e, c)[0].Topic; got != "public_tx" {
		t.Errorf("got %s", got)
	}
}

func TestConfigurationsThatCannotWorkAreRefused(t *testing.T) {
	for name, cfg := range map[string]debezium.Config{
		"no prefix":       {},
		"broken route":    {TopicPrefix: "p", Routes: []debezium.Route{{Regex: "("}}},
		"key of no field": {TopicPrefix: "p", Keys: []debezium.TableKey{{Table: "s.t"}}},
	} {
		if _, err := debezium.NewEncoder(cfg, func() int64 { return 0 }); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func values(recs []port.Record) []string {
	var out []string
	for _, r := range recs {
		out = append(out, string(r.Value))
	}
	return out
}
