package cdc_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"stockproof/adapters/debezium"
	"stockproof/adapters/fakes/cdc"
	"stockproof/adapters/live"
	"stockproof/adapters/memory/kafka"
	"stockproof/adapters/memory/postgres"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// capture runs a connector from a database to a broker, in memory both, around what fill does, and
// returns the n records of a key in a topic, which are all that its partition gets.
func capture(t *testing.T, c inventory.Connector, topic, key string, n int,
	fill func(context.Context, port.Truth) error) []port.Record {
	t.Helper()
	pg := postgres.New(live.Gate(), postgres.Options{})
	broker := kafka.New(live.Gate(), kafka.Options{})
	for _, name := range append(debezium.ForDesign(c).OwnTopics(), topic) {
		broker.CreateTopic(name, 4)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	slot := pg.Slot("inv", c.Tables...)
	go func() {
		ended <- cdc.New(slot, broker.Client("connect"), live.Runtime{}, debezium.ForDesign(c),
			cdc.Options{Heartbeat: time.Millisecond}).Run(ctx)
	}()
	if err := fill(ctx, pg.Client()); err != nil {
		t.Fatal(err)
	}
	reader := broker.Client("reader")
	m, err := reader.Join(ctx, "g", topic)
	if err != nil {
		t.Fatal(err)
	}
	var recs []port.Record
	for range 4 {
		claim, err := m.Claim(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if claim.Partition() != model.Partition([]byte(key), 4) {
			continue
		}
		for at := claim.Committed(); len(recs) < n; at.Offset = recs[len(recs)-1].Offset + 1 {
			rs, err := claim.Fetch(ctx, at, n, 0)
			if err != nil {
				t.Fatal(err)
			}
			recs = append(recs, rs...)
		}
		break
	}
	stop()
	if err := <-ended; err != context.Canceled {
		t.Errorf("the connector ended with %v", err)
	}
	return recs
}

// TestConnectorAndRelayProduceTheSameRecords: where there is no Debezium, inventory's relay carries the
// outbox. No consumer may see a difference.
func TestConnectorAndRelayProduceTheSameRecords(t *testing.T) {
	rows := []port.OutboxRow{
		{ID: model.NameID("1"), AggregateType: "inventory.state", AggregateID: "A", Type: "state", Seq: 7, Payload: `{"v": 1}`},
		{ID: model.NameID("2"), AggregateType: "inventory.state", AggregateID: "A", Type: "state", Payload: "\x01\" ü 😂"},
	}
	got := capture(t, inventory.Connector{Tables: []string{"ledger.inventory_outbox"}, Outbox: true}, "inventory.state", "A", 2,
		func(ctx context.Context, truth port.Truth) error {
			tx := truth.Begin()
			defer tx.Rollback(ctx)
			return tx.Commit(ctx, &port.InsertOutbox{Rows: rows}, &port.DeleteOutbox{IDs: []model.ID{rows[0].ID, rows[1].ID}})
		})
	for i, rec := range got {
		want := inventory.OutboxRecord(rows[i])
		if string(rec.Key) != string(want.Key) || string(rec.Value) != string(want.Value) ||
			!reflect.DeepEqual(rec.Headers, want.Headers) {
			t.Errorf("connector %q %q %q\n   relay %q %q %q", rec.Key, rec.Value, rec.Headers, want.Key, want.Value, want.Headers)
		}
	}
}

// TestTheArticlesRowsArriveAsItsPortWantsThem: an inserted order line is a command, what the worker writes
// to its status is not.
func TestTheArticlesRowsArriveAsItsPortWantsThem(t *testing.T) {
	order := port.ShopOrder{OrderID: model.NameID("order"), SKU: "A", Qty: 3, Status: port.ShopPending}
	c := inventory.Connector{Tables: []string{"article.orders"}, Topic: model.OrderTopic, KeyColumn: "sku_id"}
	recs := capture(t, c, model.OrderTopic, `{"sku_id":"A"}`, 2, func(ctx context.Context, truth port.Truth) error {
		insert := &port.InsertShopOrders{Schema: port.ArticleSchema, Rows: []port.ShopOrder{order}}
		if err := truth.Do(ctx, insert); err != nil {
			return err
		}
		order.ID = insert.IDs[0]
		return truth.Do(ctx, &port.SetShopStatus{Schema: port.ArticleSchema, ID: order.ID, Status: port.ShopGranted})
	})
	for i, want := range []struct {
		op     byte
		status port.ShopStatus
	}{{'c', port.ShopPending}, {'u', port.ShopGranted}} {
		got, err := debezium.Decoder{}.OrderEvent(recs[i])
		if err != nil {
			t.Fatal(err)
		}
		order.Status, order.CreatedAt = want.status, got.Row.CreatedAt
		if got.Class != "row" || got.Op != want.op || got.Row != order || got.LSN == 0 || got.Ordinal != 1 || order.CreatedAt == 0 {
			t.Errorf("record %d is %+v, want %c of %+v", i, got, want.op, order)
		}
		if string(recs[i].Key) != `{"sku_id":"A"}` {
			t.Errorf("key %s", recs[i].Key)
		}
	}
}
