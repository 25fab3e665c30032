package memory_test

import (
	"testing"
	"time"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// A campaign uses its servers again for every execution: what one leaves behind must not be there for the next.
func TestAServerThatWasResetIsAsGoodAsNew(t *testing.T) {
	gate := memory.NewPlain(func() time.Time { return time.Unix(1e9, 0) },
		func(time.Duration, func()) func() bool { return func() bool { return true } })
	pg := memory.NewPostgres(gate, memory.PostgresOptions{KeepCommits: 4})
	empty, used := pg.Digest(), uint64(0)
	for life := range 3 {
		if life > 0 {
			pg.Reset(gate, memory.PostgresOptions{KeepCommits: 4})
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

func usePostgres(t *testing.T, pg *memory.Postgres) {
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

func TestABrokerThatWasResetIsAsGoodAsNew(t *testing.T) {
	k := memory.NewKafka(plainGate(), memory.KafkaOptions{})
	var first uint64
	for life := range 3 {
		if life > 0 {
			k.Reset(plainGate(), memory.KafkaOptions{})
		}
		if id := k.TopicID(topicName); !id.IsZero() {
			t.Fatalf("life %d begins with a topic", life)
		}
		k.CreateTopic(topicName, 1)
		if n := len(k.Records(topicName)); n != 0 {
			t.Fatalf("life %d begins with %d records", life, n)
		}
		b := k.Client("one")
		produce(t, b, 0, 3)
		claim, err := joined(t, b).Claim(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if rs, err := claim.Fetch(t.Context(), port.Position{LeaderEpoch: -1}, 9, 0); err != nil || len(rs) != 3 || rs[2].Offset != 2 {
			t.Fatalf("life %d reads %v, %v", life, rs, err)
		}
		if err := claim.Commit(t.Context(), port.Position{Offset: 3}); err != nil {
			t.Fatal(err)
		}
		k.Elect(topicName, 0)
		if life == 0 {
			first = k.Digest()
		}
		if got := k.Digest(); got != first {
			t.Errorf("life %d ends at %x, the first one at %x", life, got, first)
		}
		switch life {
		case 0:
			k.CreateTopic(topicName, 1) // which the next life must not see: another identity
		case 1:
			k.CreateTopic("another", 2) // nor what it does not ask for
		}
	}
}
