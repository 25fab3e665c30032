package fakepg_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	fakepg "stockproof/adapters/fakes/postgres"
	"stockproof/adapters/live"
	mempg "stockproof/adapters/memory/postgres"
	"stockproof/adapters/postgres"
	"stockproof/inventory/port"
	"stockproof/model"
)

// world is a truth as the service has it: the pgx adapter, the wire, the store.
type world struct {
	*postgres.Truth
	server *fakepg.Server
	store  *mempg.Server
}

func newWorld(t testing.TB, o mempg.Options) *world {
	t.Helper()
	w := &world{store: mempg.New(live.Gate(), o)}
	w.server = fakepg.NewServer(fakepg.Memory(w.store))
	t.Cleanup(w.server.Close)
	w.Truth = w.client(t)
	w.do(t, &port.SetEpoch{})
	return w
}

// client is another process's access to the same server.
func (w *world) client(t testing.TB) *postgres.Truth {
	t.Helper()
	truth, err := postgres.Open(postgres.Options{
		DSN: "host=fake user=stockproof dbname=stockproof sslmode=disable", Dial: w.server.Dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(truth.Close)
	return truth
}

func (w *world) do(t testing.TB, batch ...port.Statement) {
	t.Helper()
	if err := w.Do(context.Background(), batch...); err != nil {
		t.Fatal(err)
	}
}

func (w *world) knows(t testing.TB, name string) bool {
	t.Helper()
	known := &port.KnownCommands{IDs: []model.ID{model.NameID(name)}}
	w.do(t, known)
	return len(known.Rows) == 1
}

// accept is the statement that makes a command known.
func accept(name string) *port.AcceptCommands {
	c := model.Command{ID: model.NameID(name), Kind: model.Restock, SKU: "SKU-1", Loc: model.MainLocation,
		Qty: 1}
	return &port.AcceptCommands{Rows: []port.CommandRow{{ID: c.ID, Fingerprint: c.Fingerprint(),
		Kind: c.Kind, Lane: c.Lane(), Body: model.EncodeCommand(c), IntakeEpoch: 1, SubmittedAt: 1, NextTry: 1, SentAt: 1}}}
}

func lane(sku string) model.LaneKey {
	return model.LaneKey{SKU: model.SKU(sku), Loc: model.MainLocation}
}

// fateAt lets the first request at a step meet its fate.
func (w *world) fateAt(step fakepg.Step, fate fakepg.Fate) {
	turn := make(chan struct{}, 1)
	turn <- struct{}{}
	w.server.SetFaults(func(r fakepg.Request) fakepg.Fate {
		if r.Step == step {
			select {
			case <-turn:
				return fate
			default:
			}
		}
		return fakepg.Deliver
	})
}

func wantClass(t testing.TB, err, class error) {
	t.Helper()
	if got := port.Class(err); got != class || err == nil {
		t.Fatalf("%v: class %v, want %v", err, got, class)
	}
}

func TestEveryLossHasItsClassAndItsEffect(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		step  fakepg.Step
		fate  fakepg.Fate
		first error // class of the first round trip's error; nil: of the second's
		last  error
		known bool
	}{
		{fakepg.Connect, fakepg.LoseRequest, port.ErrUnavailable, nil, false},
		{fakepg.Prepare, fakepg.LoseRequest, port.ErrUnavailable, nil, false},
		{fakepg.Begin, fakepg.LoseRequest, port.ErrUnavailable, nil, false},
		{fakepg.Begin, fakepg.LoseResponse, port.ErrUnavailable, nil, false},
		{fakepg.Begin, fakepg.TerminateBefore, port.ErrUnavailable, nil, false},
		{fakepg.Execute, fakepg.LoseRequest, port.ErrUnavailable, nil, false},
		{fakepg.Execute, fakepg.LoseResponse, port.ErrUnavailable, nil, false},
		{fakepg.Execute, fakepg.Late, port.ErrUnavailable, nil, false},
		{fakepg.Execute, fakepg.TerminateAfter, port.ErrUnavailable, nil, false},
		{fakepg.Commit, fakepg.LoseRequest, nil, port.ErrUnknown, false},
		{fakepg.Commit, fakepg.LoseResponse, nil, port.ErrUnknown, true},
		{fakepg.Commit, fakepg.Late, nil, port.ErrUnknown, true},
		{fakepg.Commit, fakepg.TerminateBefore, nil, port.ErrUnknown, false},
		{fakepg.Commit, fakepg.TerminateAfter, nil, port.ErrUnknown, true},
	} {
		t.Run(fmt.Sprintf("step %d fate %d", c.step, c.fate), func(t *testing.T) {
			w := newWorld(t, mempg.Options{})
			truth := w.client(t) // it has no connection yet
			w.fateAt(c.step, c.fate)
			tx := truth.Begin()
			defer tx.Rollback(ctx)
			err := tx.Do(ctx, accept("a"))
			if c.first != nil {
				wantClass(t, err, c.first)
			} else if err != nil {
				t.Fatal(err)
			} else {
				wantClass(t, tx.Commit(ctx, accept("b")), c.last)
			}
			if known := w.knows(t, "a"); known != c.known || w.knows(t, "b") != c.known {
				t.Fatalf("known: %v, want %v", known, c.known)
			}
			again := truth.Begin() // what callers do: the same thing, once more, on a new connection
			defer again.Rollback(ctx)
			err = again.Commit(ctx, accept("a"), accept("b"))
			if c.known {
				wantClass(t, err, port.ErrConflict)
			} else if err != nil {
				t.Fatal(err)
			}
			if !w.knows(t, "a") || !w.knows(t, "b") {
				t.Fatal("the second attempt had no effect")
			}
		})
	}
}

func TestLostImplicitTransactionIsUnknownOnlyIfItWrites(t *testing.T) {
	ctx := context.Background()
	for fate, happened := range map[fakepg.Fate]bool{fakepg.LoseRequest: false, fakepg.LoseResponse: true} {
		w := newWorld(t, mempg.Options{})
		w.fateAt(fakepg.Commit, fate)
		wantClass(t, w.Do(ctx, accept("a")), port.ErrUnknown)
		if w.knows(t, "a") != happened {
			t.Fatalf("fate %d: happened is not %v", fate, happened)
		}
		w.fateAt(fakepg.Commit, fate)
		wantClass(t, w.Do(ctx, &port.KnownCommands{}), port.ErrUnavailable)
	}
}

func TestLateCommitTakesEffectAfterALookSaidThatItDidNot(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, mempg.Options{})
	hold, reached := make(chan struct{}), make(chan struct{})
	w.server.SetFaults(func(r fakepg.Request) fakepg.Fate {
		a, ours := r.Statement.(*port.AcceptCommands)
		switch {
		case ours && a.Rows[0].ID == model.NameID("late"):
			return fakepg.Late
		case r.Step == fakepg.Commit && r.SQL != "":
			close(reached)
			<-hold
		}
		return fakepg.Deliver
	})
	if err := w.Do(ctx, accept("warm")); err != nil { // the texts are prepared: the flight is one write
		t.Fatal(err)
	}
	tx := w.Begin()
	defer tx.Rollback(ctx)
	wantClass(t, tx.Commit(ctx, accept("late")), port.ErrUnknown)
	<-reached
	if w.knows(t, "late") {
		t.Fatal("it is there already")
	}
	close(hold)
	w.server.Close()
	w.server = fakepg.NewServer(fakepg.Memory(w.store))
	t.Cleanup(w.server.Close)
	w.Truth = w.client(t)
	if !w.knows(t, "late") {
		t.Fatal("the commit that was on its way is lost")
	}
}

func TestUnreachableServerIsUnavailable(t *testing.T) {
	w := newWorld(t, mempg.Options{})
	w.server.Refuse(true)
	wantClass(t, w.client(t).Do(context.Background(), accept("a")), port.ErrUnavailable)
	w.do(t, accept("b")) // the connection from before goes on
	w.server.Refuse(false)
	if w.knows(t, "a") || !w.knows(t, "b") {
		t.Fatal("a refused connection had an effect")
	}
}

// hold opens a transaction that has locked a lane.
func (w *world) hold(t testing.TB, truth port.Truth, sku string) port.Tx {
	t.Helper()
	tx := truth.Begin()
	t.Cleanup(func() { tx.Rollback(context.Background()) })
	lock := &port.LockLanes{Lanes: []model.LaneKey{lane(sku)}}
	if err := tx.Do(context.Background(), lock); err != nil || len(lock.Found) != 1 {
		t.Fatal(lock.Found, err)
	}
	return tx
}

func TestServerLostMidRunFreesTheLocksOfTheDead(t *testing.T) {
	for name, lose := range map[string]func(*fakepg.Server){
		"cut": (*fakepg.Server).Cut, "shut down": (*fakepg.Server).Terminate,
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			w := newWorld(t, mempg.Options{LockTimeoutMS: -1})
			w.do(t, &port.CreateLanes{Lanes: []model.LaneKey{lane("x")}})
			holder := w.hold(t, w.client(t), "x")
			executing := make(chan struct{})
			w.server.SetFaults(func(r fakepg.Request) fakepg.Fate {
				if _, ok := r.Statement.(*port.LockLanes); ok {
					close(executing)
				}
				return fakepg.Deliver
			})
			waiter := w.client(t).Begin()
			defer waiter.Rollback(ctx)
			waited := make(chan error, 1)
			go func() { waited <- waiter.Do(ctx, &port.LockLanes{Lanes: []model.LaneKey{lane("x")}}) }()
			<-executing
			w.server.SetFaults(nil)
			lose(w.server)
			err := <-waited
			if err == nil { // the holder died first, and it had the lock for a moment
				err = waiter.Do(ctx, &port.ReadEpoch{})
			}
			wantClass(t, err, port.ErrUnavailable)
			wantClass(t, holder.Do(ctx, &port.ReadEpoch{}), port.ErrUnavailable)
			w.Pool().Reset() // its idle connection is dead too, and would say so in the call
			w.hold(t, w, "x")
		})
	}
}

func TestErrorsOfTheStoreKeepTheirClassAndTheirNamesOnTheWire(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, mempg.Options{})
	row := port.LedgerRow{Lane: lane("x"), Seq: 1, Epoch: 1, Command: model.NameID("a"), Kind: model.Restock,
		Outcome: model.Granted}
	w.do(t, accept("a"), &port.CreateLanes{Lanes: []model.LaneKey{lane("x")}},
		&port.InsertLedger{Rows: []port.LedgerRow{row}})
	for _, c := range []struct {
		stmt       port.Statement
		class      error
		state      string
		constraint string
	}{
		{accept("a"), port.ErrConflict, "23505", "command_pkey"},
		{&port.InsertLedger{Rows: []port.LedgerRow{row}}, port.ErrContract, "23505", "ledger_pkey"},
		{&port.DecideCommands{Rows: []port.CommandRow{{ID: model.NameID("nobody"),
			Decision: model.Decision{Outcome: model.Granted}}}}, port.ErrConflict, "SP001", "command_undecided"},
		{&port.WriteLanes{Lanes: []model.Lane{{Key: lane("x"), Seq: 1, OnHand: -1, Short: true}}},
			port.ErrContract, "23514", "sku_lane_on_hand_check"},
		{&port.AddShopStock{Schema: port.RowLockSchema, SKU: "x", Delta: -1},
			port.ErrContract, "23514", "stock_stock_check"},
	} {
		err := w.Do(ctx, c.stmt)
		wantClass(t, err, c.class)
		var e *port.ConstraintError
		if !errors.As(err, &e) || e.SQLState != c.state || e.Constraint != c.constraint {
			t.Errorf("%T: %v, want %s %s", c.stmt, err, c.state, c.constraint)
		}
	}
	bad := accept("b")
	bad.Rows[0].Lane.SKU = "a\xffb"
	err := w.Do(ctx, bad)
	wantClass(t, err, port.ErrContract)
}

func TestDeadlockHasOneVictim(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, mempg.Options{})
	w.do(t, &port.CreateLanes{Lanes: []model.LaneKey{lane("x"), lane("y")}})
	x, y := w.hold(t, w, "x"), w.hold(t, w, "y")
	failed := make(chan error, 1)
	go func() { failed <- x.Do(ctx, &port.LockLanes{Lanes: []model.LaneKey{lane("y")}}) }()
	err := y.Do(ctx, &port.LockLanes{Lanes: []model.LaneKey{lane("x")}})
	if err == nil { // the other one was the victim, and its locks are free
		err = <-failed
	} else {
		y.Rollback(ctx)
		if other := <-failed; other != nil {
			t.Fatal(other)
		}
	}
	var e *port.ConstraintError
	if wantClass(t, err, port.ErrConflict); !errors.As(err, &e) || e.SQLState != "40P01" {
		t.Fatal(err)
	}
}

func TestLockTimeoutIsAConflict(t *testing.T) {
	w := newWorld(t, mempg.Options{LockTimeoutMS: 1})
	w.do(t, &port.CreateLanes{Lanes: []model.LaneKey{lane("x")}})
	w.hold(t, w, "x")
	err := w.client(t).Do(context.Background(), &port.LockLanes{Lanes: []model.LaneKey{lane("x")}})
	var e *port.ConstraintError
	if wantClass(t, err, port.ErrConflict); !errors.As(err, &e) || e.SQLState != "55P03" {
		t.Fatal(err)
	}
}

func TestIdleZombieLosesItsLocksToWhoWaits(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, mempg.Options{IdleTimeoutMS: 200, LockTimeoutMS: -1})
	w.do(t, &port.CreateLanes{Lanes: []model.LaneKey{lane("x")}})
	client := w.client(t)
	zombie := w.hold(t, client, "x")
	if err := w.Do(ctx, &port.LockLanes{Lanes: []model.LaneKey{lane("x")}}); err != nil {
		t.Fatal(err)
	}
	wantClass(t, zombie.Commit(ctx, &port.ReadEpoch{}), port.ErrUnavailable)
	if err := client.Do(ctx, &port.ReadEpoch{}); err != nil { // its connection ended with it
		t.Fatal(err)
	}
}
