package sim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
)

// Fault is one fault of a plan: what happens, and when. It is what a line "fault KIND key=value..." of a
// scenario or schedule says.
type Fault struct {
	Kind  string
	When  Trigger       // the zero value: as soon as the fault before it has struck
	By    time.Duration // advance-clock, pause, skew-clock
	N     int           // how many: records, writes, commits; 0: the kind's default
	Role  string        // whom it strikes
	Lose  int           // writes or commits that a failover loses
	Skew  time.Duration // of a promoted replica's clock
	Form  string        // which of the kind's forms
	Topic string        // "": that of the commands
	Line  int           // in the file it comes from
}

// Trigger is a moment of a run: role passes a point for the nth time since the trigger was armed.
type Trigger struct {
	Role   string // who passes the point; "": anybody
	Point  string // "deduct", "settle", "fetch"...; "": none, the moment is now
	Before bool   // the request has not arrived yet, instead of: the response has not been seen yet
	Order  string // the name of an order that the request is about; "": any
	SKU    model.SKU
	Nth    int // from 1; 0 is 1
}

// String writes the fault as it stands in files, without "fault ".
func (f Fault) String() string {
	e := f.Entry()
	return e.Text("fault")[len("fault "):]
}

// Entry is the fault as a line of a file.
func (f Fault) Entry() scenario.Entry {
	e := scenario.Entry{Line: f.Line, Subject: f.Kind}
	set := func(key, value string) { e.Settings = append(e.Settings, scenario.Setting{Key: key, Value: value}) }
	if f.Role != "" {
		set("role", f.Role)
	}
	if t := f.When; t.Point != "" {
		if t.Role != "" && t.Role != f.Role {
			set("of", t.Role)
		}
		if t.Before {
			set("before", t.Point)
		} else {
			set("after", t.Point)
		}
	}
	if f.When.Order != "" {
		set("order", f.When.Order)
	}
	if f.When.SKU != "" {
		set("sku", string(f.When.SKU))
	}
	if f.When.Nth > 1 {
		set("nth", strconv.Itoa(f.When.Nth))
	}
	if f.By != 0 {
		set("by", ShortDuration(f.By))
	}
	if f.N != 0 {
		set("n", strconv.Itoa(f.N))
	}
	if f.Lose != 0 {
		set("lose", strconv.Itoa(f.Lose))
	}
	if f.Skew != 0 {
		set("skew", ShortDuration(f.Skew))
	}
	if k, _ := FindFaultKind(f.Kind); f.Form != "" && slices.Contains(k.Keys, "policy") {
		set("policy", f.Form)
	} else if f.Form != "" {
		set("form", f.Form)
	}
	if f.Topic != "" {
		set("topic", f.Topic)
	}
	return e
}

// ShortDuration is d without the zeros: "25h", "1m30s".
func ShortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// mentions reports whether a request is about an order or, if that is zero, a SKU.
func mentions(p *engine.Point, order model.ID, sku model.SKU) bool {
	switch with := p.Call.With.(type) {
	case []port.SpeedOp:
		return slices.ContainsFunc(with, func(op port.SpeedOp) bool { return opMentions(op, order, sku) })
	case []port.Statement:
		return slices.ContainsFunc(with, func(st port.Statement) bool { return statementMentions(st, order, sku) })
	case []port.Record:
		return slices.ContainsFunc(with, func(r port.Record) bool { return recordMentions(&r, order, sku) })
	case *[]port.Record:
		return slices.ContainsFunc(*with, func(r port.Record) bool { return recordMentions(&r, order, sku) })
	}
	return false
}

func opMentions(op port.SpeedOp, order model.ID, sku model.SKU) bool {
	is := func(s model.SKU, o string) bool {
		if order.IsZero() {
			return s == sku
		}
		return o == order.String()
	}
	switch op := op.(type) {
	case *port.Deduct:
		return is(model.SKU(op.SKU), op.Order)
	case *port.Credit:
		return is(model.SKU(op.SKU), op.Order)
	case *port.SetStock:
		return is(model.SKU(op.SKU), "")
	case *port.GetStock:
		return is(model.SKU(op.SKU), "")
	case *port.InstallLane:
		return is(op.Lane.SKU, "")
	case *port.ReadLane:
		return is(op.Lane.SKU, "")
	}
	return false
}

func statementMentions(st port.Statement, order model.ID, sku model.SKU) bool {
	switch st := st.(type) {
	case *port.InsertOrders:
		return slices.ContainsFunc(st.Rows, func(r port.OrderRow) bool { return r.ID == order })
	case *port.InsertShopOrders:
		return slices.ContainsFunc(st.Rows, func(r port.ShopOrder) bool { return r.OrderID == order || order.IsZero() && r.SKU == sku })
	case *port.WriteLines:
		return slices.ContainsFunc(st.Lines, func(l model.Line) bool {
			return l.OrderID == order || order.IsZero() && l.Lane.SKU == sku
		})
	case *port.LockLanes:
		return order.IsZero() && slices.ContainsFunc(st.Lanes, func(k model.LaneKey) bool { return k.SKU == sku })
	}
	return false
}

// recordMentions looks for the order's id, or the SKU as the key.
func recordMentions(r *port.Record, order model.ID, sku model.SKU) bool {
	if order.IsZero() {
		return string(r.Key) == string(sku) || string(r.Key) == `{"sku_id":"`+string(sku)+`"}`
	}
	return strings.Contains(string(r.Value), order.String())
}
