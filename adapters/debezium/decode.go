package debezium

import (
	"errors"
	"strings"

	"stockproof/inventory/port"
	"stockproof/model"
)

// Decoder classifies and decodes records. The zero Decoder has Debezium's defaults.
type Decoder struct {
	SignalTable     string // signal.data.collection as schema.table; default "public.debezium_signal"
	HeartbeatPrefix string // topic.heartbeat.prefix; default "__debezium-heartbeat"
	OrderTable      string // the table of the article's orders, without schema; default "orders"
	EveryOp         bool   // [Decoder.OrderEvent] is for a consumer that takes u, d and r for commands too
	// AnyQuantity: [Decoder.OrderEvent] is for a consumer that takes the quantity of a row as it stands, whatever its sign
	// and size. It still is an integer of 64 bits.
	AnyQuantity  bool
	CommandTopic string // where the event router puts commands; default model.CommandTopic
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
		return Composite(v.raw)
	}
	return nil
}
