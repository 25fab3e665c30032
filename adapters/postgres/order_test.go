package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"stockproof/inventory/port"
	"stockproof/model"
)

// Why settle takes its locks first and reads what is known in a later statement: READ
// COMMITTED takes a snapshot per statement, when it begins and not when its locks are granted.
// In each case one transaction decides a command under the lane's lock; the other one waits for that
// lock and then believes what it has read.

const (
	lockLane  = `SELECT seq FROM ledger.sku_lane WHERE sku_id = $1 AND loc = 'main' FOR NO KEY UPDATE`
	countRows = `SELECT count(*) FROM ledger.ledger WHERE command_id = $1`
)

// belief is what a decider goes by: the lane's sequence, and how often the command was decided.
type belief struct {
	seq     int64
	decided int
	err     error
}

// race runs decide on a second connection against a first transaction that holds the lane and has
// decided the command. read is done before that; it may be nil.
func race(t *testing.T, isolation pgx.TxIsoLevel, read, decide func(tx pgx.Tx, id model.ID, b *belief)) belief {
	t.Helper()
	dsn, truth := migrated(t)
	s := newShelf(truth, "SKU-1")
	id := s.accept(t, 1)[0]
	ctx := background(t)
	late, err := raw(t, dsn).BeginTx(ctx, pgx.TxOptions{IsoLevel: isolation})
	if err != nil {
		t.Fatal(err)
	}
	defer late.Rollback(context.Background())
	var b belief
	if read != nil {
		read(late, id, &b)
	}
	first := raw(t, dsn)
	exec(t, first, `BEGIN`)
	value[int64](t, first, lockLane, "SKU-1")
	exec(t, first, `INSERT INTO ledger.ledger VALUES ('SKU-1', 'main', 1, 1, $1, 0, 5, 1, 1, 1, 1, 0, 1, 1)`, id)
	exec(t, first, `UPDATE ledger.sku_lane SET seq = 1, on_hand = 1 WHERE sku_id = 'SKU-1'`)
	done := make(chan struct{})
	go func() {
		defer close(done)
		decide(late, id, &b)
	}()
	admin := raw(t, dsn)
	eventually(t, "the other one waits for the lane", func() bool { return waiting(t, admin) == 1 })
	exec(t, first, `COMMIT`)
	<-done
	return b
}

func scan(tx pgx.Tx, b *belief, text string, args []any, into ...any) {
	if err := tx.QueryRow(context.Background(), text, args...).Scan(into...); err != nil && b.err == nil {
		b.err = err
	}
}

func readFirst(tx pgx.Tx, id model.ID, b *belief) { scan(tx, b, countRows, []any{id}, &b.decided) }

func lockOnly(tx pgx.Tx, _ model.ID, b *belief) { scan(tx, b, lockLane, []any{"SKU-1"}, &b.seq) }

func TestDedupeBeforeTheLockBelievesAnOldAnswer(t *testing.T) {
	b := race(t, pgx.ReadCommitted, readFirst, lockOnly)
	if b.err != nil || b.seq != 1 || b.decided != 0 {
		t.Errorf("%+v: this order was supposed to see the new lane and the old ledger", b)
	}
}

func TestDedupeInTheLockingStatementReadsTheNewLaneAndTheOldLedger(t *testing.T) {
	for name, text := range map[string]string{
		"subquery": `SELECT seq, (SELECT count(*) FROM ledger.ledger WHERE command_id = $2)
			FROM ledger.sku_lane WHERE sku_id = $1 AND loc = 'main' FOR NO KEY UPDATE`,
		"with": `WITH l AS MATERIALIZED (
				SELECT seq FROM ledger.sku_lane WHERE sku_id = $1 AND loc = 'main' FOR NO KEY UPDATE)
			SELECT l.seq, (SELECT count(*) FROM ledger.ledger WHERE command_id = $2) FROM l`,
		"join": `SELECT l.seq, CASE WHEN d.command_id IS NULL THEN 0 ELSE 1 END
			FROM ledger.sku_lane l LEFT JOIN ledger.ledger d ON d.command_id = $2
			WHERE l.sku_id = $1 AND l.loc = 'main' FOR NO KEY UPDATE OF l`,
	} {
		t.Run(name, func(t *testing.T) {
			b := race(t, pgx.ReadCommitted, nil, func(tx pgx.Tx, id model.ID, b *belief) {
				scan(tx, b, text, []any{"SKU-1", id}, &b.seq, &b.decided)
			})
			if b.err != nil || b.seq != 1 || b.decided != 0 {
				t.Errorf("%+v: this order was supposed to see the new lane and the old ledger", b)
			}
		})
	}
}

func TestSerializableOnlyTurnsTheOldAnswerInto40001(t *testing.T) {
	b := race(t, pgx.Serializable, readFirst, lockOnly)
	var server *pgconn.PgError
	if !errors.As(b.err, &server) || server.Code != "40001" {
		t.Errorf("%+v, want 40001", b)
	}
}

func TestDedupeInALaterStatementThanTheLockIsRight(t *testing.T) {
	b := race(t, pgx.ReadCommitted, nil, func(tx pgx.Tx, id model.ID, b *belief) {
		lockOnly(tx, id, b)
		readFirst(tx, id, b)
	})
	if b.err != nil || b.seq != 1 || b.decided != 1 {
		t.Errorf("%+v, want the new lane and the new ledger", b)
	}
}

// The adapter's own statements, in the order of settle, against a decider that holds the lane.
func TestTheAdapterReadsWhatIsKnownAfterItsLocks(t *testing.T) {
	dsn, truth := migrated(t)
	s := newShelf(truth, "SKU-1")
	ids := s.accept(t, 2)
	first := truth.Begin()
	defer first.Rollback(background(t))
	lock := &port.LockLanes{Lanes: []model.LaneKey{s.lane}}
	known := &port.KnownCommands{IDs: ids}
	if err := first.Do(background(t), lock, known); err != nil {
		t.Fatal(err)
	}
	row := known.Rows[0]
	row.Decision = model.Decision{Outcome: model.Granted, Granted: 1, Seq: 1, Avail: 1}
	later := &port.KnownCommands{IDs: ids}
	again := &port.LockLanes{Lanes: []model.LaneKey{s.lane}}
	done := make(chan error)
	go func() {
		tx := truth.Begin()
		defer tx.Rollback(context.Background())
		done <- tx.Do(context.Background(), again, later)
	}()
	admin := raw(t, dsn)
	eventually(t, "the other one waits for the lane", func() bool { return waiting(t, admin) == 1 })
	l := lock.Found[0]
	l.Seq, l.OnHand = 1, 1
	if err := first.Commit(background(t), &port.DecideCommands{Rows: []port.CommandRow{row}},
		&port.WriteLanes{Lanes: []model.Lane{l}}); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if again.Found[0].Seq != 1 || !later.Rows[0].Decision.Decided() && !later.Rows[1].Decision.Decided() {
		t.Errorf("after the wait: lane %+v, commands %+v", again.Found[0], later.Rows)
	}
}

func TestTwoTransactionsInOppositeOrdersEndInAConflict(t *testing.T) {
	dsn, truth := migrated(t)
	do(t, truth, &port.CreateLanes{Lanes: []model.LaneKey{lane("a"), lane("b")}})
	lockOne := func(sku string) port.Statement { return &port.LockLanes{Lanes: []model.LaneKey{lane(sku)}} }
	one, two := truth.Begin(), truth.Begin()
	defer one.Rollback(background(t))
	defer two.Rollback(background(t))
	for _, err := range []error{one.Do(background(t), lockOne("a")), two.Do(background(t), lockOne("b"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	results := make(chan error, 2)
	go func() { results <- one.Do(context.Background(), lockOne("b")) }()
	admin := raw(t, dsn)
	eventually(t, "the first one waits", func() bool { return waiting(t, admin) == 1 })
	go func() { results <- two.Do(context.Background(), lockOne("a")) }()
	failed := 0
	for range 2 {
		err := <-results
		if err == nil {
			continue
		}
		failed++
		var constraint *port.ConstraintError
		if !errors.Is(err, port.ErrConflict) || !errors.As(err, &constraint) || constraint.SQLState != "40P01" {
			t.Errorf("the victim got %v, want ErrConflict with 40P01", err)
		}
	}
	if failed != 1 {
		t.Errorf("%d of two transactions failed, want 1", failed)
	}
}

func TestLocksAreTakenInKeyOrderWhateverTheListsOrder(t *testing.T) {
	dsn, truth := migrated(t)
	do(t, truth, &port.CreateLanes{Lanes: []model.LaneKey{lane("A"), lane("B"), lane("a")}})
	holder, waiter := truth.Begin(), truth.Begin()
	defer holder.Rollback(background(t))
	if err := holder.Do(background(t), &port.LockLanes{Lanes: []model.LaneKey{lane("B")}}); err != nil {
		t.Fatal(err)
	}
	lock := &port.LockLanes{Lanes: []model.LaneKey{lane("a"), lane("B"), lane("A")}}
	done := make(chan error)
	go func() {
		defer waiter.Rollback(context.Background())
		done <- waiter.Do(context.Background(), lock)
	}()
	admin := raw(t, dsn)
	eventually(t, "the second one waits", func() bool { return waiting(t, admin) == 1 })
	free := value[[]string](t, admin, `SELECT array_agg(sku_id) FROM (
		SELECT sku_id FROM ledger.sku_lane ORDER BY sku_id FOR UPDATE SKIP LOCKED) l`)
	if len(free) != 1 || free[0] != "a" {
		t.Errorf("while it waits for B, %v are free, want a: A comes before B, a behind it", free)
	}
	holder.Rollback(background(t))
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if f := lock.Found; len(f) != 3 || f[0].Key != lane("A") || f[1].Key != lane("B") || f[2].Key != lane("a") {
		t.Errorf("found %+v", f)
	}
}

// A client that stops inside its transaction holds its lane for at most the timeout; then the server
// ends it, and who waits goes on.
func TestAnIdleZombieInsideItsTransactionIsEndedAndTheWaiterGoesOn(t *testing.T) {
	dsn, truth := migrated(t)
	s := newShelf(truth, "SKU-1")
	ids := s.accept(t, 1)
	zombie := truth.Begin()
	defer zombie.Rollback(background(t))
	if err := zombie.Do(background(t), &port.LockLanes{Lanes: []model.LaneKey{s.lane}},
		&port.BumpLane{Lane: s.lane}); err != nil {
		t.Fatal(err)
	}
	admin := raw(t, dsn)
	s.settleOut(t, 0, ids...) // waits for the lane, and once more if its own patience ended first
	if n := value[int](t, admin, `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND state = 'idle in transaction'`); n != 0 {
		t.Errorf("%d sessions are idle in their transactions", n)
	}
	err := zombie.Commit(background(t), &port.BumpLane{Lane: s.lane})
	if !errors.Is(err, port.ErrUnavailable) && !errors.Is(err, port.ErrUnknown) {
		t.Errorf("the zombie's COMMIT: %v", err)
	}
	if err := s.audit(t, 1, ids...); err != nil {
		t.Error(err)
	}
	lanes := &port.ReadLanes{Lanes: []model.LaneKey{s.lane}}
	do(t, truth, lanes)
	if lanes.Found[0].Bump != 0 {
		t.Error("something of the zombie stayed")
	}
}
