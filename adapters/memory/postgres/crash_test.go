package postgres_test

import (
	"errors"
	"testing"
	"time"

	"stockproof/adapters/memory"
	"stockproof/adapters/memory/postgres"
	"stockproof/inventory/port"
	"stockproof/model"
)

func TestACrashKeepsWhatIsCommittedAndNothingElse(t *testing.T) {
	g, pg, a, b := scripted(t)
	must(t, a.Do(ctx, writeLane("A", 3)))
	open := b.Begin()
	must(t, open.Do(ctx, lockLanes("B"), writeLane("B", 9)))
	tx := a.Begin()
	must(t, tx.Do(ctx, lockLanes("A"), writeLane("A", 4)))
	g.onStep = pg.CrashRestart // the commit record is in the log
	if err := tx.Commit(ctx); !errors.Is(err, port.ErrUnknown) {
		t.Fatal(err)
	}
	if err := open.Do(ctx, &port.ReadEpoch{}); !errors.Is(err, port.ErrUnavailable) {
		t.Fatal(err)
	}
	if x, y := onHand(t, a, "A"), onHand(t, a, "B"); x != 4 || y != 0 {
		t.Fatal(x, y)
	}
	if !checkEpoch(t, b).Open {
		t.Fatal("a restart closed the gate")
	}
	must(t, b.Do(ctx, lockLanes("A", "B")))
}

func readIDs(t *testing.T, slot port.Slot, n int) (ids []byte, last uint64) {
	t.Helper()
	cs, err := slot.Read(ctx, 10)
	must(t, err)
	if len(cs) != n {
		t.Fatalf("%d changes, want %d", len(cs), n)
	}
	for _, c := range cs {
		id := c.After[0].Value.([16]byte)
		ids, last = append(ids, id[0]), c.CommitLSN
	}
	return ids, last
}

func TestACrashSendsASlotBackToTheCheckpoint(t *testing.T) {
	g := &scriptGate{}
	pg := postgres.New(g, postgres.Options{CheckpointConfirms: -1})
	a, slot := pg.Client(), pg.Slot("s", "ledger.inventory_outbox")
	for i := range byte(3) {
		must(t, a.Do(ctx, outbox(i+1)))
		_, lsn := readIDs(t, slot, 1)
		must(t, slot.Confirm(ctx, lsn))
		if i == 0 {
			pg.Checkpoint()
		}
	}
	must(t, a.Do(ctx, outbox(4)))
	pg.CrashRestart()
	if _, err := slot.Read(ctx, 10); !errors.Is(err, port.ErrUnavailable) {
		t.Fatal("the stream outlived the server: ", err)
	}
	ids, last := readIDs(t, slot, 3)
	if ids[0] != 2 || ids[2] != 4 {
		t.Fatal(ids)
	}
	must(t, slot.Confirm(ctx, last))
	must(t, a.Do(ctx, outbox(5)))
	if ids, _ := readIDs(t, slot, 1); ids[0] != 5 {
		t.Fatal(ids)
	}
}

func TestHowManyConfirmationsThereAreBetweenTwoCheckpoints(t *testing.T) {
	for _, c := range []struct {
		confirms int
		first    byte // what is sent behind the crash
	}{{0, 4}, {1, 4}, {2, 3}, {3, 4}, {4, 1}, {-1, 1}} {
		o := postgres.Options{CheckpointConfirms: c.confirms}
		pg := postgres.New(&scriptGate{}, o)
		a, slot := pg.Client(), pg.Slot("s", "ledger.inventory_outbox")
		for id := range byte(3) {
			must(t, a.Do(ctx, outbox(id+1)))
			_, lsn := readIDs(t, slot, 1)
			must(t, slot.Confirm(ctx, lsn))
		}
		pg.CrashRestart()
		must(t, a.Do(ctx, outbox(4)))
		if ids, _ := readIDs(t, pg.Slot("s"), int(5-c.first)); ids[0] != c.first {
			t.Fatalf("a checkpoint every %d confirmations: %v", c.confirms, ids)
		}
	}
}

func TestAConfirmationOfADeadStreamIsRefused(t *testing.T) {
	_, pg, a, _ := scripted(t)
	slot := pg.Slot("s", "ledger.inventory_outbox")
	must(t, a.Do(ctx, outbox(1)))
	_, lsn := readIDs(t, slot, 1)
	pg.CrashRestart()
	if err := slot.Confirm(ctx, lsn); !errors.Is(err, port.ErrUnavailable) {
		t.Fatal(err)
	}
	if _, err := slot.Read(ctx, 1); !errors.Is(err, port.ErrUnavailable) {
		t.Fatal("a stream that was refused a confirmation goes on as if nothing had been: ", err)
	}
	readIDs(t, slot, 1)
}

func TestACrashSkipsIdsThatWereLoggedAhead(t *testing.T) {
	_, pg, a, _ := scripted(t)
	st := &port.InsertShopOrders{Schema: port.DualWriteSchema,
		Rows: []port.ShopOrder{{OrderID: model.ID{1}, SKU: "A", Qty: 1}}}
	must(t, a.Do(ctx, st))
	pg.CrashRestart()
	must(t, a.Do(ctx, st))
	if st.IDs[0] != 34 {
		t.Fatal(st.IDs)
	}
}

func TestTheServersClockCanJump(t *testing.T) {
	_, pg, a, _ := scripted(t)
	pg.AdvanceClock(-time.Second)
	if ms := checkEpoch(t, a).NowMS; ms != 999_000 {
		t.Fatal(ms)
	}
}

// A slot that is gone is an error until there is one of its name, and what was written between is not
// in the new one.
func TestALostSlotLeavesAGap(t *testing.T) {
	for name, c := range map[string]struct {
		state string
		lose  func(pg *postgres.Server)
	}{
		"dropped":     {"42704", func(pg *postgres.Server) { pg.DropSlot("s") }},
		"invalidated": {"55000", func(pg *postgres.Server) { pg.InvalidateSlot("s") }},
		"failed over": {"57P01", func(pg *postgres.Server) { failover(t, pg, 0) }},
	} {
		t.Run(name, func(t *testing.T) {
			g, pg, a, _ := scripted(t)
			slot := pg.Slot("s", "ledger.inventory_outbox")
			must(t, a.Do(ctx, outbox(1)))
			readIDs(t, slot, 1)
			g.onBlock = func(w memory.Wait) error { // the reader waits for more
				c.lose(pg)
				if !w.Until() {
					t.Error("it waits on")
				}
				return nil
			}
			_, err := slot.Read(ctx, 1)
			if !errors.Is(err, port.ErrUnavailable) || postgres.SQLState(err) != c.state {
				t.Fatal(err)
			}
			g.onBlock = func(memory.Wait) error { return nil }
			must(t, a.Do(ctx, outbox(2)))
			for range 2 {
				if _, err = slot.Read(ctx, 1); !errors.Is(err, port.ErrUnavailable) {
					t.Fatal(err)
				}
			}
			if name == "invalidated" {
				pg.DropSlot("s")
			}
			must(t, pg.CreateSlot("s", "ledger.inventory_outbox"))
			if err := pg.CreateSlot("s"); postgres.SQLState(err) != "42710" {
				t.Fatal(err)
			}
			must(t, a.Do(ctx, outbox(3)))
			if ids, _ := readIDs(t, slot, 1); ids[0] != 3 {
				t.Fatal(ids)
			}
		})
	}
}

func TestAConnectorCanWaitForASlotThatAnOperatorMakes(t *testing.T) {
	g, pg, a, _ := scripted(t)
	g.onBlock = func(memory.Wait) error { return nil }
	slot := pg.ExistingSlot("s")
	if _, err := slot.Read(ctx, 1); postgres.SQLState(err) != "42704" {
		t.Fatal(err)
	}
	must(t, pg.CreateSlot("s", "ledger.inventory_outbox"))
	must(t, a.Do(ctx, outbox(1)))
	readIDs(t, slot, 1)
}

// TestCopiedRowsShareOneLSN: those of one statement; another statement's rows, and those of tables that
// are not copied into, do not.
func TestCopiedRowsShareOneLSN(t *testing.T) {
	pg := postgres.New(&scriptGate{}, postgres.Options{Copy: []string{"ledger.inventory_outbox"}})
	slot := pg.Slot("s", "ledger.inventory_outbox", "ledger.sku_lane")
	two := func(id byte) *port.InsertOutbox {
		return &port.InsertOutbox{Rows: []port.OutboxRow{{ID: model.ID{id}}, {ID: model.ID{id + 1}}}}
	}
	must(t, pg.Client().Do(ctx, two(1), two(3), createLanes("A", "B")))
	cs, err := slot.Read(ctx, 10)
	must(t, err)
	for i, same := range []bool{true, false, true, false, false} {
		if (cs[i].LSN == cs[i+1].LSN) != same || cs[i].LSN > cs[i+1].LSN {
			t.Fatalf("changes %d and %d of %+v", i, i+1, cs)
		}
	}
}
