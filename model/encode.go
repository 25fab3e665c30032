package model

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// The encoders write by hand, byte for byte, what encoding/json would make of the wire structs: they
// run once or twice for every command while its lane is locked.

// EncodeCommand writes one command as it stands in a record and in the command table.
func EncodeCommand(c Command) []byte { return AppendCommand(make([]byte, 0, 384), c) }

// AppendCommand is [EncodeCommand] behind what b holds.
func AppendCommand(b []byte, c Command) []byte { return appendCommand(b, &c) }

func appendCommand(b []byte, c *Command) []byte {
	o := open(b)
	o.id("command_id", c.ID)
	o.name("kind", c.Kind.String())
	o.text("sku", string(c.SKU))
	o.text("loc", string(c.Loc))
	if c.Kind == Transfer {
		o.text("to_loc", string(c.ToLoc))
	}
	o.idIfAny("order_id", c.OrderID)
	o.numberIfAny("line", int64(c.Line))
	o.numberIfAny("qty", c.Qty)
	o.optional("delta", c.Delta)
	o.optional("set", c.Set)
	o.optional("expected_version", c.ExpectedVersion)
	o.optional("safety", c.Safety)
	o.optional("backorder_limit", c.BackorderLimit)
	o.idIfAny("ref", c.Ref)
	if c.Policy != 0 {
		o.name("policy", c.Policy.String())
	}
	o.idIfAny("siblings", c.Siblings)
	o.numberIfAny("deadline", c.Deadline)
	o.numberIfAny("submitted_at", c.SubmittedAt)
	return o.close()
}

// EncodeCommandRecord writes the record's value.
func EncodeCommandRecord(r CommandRecord) []byte {
	o := open(make([]byte, 0, 64+384*len(r.Commands)))
	o.number("v", WireVersion)
	o.number("ie", r.IntakeEpoch)
	o.number("ix", r.IntakeXID)
	o.list("commands", len(r.Commands), func(b []byte, i int) []byte { return appendCommand(b, &r.Commands[i]) })
	return o.close()
}

// EncodeState writes the record's value.
func EncodeState(r StateRecord) []byte {
	o := open(make([]byte, 0, 256+192*len(r.Entries)))
	o.number("v", WireVersion)
	o.text("sku", string(r.Lane.SKU))
	o.text("loc", string(r.Lane.Loc))
	o.number("epoch", r.Epoch)
	o.number("from_seq", r.FromSeq)
	o.number("seq", r.Seq)
	o.number("on_hand", r.OnHand)
	o.number("reserved", r.Reserved)
	o.number("avail", r.Avail)
	o.number("limit", r.Limit)
	o.list("entries", len(r.Entries), func(b []byte, i int) []byte { return appendStateEntry(b, &r.Entries[i]) })
	o.number("decided_at", r.DecidedAt)
	return o.close()
}

func appendStateEntry(b []byte, e *StateEntry) []byte {
	o := open(b)
	o.id("command_id", e.Command)
	o.name("kind", e.Kind.String())
	if e.OrderID != nil {
		o.id("order_id", *e.OrderID)
	}
	o.numberIfAny("line", int64(e.Line))
	o.name("outcome", e.Outcome.String())
	o.number("granted", e.Granted)
	return o.close()
}

// EncodeDecision writes the record's value.
func EncodeDecision(r DecisionRecord) []byte {
	return AppendDecision(make([]byte, 0, 96+256*len(r.Entries)), r)
}

// AppendDecision adds the record's value to b.
func AppendDecision(b []byte, r DecisionRecord) []byte {
	o := open(b)
	o.number("v", WireVersion)
	o.id("order_id", r.OrderID)
	o.list("entries", len(r.Entries), func(b []byte, i int) []byte { return appendDecisionEntry(b, &r.Entries[i]) })
	return o.close()
}

func appendDecisionEntry(b []byte, e *DecisionEntry) []byte {
	o := open(b)
	o.id("command_id", e.Command)
	o.numberIfAny("line", int64(e.Line))
	o.text("sku", string(e.Lane.SKU))
	o.text("loc", string(e.Lane.Loc))
	o.number("epoch", e.Epoch)
	o.numberIfAny("seq", e.Seq)
	o.numberIfAny("to_seq", e.ToSeq)
	o.name("outcome", e.Outcome.String())
	o.number("granted", e.Granted)
	o.numberIfAny("backordered", e.Backordered)
	o.number("avail", e.Avail)
	return o.close()
}

// EncodeHeartbeat writes the record's value.
func EncodeHeartbeat(h Heartbeat) []byte {
	o := open(nil)
	o.number("v", WireVersion)
	o.member("heartbeat")
	o.b = append(o.b, "true"...)
	o.number("at", h.At)
	return o.close()
}

// object appends one JSON object, member by member. Names of members, and what comes to name, are
// printable ASCII without quotes.
type object struct {
	b     []byte
	first bool
}

func open(b []byte) object { return object{append(b, '{'), true} }

func (o *object) close() []byte { return append(o.b, '}') }

func (o *object) member(name string) {
	if !o.first {
		o.b = append(o.b, ',')
	}
	o.first = false
	o.b = append(append(append(o.b, '"'), name...), '"', ':')
}

func (o *object) name(member, v string) {
	o.member(member)
	o.b = append(append(append(o.b, '"'), v...), '"')
}

func (o *object) text(member, v string) {
	for i := range len(v) {
		if c := v[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			o.member(member)
			o.b = append(o.b, quote(v)...)
			return
		}
	}
	o.name(member, v)
}

func (o *object) number(member string, v int64) {
	o.member(member)
	o.b = strconv.AppendInt(o.b, v, 10)
}

func (o *object) numberIfAny(member string, v int64) {
	if v != 0 {
		o.number(member, v)
	}
}

func (o *object) optional(member string, v Optional) {
	if v.Present {
		o.number(member, v.Value)
	}
}

func (o *object) id(member string, v ID) {
	o.member(member)
	o.b = append(v.appendText(append(o.b, '"')), '"')
}

func (o *object) idIfAny(member string, v ID) {
	if !v.IsZero() {
		o.id(member, v)
	}
}

func (o *object) list(member string, n int, element func(b []byte, i int) []byte) {
	o.member(member)
	o.b = append(o.b, '[')
	for i := range n {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = element(o.b, i)
	}
	o.b = append(o.b, ']')
}

func (id ID) appendText(b []byte) []byte {
	const digits = "0123456789abcdef"
	for i, v := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, digits[v>>4], digits[v&0x0f])
	}
	return b
}

// quote is the JSON of a string that needs escapes.
func quote(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic("model: encode a string: " + err.Error()) // a string always encodes
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}
