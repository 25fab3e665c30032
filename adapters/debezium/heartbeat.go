package debezium

import (
	"strings"

	"stockproof/inventory/port"
	"stockproof/model"
)

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
