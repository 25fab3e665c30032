package debezium_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"stockproof/adapters/debezium"
	"stockproof/inventory/port"
	"stockproof/model"
)

// text draws what PostgreSQL's text can hold and a JSON writer may get wrong.
func text() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "SKU-101", `{}:ü "quoted" \ }`, "\x01\x1f\x7f\u2028\ufffd", "𝄞😂", "null", `\u0041`, "{", " "}),
		rapid.StringOf(rapid.SampledFrom([]rune("aü\"\\{}:/\n\t\r\b\f\x01\x7f\u2028\uffff😂"))),
		rapid.String(),
	)
}

func rows() *rapid.Generator[[]port.Column] {
	return rapid.Custom(func(t *rapid.T) []port.Column {
		names := rapid.SliceOfNDistinct(text().Filter(func(s string) bool { return s != "k" }), 0, 6, rapid.ID).Draw(t, "names")
		row := []port.Column{{Name: "k", Value: text().Draw(t, "k")}}
		for _, n := range names {
			row = append(row, port.Column{Name: n, Value: rapid.OneOf(
				rapid.Just[any](nil), rapid.Custom(func(t *rapid.T) any { return rapid.Int64().Draw(t, "n") }),
				rapid.Custom(func(t *rapid.T) any { return text().Draw(t, "s") }),
				rapid.Custom(func(t *rapid.T) any { return rapid.Bool().Draw(t, "b") }),
			).Draw(t, "value")})
		}
		return row
	})
}

func changes() *rapid.Generator[port.Change] {
	return rapid.Custom(func(t *rapid.T) port.Change {
		lsn := rapid.Uint64Range(1, 1<<62)
		c := port.Change{Schema: text().Draw(t, "schema"), Table: text().Draw(t, "table"),
			Op:  rapid.SampledFrom([]byte("cud")).Draw(t, "op"),
			LSN: lsn.Draw(t, "lsn"), CommitLSN: lsn.Draw(t, "commit"), PrevCommitLSN: rapid.Uint64Range(0, 1<<62).Draw(t, "prev"),
			XID: rapid.Int64Range(1, 1<<62).Draw(t, "xid"), Ordinal: 1, Last: true,
			At: rapid.Int64Range(1, 1<<53).Draw(t, "at")}
		if c.Op != 'c' {
			c.Before = rows().Draw(t, "before")
		}
		if c.Op != 'd' {
			c.After = rows().Draw(t, "after")
		}
		return c
	})
}

// TestWhatIsEncodedDecodesToTheSame: for arbitrary tables, columns and keys.
func TestWhatIsEncodedDecodesToTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := changes().Draw(t, "change")
		cfg := debezium.Config{TopicPrefix: "p", Database: "app", Transaction: true,
			Keys: []debezium.TableKey{{Table: c.Schema + "." + c.Table, Columns: []string{"k"}}}}
		enc, err := debezium.NewEncoder(cfg, func() int64 { return 1_700_000_000_123_456_789 })
		if err != nil {
			t.Fatal(err)
		}
		recs, err := enc.Encode(nil, c)
		if err != nil {
			t.Fatal(err)
		}
		back := port.Change{Schema: c.Schema, Table: c.Table, Ordinal: 1, Last: true}
		classes := ""
		for _, rec := range recs {
			ev, err := debezium.Decoder{}.Decode(rec)
			if err != nil {
				t.Fatal(err)
			}
			classes += ev.Class.String() + " "
			if ev.Row == nil {
				continue
			}
			src := ev.Row.Source
			back.LSN, back.PrevCommitLSN, back.XID, back.At = src.LSN, src.PrevCommitLSN, src.TxID, src.AtUS
			if ev.Row.Schema != c.Schema || ev.Row.Table != c.Table || ev.Row.AtNS != 1_700_000_000_123_456_789 {
				t.Fatalf("row %+v", ev.Row)
			}
			side := ev.Row.After
			switch {
			case ev.Row.NewKey != nil:
				back.Op, back.Before, side = 'u', ev.Row.Before, ev.Row.Before
			case ev.Row.OldKey != nil:
				back.After = ev.Row.After
			default:
				back.Op, back.Before, back.After = ev.Row.Op, ev.Row.Before, ev.Row.After
			}
			if ev.Row.Op == 'd' {
				side = ev.Row.Before
			}
			if len(ev.Key) != 1 || ev.Key[0] != side[0] {
				t.Fatalf("key %v of %v", ev.Key, side)
			}
		}
		back.CommitLSN = c.CommitLSN // in the END record, not in a row
		if !reflect.DeepEqual(back, c) {
			t.Fatalf("from %s\n got %+v\nwant %+v", classes, back, c)
		}
		moved := c.Op == 'u' && c.Before[0] != c.After[0]
		want := "transaction row transaction "
		if c.Op == 'd' {
			want = "transaction row tombstone transaction "
		} else if moved {
			want = "transaction row tombstone row transaction "
		}
		if classes != want {
			t.Fatalf("classes %s, want %s", classes, want)
		}
	})
}

func TestOutboxMessagesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := model.NameID(rapid.String().Draw(t, "id"))
		aggregate, payload, eventType := text().Draw(t, "aggregate"), text().Draw(t, "payload"), text().Draw(t, "type")
		seq := rapid.Int64().Draw(t, "seq")
		enc, err := debezium.NewEncoder(outboxConfig, func() int64 { return 0 })
		if err != nil {
			t.Fatal(err)
		}
		recs, err := enc.Encode(nil, outboxInsert(port.Column{Name: "id", Value: [16]byte(id)},
			port.Column{Name: "aggregateid", Value: aggregate}, port.Column{Name: "payload", Value: payload},
			port.Column{Name: "type", Value: eventType}, port.Column{Name: "seq", Value: seq}))
		if err != nil || len(recs) != 1 {
			t.Fatal(recs, err)
		}
		ev, err := debezium.Decoder{}.Decode(recs[0])
		if err != nil {
			t.Fatal(err)
		}
		want := debezium.OutboxMessage{ID: id, EventType: eventType, Seq: strconv.FormatInt(seq, 10),
			Aggregate: []byte(aggregate), Payload: []byte(payload)}
		if !reflect.DeepEqual(*ev.Outbox, want) || recs[0].Topic != "inventory.state2" {
			t.Fatalf("got %+v, want %+v", *ev.Outbox, want)
		}
	})
}

// TestRandomBytesAreNeverACommand: nor is anything that was cut off.
func TestRandomBytesAreNeverACommand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SliceOf(rapid.Byte()).Draw(t, "value")
		if rapid.Bool().Draw(t, "cut off") {
			value = []byte(insert)[:rapid.IntRange(0, len(insert)-1).Draw(t, "length")]
		}
		rec := orderRecord(string(value))
		rec.Key = rapid.SliceOf(rapid.Byte()).Draw(t, "key")
		if ok, err := consumed(rec, true); ok || !errors.Is(err, port.ErrContract) {
			t.Fatalf("%q: ok %v, %v", value, ok, err)
		}
	})
}

// TestCorruptedRecordsAreRefusedOrMeanWhatTheySay replaces bytes of a captured record. What is still
// accepted as an order must be one to encoding/json too, with the same SKU and quantity.
func TestCorruptedRecordsAreRefusedOrMeanWhatTheySay(t *testing.T) {
	var all []port.Record
	for _, f := range captureFiles(t) {
		all = append(all, records(t, f)...)
	}
	rapid.Check(t, func(t *rapid.T) {
		rec := rapid.SampledFrom(all).Draw(t, "record")
		rec.Value = slices.Clone(rec.Value)
		for range rapid.IntRange(1, 4).Draw(t, "corruptions") {
			if len(rec.Value) > 0 {
				at := rapid.IntRange(0, len(rec.Value)-1).Draw(t, "at")
				rec.Value[at] = rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte(`{}[]",:\0129-e.u`))).Draw(t, "byte")
			}
		}
		checkDecode(t, rec)
	})
}

// checkDecode holds for every record there is: errors are contract violations that name the record, and
// an order is what encoding/json reads in it.
func checkDecode(t interface{ Fatalf(string, ...any) }, rec port.Record) {
	ev, err := debezium.Decoder{}.Decode(rec)
	var named *debezium.RecordError
	if err != nil {
		if !errors.As(err, &named) || !errors.Is(err, port.ErrContract) || named.Violation.Field == "" || ev.Command {
			t.Fatalf("%v is not a contract violation by name", err)
		}
		return
	}
	if ev.Class == debezium.ClassOutbox {
		if err := ev.Object(); err == nil && !json.Valid(rec.Value) || err != nil && !errors.Is(err, port.ErrContract) {
			t.Fatalf("payload %q: %v", rec.Value, err)
		}
		return
	}
	o, err := debezium.Decoder{}.OrderEvent(rec)
	order := ev.Class == debezium.ClassRow && ev.Row.Table == "orders" && ev.Row.Op == 'c'
	if order != (err != nil || o.Class == "row" && o.Op == 'c') {
		t.Fatalf("%s as order %+v: %v", ev.Class, o, err)
	}
	if err == nil && order {
		checkOrderMeaning(t, rec.Value, o.Row)
	}
}

func checkOrderMeaning(t interface{ Fatalf(string, ...any) }, value []byte, o port.ShopOrder) {
	var outer map[string]json.RawMessage
	if err := json.Unmarshal(value, &outer); err != nil || !utf8.Valid(value) {
		t.Fatalf("accepted what encoding/json refuses: %v", err)
	}
	if inner, wrapped := outer["payload"]; wrapped {
		outer = nil
		if err := json.Unmarshal(inner, &outer); err != nil {
			t.Fatalf("payload: %v", err)
		}
	}
	var after map[string]json.RawMessage
	var sku string
	if json.Unmarshal(outer["after"], &after) != nil || json.Unmarshal(after["sku_id"], &sku) != nil {
		t.Fatalf("accepted without a row: %s", value)
	}
	if string(outer["op"]) != `"c"` || string(after["qty"]) != strconv.FormatInt(o.Qty, 10) || sku != string(o.SKU) {
		t.Fatalf("decoded %+v from %s", o, value)
	}
	if o.Qty < 1 && !strings.HasPrefix(string(o.Status), "ADJUST") || o.Qty > model.MaxQuantity || o.SKU.Validate() != nil || o.OrderID.IsZero() {
		t.Fatalf("outside the contract: %+v", o)
	}
}

func FuzzDecode(f *testing.F) {
	for _, file := range captureFiles(f) {
		for _, rec := range records(f, file) {
			id, _ := rec.Header("id")
			oldKey, _ := rec.Header("__debezium.oldkey")
			f.Add(rec.Topic, rec.Key, rec.Value, id, oldKey)
		}
	}
	f.Fuzz(func(t *testing.T, topic string, key, value, id, oldKey []byte) {
		rec := port.Record{Topic: topic, Key: key, Value: value}
		if len(id) > 0 {
			rec.Headers = append(rec.Headers, port.Header{Key: "id", Value: id}, port.Header{Key: "eventType"})
		}
		if len(oldKey) > 0 {
			rec.Headers = append(rec.Headers, port.Header{Key: "__debezium.oldkey", Value: oldKey})
		}
		checkDecode(t, rec)
	})
}
