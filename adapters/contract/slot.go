package contract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"stockproof/inventory/port"
	"stockproof/model"
)

// SlotBed is a truth with one replication slot, made before the first transaction. It follows
// [SlotTables].
type SlotBed struct {
	TruthBed
	// Open connects to the slot; an earlier connection has ended then.
	Open func() port.Slot
}

// SlotTables are the tables that the slot of a [SlotBed] follows.
func SlotTables() []string {
	return []string{"ledger.inventory_outbox", "ledger.sku_lane", "article.orders"}
}

// Slot puts an implementation of [port.Slot] through the suite.
func Slot(t *testing.T, open func(t *testing.T) SlotBed) {
	for _, c := range []struct {
		name string
		run  func(r *slotRig)
	}{
		{"a row arrives with its columns and types", slotColumns},
		{"an update shows the row before it where the table says so", slotUpdate},
		{"insert and delete in one transaction both arrive", slotInsertDelete},
		{"changes are numbered within their transaction", slotOrdinals},
		{"transactions arrive in commit order", slotCommitOrder},
		{"a rolled back transaction does not arrive", slotRollback},
		{"positions grow and say what came before", slotPositions},
		{"at most max changes arrive at a time", slotMax},
		{"Read waits for a change", slotBlocks},
		{"a Read that is given up is a break", slotCancelled},
		{"a new connection begins behind what was confirmed", slotRestart},
		{"half a transaction is not confirmed", slotHalfConfirmed},
		{"only the slot's tables arrive", slotOthers},
	} {
		t.Run(c.name, func(t *testing.T) {
			bed := open(t)
			c.run(&slotRig{truthRig: newTruthRig(t, bed.TruthBed), open: bed.Open, slot: bed.Open()})
		})
	}
}

// slotRig is a truth and the connection to its slot.
type slotRig struct {
	*truthRig
	open func() port.Slot
	slot port.Slot
}

// read returns the next n changes. A slot that the server still thinks taken, by a connection that just
// ended, is asked again, as its users do.
func (r *slotRig) read(n int) (out []port.Change) {
	r.Helper()
	for len(out) < n {
		cs, err := r.slot.Read(r.ctx, n-len(out))
		if len(out) == 0 && errors.Is(err, port.ErrUnavailable) && r.ctx.Err() == nil {
			time.Sleep(time.Millisecond)
			continue
		}
		r.must(err)
		if len(cs) == 0 {
			r.Fatal("Read returned without a change")
		}
		out = append(out, cs...)
	}
	if len(out) > n {
		r.Fatalf("%d changes, at most %d were asked for", len(out), n)
	}
	return out
}

// emit inserts outbox rows in one transaction.
func (r *slotRig) emit(ns ...int) {
	r.Helper()
	r.do(outboxOf(ns...))
}

func outboxOf(ns ...int) *port.InsertOutbox {
	st := &port.InsertOutbox{}
	for _, n := range ns {
		st.Rows = append(st.Rows, outboxRow(n))
	}
	return st
}

// named is the changes in short: table, operation and what the row is called.
func named(cs []port.Change) (out []string) {
	for _, c := range cs {
		row := c.After
		if row == nil {
			row = c.Before
		}
		name := field(row, "sku_id")
		if id, ok := field(row, "id").([16]byte); ok {
			name = int(id[14])<<8 | int(id[15])
		}
		out = append(out, fmt.Sprintf("%s %c %v", c.Table, c.Op, name))
	}
	return out
}

func field(row []port.Column, name string) any {
	for _, c := range row {
		if c.Name == name {
			return c.Value
		}
	}
	return nil
}

func columnNames(row []port.Column) (names []string) {
	for _, c := range row {
		names = append(names, c.Name)
	}
	return names
}

func slotColumns(r *slotRig) {
	row := outboxRow(7)
	row.Seq = 0
	r.do(&port.InsertOutbox{Rows: []port.OutboxRow{row}})
	r.do(&port.CreateLanes{Lanes: []model.LaneKey{laneAt("\u00e9 {}\"")}})
	r.do(&port.InsertShopOrders{Schema: port.ArticleSchema,
		Rows: []port.ShopOrder{shopOrder(5, "", -3, port.ShopAdjust)}})
	cs := r.read(3)
	same(r.truthRig, "outbox", cs[0].After[:6], []port.Column{{Name: "id", Value: [16]byte(row.ID)},
		{Name: "aggregatetype", Value: row.AggregateType}, {Name: "aggregateid", Value: row.AggregateID},
		{Name: "type", Value: row.Type}, {Name: "seq", Value: nil}, {Name: "payload", Value: row.Payload}})
	same(r.truthRig, "lane", cs[1].After,
		[]port.Column{{Name: "sku_id", Value: "\u00e9 {}\""}, {Name: "loc", Value: "main"},
			{Name: "bump", Value: int64(0)}, {Name: "seq", Value: int64(0)}, {Name: "on_hand", Value: int64(0)},
			{Name: "reserved", Value: int64(0)}, {Name: "safety", Value: int64(0)},
			{Name: "backorder_limit", Value: int64(0)},
			{Name: "stock_version", Value: int64(0)}, {Name: "short", Value: false}})
	created, _ := field(cs[2].After, "created_at").(string)
	at, err := time.Parse("2006-01-02T15:04:05.000000Z", created)
	if d := cs[2].At/1000 - at.UnixMilli(); err != nil || d < -1000 || d > patience.Milliseconds() {
		r.Fatalf("created_at %q (%v), committed at %d", created, err, cs[2].At)
	}
	same(r.truthRig, "order", cs[2].After,
		[]port.Column{{Name: "id", Value: int64(1)}, {Name: "order_id", Value: [16]byte(nth(5))},
			{Name: "sku_id", Value: ""}, {Name: "qty", Value: int64(-3)}, {Name: "status", Value: "ADJUST"},
			{Name: "price", Value: nil}, {Name: "created_at", Value: created}})
	for i, schema := range []string{"ledger", "ledger", "article"} {
		if c := cs[i]; c.Schema != schema || c.Op != 'c' || c.Before != nil {
			r.Fatalf("%+v", c)
		}
	}
}

func slotUpdate(r *slotRig) {
	r.created(stocked("A", 4, 9)) // c, u
	order := &port.InsertShopOrders{Schema: port.ArticleSchema,
		Rows: []port.ShopOrder{shopOrder(5, "A", 3, port.ShopPending)}}
	r.do(order)
	r.do(&port.SetShopStatus{Schema: port.ArticleSchema, ID: order.IDs[0], Status: port.ShopGranted})
	cs := r.read(4)
	same(r.truthRig, "changes", named(cs),
		[]string{"sku_lane c A", "sku_lane u A", "orders c A", "orders u A"})
	lane, status := cs[1], cs[3]
	if lane.Before != nil || field(lane.After, "seq") != int64(4) || field(lane.After, "on_hand") != int64(9) {
		r.Fatalf("%+v", lane)
	}
	if field(status.Before, "status") != "PENDING" || field(status.After, "status") != "GRANTED" ||
		field(status.Before, "sku_id") != "A" ||
		!slices.Equal(columnNames(status.Before), columnNames(status.After)) {
		r.Fatalf("%+v", status)
	}
}

func slotInsertDelete(r *slotRig) {
	r.do(outboxOf(1, 2), &port.DeleteOutbox{IDs: nths(1, 2)})
	r.emit(3)
	cs := r.read(5)
	same(r.truthRig, "changes", named(cs), []string{"inventory_outbox c 1", "inventory_outbox c 2",
		"inventory_outbox d 1", "inventory_outbox d 2", "inventory_outbox c 3"})
	same(r.truthRig, "deleted", cs[2].Before, []port.Column{{Name: "id", Value: [16]byte(nth(1))}})
	if cs[2].After != nil || cs[3].XID != cs[0].XID || cs[4].XID == cs[0].XID {
		r.Fatalf("%+v", cs)
	}
}

func slotOrdinals(r *slotRig) {
	r.do(&port.SetEpoch{})
	var check port.CheckEpoch
	tx := r.begin(r.a, &check, outboxOf(1), restock(1))
	tx.commit(&port.CreateLanes{Lanes: []model.LaneKey{laneAt("A")}}, outboxOf(2))
	r.emit(3)
	cs := r.read(4)
	same(r.truthRig, "changes", named(cs),
		[]string{"inventory_outbox c 1", "sku_lane c A", "inventory_outbox c 2", "inventory_outbox c 3"})
	for i, want := range []int{1, 2, 3, 1} {
		if c := cs[i]; c.Ordinal != want || c.Last != (i >= 2) || i < 3 && c.XID != check.XID {
			r.Fatalf("%+v, transaction %d", c, check.XID)
		}
	}
}

func slotCommitOrder(r *slotRig) {
	first := r.begin(r.a, outboxOf(1))
	second := r.begin(r.b, outboxOf(2))
	first.do(outboxOf(3))
	second.commit()
	first.commit(outboxOf(4))
	cs := r.read(4)
	same(r.truthRig, "changes", named(cs),
		[]string{"inventory_outbox c 2", "inventory_outbox c 1", "inventory_outbox c 3", "inventory_outbox c 4"})
	late := cs[1]
	if late.LSN >= cs[0].LSN || late.XID >= cs[0].XID || late.CommitLSN <= cs[0].CommitLSN {
		r.Fatalf("the late committer's positions: %+v after %+v", late, cs[0])
	}
	if late.Ordinal != 1 || cs[3].Ordinal != 3 || late.PrevCommitLSN != cs[0].CommitLSN {
		r.Fatalf("%+v", cs)
	}
}

func slotRollback(r *slotRig) {
	r.begin(r.a, outboxOf(1)).rollback()
	tx := r.begin(r.a, outboxOf(2))
	if err := tx.Commit(r.ctx,
		&port.DecideCommands{Rows: []port.CommandRow{decidedCommand(9, "A", 1)}}); err == nil {
		r.Fatal("committed")
	}
	r.emit(3)
	same(r.truthRig, "changes", named(r.read(1)), []string{"inventory_outbox c 3"})
}

func slotPositions(r *slotRig) {
	var read port.ReadEpoch
	r.do(&read)
	for n := range 5 {
		r.emit(2*n+1, 2*n+2)
	}
	cs := r.read(10)
	var before uint64
	var last port.Change
	for i, c := range cs {
		if c.LSN > c.CommitLSN || c.LSN < last.LSN || c.PrevCommitLSN != before {
			r.Fatalf("#%d %+v after %+v", i, c, last)
		}
		if c.At/1000 < read.NowMS-1 || c.At < last.At || c.At/1000 > read.NowMS+patience.Milliseconds() {
			r.Fatalf("#%d committed at %d, begun at %d ms", i, c.At, read.NowMS)
		}
		if last = c; c.Last {
			if c.CommitLSN <= before {
				r.Fatalf("#%d %+v", i, c)
			}
			before = c.CommitLSN
		} else if cs[i+1].CommitLSN != c.CommitLSN {
			r.Fatalf("#%d %+v, %+v", i, c, cs[i+1])
		}
	}
}

func slotMax(r *slotRig) {
	r.emit(1, 2, 3)
	r.emit(4, 5)
	for n := range 5 {
		cs, err := r.slot.Read(r.ctx, 1)
		r.must(err)
		same(r.truthRig, "change", named(cs), []string{fmt.Sprint("inventory_outbox c ", n+1)})
	}
}

func slotBlocks(r *slotRig) {
	got := make(chan []port.Change, 1)
	go func() {
		cs, _ := r.slot.Read(r.ctx, 10)
		got <- cs
	}()
	r.emit(1)
	select {
	case cs := <-got:
		same(r.truthRig, "changes", named(cs), []string{"inventory_outbox c 1"})
	case <-r.ctx.Done():
		r.Fatal("Read does not return")
	}
}

func slotCancelled(r *slotRig) {
	r.emit(1)
	r.emit(2)
	cs := r.read(2)
	r.must(r.slot.Confirm(r.ctx, cs[0].CommitLSN))
	ctx, cancel := context.WithTimeout(r.ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := r.slot.Read(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		r.Fatal(err)
	}
	same(r.truthRig, "what was not confirmed comes again", named(r.read(1)), []string{"inventory_outbox c 2"})
}

func slotRestart(r *slotRig) {
	r.emit(1)
	r.emit(2)
	r.emit(3)
	first := r.read(3)
	r.slot = r.open()
	again := r.read(3)
	same(r.truthRig, "nothing was confirmed", named(again), named(first))
	same(r.truthRig, "at the same place", again[2], first[2])
	r.must(r.slot.Confirm(r.ctx, again[1].CommitLSN))
	r.emit(4)
	r.slot = r.open()
	same(r.truthRig, "behind the second", named(r.read(2)),
		[]string{"inventory_outbox c 3", "inventory_outbox c 4"})
}

func slotHalfConfirmed(r *slotRig) {
	r.emit(1)
	r.emit(2, 3)
	cs := r.read(3)
	r.must(r.slot.Confirm(r.ctx, cs[0].CommitLSN))
	r.must(r.slot.Confirm(r.ctx, cs[1].LSN))
	r.slot = r.open()
	same(r.truthRig, "the whole transaction", named(r.read(2)),
		[]string{"inventory_outbox c 2", "inventory_outbox c 3"})
}

func slotOthers(r *slotRig) {
	r.do(restock(1), &port.InsertLedger{Rows: []port.LedgerRow{ledgerLeg("A", 1, 0)}}, &port.Beat{Parts: 2},
		&port.InsertDead{Rows: []port.DeadRow{deadLetter(1, nth(1))}})
	r.do(&port.InsertShopOrders{Schema: port.DualWriteSchema,
		Rows: []port.ShopOrder{shopOrder(1, "A", 1, port.ShopPending)}},
		&port.AddShopStock{Schema: port.ArticleSchema, SKU: "A", Delta: 1})
	r.do(&port.SetEpoch{})
	r.emit(1)
	cs := r.read(1)
	same(r.truthRig, "changes", named(cs), []string{"inventory_outbox c 1"})
	if cs[0].Ordinal != 1 || !cs[0].Last || cs[0].PrevCommitLSN != 0 {
		r.Fatalf("%+v", cs[0])
	}
}
