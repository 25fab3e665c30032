package debezium

import (
	"encoding/base64"
	"strconv"

	"stockproof/inventory/port"
)

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
