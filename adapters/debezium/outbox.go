package debezium

import (
	"strconv"
	"unicode/utf8"

	"stockproof/inventory/port"
	"stockproof/model"
)

// isOutbox recognises what the event router writes by its headers: their names are those of
// table.fields.additional.placement in testdata/envelopes/connectors.
func isOutbox(rec *port.Record) bool {
	_, id := rec.Header(headerID)
	_, eventType := rec.Header(headerEventType)
	return id && eventType
}

func decodeOutbox(ev *Event, rec port.Record) error {
	idText, _ := rec.Header(headerID)
	eventType, _ := rec.Header(headerEventType)
	seq, _ := rec.Header(headerSeq)
	id, err := model.ParseID(string(idText))
	switch {
	case err != nil:
		return model.Contractf("headers.id", "%q is not a UUID of 36 characters", idText)
	case !utf8.Valid(eventType):
		return model.Contractf("headers.eventType", "%q is not valid UTF-8", eventType)
	}
	ev.Class = ClassOutbox
	ev.Outbox = &OutboxMessage{ID: id, EventType: string(eventType), Seq: string(seq),
		Aggregate: rec.Key, Payload: rec.Value}
	return nil
}

// Object checks that an outbox message's payload is what this system writes: one JSON object whose
// numbers are integers within 2^53-1, at any depth. Every error is a [*RecordError]. It says nothing
// of the fields: that is the decoder of package model.
func (e Event) Object() error {
	if e.Class != ClassOutbox {
		return e.refuse(model.Contractf("class", "a %s has no payload", e.Class))
	}
	if e.Outbox.Payload == nil {
		return e.refuse(model.Contractf("payload", "is null"))
	}
	v, err := parseJSON("payload", e.Outbox.Payload)
	if err != nil {
		return e.refuse(err)
	}
	if v.kind == text {
		if _, err := parseJSON("payload", []byte(v.text)); err == nil {
			return e.refuse(model.Contractf("payload", "is JSON inside a JSON string: %.80q", v.text))
		}
	}
	if v.kind != object {
		return e.refuse(model.Contractf("payload", "is %s, not an object", kindOfJSON(v)))
	}
	if err := checkNumbers("payload", v); err != nil {
		return e.refuse(err)
	}
	return nil
}

func kindOfJSON(v value) string {
	if v.kind == text {
		return "a JSON string"
	}
	return v.kind.String()
}

func checkNumbers(path string, v value) error {
	switch v.kind {
	case number:
		if !safeInteger(v.text) {
			if _, ok := parseInteger(v.text); ok {
				return model.Contractf(path, "%s is beyond ±(2^53-1)", v.text)
			}
			return model.Contractf(path, "%s is not an integer within ±(2^53-1)", v.text)
		}
	case object:
		for _, f := range v.fields {
			if err := checkNumbers(path+"."+f.name, f.value); err != nil {
				return err
			}
		}
	case array:
		for i, item := range v.items {
			if err := checkNumbers(path+"."+strconv.Itoa(i), item); err != nil {
				return err
			}
		}
	}
	return nil
}
