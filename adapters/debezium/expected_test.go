package debezium_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"stockproof/adapters/debezium"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// expectation is one line of expected.jsonl: what somebody who read the record says it is.
type expectation struct {
	File  string
	Line  int
	Class string

	Command           bool
	Schemas           bool
	Key, NewKey       map[string]any
	OldKey            map[string]any
	Op, Table         string
	Snapshot          string
	Seq               [2]*uint64
	LSN               uint64
	TxID              int64
	Tx                string
	Ordinal           int64
	CollectionOrdinal int64 `json:"collection_ordinal"`
	Before            *struct{ SKU, Status string }
	Order             *struct {
		ID        int64
		OrderID   string `json:"order_id"`
		SKU       string
		Qty       int64
		Status    string
		CreatedAt time.Time `json:"created_at"`
	}
	Refused        *refusal
	RefusedByModel *refusal `json:"refused_by_model"`

	Status, ID  string
	EventCount  int64 `json:"event_count"`
	Collections map[string]int64
	TsMS        int64 `json:"ts_ms"`
	Signal      string

	Prefix, Content string
	Transactional   bool
	Server          string

	Topic     string
	EventType string `json:"event_type"`
	SeqHeader string `json:"seq_header"`
	Aggregate string
	Payload   string
}

type refusal struct{ Field, Reason string }

// TestEveryCapturedRecordIsWhatItsReaderSays decodes every captured record and compares it with
// expected.jsonl; a record without an expectation, or the other way round, fails.
func TestEveryCapturedRecordIsWhatItsReaderSays(t *testing.T) {
	expected := map[string]expectation{}
	for _, e := range lines[expectation](t, "expected.jsonl") {
		at := fmt.Sprintf("%s:%d", e.File, e.Line)
		if _, twice := expected[at]; twice {
			t.Errorf("%s is expected twice", at)
		}
		expected[at] = e
	}
	if len(expected) != 79 {
		t.Errorf("%d expectations, 79 records were captured", len(expected))
	}
	for _, file := range captureFiles(t) {
		for i, rec := range records(t, file) {
			at := fmt.Sprintf("%s:%d", file, i+1)
			e, ok := expected[at]
			if !ok {
				t.Errorf("%s has no expectation", at)
				continue
			}
			delete(expected, at)
			t.Run(at, func(t *testing.T) { e.check(t, rec) })
		}
	}
	for at := range expected {
		t.Errorf("%s is expected and was not captured", at)
	}
}

func (e expectation) check(t *testing.T, rec port.Record) {
	ev, err := debezium.Decoder{}.Decode(rec)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "class", ev.Class.String(), e.Class)
	same(t, "command", ev.Command, e.Command)
	same(t, "schemas", ev.Schemas, e.Schemas)
	same(t, "place", ev.Place, debezium.Place{Topic: rec.Topic, Partition: rec.Partition, Offset: rec.Offset})
	switch ev.Class {
	case debezium.ClassRow:
		e.checkRow(t, ev)
		e.checkOrder(t, ev)
		taken, err := consumed(rec, false)
		same(t, "consumed as an order", taken || err != nil, e.Op == "c" && e.Table == "public.orders")
		taken, err = consumed(rec, true)
		same(t, "consumed with every op", taken || err != nil, e.Op != "t" && e.Table == "public.orders")
	case debezium.ClassSignal:
		e.checkRow(t, ev)
		same(t, "signal", column(ev.Row.After, "type"), any(e.Signal))
	case debezium.ClassTombstone:
		sameKey(t, "key", ev.Key, e.Key)
		sameKey(t, "newkey", ev.Tombstone.NewKey, e.NewKey)
	case debezium.ClassHeartbeat:
		same(t, "heartbeat", *ev.Heartbeat, debezium.Heartbeat{Server: e.Server, AtMS: e.TsMS})
	case debezium.ClassTransaction:
		e.checkTransaction(t, ev.Transaction)
	case debezium.ClassMessage:
		m := ev.Message
		same(t, "op", "m", e.Op)
		e.checkSource(t, m.Source, m.Transaction)
		same(t, "prefix", m.Prefix, e.Prefix)
		same(t, "content", string(m.Content), e.Content)
		same(t, "transactional", m.Transactional, e.Transactional)
	case debezium.ClassOutbox:
		e.checkOutbox(t, ev)
	}
	if ev.Class != debezium.ClassRow {
		if taken, err := consumed(rec, true); taken || err != nil {
			t.Errorf("taken for an order by a consumer of every op: %v", err)
		}
	}
}

// consumed reports whether a consumer of the article's topic takes the record for an order.
func consumed(rec port.Record, everyOp bool) (bool, error) {
	o, err := debezium.Decoder{EveryOp: everyOp}.OrderEvent(rec)
	if err != nil && !reflect.DeepEqual(o, inventory.OrderEvent{}) {
		return false, fmt.Errorf("refused and answered %+v: %w", o, err)
	}
	return o.Class == "row" && (everyOp || o.Op == 'c'), err
}

func (e expectation) checkRow(t *testing.T, ev debezium.Event) {
	row := ev.Row
	same(t, "op", string(row.Op), e.Op)
	same(t, "table", row.Schema+"."+row.Table, e.Table)
	sameKey(t, "key", ev.Key, e.Key)
	sameKey(t, "newkey", row.NewKey, e.NewKey)
	sameKey(t, "oldkey", row.OldKey, e.OldKey)
	e.checkSource(t, row.Source, row.Transaction)
	if e.Before != nil {
		same(t, "before.sku_id", column(row.Before, "sku_id"), any(e.Before.SKU))
		same(t, "before.status", column(row.Before, "status"), any(e.Before.Status))
	} else {
		same(t, "before", row.Before == nil, e.Op != "u" && e.Op != "d" || e.Table != "public.orders")
	}
	same(t, "after is there", row.After != nil, e.Op != "d" && e.Op != "t")
}

func (e expectation) checkSource(t *testing.T, s debezium.Source, b *debezium.Block) {
	same(t, "snapshot", s.Snapshot, e.Snapshot)
	same(t, "lsn", s.LSN, e.LSN)
	same(t, "txid", s.TxID, e.TxID)
	for i, got := range []uint64{s.PrevCommitLSN, s.SequenceLSN} {
		want := uint64(0)
		if e.Seq[i] != nil {
			want = *e.Seq[i]
		}
		same(t, "seq", got, want)
	}
	want := debezium.Block{ID: e.Tx, Order: e.Ordinal, CollectionOrder: e.CollectionOrdinal}
	if b == nil {
		b = &debezium.Block{}
	}
	same(t, "transaction", *b, want)
}

func (e expectation) checkOrder(t *testing.T, ev debezium.Event) {
	if e.Order == nil && e.Refused == nil {
		return // another table, or a truncation
	}
	o, err := ev.Order()
	if e.Refused != nil {
		e.Refused.check(t, err, ev.Place)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	same(t, "id", o.ID, e.Order.ID)
	same(t, "order_id", o.OrderID.String(), e.Order.OrderID)
	same(t, "sku", string(o.SKU), e.Order.SKU)
	same(t, "qty", o.Qty, e.Order.Qty)
	same(t, "status", string(o.Status), e.Order.Status)
	same(t, "created_at", o.CreatedAt, e.Order.CreatedAt.UnixMilli())
	same(t, "op of the order", string(o.Op), e.Op)
	same(t, "moved", o.Moved, e.OldKey != nil)
	same(t, "ordinal of the order", o.Ordinal, e.Ordinal)
}

func (e expectation) checkTransaction(t *testing.T, tx *debezium.Transaction) {
	same(t, "begin", tx.Begin, e.Status == "BEGIN")
	same(t, "id", tx.ID, e.ID)
	same(t, "event_count", tx.Events, e.EventCount)
	same(t, "ts_ms", tx.AtMS, e.TsMS)
	same(t, "collections", len(tx.Collections), len(e.Collections))
	for _, c := range tx.Collections {
		same(t, c.Collection, c.Events, e.Collections[c.Collection])
	}
}

func (e expectation) checkOutbox(t *testing.T, ev debezium.Event) {
	m := ev.Outbox
	same(t, "topic", ev.Place.Topic, e.Topic)
	same(t, "id", m.ID.String(), e.ID)
	same(t, "eventType", m.EventType, e.EventType)
	same(t, "seq", m.Seq, e.SeqHeader)
	same(t, "key", string(m.Aggregate), e.Aggregate)
	same(t, "key is null", m.Aggregate == nil, false)
	same(t, "payload", string(m.Payload), e.Payload)
	err := ev.Object()
	switch {
	case e.Refused != nil:
		e.Refused.check(t, err, ev.Place)
	case err != nil:
		t.Error(err)
	case e.RefusedByModel != nil:
		if ev.Place.Topic == model.CommandTopic {
			_, _, err = model.DecodeCommandRecord(m.Payload)
		} else {
			_, err = model.DecodeState(m.Payload)
		}
		e.RefusedByModel.check(t, err, debezium.Place{})
	}
}

// check wants a contract violation of the named field, that names the record too.
func (r *refusal) check(t *testing.T, err error, at debezium.Place) {
	t.Helper()
	var violation *model.ContractError
	if !errors.As(err, &violation) {
		t.Fatalf("got %v, want a contract violation of %s", err, r.Field)
	}
	same(t, "refused field", violation.Field, r.Field)
	if !strings.Contains(violation.Reason, r.Reason) {
		t.Errorf("refused because %q, want %q", violation.Reason, r.Reason)
	}
	if at.Topic == "" {
		return
	}
	if !errors.Is(err, port.ErrContract) || !strings.HasPrefix(err.Error(), at.String()+": ") {
		t.Errorf("%q is not of class contract or does not name %s", err, at)
	}
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func sameKey(t *testing.T, what string, got []port.Column, want map[string]any) {
	t.Helper()
	m := map[string]any{}
	for _, c := range got {
		m[c.Name] = c.Value
		if n, ok := c.Value.(int64); ok {
			m[c.Name] = float64(n) // as encoding/json reads the expectation
		}
	}
	if (got == nil) != (want == nil) || len(m) != len(want) || len(want) > 0 && !reflect.DeepEqual(m, want) {
		b, _ := json.Marshal(m)
		t.Errorf("%s: got %s, want %v", what, b, want)
	}
}

func column(cs []port.Column, name string) any {
	for _, c := range cs {
		if c.Name == name {
			return c.Value
		}
	}
	return nil
}
