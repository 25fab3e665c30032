package debezium

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"stockproof/inventory/port"
	"stockproof/model"
)

// Decoder classifies and decodes records. The zero Decoder has Debezium's defaults.
type Decoder struct {
	SignalTable     string // signal.data.collection as schema.table; default "public.debezium_signal"
	HeartbeatPrefix string // topic.heartbeat.prefix; default "__debezium-heartbeat"
	OrderTable      string // the table of the article's orders, without schema; default "orders"
	CommandTopic    string // where the event router puts commands; default model.CommandTopic
}

// Header names.
const (
	headerNewKey    = "__debezium.newkey"
	headerOldKey    = "__debezium.oldkey"
	headerID        = "id"
	headerEventType = "eventType"
	headerSeq       = "seq"
)

const (
	defaultSignalTable     = "public.debezium_signal"
	defaultHeartbeatPrefix = "__debezium-heartbeat"
	defaultOrderTable      = "orders"
)

// Decode says what the record is. Every error is a [*RecordError]: the envelope is not Debezium's.
func (d Decoder) Decode(rec port.Record) (Event, error) {
	ev := Event{Place: Place{rec.Topic, rec.Partition, rec.Offset}}
	if err := d.decode(&ev, rec); err != nil {
		return Event{}, ev.refuse(err)
	}
	switch ev.Class {
	case ClassRow:
		ev.Command = ev.Row.Op == OpCreate && ev.Row.OldKey == nil && ev.Row.Table == d.orderTable()
	case ClassOutbox:
		ev.Command = rec.Topic == or(d.CommandTopic, model.CommandTopic)
	}
	return ev, nil
}

func (d Decoder) orderTable() string { return or(d.OrderTable, defaultOrderTable) }

// refuse adds the record to a contract violation.
func (e *Event) refuse(err error) error {
	var violation *model.ContractError
	if !errors.As(err, &violation) {
		violation = &model.ContractError{Field: "value", Reason: err.Error()}
	}
	return &RecordError{e.Place, violation}
}

func (d Decoder) decode(ev *Event, rec port.Record) error {
	prefix := or(d.HeartbeatPrefix, defaultHeartbeatPrefix)
	if strings.HasPrefix(rec.Topic, prefix+".") {
		return decodeHeartbeat(ev, rec)
	}
	if isOutbox(&rec) {
		return decodeOutbox(ev, rec)
	}
	if err := decodeKey(ev, rec.Key); err != nil {
		return err
	}
	if rec.Value == nil {
		newKey, err := headerKey(&rec, headerNewKey)
		ev.Class, ev.Tombstone = ClassTombstone, &Tombstone{NewKey: newKey}
		return err
	}
	v, err := parseJSON("value", rec.Value)
	if err != nil {
		return err
	}
	v, wrapped := unwrap(v)
	ev.Schemas = ev.Schemas || wrapped
	if v.kind != object {
		return model.Contractf("value", "is %s, not the object of an envelope", v.kind)
	}
	r := newReader("", v.fields)
	switch {
	case r.has("op"):
		err = d.decodeEnvelope(ev, r, &rec)
	case r.has("status") && r.has("event_count"):
		decodeTransaction(ev, r)
	default:
		return model.Contractf("op", "is absent: the value is no envelope")
	}
	if err != nil {
		return err
	}
	return *r.err
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// unwrap takes the payload out of {"schema":...,"payload":...}.
func unwrap(v value) (value, bool) {
	if v.kind != object || len(v.fields) != 2 || v.fields[0].name != "schema" || v.fields[1].name != "payload" {
		return v, false
	}
	return v.fields[1].value, true
}

// decodeKey reads a JSON key; one that is no JSON object (StringConverter, an outbox aggregate) is
// left alone, and missed by whoever needs its fields.
func decodeKey(ev *Event, key []byte) error {
	if len(key) == 0 || key[0] != '{' {
		return nil
	}
	v, err := parseJSON("key", key)
	if err != nil {
		return err
	}
	v, ev.Schemas = unwrap(v)
	ev.Key = columns(v.fields)
	return nil
}

func headerKey(rec *port.Record, name string) ([]port.Column, error) {
	b, ok := rec.Header(name)
	if !ok {
		return nil, nil
	}
	v, err := parseJSON("headers."+name, b)
	if err != nil {
		return nil, err
	}
	if v, _ = unwrap(v); v.kind != object {
		return nil, model.Contractf("headers."+name, "is %s, not the object of a key", v.kind)
	}
	return columns(v.fields), nil
}

// columns is never nil: a row without columns is not a row that is absent.
func columns(fields []field) []port.Column {
	cs := make([]port.Column, len(fields))
	for i, f := range fields {
		cs[i] = port.Column{Name: f.name, Value: columnValue(f.value)}
	}
	return cs
}

func columnValue(v value) any {
	switch v.kind {
	case boolean:
		return v.text == "true"
	case number:
		if n, ok := parseInteger(v.text); ok {
			return n
		}
		return Number(v.text)
	case text:
		return v.text
	case object, array:
		return Composite(v.text)
	}
	return nil
}

func (d Decoder) decodeEnvelope(ev *Event, r *reader, rec *port.Record) error {
	op := r.text("op")
	switch op {
	case "c", "u", "d", "r", "t":
		return d.decodeRow(ev, r, rec, op[0])
	case "m":
		decodeMessage(ev, r)
		return nil
	}
	if *r.err == nil {
		r.fail("op", "%q is not an operation", op)
	}
	return nil
}

func (d Decoder) decodeRow(ev *Event, r *reader, rec *port.Record, op byte) (err error) {
	row := &Row{Op: op, AtNS: processedAt(r), Transaction: decodeBlock(r)}
	row.Source = decodeSource(r, &row.Schema, &row.Table)
	row.Before = image(r, "before", op == OpDelete, op == OpUpdate)
	row.After = image(r, "after", op == OpCreate || op == OpUpdate || op == OpRead, false)
	if row.NewKey, err = headerKey(rec, headerNewKey); err != nil {
		return err
	}
	if row.OldKey, err = headerKey(rec, headerOldKey); err != nil {
		return err
	}
	ev.Class, ev.Row = ClassRow, row
	if row.Schema+"."+row.Table == or(d.SignalTable, defaultSignalTable) {
		ev.Class = ClassSignal
	}
	return nil
}

// image reads one side of a row change. A side that the operation has none of must be absent or null.
func image(r *reader, name string, required, optional bool) []port.Column {
	side, ok := r.object(name, !required)
	if !ok {
		return nil
	}
	if !required && !optional {
		r.fail(name, "is there, and the operation has none")
	}
	return columns(side.fields)
}

// processedAt takes the finest of the three timestamps that the connector wrote.
func processedAt(r *reader) int64 {
	if ns := r.optionalInteger("ts_ns"); ns != 0 {
		return ns
	}
	return r.optionalInteger("ts_ms") * 1_000_000
}

func decodeSource(r *reader, schema, table *string) Source {
	src, ok := r.object("source", false)
	if !ok {
		return Source{}
	}
	s := Source{
		Version: src.text("version"), Name: src.text("name"), Database: src.text("db"),
		Snapshot: snapshot(src), LSN: src.position("lsn"), TxID: src.optionalInteger("txId"),
		AtUS: src.optionalInteger("ts_us"),
	}
	*schema, *table = src.text("schema"), src.text("table")
	if s.AtUS == 0 {
		s.AtUS = src.integer("ts_ms") * 1000
	}
	s.PrevCommitLSN, s.SequenceLSN = sequence(src)
	return s
}

// snapshot is a string in what 3.6 writes, a boolean in Debezium's documentation and older versions,
// and has the default "false".
func snapshot(src *reader) string {
	switch v, ok := src.lookup("snapshot"); {
	case !ok:
		return "false"
	case v.kind == text || v.kind == boolean:
		return v.text
	default:
		src.fail("snapshot", "is %s, not a string or a boolean", v.kind)
		return ""
	}
}

// sequence is a string that holds a JSON array of two decimal strings, either null:
// "[null,\"26890776\"]".
func sequence(src *reader) (prevCommit, lsn uint64) {
	s := src.optionalText("sequence")
	if s == "" {
		return 0, 0
	}
	v, err := parseJSON("sequence", []byte(s))
	if err != nil || v.kind != array || len(v.items) != 2 {
		src.fail("sequence", "%q is not an array of two positions", s)
		return 0, 0
	}
	var at [2]uint64
	for i, item := range v.items {
		if item.kind == null {
			continue
		}
		if at[i], err = strconv.ParseUint(item.text, 10, 64); err != nil || item.kind != text {
			src.fail("sequence", "%q is not an array of two positions", s)
		}
	}
	return at[0], at[1]
}

func decodeBlock(r *reader) *Block {
	tx, ok := r.object("transaction", true)
	if !ok {
		return nil
	}
	return &Block{ID: tx.text("id"), Order: tx.integer("total_order"),
		CollectionOrder: tx.integer("data_collection_order")}
}

func decodeMessage(ev *Event, r *reader) {
	var schema, table string // both empty
	m := &LogicalMessage{Transaction: decodeBlock(r)}
	m.Source = decodeSource(r, &schema, &table)
	m.Transactional = m.Source.TxID != 0
	if msg, ok := r.object("message", false); ok {
		m.Prefix = msg.text("prefix")
		content, err := base64.StdEncoding.DecodeString(msg.text("content"))
		if err != nil {
			msg.fail("content", "is not base64: %v", err)
		}
		m.Content = content
	}
	ev.Class, ev.Message = ClassMessage, m
}

func decodeTransaction(ev *Event, r *reader) {
	t := &Transaction{ID: r.text("id"), AtMS: r.integer("ts_ms")}
	switch status := r.text("status"); status {
	case "BEGIN":
		t.Begin = true
	case "END":
		t.Events = r.integer("event_count")
		t.Collections = collectionCounts(r)
	default:
		r.fail("status", "%q is neither BEGIN nor END", status)
	}
	ev.Class, ev.Transaction = ClassTransaction, t
}

func collectionCounts(r *reader) []CollectionCount {
	list, _ := r.typed("data_collections", array, true)
	var out []CollectionCount
	for i, item := range list.items {
		path := r.name("data_collections") + "." + strconv.Itoa(i)
		c := &reader{fields: item.fields, path: path, err: r.err}
		out = append(out, CollectionCount{c.text("data_collection"), c.integer("event_count")})
	}
	return out
}

// decodeHeartbeat reads both forms: JSON, and the Struct{...} that a StringConverter makes of it.
func decodeHeartbeat(ev *Event, rec port.Record) error {
	h := &Heartbeat{}
	ev.Class, ev.Heartbeat = ClassHeartbeat, h
	if inner, ok := structText(rec.Value, "ts_ms"); ok {
		n, exact := parseInteger(inner)
		if !exact {
			return model.Contractf("ts_ms", "%q is not a 64-bit integer", inner)
		}
		h.AtMS = n
	} else {
		v, err := parseJSON("value", rec.Value)
		if err != nil {
			return err
		}
		v, ev.Schemas = unwrap(v)
		r := newReader("", v.fields)
		h.AtMS = r.integer("ts_ms")
		if *r.err != nil {
			return *r.err
		}
	}
	if inner, ok := structText(rec.Key, "serverName"); ok {
		h.Server = inner
		return nil
	}
	v, err := parseJSON("key", rec.Key)
	if err != nil {
		return err
	}
	v, _ = unwrap(v)
	r := newReader("key", v.fields)
	h.Server = r.text("serverName")
	return *r.err
}

// structText is the value of the one field of Struct{name=value}.
func structText(b []byte, name string) (string, bool) {
	s, ok := strings.CutPrefix(string(b), "Struct{"+name+"=")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(s, "}")
}
