package debezium

import (
	"fmt"

	"stockproof/inventory/port"
)

// encodeOutbox routes one change of the outbox table: an insert is a message, a delete is dropped
// (insert and delete in one transaction keep the table empty), an update is an error
// (table.op.invalid.behavior=fatal).
func (e *Encoder) encodeOutbox(dst []port.Record, c port.Change) ([]port.Record, error) {
	switch c.Op {
	case OpDelete, OpTruncate:
		return dst, nil
	case OpCreate, OpRead:
	default:
		return nil, fmt.Errorf("the event router takes inserts and deletes only")
	}
	o := e.cfg.Outbox
	row := outboxRow{columns: c.After}
	rec := port.Record{Partition: -1, Key: row.required("aggregateid"), At: e.now() / 1_000_000,
		Topic: o.topic(string(row.required("aggregatetype"))), Value: row.text("payload")}
	rec.Headers = append(e.contextHeaders(), port.Header{Key: headerID, Value: row.required("id")})
	for _, p := range o.Headers {
		v := row.text(p.Column)
		if v == nil {
			v = []byte{} // a NULL arrives as an empty string
		}
		rec.Headers = append(rec.Headers, port.Header{Key: p.Header, Value: v})
	}
	if row.err != nil {
		return nil, row.err
	}
	return append(dst, rec), nil
}

// outboxRow takes columns as text and keeps the first error.
type outboxRow struct {
	columns []port.Column
	err     error
}

// text is nil for NULL. The column must exist.
func (r *outboxRow) text(name string) []byte {
	v, ok := find(r.columns, name)
	b, ok2, err := columnText(port.Column{Name: name, Value: v})
	switch {
	case r.err != nil:
	case !ok:
		r.err = fmt.Errorf("outbox row has no column %s", name)
	case err != nil:
		r.err = err
	case ok2:
		return b
	}
	return nil
}

// required is a column that the router cannot do without: it would put the row's own key or no topic
// in the place of a NULL.
func (r *outboxRow) required(name string) []byte {
	b := r.text(name)
	if b == nil && r.err == nil {
		r.err = fmt.Errorf("column %s of an outbox row is NULL", name)
	}
	return b
}
