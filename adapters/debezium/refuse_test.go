package debezium_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"stockproof/adapters/debezium"
	"stockproof/inventory/port"
	"stockproof/model"
)

// insert is a sound record of the article's topic, to be broken in one place at a time.
const insert = `{"before":null,"after":{"id":2,"order_id":"00000000-0000-0000-0000-000000000001","sku_id":"A","qty":2,` +
	`"status":"PENDING","price":"B88=","created_at":"2026-11-22T20:12:57.595658Z"},"source":{"version":"3.6.1.Final",` +
	`"connector":"postgresql","name":"raw","ts_ms":1795378377596,"snapshot":"false","db":"app",` +
	`"sequence":"[null,\"26890776\"]","ts_us":1795378377596647,"ts_ns":1795378377596647000,"schema":"public",` +
	`"table":"orders","txId":860,"lsn":26890776,"xmin":null,"origin":null,"origin_lsn":null},"transaction":null,` +
	`"op":"c","ts_ms":1795378377621,"ts_us":1795378377621229,"ts_ns":1795378377621229618}`

func orderRecord(value string) port.Record {
	return port.Record{Topic: "order.created", Partition: 3, Offset: 41, Key: []byte(`{"sku_id":"A"}`), Value: []byte(value)}
}

func TestBrokenRecordsAreRefusedByName(t *testing.T) {
	for _, c := range []struct{ name, old, new, field, reason string }{
		{"quantity above 2^53-1", `"qty":2`, `"qty":9007199254740992`, "after.qty", "is beyond ±(2^53-1)"},
		{"quantity above 64 bits", `"qty":2`, `"qty":99999999999999999999`, "after.qty", "is not an integer of 64 bits"},
		{"quantity above the limit", `"qty":2`, `"qty":1000000001`, "after.qty", "is outside 1..1000000000"},
		{"zero quantity", `"qty":2`, `"qty":0`, "after.qty", "0 is outside"},
		{"negative quantity", `"qty":2`, `"qty":-2`, "after.qty", "-2 is outside"},
		{"fractional quantity", `"qty":2`, `"qty":2.5`, "after.qty", "2.5 is not an integer"},
		{"whole quantity with a fraction", `"qty":2`, `"qty":2.0`, "after.qty", "2.0 is not an integer"},
		{"exponent quantity", `"qty":2`, `"qty":1e1`, "after.qty", "1e1 is not an integer"},
		{"hex quantity", `"qty":2`, `"qty":0x10`, "after", "neither comma nor brace"},
		{"hex quantity in a string", `"qty":2`, `"qty":"0x10"`, "after.qty", `the string "0x10"`},
		{"octal quantity", `"qty":2`, `"qty":012`, "after.qty", "is not a JSON number"},
		{"NUMERIC quantity", `"qty":2`, `"qty":"B88="`, "after.qty", "base64"},
		{"unscaled NUMERIC quantity", `"qty":2`, `"qty":{"scale":2,"value":"B88="}`, "after.qty", "JSON of its own"},
		{"boolean quantity", `"qty":2`, `"qty":true`, "after.qty", "is a boolean"},
		{"null quantity", `"qty":2`, `"qty":null`, "after.qty", "is null"},
		{"no quantity", `"qty":2,`, ``, "after.qty", "is absent"},
		{"quantity twice", `"qty":2`, `"qty":2,"qty":3`, "after.qty", "comes twice"},
		{"unsent TOAST", `"sku_id":"A"`, `"sku_id":"__debezium_unavailable_value"`, "after.sku_id", "was not sent"},
		{"no SKU", `"sku_id":"A",`, ``, "after.sku_id", "is absent"},
		{"null SKU", `"sku_id":"A"`, `"sku_id":null`, "after.sku_id", "is null"},
		{"number as SKU", `"sku_id":"A"`, `"sku_id":7`, "after.sku_id", "is a number"},
		{"long SKU", `"sku_id":"A"`, `"sku_id":"` + strings.Repeat("x", 513) + `"`, "after.sku_id", "513 bytes"},
		{"SKU with U+0000", `"sku_id":"A"`, `"sku_id":"\u0000"`, "after.sku_id", "U+0000"},
		{"SKU of invalid UTF-8", `"sku_id":"A"`, "\"sku_id\":\"\xff\"", "after.sku_id", "not valid UTF-8"},
		{"SKU with half a surrogate pair", `"sku_id":"A"`, `"sku_id":"\ud83d"`, "after.sku_id", "surrogate"},
		{"SKU of another key", `"sku_id":"A"`, `"sku_id":"B"`, "key.sku_id", "A is not the row's B"},
		{"order id", `000000001"`, `00000000x"`, "after.order_id", "is not a UUID"},
		{"zero order id", `000000001"`, `000000000"`, "after.order_id", "is not a UUID"},
		{"id", `"id":2`, `"id":"2"`, "after.id", "is the string"},
		{"status", `"status":"PENDING"`, `"status":1`, "after.status", "is a number"},
		{"timestamp", `"2026-11-22T`, `"yesterdayT`, "after.created_at", "is not a timestamp"},
		{"unknown op", `"op":"c"`, `"op":"x"`, "op", `"x" is not an operation`},
		{"op of the wrong type", `"op":"c"`, `"op":7`, "op", "is a number, not a string"},
		{"no op", `"op":"c",`, ``, "op", "is absent"},
		{"create without row", insert[:strings.Index(insert, `,"source"`)], `{"before":null,"after":null`, "after", "is null"},
		{"row of the wrong type", insert[:strings.Index(insert, `,"source"`)], `{"before":null,"after":[1]`, "after", "is an array"},
		{"create with a row before", `"before":null`, `"before":{"id":2}`, "before", "the operation has none"},
		{"source", `"source":{`, `"source":7,"x":{`, "source", "is a number, not an object"},
		{"no table", `"table":"orders",`, ``, "source.table", "is absent"},
		{"LSN", `"lsn":26890776`, `"lsn":-1`, "source.lsn", "-1 is not a position"},
		{"fractional LSN", `"lsn":26890776`, `"lsn":2.6e7`, "source.lsn", "2.6e7 is not a 64-bit integer"},
		{"sequence", `"sequence":"[null`, `"sequence":"[7`, "source.sequence", "array of two positions"},
		{"sequence of one", `"sequence":"[null,`, `"sequence":"[`, "source.sequence", "array of two positions"},
		{"sequence of three", `"sequence":"[null,`, `"sequence":"[null,null,`, "source.sequence", "array of two positions"},
		{"sequence of text", `"sequence":"[null`, `"sequence":"[\"x\"`, "source.sequence", "array of two positions"},
		{"no name", `"before"`, `"":tru,"before"`, "value.", "is not JSON"},
		{"too deep", `"before":null`, `"before":` + strings.Repeat(`{"a":`, 70), "before" + strings.Repeat(".a", 63), "nested deeper"},
		{"snapshot", `"snapshot":"false"`, `"snapshot":0`, "source.snapshot", "is a number"},
		{"truncated", `229618}`, ``, "value", "neither comma nor brace"},
		{"more behind it", `229618}`, `229618}{}`, "value", "more after the end"},
		{"JSON inside a JSON string", insert, `"{\"op\":\"c\"}"`, "value", "is a string"},
		{"null in text", insert, `null`, "value", "is null"},
		{"no value", insert, ``, "value", "ends where a value should be"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Count(insert, c.old) != 1 {
				t.Fatalf("%q is not in the record once", c.old)
			}
			rec := orderRecord(strings.Replace(insert, c.old, c.new, 1))
			if ok, err := consumed(rec, false); ok || err == nil {
				t.Fatal("accepted")
			}
			_, err := debezium.Decoder{}.OrderEvent(rec)
			(&refusal{c.field, c.reason}).check(t, err, debezium.Place{Topic: "order.created", Partition: 3, Offset: 41})
		})
	}
	if ok, err := consumed(orderRecord(insert), false); !ok || err != nil {
		t.Errorf("the sound record was refused: %v", err)
	}
}

func TestBrokenKeysAndHeadersAreRefusedByName(t *testing.T) {
	place := debezium.Place{Topic: "order.created", Partition: 3, Offset: 41}
	for _, c := range []struct {
		name   string
		breaks func(*port.Record)
		refusal
	}{
		{"key", func(r *port.Record) { r.Key = []byte(`{"sku_id":`) }, refusal{"key.sku_id", "ends where"}},
		{"key of invalid UTF-8", func(r *port.Record) { r.Key = []byte("{\"sku_id\":\"\xff\"}") }, refusal{"key.sku_id", "UTF-8"}},
		{"key of another type", func(r *port.Record) { r.Key = []byte(`{"sku_id":1}`) }, refusal{"key.sku_id", "is not the row's"}},
		{"old key", func(r *port.Record) { r.Headers = []port.Header{{Key: "__debezium.oldkey", Value: []byte(`7`)}} },
			refusal{"headers.__debezium.oldkey", "is a number"}},
		{"outbox id", func(r *port.Record) {
			r.Headers = []port.Header{{Key: "id", Value: []byte(`7`)}, {Key: "eventType", Value: []byte(`RESERVE`)}}
		}, refusal{"headers.id", `"7" is not a UUID`}},
		{"outbox event type", func(r *port.Record) {
			r.Headers = []port.Header{{Key: "id", Value: []byte("10000000-0000-0000-0000-000000000001")}, {Key: "eventType", Value: []byte("\xff")}}
		}, refusal{"headers.eventType", "UTF-8"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := orderRecord(insert)
			c.breaks(&rec)
			_, err := debezium.Decoder{}.OrderEvent(rec)
			c.refusal.check(t, err, place)
		})
	}
}

func TestHeartbeatsThatAreNoneAreRefused(t *testing.T) {
	for _, c := range []struct{ key, value, field string }{
		{`{"serverName":"raw"}`, `{"ts_ms":"1"}`, "ts_ms"},
		{`{"serverName":"raw"}`, `Struct{ts_ms=x}`, "ts_ms"},
		{`{"serverName":7}`, `{"ts_ms":1}`, "key.serverName"},
		{`raw`, `{"ts_ms":1}`, "key"},
		{`{"serverName":"raw"}`, ``, "value"},
	} {
		rec := port.Record{Topic: "__debezium-heartbeat.raw", Key: []byte(c.key), Value: []byte(c.value)}
		_, err := debezium.Decoder{}.Decode(rec)
		(&refusal{c.field, ""}).check(t, err, debezium.Place{Topic: rec.Topic})
	}
}

// TestPayloadsThatAreNotOursAreRefusedByName reads a payload as both converters deliver it.
func TestPayloadsThatAreNotOursAreRefusedByName(t *testing.T) {
	for _, c := range []struct{ payload, field, reason string }{
		{`{"v":1,"a":[{"b":9007199254740992}]}`, "payload.a.0.b", "is beyond ±(2^53-1)"},
		{`{"v":1,"q":-9007199254740992}`, "payload.q", "is beyond ±(2^53-1)"},
		{`{"v":1,"q":1.5}`, "payload.q", "1.5 is not an integer"},
		{`{"v":1,"q":1e3}`, "payload.q", "1e3 is not an integer"},
		{`{"v":1,"v":1}`, "payload.v", "comes twice"},
		{`"{\"v\":1}"`, "payload", "JSON inside a JSON string"},
		{`"just text"`, "payload", "is a JSON string, not an object"},
		{`[1]`, "payload", "is an array"},
		{`7`, "payload", "is a number"},
		{`null`, "payload", "is null"},
		{``, "payload", "ends where"},
		{"{\"v\":\"\xff\"}", "payload.v", "not valid UTF-8"},
		{strings.Repeat(`[`, 100), "payload" + strings.Repeat(".0", 64), "nested deeper"},
	} {
		_, err := object(t, []byte(c.payload))
		(&refusal{c.field, c.reason}).check(t, err, debezium.Place{Topic: model.CommandTopic})
	}
	if _, err := object(t, nil); !errors.Is(err, port.ErrContract) {
		t.Errorf("a null payload: %v", err)
	}
	if ev, err := object(t, []byte(`{"v":1,"q":-9007199254740991}`)); err != nil || !ev.Command {
		t.Errorf("a sound payload: %v", err)
	}
}

func object(t *testing.T, payload []byte) (debezium.Event, error) {
	ev, err := debezium.Decoder{}.Decode(port.Record{Topic: model.CommandTopic, Key: []byte("A"), Value: payload,
		Headers: []port.Header{{Key: "id", Value: []byte("10000000-0000-0000-0000-000000000001")},
			{Key: "eventType", Value: []byte("RESERVE")}}})
	if err != nil || ev.Class != debezium.ClassOutbox && payload != nil {
		t.Fatalf("%q is a %s: %v", payload, ev.Class, err)
	}
	return ev, ev.Object()
}

// TestOlderFormsDecode: what the documentation prints and 3.6 does not write.
func TestOlderFormsDecode(t *testing.T) {
	for old, replacement := range map[string]string{
		`"snapshot":"false"`:                  `"snapshot":false`,
		`"snapshot":"false",`:                 ``,
		`"sequence":"[null,\"26890776\"]",`:   ``,
		`"sequence":"[null,\"26890776\"]"`:    `"sequence":null`,
		`"transaction":null,`:                 ``,
		`"before":null,`:                      ``,
		`"txId":860,"lsn":26890776`:           `"txId":null,"lsn":null`,
		`"created_at":"2026-11-22T20:12:57.5`: `"created_at":null,"x":"2026-11-22T20:12:57.5`,
		`"2026-11-22T20:12:57.595658Z"`:       `1795378377595658`,
	} {
		ev, err := debezium.Decoder{}.Decode(orderRecord(strings.Replace(insert, old, replacement, 1)))
		if err != nil {
			t.Errorf("%s as %s: %v", old, replacement, err)
			continue
		}
		if o, err := ev.Order(); err != nil || o.Snapshot != "false" || o.Qty != 2 {
			t.Errorf("%s as %s: %+v, %v", old, replacement, o, err)
		}
	}
	snapshot := strings.Replace(insert, `"snapshot":"false"`, `"snapshot":true`, 1)
	if ev, err := (debezium.Decoder{}).Decode(orderRecord(snapshot)); err != nil || ev.Row.Source.Snapshot != "true" {
		t.Errorf("snapshot true: %+v, %v", ev, err)
	}
}

// TestOnlyAdjustmentsAreSigned: the article's API writes one with a quantity of either sign.
func TestOnlyAdjustmentsAreSigned(t *testing.T) {
	for status, allowed := range map[string]bool{"PENDING": false, "RESTOCK": false, "RETURN": false, "CANCEL": false,
		"ADJUST": true, "ADJUSTED": true, "ADJUST_REFUSED": true} {
		value := strings.NewReplacer(`"qty":2`, `"qty":-1000000000`, `"PENDING"`, `"`+status+`"`).Replace(insert)
		o, err := debezium.Decoder{}.OrderEvent(orderRecord(value))
		if (err == nil) != allowed || allowed && o.Row.Qty != -1_000_000_000 {
			t.Errorf("%s of -1000000000: %+v, %v", status, o, err)
		}
	}
	for _, q := range []string{"0", "-1000000001", "-9007199254740993"} {
		value := strings.NewReplacer(`"qty":2`, `"qty":`+q, `"PENDING"`, `"ADJUST"`).Replace(insert)
		_, err := debezium.Decoder{}.OrderEvent(orderRecord(value))
		(&refusal{"after.qty", q + " is "}).check(t, err, debezium.Place{Topic: "order.created", Partition: 3, Offset: 41})
	}
}

// TestAConsumerMayTakeAnyQuantity: then no sign and no size is refused, and what is no integer still is, by name.
func TestAConsumerMayTakeAnyQuantity(t *testing.T) {
	any := debezium.Decoder{AnyQuantity: true}
	for _, q := range []int64{-7, 0, 1_000_000_001, -9_007_199_254_740_993} {
		value := strings.Replace(insert, `"qty":2`, fmt.Sprintf(`"qty":%d`, q), 1)
		if o, err := any.OrderEvent(orderRecord(value)); err != nil || o.Row.Qty != q {
			t.Errorf("%d: %+v, %v", q, o, err)
		}
	}
	for _, q := range []string{"1.5", "1e1", "9223372036854775808", `"2"`, "null"} {
		_, err := any.OrderEvent(orderRecord(strings.Replace(insert, `"qty":2`, `"qty":`+q, 1)))
		(&refusal{"after.qty", "is "}).check(t, err, debezium.Place{Topic: "order.created", Partition: 3, Offset: 41})
	}
}

// TestRowsThatAreNoCommandsAreNotJudged: a broken row that is updated or deleted is not a dead letter
// once more, unless the consumer takes every op for a command.
func TestRowsThatAreNoCommandsAreNotJudged(t *testing.T) {
	broken := strings.Replace(insert, `"qty":2`, `"qty":-2`, 1)
	update := strings.Replace(broken, `"op":"c"`, `"op":"u"`, 1)
	o, err := debezium.Decoder{}.OrderEvent(orderRecord(update))
	if err != nil || o.Class != "row" || o.Op != 'u' || o.LSN != 26890776 || o.Row != (port.ShopOrder{}) {
		t.Errorf("%+v, %v", o, err)
	}
	_, err = debezium.Decoder{EveryOp: true}.OrderEvent(orderRecord(update))
	(&refusal{"after.qty", "-2"}).check(t, err, debezium.Place{Topic: "order.created", Partition: 3, Offset: 41})
	sound := strings.Replace(insert, `"op":"c"`, `"op":"u"`, 1)
	if o, err = (debezium.Decoder{}).OrderEvent(orderRecord(sound)); err != nil || o.Row.Qty != 2 || o.Row.SKU != "A" {
		t.Errorf("%+v, %v", o, err)
	}
}
