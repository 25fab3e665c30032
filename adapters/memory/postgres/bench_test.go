package postgres_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"

	"stockproof/adapters/live"
	"stockproof/adapters/memory/postgres"
	"stockproof/inventory/port"
	"stockproof/model"
)

// BenchmarkSettle is the settler's transaction on one hot lane, for commands that intake accepted
// before: two round trips and all its statements, through the gate of ordinary goroutines.
func BenchmarkSettle(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkSettle(b, n, 10_000) })
	}
}

func benchmarkSettle(b *testing.B, n, known int) {
	ctx := context.Background()
	pg := postgres.New(live.Gate(), postgres.Options{})
	truth := pg.Client()
	lane := model.Lane{Key: model.LaneKey{SKU: "SKU-HOT", Loc: model.MainLocation}, OnHand: 1 << 40}
	topic := model.NameID("topic")
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	var next uint64
	accept := func(n int) []port.CommandRow {
		rows := make([]port.CommandRow, n)
		for i := range rows {
			next++
			binary.BigEndian.PutUint64(rows[i].ID[:], next*0x9e3779b97f4a7c15) // scattered like UUIDs
			rows[i].Lane, rows[i].Kind, rows[i].Body = lane.Key, model.Reserve, make([]byte, 200)
		}
		must(truth.Do(ctx, &port.AcceptCommands{Rows: rows}))
		return rows
	}
	must(truth.Do(ctx, &port.SetEpoch{}, &port.CreateProgress{Topic: topic},
		&port.CreateLanes{Lanes: []model.LaneKey{lane.Key}}))
	for range known / 1000 {
		accept(1000)
	}
	batches := make([][]port.CommandRow, b.N)
	for i := range batches {
		batches[i] = accept(n)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		settle(b, truth, topic, int64(i), &lane, batches[i])
	}
}

func settle(
	b *testing.B, truth port.Truth, topic model.ID, offset int64, lane *model.Lane, rows []port.CommandRow,
) {
	ctx := context.Background()
	ids := make([]model.ID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	keys := []model.LaneKey{lane.Key}
	advance := &port.AdvanceProgress{Topic: topic, From: offset, To: offset + 1}
	known := &port.KnownCommands{IDs: ids}
	tx := truth.Begin()
	defer tx.Rollback(ctx)
	err := tx.Do(ctx, &port.CheckEpoch{}, advance, &port.LockLanes{Lanes: keys}, known,
		&port.ReadLines{Commands: ids}, &port.ReadMarks{Chains: ids}, &port.ReadEpoch{})
	if err != nil || !advance.Moved || len(known.Rows) != len(rows) {
		b.Fatal(err, advance.Moved, len(known.Rows))
	}
	ledger := make([]port.LedgerRow, len(rows))
	lines := make([]model.Line, len(rows))
	for i := range known.Rows {
		r := &known.Rows[i]
		lane.Seq++
		lane.Reserved++
		r.Decision = model.Decision{Outcome: model.Granted, Granted: 1, Seq: lane.Seq, Avail: lane.Avail()}
		ledger[i] = port.LedgerRow{Lane: lane.Key, Seq: lane.Seq, Command: r.ID, Kind: r.Kind, Qty: 1}
		lines[i] = model.Line{Command: r.ID, OrderID: r.ID, LineNo: 1, Lane: lane.Key, Qty: 1, Granted: 1,
			State: model.LineReserved}
	}
	out := []port.OutboxRow{
		{ID: model.NameID("state", ids[0].String()), AggregateType: model.StateTopic, Payload: "{}"},
		{ID: model.NameID("decision", ids[0].String()), AggregateType: model.DecisionTopic, Payload: "{}"}}
	err = tx.Commit(ctx, &port.DecideCommands{Rows: known.Rows}, &port.WriteLines{Lines: lines},
		&port.InsertLedger{Rows: ledger}, &port.WriteLanes{Lanes: []model.Lane{*lane}},
		&port.InsertOutbox{Rows: out}, &port.DeleteOutbox{IDs: []model.ID{out[0].ID, out[1].ID}})
	if err != nil {
		b.Fatal(err)
	}
}
