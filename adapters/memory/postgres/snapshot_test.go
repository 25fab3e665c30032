package postgres_test

import (
	"context"
	"testing"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
	"stockproof/model"
)

type snapshotter interface {
	port.Slot
	Snapshot(ctx context.Context, unlessBegun bool) ([]port.Change, uint64, error)
}

func skus(cs []port.Change) (out string) {
	for _, c := range cs {
		out += string(c.Op) + c.After[0].Value.(string)
	}
	return out
}

// TestASnapshotAndItsStreamHaveNoGapAndNoOverlap: a transaction that runs when the slot is made is
// waited for and shown; one that is in the log and not visible is streamed.
func TestASnapshotAndItsStreamHaveNoGapAndNoOverlap(t *testing.T) {
	g, pg, a, b := scripted(t) // lanes A and B
	running := a.Begin()
	must(t, running.Do(ctx, createLanes("D")))
	slot := pg.Slot("s", "ledger.sku_lane").(snapshotter)
	must(t, b.Do(ctx, createLanes("C")))
	waited := false
	g.onBlock = func(w memory.Wait) error {
		waited = true
		must(t, running.Commit(ctx))
		if !w.Until() {
			t.Error("nothing runs any more, and it waits")
		}
		return nil
	}
	var rows []port.Change
	var lsn uint64
	late := a.Begin()
	must(t, late.Do(ctx, createLanes("E")))
	g.onStep = func() {
		var err error
		rows, lsn, err = slot.Snapshot(ctx, true)
		must(t, err)
	}
	must(t, late.Commit(ctx))
	if got := skus(rows); got != "rArBrCrD" || !waited {
		t.Fatal(got, waited)
	}
	for i, c := range rows {
		if c.LSN != lsn || c.Ordinal != i+1 || c.Last != (i == 3) {
			t.Fatalf("%+v at %d", c, lsn)
		}
	}
	must(t, slot.Confirm(ctx, lsn))
	cs, err := slot.Read(ctx, 10)
	must(t, err)
	if got := skus(cs); got != "cE" {
		t.Fatal(got)
	}
	if rows, lsn, err = slot.Snapshot(ctx, true); err != nil || rows != nil || lsn != 0 {
		t.Fatal("taken twice: ", rows, lsn, err)
	}
	if rows, _, err = slot.Snapshot(ctx, false); err != nil || skus(rows) != "rArBrCrDrE" {
		t.Fatal(rows, err)
	}
}

func TestAnIncrementalSnapshotIsPartOfTheStreamAndHasNoPosition(t *testing.T) {
	_, pg, a, b := scripted(t)
	slot := pg.Slot("s", "ledger.sku_lane")
	must(t, a.Do(ctx, writeLane("A", 5)))
	before, err := slot.Read(ctx, 10)
	must(t, err)
	busy := b.Begin()
	must(t, busy.Do(ctx, lockLanes("B"), writeLane("B", 7)))
	if n := pg.IncrementalSnapshot("s"); n != 1 {
		t.Fatal(n)
	}
	must(t, busy.Commit(ctx))
	must(t, slot.Confirm(ctx, before[0].CommitLSN))
	cs, err := slot.Read(ctx, 10)
	must(t, err)
	if got := skus(cs); got != "rAuB" || cs[0].LSN != 0 || cs[0].XID != 0 || cs[0].After[4].Value != int64(5) {
		t.Fatal(got, cs)
	}
	if pg.IncrementalSnapshot("none") != 0 {
		t.Fatal("a slot that is not there has rows")
	}
}

func TestASnapshotKnowsTheShopsTables(t *testing.T) {
	_, pg, a, _ := scripted(t)
	must(t, a.Do(ctx, &port.InsertShopOrders{Schema: port.ArticleSchema,
		Rows: []port.ShopOrder{{OrderID: model.ID{1}, SKU: "A", Qty: 1}, {OrderID: model.ID{2}, SKU: "B", Qty: 1}}}))
	rows, _, err := pg.Slot("s", "article.orders").(snapshotter).Snapshot(ctx, false)
	must(t, err)
	if len(rows) != 2 || rows[0].After[0].Value != int64(1) || rows[1].After[0].Value != int64(2) {
		t.Fatal(rows)
	}
}
