package debezium

import (
	"time"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Unavailable is what Debezium writes for a TOASTed column that an update did not touch.
const Unavailable = "__debezium_unavailable_value"

// OrderRow is a row of the article's orders table: one line of an order, or one event. Columns that
// are not of the design (price) are ignored; they are in Columns.
type OrderRow struct {
	port.ShopOrder // CreatedAt is 0 where the column is null or absent

	Op            byte   // c, u, d (of the row before), r
	Moved         bool   // op c: an UPDATE of the key, not an INSERT
	Snapshot      string // "false" while streaming
	LSN           uint64 // of the change; 0 for incremental snapshots
	PrevCommitLSN uint64 // of the commit decoded before; 0 for none
	TxID          int64  // 0 for incremental snapshots
	Ordinal       int64  // within its transaction; 0 without transaction metadata
	Columns       []port.Column
}

// OrderEvent is what inventory.Ports.OrderEvent asks for: a record of the article's topic as a row of
// the orders table (class "row"), or as something recognised that is none. A truncation is class
// "truncate", a row of another table class "table"; the others have the names of their [Class].
//
// A row with op c whose content breaks the contract is refused with a [*RecordError]: a dead letter.
// A row with another op is no command, so its content is not judged: class, op and position are set,
// Row only where it decodes. With EveryOp it is judged like an insert. AnyQuantity leaves the quantity to the consumer.
func (d Decoder) OrderEvent(rec port.Record) (inventory.OrderEvent, error) {
	ev, err := d.Decode(rec)
	if err != nil {
		return inventory.OrderEvent{}, err
	}
	out := inventory.OrderEvent{Class: ev.Class.String()}
	switch {
	case ev.Class != ClassRow:
		return out, nil
	case ev.Row.Table != d.orderTable():
		out.Class = "table"
		return out, nil
	case ev.Row.Op == OpTruncate:
		out.Class = "truncate"
		return out, nil
	}
	out.Op, out.LSN = ev.Row.Op, ev.Row.Source.LSN
	if ev.Row.Transaction != nil {
		out.Ordinal = ev.Row.Transaction.Order
	}
	o, err := ev.order(d.AnyQuantity)
	if err != nil && (d.EveryOp || out.Op == OpCreate) {
		return inventory.OrderEvent{}, err
	}
	out.Row = o.ShopOrder
	return out, nil
}

// Order reads the row of a c, u, d or r event as a row of the orders table. Every error is a
// [*RecordError] that names the column.
func (e Event) Order() (OrderRow, error) { return e.order(false) }

func (e Event) order(anyQuantity bool) (OrderRow, error) {
	if e.Class != ClassRow || e.Row.Op == OpTruncate {
		return OrderRow{}, e.refuse(model.Contractf("class", "a %s holds no row", e.Class))
	}
	row := e.Row
	side, name := row.After, "after"
	if row.Op == OpDelete {
		side, name = row.Before, "before"
	}
	c := &columnReader{path: name, columns: side}
	order := port.ShopOrder{
		ID: c.integer("id"), OrderID: c.uuid("order_id"), SKU: model.SKU(c.text("sku_id")),
		Status: port.ShopStatus(c.text("status")), CreatedAt: c.time("created_at"),
	}
	if anyQuantity {
		order.Qty = c.integer("qty")
	} else {
		order.Qty = c.quantity("qty", order.Status)
	}
	o := OrderRow{
		ShopOrder: order, Op: row.Op, Moved: row.OldKey != nil, Snapshot: row.Source.Snapshot, LSN: row.Source.LSN,
		PrevCommitLSN: row.Source.PrevCommitLSN, TxID: row.Source.TxID, Columns: side,
	}
	if row.Transaction != nil {
		o.Ordinal = row.Transaction.Order
	}
	if err := o.SKU.Validate(); err != nil {
		c.fail("sku_id", "%v", err)
	}
	c.agreesWith(e.Key)
	if c.err != nil {
		return OrderRow{}, e.refuse(c.err)
	}
	return o, nil
}

// columnReader takes typed columns and keeps the first error.
type columnReader struct {
	path    string
	columns []port.Column
	err     error
}

func (c *columnReader) fail(name, format string, args ...any) {
	if c.err == nil {
		c.err = model.Contractf(c.path+"."+name, format, args...)
	}
}

func find(cs []port.Column, name string) (any, bool) {
	for i := range cs {
		if cs[i].Name == name {
			return cs[i].Value, true
		}
	}
	return nil, false
}

// value is a column that is there; optional ones may be absent or null.
func (c *columnReader) value(name string, optional bool) any {
	switch v, ok := find(c.columns, name); {
	case v == Unavailable:
		c.fail(name, "was not sent (%s): the column is TOASTed", Unavailable)
	case !ok && !optional:
		c.fail(name, "is absent")
	case v == nil && !optional:
		c.fail(name, "is null")
	default:
		return v
	}
	return nil
}

func (c *columnReader) text(name string) string {
	switch v := c.value(name, false).(type) {
	case nil:
	case string:
		return v
	default:
		c.fail(name, "is %s, not a string", describe(v))
	}
	return ""
}

func (c *columnReader) integer(name string) int64 {
	switch v := c.value(name, false).(type) {
	case nil:
	case int64:
		return v
	case string:
		c.fail(name, "is the string %.40q, not an integer (NUMERIC comes as base64)", v)
	case Number:
		c.fail(name, "%.40s is not an integer of 64 bits", string(v))
	default:
		c.fail(name, "is %s, not an integer", describe(v))
	}
	return 0
}

// quantity is a number of units; that of an adjustment is signed.
func (c *columnReader) quantity(name string, status port.ShopStatus) int64 {
	q := c.integer(name)
	adjusts := status == port.ShopAdjust || status == port.ShopAdjusted || status == port.ShopAdjustRefused
	switch {
	case q > model.MaxNumber || q < -model.MaxNumber:
		c.fail(name, "%d is beyond ±(2^53-1)", q)
	case adjusts && q < 0 && q >= -model.MaxQuantity:
	case q < 1 || q > model.MaxQuantity:
		c.fail(name, "%d is outside 1..%d", q, model.MaxQuantity)
	}
	return q
}

func (c *columnReader) uuid(name string) model.ID {
	s := c.text(name)
	if c.err != nil {
		return model.ID{}
	}
	id, err := model.ParseID(s)
	if err != nil || id.IsZero() {
		c.fail(name, "%.40q is not a UUID", s)
	}
	return id
}

// time reads timestamptz (an ISO 8601 string) and timestamp (microseconds), in ms since 1970.
func (c *columnReader) time(name string) int64 {
	switch v := c.value(name, true).(type) {
	case nil:
	case int64:
		return v / 1000
	case string:
		t, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			c.fail(name, "%.40q is not a timestamp", v)
			return 0
		}
		return t.UnixMilli()
	default:
		c.fail(name, "is %s, not a timestamp", describe(v))
	}
	return 0
}

// agreesWith refuses a key whose fields are not those of the row: it would be on another partition
// than the other orders of its SKU.
func (c *columnReader) agreesWith(key []port.Column) {
	for _, k := range key {
		if v, ok := find(c.columns, k.Name); c.err == nil && (!ok || v != k.Value) {
			c.err = model.Contractf("key."+k.Name, "%v is not the row's %v", k.Value, v)
		}
	}
}

func describe(v any) string {
	switch v.(type) {
	case bool:
		return "a boolean"
	case int64, Number:
		return "a number"
	case Composite:
		return "JSON of its own"
	}
	return "something else"
}
