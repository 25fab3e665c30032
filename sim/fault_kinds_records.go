package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/engine"
)

// forms are the ways in which a record of a command can be wrong.
var forms = [...]struct {
	name   string
	change func(value []byte) []byte
}{
	{"tombstone", func([]byte) []byte { return nil }},
	{"cut-short", func(v []byte) []byte { return v[:len(v)/2] }},
	{"negative", quantity("-7")},
	{"zero", quantity("0")},
	{"fraction", quantity("1.5")},
	{"hex", quantity(`"0x2"`)},
	{"exponent", quantity(`"1e1"`)},
	{"huge", quantity("100000000000000000")},
	{"base64", quantity(`"AQ=="`)},
	{"missing", quantity("")},
	{"op", func(v []byte) []byte { return operation.ReplaceAll(v, []byte(`"$1":"EXPLODE"`)) }},
	{"sku-null", sku("null")},
	{"sku-long", sku(`"` + strings.Repeat("A", model.MaxSKUBytes+1) + `"`)},
	{"sku-zero-byte", sku(`"A\u0000"`)},
}

var (
	quantityField = regexp.MustCompile(`"qty":[^,}]*`)
	skuField      = regexp.MustCompile(`"(sku|sku_id)":"[^"]*"`)
	operation     = regexp.MustCompile(`"(op|kind)":"[A-Za-z_]*"`)
	uuid          = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

// quantity puts another text where the quantity stands; "": another field of that length.
func quantity(text string) func([]byte) []byte {
	return func(v []byte) []byte {
		if text == "" {
			return bytes.ReplaceAll(v, []byte(`"qty":`), []byte(`"qtx":`))
		}
		return quantityField.ReplaceAll(v, []byte(`"qty":`+text))
	}
}

// sku puts another text where the SKU stands.
func sku(text string) func([]byte) []byte {
	return func(v []byte) []byte { return skuField.ReplaceAll(v, []byte(`"$1":`+text)) }
}

func formNames() (names []string) {
	for _, f := range forms {
		names = append(names, f.name)
	}
	return names
}

func malform(value []byte, form string) []byte {
	for _, f := range forms {
		if f.name == form {
			return f.change(bytes.Clone(value))
		}
	}
	return value
}

// carriesCommand: the record says how many of something, which neither heartbeats nor tombstones do.
func carriesCommand(value []byte) bool { return bytes.Contains(value, []byte(`"qty":`)) }

func recordFaults() []FaultKind {
	return []FaultKind{
		{Name: "malformed", Place: "kafka", About: "somebody else writes a command of an order of their own, in a form that is none",
			Keys: []string{"form", "order", "sku"}, Forms: formNames(), applies: hasCommands,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				rs := s.commandRecords(f)
				if len(rs) == 0 {
					return ""
				}
				r := rs[0]
				r.Partition, r.At = -1, 0
				r.Value = malform(withOtherIDs(r.Value), f.Form)
				return receipt(s.produce(r) == 1, "a %s record was written behind that of offset %d", f.Form, r.Offset)
			}},
		{Name: "garbled", Hidden: armed, About: "the next n commands leave for the topic in a form that is none",
			Keys: []string{"form", "n"}, Forms: formNames(), applies: hasCommands,
			strike: rewriting(func(s *Simulation, f *Fault, r *port.Record) { r.Value = malform(r.Value, f.Form) })},
		{Name: "wrong-key", Hidden: armed,
			About: "the next n commands leave with other key bytes, or under another key, or under none",
			Keys:  []string{"form", "n"}, Forms: []string{"json", "plain", "order", "null"}, applies: hasCommands,
			strike: rewriting(func(_ *Simulation, f *Fault, r *port.Record) { r.Key = otherKey(r, f.Form) })},
		{Name: "other-partitioner", Hidden: armed, About: "the next n commands go to the partition that another client's hash says",
			Keys: []string{"n"}, applies: hasCommands,
			strike: rewriting(func(s *Simulation, _ *Fault, r *port.Record) {
				n := s.partitions(r.Topic)
				r.Partition = (model.Partition(r.Key, n) + 1) % n
			})},
	}
}

// withOtherIDs gives every id of a record another value, the same one the same.
func withOtherIDs(value []byte) []byte {
	return uuid.ReplaceAllFunc(value, func(id []byte) []byte {
		return []byte(model.NameID("somebody else's", string(id)).String())
	})
}

// otherKey is a record's key as another producer would have made it.
func otherKey(r *port.Record, form string) []byte {
	switch form {
	case "json":
		var fields map[string]json.RawMessage
		if json.Unmarshal(r.Key, &fields) == nil {
			return fmt.Appendf(nil, `{"schema":null,"payload":%s}`, r.Key)
		}
		return fmt.Appendf(nil, `{"sku_id":%q}`, r.Key)
	case "plain":
		var fields struct {
			SKU string `json:"sku_id"`
		}
		if json.Unmarshal(r.Key, &fields) == nil {
			return []byte(fields.SKU)
		}
		return append([]byte("sku:"), r.Key...)
	case "order":
		return uuid.Find(r.Value)
	}
	return nil
}

// rewrite is what happens to the next commands that leave for their topic.
type rewrite struct {
	left int
	one  func(*port.Record)
}

// rewriting arms a rewrite; its receipt comes when the last of the records has left.
func rewriting(one func(*Simulation, *Fault, *port.Record)) func(*Simulation, *Fault, engine.Point) string {
	return func(s *Simulation, f *Fault, _ engine.Point) string {
		w := &rewrite{left: max(f.N, 1), one: func(r *port.Record) { one(s, f, r) }}
		s.rewrite = w
		s.lasts(0, "", func() { s.rewrite = nil })
		return s.await(func() string {
			return receipt(w.left == 0, "%d commands left %s", max(f.N, 1), f.Kind)
		})
	}
}

// rewriter is the way from what carries commands, connector or relay, to the broker.
type rewriter struct {
	port.Broker
	s *Simulation
}

func (b rewriter) Produce(ctx context.Context, rs ...port.Record) error {
	w := b.s.rewrite
	if w == nil || w.left == 0 {
		return b.Broker.Produce(ctx, rs...)
	}
	rs = append([]port.Record(nil), rs...)
	for i := range rs {
		if w.left > 0 && rs[i].Topic == b.s.CommandTopic() && carriesCommand(rs[i].Value) {
			w.left--
			w.one(&rs[i])
		}
	}
	return b.Broker.Produce(ctx, rs...)
}

// buriedRecord is the record that a letter of the article's is about, as a console producer writes it
// again: its headers, partition and age are lost.
func buriedRecord(letter port.Record) (port.Record, bool) {
	var l struct {
		Topic string
		Value []byte
	}
	if json.Unmarshal(letter.Value, &l) != nil || l.Topic == "" {
		return port.Record{}, false
	}
	return port.Record{Topic: l.Topic, Partition: -1, Key: letter.Key, Value: l.Value}, true
}
