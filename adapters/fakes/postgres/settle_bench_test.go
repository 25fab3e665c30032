package fakepg_test

import (
	"context"
	"fmt"
	"testing"

	"stockproof/adapters/memory/postgres"
	"stockproof/inventory/port"
	"stockproof/model"
)

// BenchmarkSettle is a settle transaction of n orders on one SKU: pgx, the wire, the store.
func BenchmarkSettle(b *testing.B) {
	for _, n := range []int{1, 10, 100, 500} {
		b.Run(fmt.Sprintf("orders=%d", n), func(b *testing.B) {
			w := newWorld(b, postgres.Options{})
			w.do(b, &port.CreateLanes{Lanes: []model.LaneKey{lane("hot")}})
			seq := int64(0)
			for b.Loop() {
				settle(b, w, n, seq)
				seq += int64(n)
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "orders/s")
		})
	}
}

func BenchmarkTransaction(b *testing.B) {
	w := newWorld(b, postgres.Options{})
	w.do(b, &port.CreateLanes{Lanes: []model.LaneKey{lane("hot")}})
	ctx := context.Background()
	for b.Loop() {
		tx := w.Begin()
		lock := &port.LockLanes{Lanes: []model.LaneKey{lane("hot")}}
		if err := tx.Do(ctx, lock); err != nil {
			b.Fatal(err)
		}
		lock.Found[0].OnHand++
		if err := tx.Commit(ctx, &port.WriteLanes{Lanes: lock.Found}); err != nil {
			b.Fatal(err)
		}
	}
}

// settle admits n new orders behind seq, as group commit does.
func settle(b *testing.B, w *world, n int, seq int64) {
	ctx := context.Background()
	accepted, ledger := &port.AcceptCommands{}, &port.InsertLedger{}
	orders, lines := &port.InsertOrders{}, &port.WriteLines{}
	var ids []model.ID
	for i := range int64(n) {
		id := model.ID{8: 1, 9: byte(seq >> 32), 10: byte((seq + i) >> 24), 11: byte((seq + i) >> 16),
			12: byte((seq + i) >> 8), 13: byte(seq + i)}
		ids = append(ids, id)
		d := model.Decision{Outcome: model.Granted, Granted: 1, Seq: seq + i + 1}
		accepted.Rows = append(accepted.Rows, port.CommandRow{ID: id, Kind: model.Reserve, Lane: lane("hot"),
			Body: make([]byte, 200), IntakeEpoch: 1, Decision: d, Epoch: 1, DecidedAt: 1})
		ledger.Rows = append(ledger.Rows, port.LedgerRow{Lane: lane("hot"), Seq: d.Seq, Epoch: 1, Command: id,
			Kind: model.Reserve, Qty: 1, Outcome: model.Granted, Granted: 1, DecidedAt: 1})
		orders.Rows = append(orders.Rows, port.OrderRow{ID: id, Policy: model.Partial, CreatedAt: 1})
		lines.Lines = append(lines.Lines, model.Line{Command: id, OrderID: id, LineNo: 1, Lane: lane("hot"),
			Qty: 1, Granted: 1, State: model.LineReserved})
	}
	tx := w.Begin()
	defer tx.Rollback(ctx)
	lock, known := &port.LockLanes{Lanes: []model.LaneKey{lane("hot")}}, &port.KnownCommands{IDs: ids}
	err := tx.Do(ctx, &port.CheckEpoch{}, lock, known, &port.ReadLines{Commands: ids},
		&port.ReadMarks{Chains: ids})
	if err != nil || len(lock.Found) != 1 || len(known.Rows) != 0 {
		b.Fatal(len(lock.Found), len(known.Rows), err)
	}
	lock.Found[0].Seq += int64(n)
	lock.Found[0].OnHand += int64(n)
	out := port.OutboxRow{ID: ids[0], AggregateType: "inventory.state", AggregateID: "hot:main",
		Type: "state", Payload: "{}"}
	err = tx.Commit(ctx, orders, accepted, lines, ledger, &port.WriteLanes{Lanes: lock.Found},
		&port.InsertOutbox{Rows: []port.OutboxRow{out}}, &port.DeleteOutbox{IDs: ids[:1]})
	if err != nil {
		b.Fatal(err)
	}
}
