package postgres_test

import (
	"errors"
	"testing"

	"stockproof/adapters/memory"
	"stockproof/adapters/memory/postgres"
	"stockproof/inventory/port"
	"stockproof/model"
)

// standby is a server that keeps commits, two clients, and a lane.
func standby(t *testing.T) (*scriptGate, *postgres.Server, port.Truth, port.Truth) {
	t.Helper()
	g := &scriptGate{nowMS: 1_000_000}
	pg := postgres.New(g, postgres.Options{KeepCommits: 8})
	a, b := pg.Client(), pg.Client()
	must(t, a.Do(ctx, &port.SetEpoch{}, createLanes("A", "B")))
	return g, pg, a, b
}

func failover(t *testing.T, pg *postgres.Server, lose int) postgres.Promotion {
	t.Helper()
	p, err := pg.Failover(lose)
	must(t, err)
	return p
}

func checkEpoch(t *testing.T, truth port.Truth) port.CheckEpoch {
	t.Helper()
	var st port.CheckEpoch
	must(t, truth.Do(ctx, &st))
	return st
}

func lsnNow(t *testing.T, truth port.Truth) int64 {
	t.Helper()
	var st port.Barrier
	must(t, truth.Do(ctx, &st))
	return st.LSN
}

func TestAFailoverThatLosesNothingKeepsWhatWasVisible(t *testing.T) {
	_, pg, a, _ := standby(t)
	must(t, a.Do(ctx, writeLane("A", 7)))
	p := failover(t, pg, 0)
	if n := onHand(t, a, "A"); n != 7 || p.Commits != 0 || p.Timeline != 2 {
		t.Fatal(n, p)
	}
	if checkEpoch(t, a).Open {
		t.Fatal("the new primary may write before anybody opened it")
	}
	must(t, a.Do(ctx, &port.SetEpoch{}))
	if st := checkEpoch(t, a); !st.Open || st.Epoch < 1000 {
		t.Fatalf("%+v", st)
	}
}

func TestNumbersOfTheLostTailAreHandedOutAgain(t *testing.T) {
	_, pg, a, _ := standby(t)
	slot := pg.Slot("s", "ledger.inventory_outbox")
	must(t, a.Do(ctx, outbox(1)))
	kept := checkEpoch(t, a).XID
	keptLSN := lsnNow(t, a)
	must(t, a.Do(ctx, outbox(2)))
	must(t, a.Do(ctx, outbox(3)))
	seen, err := slot.Read(ctx, 10)
	must(t, err)
	p := failover(t, pg, 2)
	if p.Commits != 2 || int64(p.LSN) < keptLSN || p.LSN >= seen[1].LSN || p.NextXID != kept+2 {
		t.Fatalf("%+v behind LSN %d, xid %d and %+v", p, keptLSN, kept, seen)
	}
	again := pg.Slot("s", "ledger.inventory_outbox")
	must(t, a.Do(ctx, outbox(4)))
	cs, err := again.Read(ctx, 10)
	must(t, err)
	if cs[0].LSN != seen[1].LSN || cs[0].XID != seen[1].XID || cs[0].After[0].Value != [16]byte{4} {
		t.Fatalf("%+v, want the numbers of %+v", cs, seen[1])
	}
	read := &port.ReadOutbox{Shards: 1, Max: 10}
	must(t, a.Do(ctx, read))
	if len(read.Rows) != 2 || read.Rows[0].ID != (model.ID{1}) || read.Rows[1].ID != (model.ID{4}) {
		t.Fatalf("%+v", read.Rows)
	}
}

// TestACommitInTheLogGoesWithItsPlace: decoded, not visible yet, and then the primary is gone.
func TestACommitInTheLogGoesWithItsPlace(t *testing.T) {
	for lose, want := range []int64{7, 0} {
		g, pg, a, b := standby(t)
		slot := pg.Slot("s", "ledger.sku_lane")
		var ledger int
		pg.OnLedger(func(port.LedgerRow) { ledger++ })
		tx := a.Begin()
		must(t, tx.Do(ctx, lockLanes("A"), writeLane("A", 7)))
		must(t, tx.Do(ctx, &port.InsertLedger{Rows: []port.LedgerRow{{Lane: keys("A")[0], Seq: 1}}}))
		g.onStep = func() {
			if cs, err := slot.Read(ctx, 10); err != nil || len(cs) != 1 {
				t.Error(cs, err)
			}
			if n := pg.InDoubt(); n != 1 {
				t.Error(n, " in doubt")
			}
			failover(t, pg, lose)
		}
		if err := tx.Commit(ctx); !errors.Is(err, port.ErrUnknown) {
			t.Fatal(err)
		}
		if n := onHand(t, b, "A"); n != want || pg.InDoubt() != 0 || ledger != 1-lose {
			t.Fatalf("without %d commits: %d, want %d", lose, n, want)
		}
		must(t, b.Do(ctx, lockLanes("A"), writeLane("A", 1)))
		if st := checkEpoch(t, a); st.XID <= 730 {
			t.Fatal(st)
		}
	}
}

func TestAFailoverEndsEveryConnection(t *testing.T) {
	g, pg, a, b := standby(t)
	idle := pg.Session()
	open := a.Begin()
	must(t, open.Do(ctx, lockLanes("A"), writeLane("A", 5)))
	g.onBlock = func(w memory.Wait) error {
		failover(t, pg, 0)
		if !w.Until() {
			t.Error("a transaction waits on for a row of a server that is gone")
		}
		return nil
	}
	if err := b.Do(ctx, lockLanes("A")); postgres.SQLState(errors.Unwrap(err)) != "57P01" &&
		!errors.Is(err, port.ErrUnavailable) {
		t.Fatal(err)
	}
	g.onBlock = nil
	if err := open.Commit(ctx, writeLane("B", 5)); !errors.Is(err, port.ErrUnknown) {
		t.Fatal(err)
	}
	if err := idle.Exec(ctx, &port.ReadEpoch{}); postgres.SQLState(err) != "57P01" {
		t.Fatal(err)
	}
	if x, y := onHand(t, a, "A"), onHand(t, a, "B"); x != 0 || y != 0 {
		t.Fatal(x, y)
	}
	must(t, b.Do(ctx, lockLanes("A", "B")))
}

func TestAFailoverLosesNoMoreThanIsKept(t *testing.T) {
	_, pg, a, _ := standby(t)
	for i := range 20 {
		must(t, a.Do(ctx, writeLane("A", int64(i))))
	}
	if _, err := pg.Failover(9); err == nil {
		t.Fatal("nine of eight commits were lost")
	}
	if !checkEpoch(t, a).Open || onHand(t, a, "A") != 19 {
		t.Fatal("a failover that cannot be changed something")
	}
	failover(t, pg, 8)
	if n := onHand(t, a, "A"); n != 11 {
		t.Fatal(n)
	}
	none := postgres.New(&scriptGate{}, postgres.Options{})
	must(t, none.Client().Do(ctx, &port.SetEpoch{}))
	if _, err := none.Failover(1); err == nil {
		t.Fatal("a commit was lost that nobody kept")
	}
	failover(t, none, 0)
}

func TestALostDecisionIsReported(t *testing.T) {
	_, pg, a, _ := standby(t)
	row := port.LedgerRow{Lane: keys("A")[0], Seq: 1, Command: model.ID{9}}
	must(t, a.Do(ctx, &port.InsertLedger{Rows: []port.LedgerRow{row}}))
	row.Seq = 2
	must(t, a.Do(ctx, &port.InsertLedger{Rows: []port.LedgerRow{row}}))
	p := failover(t, pg, 1)
	if len(p.Ledger) != 1 || p.Ledger[0] != row {
		t.Fatalf("%+v", p)
	}
	if p = failover(t, pg, 0); len(p.Ledger) != 0 || p.Timeline != 3 {
		t.Fatalf("%+v", p)
	}
}

// TestOrderIdsComeAgain: the id of an order that a failover lost goes to another customer's. It takes the
// loss of the log record that reserved the ids: PostgreSQL reserves 32 ahead.
func TestOrderIdsComeAgain(t *testing.T) {
	insert := func(truth port.Truth, sku model.SKU) int64 {
		st := &port.InsertShopOrders{Schema: port.ArticleSchema,
			Rows: []port.ShopOrder{{OrderID: model.NameID(string(sku)), SKU: sku, Qty: 1}}}
		must(t, truth.Do(ctx, st))
		return st.IDs[0]
	}
	_, pg, a, _ := standby(t)
	var seen []string
	pg.OnShopOrder(func(_ port.Schema, before, after *port.ShopOrder) {
		if after == nil {
			seen = append(seen, "gone "+string(before.SKU))
		}
	})
	if id := insert(a, "A"); id != 1 {
		t.Fatal(id)
	}
	p := failover(t, pg, 1)
	if id := insert(a, "B"); id != 1 || len(p.ShopOrders) != 1 || p.ShopOrders[0].SKU != "A" ||
		len(seen) != 1 || seen[0] != "gone A" {
		t.Fatal(id, p, seen)
	}
	insert(a, "C")
	failover(t, pg, 1)
	if id := insert(a, "D"); id != 34 {
		t.Fatal(id, ": the ids up to 33 are in the log")
	}
	exact := postgres.New(&scriptGate{}, postgres.Options{KeepCommits: 1, SequenceAhead: -1})
	insert(exact.Client(), "A")
	insert(exact.Client(), "B")
	failover(t, exact, 1)
	if id := insert(exact.Client(), "C"); id != 2 {
		t.Fatal(id)
	}
}

// TestADigestTellsWhichCommitInDoubtIsLast: a standby may be promoted without the last of them, and then one order of two
// commits leaves another database than the other.
func TestADigestTellsWhichCommitInDoubtIsLast(t *testing.T) {
	digest := func(first int) (sum uint64) {
		g, pg, a, b := standby(t)
		txs := []port.Tx{a.Begin(), b.Begin()}
		must(t, txs[0].Do(ctx, lockLanes("A"), writeLane("A", 7)))
		must(t, txs[1].Do(ctx, lockLanes("B"), writeLane("B", 7)))
		g.onStep = func() {
			g.onStep = func() {
				if n := pg.InDoubt(); n != 2 {
					t.Error(n, " in doubt")
				}
				sum = pg.Digest()
			}
			must(t, txs[1-first].Commit(ctx))
		}
		must(t, txs[first].Commit(ctx))
		return sum
	}
	if a, b := digest(0), digest(1); a == b {
		t.Error("two orders of the commits in doubt have one digest")
	}
	if a, again := digest(0), digest(0); a != again {
		t.Error("one state has two digests")
	}
}
