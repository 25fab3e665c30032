package postgres_test

import (
	"errors"
	"slices"
	"testing"

	"stockproof/adapters/memory"
	"stockproof/adapters/memory/postgres"
	"stockproof/inventory/port"
)

// What becomes of a transaction whose client is lost: between its request and the server, between the
// server and its answer, or inside it.

func TestALateCommitIsUnknownAndThenHappens(t *testing.T) {
	g, _, a, b := scripted(t)
	tx := a.Begin()
	must(t, tx.Do(ctx, lockLanes("A")))
	var late func() error
	g.onCall = func(_ memory.Call, exec func() error) error { late = exec; return errLine }
	if err := tx.Commit(ctx, writeLane("A", 7)); !errors.Is(err, port.ErrUnknown) {
		t.Fatal(err)
	}
	g.onCall = nil
	if n := onHand(t, b, "A"); n != 0 {
		t.Fatal(n)
	}
	must(t, late())
	g.runLater()
	if n := onHand(t, b, "A"); n != 7 {
		t.Fatal(n)
	}
	must(t, b.Do(ctx, lockLanes("A")))
}

func TestALateRequestFindsItsConnectionClosed(t *testing.T) {
	g, _, a, b := scripted(t)
	tx := a.Begin()
	must(t, tx.Do(ctx, lockLanes("A"), writeLane("A", 5)))
	var late func() error
	g.onCall = func(_ memory.Call, exec func() error) error { late = exec; return errLine }
	if err := tx.Do(ctx, writeLane("A", 7)); !errors.Is(err, port.ErrUnavailable) ||
		errors.Is(err, port.ErrUnknown) {
		t.Fatal(err)
	}
	g.onCall, g.onBlock = nil, func(memory.Wait) error { return memory.ErrWaitTimeout }
	if err := b.Do(ctx, lockLanes("A")); !errors.Is(err, port.ErrConflict) {
		t.Fatal("the server has not noticed yet: ", err)
	}
	g.runLater()
	must(t, b.Do(ctx, lockLanes("A")))
	if err := late(); postgres.SQLState(err) != "57P01" {
		t.Fatal(err)
	}
	if n := onHand(t, b, "A"); n != 0 {
		t.Fatal(n)
	}
}

func TestALateFirstRequestLeavesNothingOpen(t *testing.T) {
	g, pg, a, b := scripted(t)
	var late func() error
	g.onCall = func(_ memory.Call, exec func() error) error { late = exec; return errLine }
	if err := a.Begin().Do(ctx, lockLanes("A")); !errors.Is(err, port.ErrUnavailable) {
		t.Fatal(err)
	}
	g.onCall = nil
	g.runLater()
	must(t, late())
	must(t, b.Do(ctx, lockLanes("A")))
	if n := pg.Waiting(); n != 0 {
		t.Fatal(n)
	}
}

func TestALostAnswerHarmsNoOtherTransaction(t *testing.T) {
	g, _, a, b := scripted(t)
	g.onCall = func(_ memory.Call, exec func() error) error { must(t, exec()); return errLine }
	if err := a.Do(ctx, writeLane("A", 3)); !errors.Is(err, port.ErrUnknown) {
		t.Fatal(err)
	}
	if err := a.Do(ctx, &port.ReadEpoch{}); !errors.Is(err, port.ErrUnavailable) ||
		errors.Is(err, port.ErrUnknown) {
		t.Fatal("a lost read is not unknown: ", err)
	}
	g.onCall = nil
	tx := a.Begin()
	must(t, tx.Do(ctx, lockLanes("B"))) // may be on the connection of before
	g.runLater()
	must(t, tx.Commit(ctx, writeLane("B", 4)))
	if x, y := onHand(t, b, "A"), onHand(t, b, "B"); x != 3 || y != 4 {
		t.Fatal(x, y)
	}
}

func TestALostRollbackHoldsItsLocksUntilTheServerNotices(t *testing.T) {
	g, _, a, b := scripted(t)
	tx := a.Begin()
	must(t, tx.Do(ctx, lockLanes("A")))
	g.onCall = func(memory.Call, func() error) error { return errLine }
	tx.Rollback(ctx)
	g.onCall, g.onBlock = nil, func(memory.Wait) error { return memory.ErrWaitTimeout }
	if err := b.Do(ctx, lockLanes("A")); !errors.Is(err, port.ErrConflict) {
		t.Fatal(err)
	}
	g.runLater()
	must(t, b.Do(ctx, lockLanes("A")))
}

func TestAnIdleHolderIsEndedWhenSomebodyWaits(t *testing.T) {
	g, _, a, b := scripted(t)
	tx := a.Begin()
	must(t, tx.Do(ctx, lockLanes("A"), writeLane("A", 5)))
	g.nowMS += 500
	waits := []int64{}
	g.onBlock = func(w memory.Wait) error {
		waits = append(waits, w.DeadlineMS-g.nowMS)
		g.nowMS = w.DeadlineMS
		return memory.ErrWaitTimeout
	}
	must(t, b.Do(ctx, lockLanes("A"), writeLane("A", 6)))
	if !slices.Equal(waits, []int64{1500}) {
		t.Fatal("waited ", waits)
	}
	if err := tx.Commit(ctx); !errors.Is(err, port.ErrUnknown) {
		t.Fatal(err)
	}
	if n := onHand(t, b, "A"); n != 6 {
		t.Fatal(n)
	}
}

func TestAnIdleTransactionDoesNotHoldTheHorizonForEver(t *testing.T) {
	g, _, a, b := scripted(t)
	must(t, a.Begin().Do(ctx, lockLanes("A")))
	must(t, b.Do(ctx, outbox(1)))
	read := func() int {
		st := &port.ReadOutbox{Shards: 1, Max: 10}
		must(t, b.Do(ctx, st))
		return len(st.Rows)
	}
	g.nowMS += 1999
	if n := read(); n != 0 {
		t.Fatalf("%d rows in front of a running transaction", n)
	}
	g.nowMS++
	if n := read(); n != 1 {
		t.Fatalf("%d rows when it was ended", n)
	}
}
