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

// arm puts act in front of (or behind) the next statement with this text, once.
func arm(t *testing.T, p *proxy, behind bool, text string, act func(l *link)) {
	t.Helper()
	hook := &p.before
	if behind {
		hook = &p.after
	}
	fn := func(l *link, got string) {
		if got == text {
			hook.Store(nil)
			act(l)
		}
	}
	hook.Store(&fn)
}

func TestACutRightBeforeCommitIsUnknownAndNothingHappened(t *testing.T) {
	dsn, direct := migrated(t)
	p, through := newProxy(t, dsn)
	s := newShelf(direct, "SKU-1")
	ids := s.accept(t, 3)
	s.truth = open(t, postgres.Options{DSN: through})
	arm(t, p, false, "commit", (*link).cut)
	if _, err := s.settle(background(t), 0, ids...); !errors.Is(err, port.ErrUnknown) {
		t.Fatalf("cut before COMMIT: %v, want ErrUnknown", err)
	}
	seen := &port.ScanLedger{Max: 10}
	do(t, direct, seen)
	if len(seen.Rows) != 0 {
		t.Fatal("it happened all the same")
	}
	s.settleOut(t, 0, ids...)
	if err := s.audit(t, 1, ids...); err != nil {
		t.Error(err)
	}
}

func TestACutRightAfterCommitIsUnknownAndARepeatDoesNothingTwice(t *testing.T) {
	dsn, direct := migrated(t)
	p, through := newProxy(t, dsn)
	s := newShelf(direct, "SKU-1")
	ids := s.accept(t, 3)
	s.truth = open(t, postgres.Options{DSN: through})
	arm(t, p, false, "commit", func(l *link) {
		l.mute()
		arm(t, p, true, "commit", (*link).cut)
	})
	if _, err := s.settle(background(t), 0, ids...); !errors.Is(err, port.ErrUnknown) {
		t.Fatalf("answer of COMMIT lost: %v, want ErrUnknown", err)
	}
	if err := s.audit(t, 1, ids...); err != nil {
		t.Fatalf("it did not happen: %v", err)
	}
	s.settleOut(t, 0, ids...)
	if err := s.audit(t, 1, ids...); err != nil {
		t.Error(err)
	}
}

// A server that gives up waiting for its synchronous standby says so in a warning and commits: the commit is
// here, and perhaps nowhere else. A deferred trigger warns at the same place.
func TestAWarningAtCommitIsUnknown(t *testing.T) {
	dsn, truth := migrated(t)
	conn, ctx := raw(t, dsn), background(t)
	exec(t, conn, `CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE WARNING 'canceling wait for synchronous replication'; RETURN NULL; END $$`)
	exec(t, conn, `CREATE CONSTRAINT TRIGGER warns AFTER INSERT ON ledger.sku_lane
		DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION warn()`)
	tx := truth.Begin()
	defer tx.Rollback(ctx)
	if err := tx.Do(ctx, &port.CreateLanes{Lanes: []model.LaneKey{lane("a")}}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(ctx); !errors.Is(err, port.ErrUnknown) {
		t.Errorf("COMMIT with a warning: %v, want ErrUnknown", err)
	}
	if err := truth.Do(ctx, &port.CreateLanes{Lanes: []model.LaneKey{lane("b")}}); !errors.Is(err, port.ErrUnknown) {
		t.Errorf("an implicit commit with a warning: %v, want ErrUnknown", err)
	}
	if n := value[int](t, conn, `SELECT count(*)::int FROM ledger.sku_lane`); n != 2 {
		t.Errorf("%d lanes, want both that were committed", n)
	}
	// The warning was that commit's: the next one, which changes nothing, is sure.
	do(t, truth, &port.CreateLanes{Lanes: []model.LaneKey{lane("a"), lane("b")}})
}

// PostgreSQL answers COMMIT of a transaction that has failed with ROLLBACK, and a proxy may as well. No statement
// failed here, so that nobody knows what the server means.
func TestACommitAnsweredWithAnotherTagIsUnknown(t *testing.T) {
	dsn, _ := migrated(t)
	p, through := newProxy(t, dsn)
	truth := open(t, postgres.Options{DSN: through})
	arm(t, p, false, "commit", func(l *link) {
		l.flushed() // what came before has its own tags
		l.retag("ROLLBACK")
	})
	tx := truth.Begin()
	defer tx.Rollback(background(t))
	err := tx.Commit(background(t), &port.CreateLanes{Lanes: []model.LaneKey{lane("a")}})
	if port.Class(err) != port.ErrUnknown || !strings.Contains(err.Error(), "ROLLBACK") {
		t.Errorf("COMMIT answered with ROLLBACK: %v, want ErrUnknown that says so", err)
	}
}

// A server that is shut down while it answers a statement has done nothing; as its answer to COMMIT the same error
// leaves open what became of it.
func TestAShutdownInTheAnswerToCommitIsUnknown(t *testing.T) {
	for when, c := range map[string]struct {
		class error
		says  string
	}{
		"IMMEDIATE": {port.ErrUnavailable, "statement 1 of 1"},
		"DEFERRED":  {port.ErrUnknown, "COMMIT of 1 statements"},
	} {
		t.Run(when, func(t *testing.T) {
			dsn, truth := migrated(t)
			conn, ctx := raw(t, dsn), background(t)
			exec(t, conn, `CREATE FUNCTION ends() RETURNS trigger LANGUAGE plpgsql AS
				$$ BEGIN RAISE EXCEPTION 'terminating connection' USING ERRCODE = '57P01'; END $$`)
			exec(t, conn, `CREATE CONSTRAINT TRIGGER ended AFTER INSERT ON ledger.sku_lane
				DEFERRABLE INITIALLY `+when+` FOR EACH ROW EXECUTE FUNCTION ends()`)
			tx := truth.Begin()
			defer tx.Rollback(ctx)
			err := tx.Commit(ctx, &port.CreateLanes{Lanes: []model.LaneKey{lane("a")}})
			if port.Class(err) != c.class || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want class %v of %s", err, c.class, c.says)
			}
		})
	}
}

// The client has given up, the request is still under way: whoever looks with a plain SELECT sees
// nothing decided, and then the commit follows. The repeat waits for the locks instead.
func TestALateCommitIsWaitedForByTheRepeat(t *testing.T) {
	dsn, direct := migrated(t)
	p, through := newProxy(t, dsn)
	s := newShelf(direct, "SKU-1")
	ids := s.accept(t, 3)
	lost := s
	lost.truth = open(t, postgres.Options{DSN: through})
	arrives := make(chan struct{})
	arm(t, p, false, "commit", func(l *link) {
		l.leave()
		<-arrives
	})
	if _, err := lost.settle(background(t), 0, ids...); !errors.Is(err, port.ErrUnknown) {
		t.Fatalf("connection lost with COMMIT on the way: %v, want ErrUnknown", err)
	}
	known := &port.KnownCommands{IDs: ids}
	do(t, direct, known)
	for _, row := range known.Rows {
		if row.Decision.Decided() {
			t.Fatal("the commit came too early for this test")
		}
	}
	admin := raw(t, dsn)
	type result struct {
		decided int
		err     error
	}
	repeated := make(chan result)
	go func() {
		n, err := s.settle(background(t), 0, ids...)
		repeated <- result{n, err}
	}()
	eventually(t, "the repeat waits for the late transaction", func() bool { return waiting(t, admin) == 1 })
	close(arrives)
	if r := <-repeated; r.err != nil || r.decided != 0 {
		t.Fatalf("the repeat decided %d (%v), want none: they were decided late", r.decided, r.err)
	}
	if err := s.audit(t, 1, ids...); err != nil {
		t.Error(err)
	}
}

func TestAConnectionLostBeforeCommitWasSentIsUnavailable(t *testing.T) {
	dsn, direct := migrated(t)
	p, through := newProxy(t, dsn)
	truth := open(t, postgres.Options{DSN: through})
	do(t, truth, &port.ReadEpoch{})
	cut := func(l *link, _ string) { l.cut() }
	p.before.Store(&cut)
	tx := truth.Begin()
	first := tx.Do(background(t), &port.CreateLanes{Lanes: []model.LaneKey{lane("a")}})
	if !errors.Is(first, port.ErrUnavailable) || errors.Is(first, port.ErrUnknown) {
		t.Errorf("lost inside a transaction: %v, want ErrUnavailable", first)
	}
	if err := tx.Commit(background(t)); err != first {
		t.Errorf("Commit afterwards: %v", err)
	}
	tx.Rollback(background(t))
	if err := truth.Do(background(t), &port.ReadEpoch{}); !errors.Is(err, port.ErrUnavailable) {
		t.Errorf("a lost read: %v, want ErrUnavailable", err)
	}
	err := truth.Do(background(t), &port.ReadEpoch{}, &port.CreateLanes{Lanes: []model.LaneKey{lane("a")}})
	if !errors.Is(err, port.ErrUnknown) {
		t.Errorf("a lost write: %v, want ErrUnknown", err)
	}
	p.before.Store(nil)
	read := &port.ReadLanes{Lanes: []model.LaneKey{lane("a")}}
	do(t, direct, read)
	do(t, truth, read)
	if len(read.Found) != 0 {
		t.Error("a lost statement had an effect")
	}
}

// A backend is ended after each statement of settle in turn, the one that commits included.
func TestABackendKilledAtEveryStatementOfSettleDoesNothingTwiceAndLosesNothing(t *testing.T) {
	dsn, direct := migrated(t)
	p, through := newProxy(t, dsn)
	admin := raw(t, dsn)
	truth := open(t, postgres.Options{DSN: through})
	s := newShelf(truth, "SKU-0")
	ids := s.accept(t, 24)
	const statements = 10 // begin, four reads, four writes, commit
	for at := 1; at <= statements; at++ {
		do(t, truth, &port.ReadEpoch{}) // the connection is there before anything is counted
		count, killed := 0, make(chan error, 1)
		kill := func(l *link, _ string) {
			if count++; count == at {
				p.after.Store(nil)
				// The answer comes when the backend is gone, or says false after 10 s.
				_, err := admin.Exec(context.Background(), `SELECT pg_terminate_backend($1, 10000)`, int32(l.backend()))
				killed <- err
			}
		}
		p.after.Store(&kill)
		batch := ids[2*(at-1) : 2*at]
		attempts := s.settleOut(t, int64(at-1), batch...)
		if err := <-killed; err != nil {
			t.Fatal(err)
		}
		if len(attempts) != 1 {
			t.Fatalf("killed after statement %d: %d attempts failed, want 1: %v", at, len(attempts), attempts)
		}
		// The answer to a statement before COMMIT says that it did not happen; the answer to COMMIT nothing.
		want := port.ErrUnavailable
		if at >= statements-1 {
			want = port.ErrUnknown
		}
		// Behind the last write the backend may notice before it answers, or not before COMMIT.
		if got := port.Class(attempts[0]); got != want && !(at == statements-1 && got == port.ErrUnavailable) {
			t.Errorf("killed after statement %d: %v, want %v", at, attempts[0], want)
		}
	}
	s.settleOut(t, statements, ids...) // and once more over all: what is known is not decided again
	s.truth = direct
	if err := s.audit(t, statements+1, ids...); err != nil {
		t.Error(err)
	}
}

func TestAShortCountRefusesTheCommitInTheSamePipeline(t *testing.T) {
	_, truth := migrated(t)
	s := newShelf(truth, "SKU-1")
	ids := s.accept(t, 3)
	s.settleOut(t, 0, ids[0])
	known := &port.KnownCommands{IDs: ids}
	do(t, truth, known)
	stale := &port.DecideCommands{}
	for i, row := range known.Rows { // one of them is decided already
		row.Decision = model.Decision{Outcome: model.Granted, Granted: 1, Seq: int64(2 + i), Avail: 9}
		stale.Rows = append(stale.Rows, row)
	}
	tx := truth.Begin()
	defer tx.Rollback(background(t))
	err := tx.Commit(background(t), stale, &port.CreateLanes{Lanes: []model.LaneKey{lane("other")}})
	var constraint *port.ConstraintError
	if !errors.Is(err, port.ErrConflict) || !errors.As(err, &constraint) || constraint.Table != "command" {
		t.Fatalf("two of three rows were undecided: %v, want ErrConflict of table command", err)
	}
	again := &port.KnownCommands{IDs: ids}
	other := &port.ReadLanes{Lanes: []model.LaneKey{lane("other")}}
	do(t, truth, again, other)
	decided := 0
	for _, row := range again.Rows {
		if row.Decision.Decided() {
			decided++
		}
	}
	if decided != 1 || len(other.Found) != 0 {
		t.Errorf("%d commands are decided, want 1; %d lanes of the refused transaction", decided, len(other.Found))
	}
}
