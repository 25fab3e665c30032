package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"stockproof/adapters/postgres"
	"stockproof/adapters/servers"
	"stockproof/inventory/port"
	"stockproof/model"
)

func TestOnlyAnIntakeThatMayStillComeIsInProgress(t *testing.T) {
	dsn, truth := migrated(t)
	ask := func(epoch, xid int64) port.IntakeVisible {
		t.Helper()
		v := port.IntakeVisible{IntakeEpoch: epoch, XID: xid}
		do(t, truth, &v)
		return v
	}
	older := raw(t, dsn) // keeps the snapshot's lower bound behind what ends below
	exec(t, older, `BEGIN`)
	value[int64](t, older, `SELECT pg_current_xact_id()::text::int8`)
	begin := func() (commit, rollback func(), xid int64) {
		tx := truth.Begin()
		gate := &port.CheckEpoch{}
		if err := tx.Do(background(t), gate); err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := tx.Commit(background(t)); err != nil {
				t.Fatal(err)
			}
		}, func() { tx.Rollback(background(t)) }, gate.XID
	}
	commit, _, running := begin()
	if v := ask(1, running); !v.InProgress || !v.Current {
		t.Errorf("the newest running transaction: %+v", v)
	}
	_, rollback, aborting := begin()
	if v := ask(1, running); !v.InProgress {
		t.Errorf("a running transaction: %+v", v)
	}
	rollback()
	if v := ask(0, running); !v.InProgress || v.Current {
		t.Errorf("running, and its record names another epoch: %+v", v)
	}
	commit()
	if v := ask(1, running); v.InProgress || !v.Current {
		t.Errorf("a committed transaction: %+v", v)
	}
	if v := ask(1, aborting); v.InProgress {
		t.Errorf("an aborted transaction: %+v", v)
	}
	for _, xid := range []int64{0, 1, 3} {
		if v := ask(1, xid); v.InProgress {
			t.Errorf("xid %d: %+v", xid, v)
		}
	}
	for _, epoch := range []int64{0, 1, 2} {
		if v := ask(epoch, model.MaxNumber); v.InProgress || v.Current != (epoch == 1) {
			t.Errorf("a future xid with epoch %d: %+v: this server never gave it out", epoch, v)
		}
	}
}

// A commit that waits for its synchronous standby is in the log and not visible: a slot delivers the
// command, no statement sees its row, and IntakeVisible says that it may come.
func TestTheLogIsAheadOfWhatIsVisible(t *testing.T) {
	pg := servers.Postgres(t)
	dsn := pg.NewDatabase(t)
	truth := open(t, postgres.Options{DSN: dsn})
	if err := postgres.Migrate(background(t), truth.Pool()); err != nil {
		t.Fatal(err)
	}
	do(t, truth, &port.SetEpoch{})
	slot := newSlot(t, dsn, "intake", "ledger.command")
	admin := raw(t, dsn)
	t.Cleanup(awaitStandby(t, admin)) // before what is dropped waits for the standby too

	row := command(nameID("ahead"), "SKU-1")
	tx := truth.Begin()
	gate := &port.CheckEpoch{}
	if err := tx.Do(background(t), gate, &port.AcceptCommands{Rows: []port.CommandRow{row}}); err != nil {
		t.Fatal(err)
	}
	committed := make(chan error)
	go func() { committed <- tx.Commit(context.Background()) }()

	changes, err := slot.Read(background(t), 1)
	if err != nil || len(changes) != 1 || changes[0].XID != gate.XID {
		t.Fatalf("%+v %v, want the row of transaction %d", changes, err, gate.XID)
	}
	known := &port.KnownCommands{IDs: []model.ID{row.ID}}
	visible := &port.IntakeVisible{IntakeEpoch: gate.Epoch, XID: gate.XID}
	reader := truth.Begin() // reads only: its own COMMIT writes nothing and so waits for nobody
	defer reader.Rollback(background(t))
	if err := reader.Do(background(t), known, visible); err != nil {
		t.Fatal(err)
	}
	if len(known.Rows) != 0 || !visible.InProgress || !visible.Current {
		t.Errorf("%d rows are visible, %+v: want none, in progress", len(known.Rows), visible)
	}

	// Somebody ends the wait: the commit is here, and perhaps nowhere else.
	eventually(t, "the commit waits for the standby", func() bool { return syncing(t, admin) == 1 })
	exec(t, admin, `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
	if err := <-committed; !errors.Is(err, port.ErrUnknown) {
		t.Errorf("a COMMIT that stopped waiting for the standby: %v, want ErrUnknown", err)
	}
	again := &port.IntakeVisible{IntakeEpoch: gate.Epoch, XID: gate.XID}
	known = &port.KnownCommands{IDs: []model.ID{row.ID}}
	if err := reader.Do(background(t), known, again); err != nil {
		t.Fatal(err)
	}
	if len(known.Rows) != 1 || again.InProgress {
		t.Errorf("afterwards %d rows, %+v", len(known.Rows), again)
	}
}

// A cancel request would end the wait for the standby and make the commit visible that may be lost.
func TestNoCancelRequestIsSentWhileCommitMayBeRunning(t *testing.T) {
	pg := servers.Postgres(t)
	dsn := pg.NewDatabase(t)
	var count counted
	truth := open(t, postgres.Options{DSN: dsn, MaxConns: 1, Dial: count.dial})
	if err := postgres.Migrate(background(t), truth.Pool()); err != nil {
		t.Fatal(err)
	}
	do(t, truth, &port.SetEpoch{})
	admin := raw(t, dsn)
	release := awaitStandby(t, admin)
	t.Cleanup(release)
	accept := func(id model.ID) *port.AcceptCommands {
		return &port.AcceptCommands{Rows: []port.CommandRow{command(id, "SKU-1")}}
	}
	for name, commit := range map[string]func(ctx context.Context, s port.Statement) error{
		"Commit": func(ctx context.Context, s port.Statement) error { return truth.Begin().Commit(ctx, s) },
		"Do":     func(ctx context.Context, s port.Statement) error { return truth.Do(ctx, s) },
	} {
		ctx, cancel := context.WithCancel(background(t))
		result := make(chan error)
		go func() { result <- commit(ctx, accept(nameID("%s", name))) }()
		eventually(t, "the commit waits for the standby", func() bool { return syncing(t, admin) == 1 })
		dials, writes := count.dials.Load(), count.writes.Load()
		cancel()
		if err := <-result; !errors.Is(err, port.ErrUnknown) {
			t.Errorf("%s, cancelled at COMMIT: %v, want ErrUnknown", name, err)
		}
		// pgx gives the connection up in the background: a cancel request first, then a farewell on it.
		eventually(t, "the connection was given up", func() bool { return count.writes.Load() > writes })
		if n := count.dials.Load() - dials; n != 0 {
			t.Errorf("%s: %d connections were made for a cancel request", name, n)
		}
		if syncing(t, admin) != 1 {
			t.Errorf("%s: the commit does not wait for the standby any more", name)
		}
		release()
		eventually(t, "the commit ends well", func() bool {
			known := &port.KnownCommands{IDs: []model.ID{nameID("%s", name)}}
			return truth.Do(background(t), known) == nil && len(known.Rows) == 1
		})
		awaitStandby(t, admin)
	}
}

// awaitStandby makes every commit of the server wait for a standby that is not there, until release. The
// server takes the setting over in its own time: a commit that waits shows that it has.
func awaitStandby(t *testing.T, admin *pgx.Conn) (release func()) {
	t.Helper()
	exec(t, admin, `ALTER SYSTEM SET synchronous_standby_names = 'absent'`)
	exec(t, admin, `SELECT pg_reload_conf()`)
	probe := raw(t, admin.Config().ConnString())
	defer probe.Close(context.Background())
	for ctx, waited := background(t), false; !waited; {
		done := make(chan error, 1)
		go func() {
			_, err := probe.Exec(ctx, `SELECT pg_logical_emit_message(true, 'probe', '')`)
			done <- err
		}()
		var err error
		eventually(t, "the probe has committed or waits", func() bool {
			if waited = syncing(t, admin) == 1; waited {
				exec(t, admin, `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
				err = <-done
				return true
			}
			select {
			case err = <-done:
				return true
			default:
				return false
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		exec(t, admin, `ALTER SYSTEM RESET synchronous_standby_names`)
		exec(t, admin, `SELECT pg_reload_conf()`)
	}
}

// syncing is how many commits wait for the standby.
func syncing(t *testing.T, admin *pgx.Conn) int {
	return value[int](t, admin, `SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
}
