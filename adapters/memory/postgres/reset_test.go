package postgres_test

import (
	"testing"
	"time"

	"stockproof/adapters/memory"
	"stockproof/adapters/memory/postgres"
	"stockproof/inventory/port"
	"stockproof/model"
)

// A campaign uses its servers again for every execution: what one leaves behind must not be there for the next.
func TestAServerThatWasResetIsAsGoodAsNew(t *testing.T) {
	gate := memory.NewPlain(func() time.Time { return time.Unix(1e9, 0) },
		func(time.Duration, func()) func() bool { return func() bool { return true } })
	pg := postgres.New(gate, postgres.Options{KeepCommits: 4})
	empty, used := pg.Digest(), uint64(0)
	for life := range 3 {
		if life > 0 {
			pg.Reset(gate, postgres.Options{KeepCommits: 4})
		}
		if got := pg.Digest(); got != empty {
			t.Errorf("life %d begins at %x, want %x", life, got, empty)
		}
		usePostgres(t, pg)
		if life == 0 {
			used = pg.Digest()
		}
		if got := pg.Digest(); got != used || got == empty {
			t.Errorf("life %d ends at %x, the first one at %x", life, got, used)
		}
		if _, err := pg.Failover(1); err != nil { // the last thing that it sees
			t.Fatal(err)
		}
	}
}

func usePostgres(t *testing.T, pg *postgres.Server) {
	t.Helper()
	truth := pg.Client()
	if err := pg.CreateSlot("slot", "ledger.sku_lane"); err != nil {
		t.Fatal(err)
	}
	lane := model.LaneKey{SKU: "A", Loc: model.MainLocation}
	id := model.NameID("command")
	mustDo(t, truth, &port.SetEpoch{}, &port.CreateLanes{Lanes: []model.LaneKey{lane}},
		&port.CreateProgress{Topic: model.NameID("topic")})
	mustDo(t, truth, &port.AcceptCommands{Rows: []port.CommandRow{{ID: id, Kind: model.Reserve, Lane: lane}}},
		&port.InsertOutbox{Rows: []port.OutboxRow{{ID: id, AggregateType: "a", AggregateID: "b", Payload: "{}"}}},
		&port.InsertShopOrders{Schema: port.ArticleSchema, Rows: []port.ShopOrder{{OrderID: id, SKU: "A", Qty: 1}}})
	mustDo(t, truth, &port.DeleteOutbox{IDs: []model.ID{id}})
	open := truth.Begin() // and nobody ends it
	if err := open.Do(t.Context(), &port.LockLanes{Lanes: []model.LaneKey{lane}}); err != nil {
		t.Fatal(err)
	}
}

func mustDo(t *testing.T, truth port.Truth, batch ...port.Statement) {
	t.Helper()
	if err := truth.Do(t.Context(), batch...); err != nil {
		t.Fatal(err)
	}
}
