package postgres_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"stockproof/adapters/memory"
	"stockproof/adapters/memory/postgres"
	"stockproof/inventory/port"
	"stockproof/model"
)

// scriptGate is the gate of a test that decides itself what comes between two steps, what becomes of
// a request and how a wait ends. Everything runs on the test's goroutine.
type scriptGate struct {
	nowMS   int64
	onStep  func()
	onBlock func(w memory.Wait) error // nil: a wait whose condition does not hold is a failure
	onCall  func(c memory.Call, exec func() error) error
	later   []func() // what the server does in its own time, when the test runs it
	steps   int
}

func (g *scriptGate) Call(_ context.Context, c memory.Call, exec func() error) error {
	if g.onCall != nil {
		return g.onCall(c, exec)
	}
	return exec()
}

func (g *scriptGate) Between() { g.Step() }

func (g *scriptGate) Step() {
	g.steps++
	if fn := g.onStep; fn != nil {
		g.onStep = nil
		fn()
	}
}

func (g *scriptGate) Block(_ context.Context, w memory.Wait) error {
	if w.Until() {
		return nil
	}
	if g.onBlock == nil {
		return errors.New("nobody said how the wait for " + w.Key + " ends")
	}
	return g.onBlock(w)
}

func (g *scriptGate) Later(_ string, fn func()) { g.later = append(g.later, fn) }
func (g *scriptGate) Local(fn func())           { fn() }
func (g *scriptGate) NowMS() int64              { return g.nowMS }

func (g *scriptGate) runLater() {
	for _, fn := range g.later {
		fn()
	}
	g.later = nil
}

var errLine = errors.New("the line is dead")

// scripted is a server behind a script gate, two clients, and a lane.
func scripted(t *testing.T) (*scriptGate, *postgres.Server, port.Truth, port.Truth) {
	t.Helper()
	g := &scriptGate{nowMS: 1_000_000}
	pg := postgres.New(g, postgres.Options{})
	a, b := pg.Client(), pg.Client()
	must(t, a.Do(ctx, &port.SetEpoch{}, createLanes("A", "B")))
	g.steps = 0
	return g, pg, a, b
}

var ctx = context.Background()

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func keys(skus ...model.SKU) (ks []model.LaneKey) {
	for _, s := range skus {
		ks = append(ks, model.LaneKey{SKU: s, Loc: model.MainLocation})
	}
	return ks
}

func createLanes(skus ...model.SKU) *port.CreateLanes { return &port.CreateLanes{Lanes: keys(skus...)} }
func lockLanes(skus ...model.SKU) *port.LockLanes     { return &port.LockLanes{Lanes: keys(skus...)} }

func writeLane(sku model.SKU, onHand int64) *port.WriteLanes {
	return &port.WriteLanes{Lanes: []model.Lane{{Key: keys(sku)[0], Seq: 1, OnHand: onHand}}}
}

// onHand reads the stock of a lane without waiting.
func onHand(t *testing.T, truth port.Truth, sku model.SKU) int64 {
	t.Helper()
	st := &port.ReadLanes{Lanes: keys(sku)}
	must(t, truth.Do(ctx, st))
	return st.Found[0].OnHand
}

func outbox(id byte) *port.InsertOutbox {
	return &port.InsertOutbox{Rows: []port.OutboxRow{{ID: model.ID{id}, AggregateType: "t"}}}
}

func TestEveryStatementOfABatchIsAStep(t *testing.T) {
	g, _, a, _ := scripted(t)
	tx := a.Begin()
	must(t, tx.Do(ctx, lockLanes("A"), &port.ReadEpoch{}, &port.ReadEpoch{}))
	if g.steps != 2 {
		t.Fatalf("%d steps between three statements", g.steps)
	}
	must(t, tx.Commit(ctx, writeLane("A", 1), writeLane("B", 1)))
	if g.steps != 5 { // one between the two, one before COMMIT, one inside it
		t.Fatalf("%d steps", g.steps)
	}
}

func TestCommitIsInTheLogBeforeItIsVisible(t *testing.T) {
	g, pg, a, b := scripted(t)
	slot := pg.Slot("s", "ledger.inventory_outbox")
	tx := a.Begin()
	must(t, tx.Do(ctx, lockLanes("A"), writeLane("A", 7), outbox(1)))
	seen := false
	g.onStep = func() {
		seen = true
		changes, err := slot.Read(ctx, 10)
		if err != nil || len(changes) != 1 || !changes[0].Last {
			t.Error("the slot has not got it: ", changes, err)
		}
		check := &port.IntakeVisible{IntakeEpoch: 1, XID: changes[0].XID}
		if err := b.Do(ctx, check); err != nil || !check.InProgress {
			t.Errorf("%+v %v", check, err)
		}
		if n := onHand(t, b, "A"); n != 0 {
			t.Errorf("stock %d is visible", n)
		}
		waited := false
		g.onBlock = func(memory.Wait) error { waited = true; return memory.ErrWaitTimeout }
		if err := b.Do(ctx, lockLanes("A")); !errors.Is(err, port.ErrConflict) || !waited {
			t.Error("the lane is free: ", err)
		}
		pg.Kill(a) // does not stop a COMMIT that has begun
	}
	if err := tx.Commit(ctx); !seen || !errors.Is(err, port.ErrUnknown) {
		t.Fatal(seen, err)
	}
	if n := onHand(t, b, "A"); n != 7 {
		t.Fatalf("stock %d after COMMIT", n)
	}
	must(t, b.Do(ctx, lockLanes("A")))
}

func TestAWaitForALockEnds(t *testing.T) {
	g, _, a, b := scripted(t)
	holder := a.Begin()
	must(t, holder.Do(ctx, lockLanes("A")))
	g.nowMS += 500
	begun := g.nowMS
	g.onBlock = func(w memory.Wait) error { // until the holder would be idle for too long
		g.nowMS = w.DeadlineMS - 1
		must(t, holder.Do(ctx, &port.ReadEpoch{}))
		g.nowMS++
		g.onBlock = func(w memory.Wait) error { g.nowMS = w.DeadlineMS; return memory.ErrWaitTimeout }
		return memory.ErrWaitTimeout
	}
	err := b.Do(ctx, lockLanes("A"))
	if postgres.SQLState(err) != "55P03" || g.nowMS-begun != 2000 {
		t.Fatal(g.nowMS-begun, err)
	}
}

func TestACycleOfThreeEndsOnlyTheOneThatClosesIt(t *testing.T) {
	g, _, a, b := scripted(t)
	must(t, a.Do(ctx, createLanes("C")))
	one, two, three := a.Begin(), b.Begin(), a.Begin()
	must(t, one.Do(ctx, lockLanes("A")))
	must(t, two.Do(ctx, lockLanes("B")))
	must(t, three.Do(ctx, lockLanes("C")))
	closed := false
	g.onBlock = func(first memory.Wait) error { // one waits for B
		g.onBlock = func(second memory.Wait) error { // two waits for C
			if err := three.Do(ctx, lockLanes("A")); postgres.SQLState(err) != "40P01" {
				t.Errorf("three closes the cycle: %v", err)
			}
			closed = true
			if !second.Until() || first.Until() {
				t.Error("three is over, and two goes on; one waits")
			}
			return nil
		}
		must(t, two.Commit(ctx, lockLanes("C")))
		if !first.Until() {
			t.Error("two is over")
		}
		return nil
	}
	must(t, one.Do(ctx, lockLanes("B")))
	if !closed {
		t.Fatal("nobody waited")
	}
}

func TestLedgerRowsAreSeenWhenTheyBecomeVisible(t *testing.T) {
	g, pg, a, b := scripted(t)
	var seen []int64
	pg.OnLedger(func(r port.LedgerRow) { seen = append(seen, r.Seq) })
	insert := func(sku model.SKU, seqs ...int64) *port.InsertLedger {
		st := &port.InsertLedger{}
		for _, s := range seqs {
			st.Rows = append(st.Rows, port.LedgerRow{Lane: keys(sku)[0], Seq: s})
		}
		return st
	}
	one, two, three := a.Begin(), b.Begin(), b.Begin()
	must(t, one.Do(ctx, insert("A", 1, 2)))
	must(t, two.Do(ctx, insert("B", 11)))
	must(t, three.Do(ctx, insert("B", 12)))
	three.Rollback(ctx)
	if len(seen) != 0 {
		t.Fatal(seen)
	}
	g.onStep = func() { must(t, two.Commit(ctx)) } // flushed later, visible earlier
	must(t, one.Commit(ctx))
	if !slices.Equal(seen, []int64{11, 1, 2}) {
		t.Fatal(seen)
	}
}

func TestShopChangesAreSeenWhenTheyBecomeVisible(t *testing.T) {
	_, pg, a, _ := scripted(t)
	var seen []string
	pg.OnShopOrder(func(schema port.Schema, before, after *port.ShopOrder) {
		from := ""
		if before != nil {
			from = string(before.Status)
		}
		seen = append(seen, string(schema)+" "+from+">"+string(after.Status))
	})
	pg.OnShopStock(func(schema port.Schema, before, after *port.ShopStock) {
		if before != nil {
			seen = append(seen, string(schema)+" stock of "+string(after.SKU))
		}
	})
	add := func(n int64) *port.AddShopStock {
		return &port.AddShopStock{Schema: port.ArticleSchema, SKU: "A", Delta: n}
	}
	must(t, a.Do(ctx, add(5), &port.InsertShopOrders{Schema: port.ArticleSchema,
		Rows: []port.ShopOrder{{SKU: "A", Qty: 2, Status: port.ShopPending}}}))
	tx := a.Begin()
	must(t, tx.Do(ctx, &port.SetShopStatus{Schema: port.ArticleSchema, ID: 1, Status: port.ShopOversold}))
	tx.Rollback(ctx)
	must(t, a.Do(ctx, &port.SetShopStatus{Schema: port.ArticleSchema, ID: 1, Status: port.ShopGranted},
		add(-2)))
	want := []string{"article >PENDING", "article PENDING>GRANTED", "article stock of A"}
	if !slices.Equal(seen, want) {
		t.Fatal(seen)
	}
}

func TestASessionTellsItsStatus(t *testing.T) {
	g, pg, a, _ := scripted(t)
	s := pg.Session()
	want := func(status byte) {
		t.Helper()
		if s.Status() != status {
			t.Fatalf("status %c, want %c", s.Status(), status)
		}
	}
	want('I')
	must(t, s.Exec(ctx, outbox(1)))
	want('I')
	must(t, s.Begin(ctx))
	want('T')
	must(t, s.Exec(ctx, outbox(2)))
	if err := s.Exec(ctx, writeLane("nowhere", 1)); postgres.SQLState(err) != "SP001" {
		t.Fatal(err)
	}
	want('E')
	if err := s.Exec(ctx, &port.ReadEpoch{}); postgres.SQLState(err) != "25P02" {
		t.Fatal(err)
	}
	if done, err := s.Commit(ctx); err != nil || done {
		t.Fatal(done, err)
	}
	want('I')
	must(t, s.Begin(ctx))
	must(t, s.Exec(ctx, outbox(3)))
	if done, err := s.Commit(ctx); err != nil || !done {
		t.Fatal(done, err)
	}
	st := &port.ReadOutbox{Shards: 1, Max: 10}
	if must(t, a.Do(ctx, st)); len(st.Rows) != 2 {
		t.Fatalf("%+v", st.Rows)
	}
	must(t, s.Begin(ctx))
	must(t, s.Rollback(ctx))
	want('I')
	tx := a.Begin()
	must(t, tx.Do(ctx, lockLanes("A")))
	g.onBlock = func(memory.Wait) error { s.Close(); return nil }
	if err := s.Exec(ctx, lockLanes("A")); postgres.SQLState(err) != "57P01" {
		t.Fatal(err)
	}
	if err := s.Begin(ctx); postgres.SQLState(err) != "57P01" {
		t.Fatal(err)
	}
}

func TestTwoWhoShareAndBothWriteAreADeadlock(t *testing.T) {
	g, _, a, b := scripted(t)
	share := func() *port.ReadLanes { return &port.ReadLanes{Lanes: keys("A"), Share: true} }
	one, two := a.Begin(), b.Begin()
	must(t, one.Do(ctx, share()))
	must(t, two.Do(ctx, share()))
	g.onBlock = func(memory.Wait) error {
		if err := two.Do(ctx, lockLanes("A")); postgres.SQLState(err) != "40P01" {
			t.Error("the second closes the cycle: ", err)
		}
		return nil
	}
	must(t, one.Commit(ctx, lockLanes("A")))
}

// An id above all that has ended, of an epoch that is over, is not waited for: the server that gave it
// out may have been another.
func TestTheNewestTransactionOfALostEpochIsNotWaitedFor(t *testing.T) {
	_, _, a, b := scripted(t)
	var check port.CheckEpoch
	must(t, a.Begin().Do(ctx, &check))
	for epoch, inProgress := range map[int64]bool{1: true, 0: false} {
		st := &port.IntakeVisible{IntakeEpoch: epoch, XID: check.XID}
		tx := b.Begin()
		must(t, tx.Do(ctx, st))
		if st.InProgress != inProgress {
			t.Errorf("%+v", st)
		}
	}
}

// TestARollbackIsUnseenWhereNothingIsHeld: a search carries it out at once then, before whatever others do.
func TestARollbackIsUnseenWhereNothingIsHeld(t *testing.T) {
	for name, c := range map[string]struct {
		batch  []port.Statement
		unseen bool
	}{
		"read":    {[]port.Statement{&port.ReadEpoch{}}, true},
		"locked":  {[]port.Statement{lockLanes("A")}, false},
		"written": {[]port.Statement{lockLanes("A"), writeLane("A", 7)}, false},
		"fresh":   {[]port.Statement{outbox(1)}, false},
	} {
		g, _, a, _ := scripted(t)
		seen := 0
		g.onCall = func(call memory.Call, exec func() error) error {
			rollback := call.Op == "tx rollback"
			if rollback {
				seen++
			}
			if call.Unseen != (rollback && c.unseen) {
				t.Errorf("%s: %s is unseen: %v", name, call.Op, call.Unseen)
			}
			return exec()
		}
		tx := a.Begin()
		must(t, tx.Do(ctx, c.batch...))
		if tx.Rollback(ctx); seen != 1 {
			t.Errorf("%s: %d rollbacks were sent", name, seen)
		}
	}
}
