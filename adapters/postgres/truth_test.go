package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"stockproof/adapters/postgres"
	"stockproof/inventory/port"
	"stockproof/model"
)

func TestSettleIsTwoWritesOnceItsTextsArePrepared(t *testing.T) {
	dsn, _ := migrated(t)
	var count counted
	truth := open(t, postgres.Options{DSN: dsn, MaxConns: 1, Dial: count.dial})
	settleNew(t, truth, nameID("warm up"))
	before := count.writes.Load()
	settleNew(t, truth, nameID("counted"))
	if n := count.writes.Load() - before; n != 2 {
		t.Errorf("%d writes for one settle, want 2", n)
	}
	do(t, truth, &port.ReadEpoch{})
	before = count.writes.Load()
	do(t, truth, &port.ReadEpoch{}, &port.ReadEpoch{})
	if n := count.writes.Load() - before; n != 1 {
		t.Errorf("%d writes for one Do, want 1", n)
	}
	if n := count.dials.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// settleNew accepts a command and settles it.
func settleNew(t *testing.T, truth port.Truth, id model.ID) {
	t.Helper()
	tx := truth.Begin()
	defer tx.Rollback(background(t))
	row := command(id, "SKU-1")
	accept := &port.AcceptCommands{Rows: []port.CommandRow{row}}
	if err := tx.Do(background(t), &port.CheckEpoch{}, &port.CreateLanes{Lanes: []model.LaneKey{row.Lane}},
		&port.LockLanes{Lanes: []model.LaneKey{row.Lane}}, accept); err != nil {
		t.Fatal(err)
	}
	row.Decision = model.Decision{Outcome: model.Granted, Granted: 1, Seq: 1, Avail: 1}
	if err := tx.Commit(background(t), &port.DecideCommands{Rows: []port.CommandRow{row}}); err != nil {
		t.Fatal(err)
	}
}

func TestATransactionIsInvisibleUntilItCommitsAndGoneAfterRollback(t *testing.T) {
	_, truth := migrated(t)
	ctx := background(t)
	lanes := func() int {
		read := &port.ReadLanes{Lanes: []model.LaneKey{lane("a"), lane("b")}}
		do(t, truth, read)
		return len(read.Found)
	}
	tx := truth.Begin()
	if err := tx.Do(ctx, &port.CreateLanes{Lanes: []model.LaneKey{lane("a")}}); err != nil {
		t.Fatal(err)
	}
	if n := lanes(); n != 0 {
		t.Fatalf("%d lanes are visible before COMMIT", n)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if n := lanes(); n != 1 {
		t.Fatalf("%d lanes after COMMIT, want 1", n)
	}
	tx.Rollback(ctx) // a no-op now
	tx = truth.Begin()
	if err := tx.Do(ctx, &port.CreateLanes{Lanes: []model.LaneKey{lane("b")}}); err != nil {
		t.Fatal(err)
	}
	tx.Rollback(ctx)
	tx.Rollback(ctx)
	if n := lanes(); n != 1 {
		t.Fatalf("%d lanes after ROLLBACK, want 1", n)
	}
	if tx.Do(ctx, &port.ReadEpoch{}) == nil || tx.Commit(ctx) == nil {
		t.Error("a transaction that was rolled back goes on")
	}
}

func TestAfterAnErrorEveryCallAnswersItAndTheConnectionLivesOn(t *testing.T) {
	dsn, _ := migrated(t)
	var count counted
	truth := open(t, postgres.Options{DSN: dsn, MaxConns: 1, Dial: count.dial})
	ctx := background(t)
	tx := truth.Begin()
	if err := tx.Do(ctx, &port.CreateLanes{Lanes: []model.LaneKey{lane("a")}}); err != nil {
		t.Fatal(err)
	}
	broken := model.Lane{Key: lane("a"), OnHand: -1}
	first := tx.Do(ctx, &port.WriteLanes{Lanes: []model.Lane{broken}})
	var constraint *port.ConstraintError
	if !errors.As(first, &constraint) || constraint.Class != port.ErrContract ||
		constraint.Constraint != "sku_lane_on_hand_check" || constraint.Table != "sku_lane" || constraint.SQLState != "23514" {
		t.Fatalf("a negative stock: %v", first)
	}
	if err := tx.Do(ctx, &port.ReadEpoch{}); err != first {
		t.Errorf("Do after the error: %v", err)
	}
	if err := tx.Commit(ctx); err != first {
		t.Errorf("Commit after the error: %v", err)
	}
	tx.Rollback(ctx)
	leavesACleanConnection(t, truth, &count)
}

// leavesACleanConnection checks that nothing of a transaction on lane a stayed, and that its connection serves on.
func leavesACleanConnection(t *testing.T, truth *postgres.Truth, count *counted) {
	t.Helper()
	read := &port.ReadLanes{Lanes: []model.LaneKey{lane("a")}}
	do(t, truth, read)
	if len(read.Found) != 0 {
		t.Error("something of the transaction stayed")
	}
	if n := count.dials.Load(); n != 1 {
		t.Errorf("%d connections were made, want 1: its end cost one", n)
	}
}

// A caller that was told to stop gives up its transaction all the same: its locks are free at once, and its
// connection serves the next one.
func TestARollbackForACallerThatWasCancelledKeepsTheConnection(t *testing.T) {
	dsn, _ := migrated(t)
	var count counted
	truth := open(t, postgres.Options{DSN: dsn, MaxConns: 1, Dial: count.dial})
	ctx, cancel := context.WithCancel(background(t))
	tx := truth.Begin()
	if err := tx.Do(ctx, &port.CreateLanes{Lanes: []model.LaneKey{lane("a")}}); err != nil {
		t.Fatal(err)
	}
	cancel()
	tx.Rollback(ctx)
	leavesACleanConnection(t, truth, &count)
}

func TestDoIsOneTransaction(t *testing.T) {
	_, truth := migrated(t)
	err := truth.Do(background(t), &port.CreateLanes{Lanes: []model.LaneKey{lane("a")}},
		&port.WriteLanes{Lanes: []model.Lane{{Key: lane("a"), Reserved: 1}}})
	if !errors.Is(err, port.ErrContract) {
		t.Fatalf("a broken CHECK: %v", err)
	}
	read := &port.ReadLanes{Lanes: []model.LaneKey{lane("a")}}
	do(t, truth, read)
	if len(read.Found) != 0 {
		t.Error("the first statement stayed without the second")
	}
}

func TestACancelledWaitFreesTheConnectionAndEndsOnTheServer(t *testing.T) {
	dsn, truth := migrated(t)
	do(t, truth, &port.CreateLanes{Lanes: []model.LaneKey{lane("a")}})
	holder := truth.Begin()
	defer holder.Rollback(background(t))
	lock := &port.LockLanes{Lanes: []model.LaneKey{lane("a")}}
	if err := holder.Do(background(t), lock); err != nil {
		t.Fatal(err)
	}
	admin := raw(t, dsn)
	ctx, cancel := context.WithCancel(background(t))
	waiter := truth.Begin()
	result := make(chan error)
	go func() {
		result <- waiter.Do(ctx, &port.CreateProgress{}, &port.LockLanes{Lanes: []model.LaneKey{lane("a")}})
	}()
	eventually(t, "the second transaction waits", func() bool { return waiting(t, admin) == 1 })
	cancel()
	err := <-result
	if !errors.Is(err, context.Canceled) || port.Class(err) != nil {
		t.Errorf("cancelled: %v, want context.Canceled without a class", err)
	}
	eventually(t, "the server's side of it ends", func() bool { return waiting(t, admin) == 0 })
	waiter.Rollback(background(t))
	for range 4 { // whatever connection comes next, it is a clean one
		epoch := &port.ReadEpoch{}
		do(t, truth, epoch)
		if epoch.Epoch != 1 {
			t.Fatalf("epoch %d, want 1: the answer of another question", epoch.Epoch)
		}
	}
	progress := &port.ReadProgress{}
	do(t, truth, progress)
	if progress.Found {
		t.Error("something of the cancelled transaction stayed")
	}
}

func TestAnUnreachableServerIsUnavailableByName(t *testing.T) {
	truth := open(t, postgres.Options{DSN: "postgres://u@127.0.0.1:1/db?sslmode=disable"})
	tx := truth.Begin()
	defer tx.Rollback(background(t))
	for name, err := range map[string]error{
		"Do":      truth.Do(background(t), &port.SetEpoch{}),
		"Tx.Do":   tx.Do(background(t), &port.ReadEpoch{}),
		"Commit":  truth.Begin().Commit(background(t), &port.SetEpoch{}),
		"Migrate": postgres.Migrate(background(t), truth.Pool()),
	} {
		if !errors.Is(err, port.ErrUnavailable) || !strings.Contains(err.Error(), "127.0.0.1:1") {
			t.Errorf("%s: %v, want ErrUnavailable naming 127.0.0.1:1", name, err)
		}
	}
	if err := truth.Begin().Commit(background(t)); err != nil {
		t.Errorf("COMMIT of nothing: %v", err)
	}
}

func TestARefusedUserIsNotRetried(t *testing.T) {
	dsn, _ := migrated(t)
	truth := open(t, postgres.Options{DSN: strings.Replace(dsn, "/test_", "/absent_", 1)})
	err := truth.Do(background(t), &port.ReadEpoch{})
	if err == nil || port.Class(err) != nil || !strings.Contains(err.Error(), "absent_") {
		t.Errorf("a database that does not exist: %v (class %v)", err, port.Class(err))
	}
}

func TestAnUnknownStatementIsRefusedBeforeAnythingIsSent(t *testing.T) {
	_, truth := migrated(t)
	tx := truth.Begin()
	defer tx.Rollback(background(t))
	if err := tx.Do(background(t), &port.AddShopStock{Schema: "nowhere"}); err == nil {
		t.Error("schema nowhere was taken")
	}
	if err := truth.Do(background(t), nil); err == nil {
		t.Error("a nil statement was taken")
	}
}

// After a failover the pool must not keep talking to the server that was the primary.
func TestAServerThatMayNotWriteIsUnavailableAndItsConnectionIsDropped(t *testing.T) {
	dsn, direct := migrated(t)
	admin := raw(t, dsn)
	database := direct.Pool().Config().ConnConfig.Database
	truth := open(t, postgres.Options{DSN: dsn, MaxConns: 1})
	write := func() error {
		return truth.Do(background(t), &port.CreateLanes{Lanes: []model.LaneKey{lane("a")}})
	}
	inTx := func() error {
		tx := truth.Begin()
		defer tx.Rollback(background(t))
		return tx.Do(background(t), &port.CreateLanes{Lanes: []model.LaneKey{lane("a")}})
	}
	for name, call := range map[string]func() error{"Do": write, "Tx.Do": inTx} {
		exec(t, admin, `ALTER DATABASE `+database+` SET default_transaction_read_only = on`)
		truth.Pool().Reset()
		if err := call(); !errors.Is(err, port.ErrUnavailable) || !strings.Contains(err.Error(), "25006") {
			t.Fatalf("%s on a server that may not write: %v, want ErrUnavailable", name, err)
		}
		exec(t, admin, `ALTER DATABASE `+database+` RESET default_transaction_read_only`)
		if err := call(); err != nil {
			t.Errorf("%s after the failover: %v", name, err)
		}
	}
}

func TestTheGateComparesSystemAndTimeline(t *testing.T) {
	dsn, truth := migrated(t)
	admin := raw(t, dsn)
	gate := func() port.CheckEpoch {
		t.Helper()
		g := port.CheckEpoch{}
		do(t, truth, &g)
		return g
	}
	if g := gate(); !g.Open || g.Epoch != 1 {
		t.Fatalf("after SetEpoch: %+v", g)
	}
	if tli := value[string](t, admin, `SELECT tli FROM ledger.cluster`); tli != "00000001" {
		t.Errorf("timeline %q of a server that was never promoted", tli)
	}
	for _, another := range []string{`tli = '00000002'`, `sysid = '1'`, `tli = '1'`} {
		exec(t, admin, `UPDATE ledger.cluster SET `+another)
		if g := gate(); g.Open {
			t.Errorf("the gate is open with %s: %+v", another, g)
		}
		set := &port.SetEpoch{}
		do(t, truth, set)
		if g := gate(); !g.Open || g.Epoch != set.Epoch {
			t.Errorf("after SetEpoch %d: %+v", set.Epoch, g)
		}
	}
	exec(t, admin, `DELETE FROM ledger.cluster`)
	if g := gate(); g.Open {
		t.Errorf("the gate is open without a cluster row: %+v", g)
	}
}
