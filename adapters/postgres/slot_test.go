package postgres_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"stockproof/adapters/postgres"
	"stockproof/inventory/port"
	"stockproof/model"
)

// newSlot creates a slot of the database and opens it. Slots belong to the server, so the name gets the
// database's.
func newSlot(t *testing.T, dsn, name string, tables ...string) *postgres.Slot {
	t.Helper()
	truth := open(t, postgres.Options{DSN: dsn, MaxConns: 1})
	name += "_" + truth.Pool().Config().ConnConfig.Database
	if err := postgres.CreateSlot(background(t), truth.Pool(), name, tables...); err != nil {
		t.Fatal(err)
	}
	slot, err := postgres.OpenSlot(postgres.SlotOptions{DSN: dsn, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		slot.Close()
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		eventually(t, "the slot is free and dropped", func() bool {
			return postgres.DropSlot(ctx, truth.Pool(), name) == nil
		})
	})
	return slot
}

// read collects n changes. A slot that the server still thinks taken, by a connection that just ended,
// is asked again, as its users do.
func read(t *testing.T, slot port.Slot, n int) (changes []port.Change) {
	t.Helper()
	ctx := background(t)
	for len(changes) < n {
		more, err := slot.Read(ctx, n-len(changes))
		if err != nil && (len(changes) > 0 || !errors.Is(err, port.ErrUnavailable)) {
			t.Fatal(err)
		}
		changes = append(changes, more...)
	}
	return changes
}

func column(t *testing.T, columns []port.Column, name string) any {
	t.Helper()
	for _, c := range columns {
		if c.Name == name {
			return c.Value
		}
	}
	t.Fatalf("no column %s in %+v", name, columns)
	return nil
}

func outboxRow(name string) port.OutboxRow {
	return port.OutboxRow{ID: nameID("%s", name), AggregateType: "topic", AggregateID: name, Type: "state",
		Payload: "{\"a\": 1}"}
}

func TestASlotReadsTransactionsInCommitOrder(t *testing.T) {
	dsn, truth := migrated(t)
	slot := newSlot(t, dsn, "order", "ledger.inventory_outbox")
	early, late := truth.Begin(), truth.Begin()
	defer late.Rollback(background(t))
	gate := &port.CheckEpoch{}
	if err := late.Do(background(t), gate, &port.InsertOutbox{Rows: []port.OutboxRow{outboxRow("late 1")}}); err != nil {
		t.Fatal(err)
	}
	if err := early.Commit(background(t), &port.InsertOutbox{Rows: []port.OutboxRow{outboxRow("early")}}); err != nil {
		t.Fatal(err)
	}
	do(t, truth, &port.CreateLanes{Lanes: []model.LaneKey{lane("not followed")}})
	if err := late.Commit(background(t), &port.InsertOutbox{Rows: []port.OutboxRow{outboxRow("late 2")}}); err != nil {
		t.Fatal(err)
	}
	c := read(t, slot, 3)
	for i, want := range []struct {
		name    string
		ordinal int
		last    bool
	}{{"early", 1, true}, {"late 1", 1, false}, {"late 2", 2, true}} {
		name := column(t, c[i].After, "aggregateid")
		if name != want.name || c[i].Ordinal != want.ordinal || c[i].Last != want.last || c[i].Op != 'c' {
			t.Errorf("change %d is %+v, want %+v", i, c[i], want)
		}
	}
	if c[1].LSN >= c[0].LSN {
		t.Errorf("the late committer's first change %X is not older than %X: nothing was shown", c[1].LSN, c[0].LSN)
	}
	if c[0].CommitLSN >= c[1].CommitLSN || c[1].CommitLSN != c[2].CommitLSN || c[2].LSN >= c[2].CommitLSN {
		t.Errorf("commits at %X, %X, %X", c[0].CommitLSN, c[1].CommitLSN, c[2].CommitLSN)
	}
	if c[0].PrevCommitLSN != 0 || c[1].PrevCommitLSN != c[0].CommitLSN || c[2].PrevCommitLSN != c[0].CommitLSN {
		t.Errorf("commits before: %X, %X, %X", c[0].PrevCommitLSN, c[1].PrevCommitLSN, c[2].PrevCommitLSN)
	}
	if c[1].XID != gate.XID || c[2].XID != gate.XID || c[0].XID <= gate.XID {
		t.Errorf("xids %d, %d, %d; the late one is %d", c[0].XID, c[1].XID, c[2].XID, gate.XID)
	}
	if age := gate.NowMS*1000 - c[0].At; age > 60e6 || age < -60e6 {
		t.Errorf("committed at %d µs, the server's clock was %d ms", c[0].At, gate.NowMS)
	}
}

func TestASlotRendersEveryTypeAndOperation(t *testing.T) {
	dsn, truth := migrated(t)
	slot := newSlot(t, dsn, "types", "ledger.inventory_outbox", "ledger.sku_lane", "article.orders", "ledger.command")
	gate := &port.CheckEpoch{}
	row := outboxRow("ü \"}")
	tx := truth.Begin()
	if err := tx.Do(background(t), gate, &port.InsertOutbox{Rows: []port.OutboxRow{row}}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(background(t), &port.DeleteOutbox{IDs: []model.ID{row.ID}}); err != nil {
		t.Fatal(err)
	}
	do(t, truth, &port.CreateLanes{Lanes: []model.LaneKey{lane("a")}})
	do(t, truth, &port.WriteLanes{Lanes: []model.Lane{{Key: lane("a"), Seq: 7, OnHand: 1 << 52, Short: true}}})
	order := port.ShopOrder{OrderID: nameID("order"), SKU: "SKU-1", Qty: -2, Status: port.ShopAdjust}
	insert := &port.InsertShopOrders{Schema: port.ArticleSchema, Rows: []port.ShopOrder{order}}
	do(t, truth, insert)
	do(t, truth, &port.SetShopStatus{Schema: port.ArticleSchema, ID: insert.IDs[0], Status: port.ShopAdjusted})
	accepted := command(nameID("bytes"), "SKU-1")
	do(t, truth, &port.AcceptCommands{Rows: []port.CommandRow{accepted}})

	c := read(t, slot, 7)
	ops := ""
	for _, change := range c {
		ops += string(change.Op)
	}
	if ops != "cdcucuc" {
		t.Fatalf("operations %s", ops)
	}
	if want := []port.Column{{Name: "id", Value: [16]byte(row.ID)}, {Name: "aggregatetype", Value: "topic"},
		{Name: "aggregateid", Value: "ü \"}"}, {Name: "type", Value: "state"}, {Name: "seq", Value: nil},
		{Name: "payload", Value: "{\"a\": 1}"}, {Name: "pos", Value: int64(1)},
		{Name: "xid", Value: column(t, c[0].After, "xid")}}; !reflect.DeepEqual(c[0].After, want) {
		t.Errorf("inserted %+v\nwant %+v", c[0].After, want)
	}
	key := []port.Column{{Name: "id", Value: [16]byte(row.ID)}}
	if !reflect.DeepEqual(c[1].Before, key) || c[1].After != nil {
		t.Errorf("deleted %+v, want the key", c[1])
	}
	if c[3].Before != nil || column(t, c[3].After, "on_hand") != int64(1<<52) || column(t, c[3].After, "short") != true {
		t.Errorf("updated %+v", c[3])
	}
	if column(t, c[5].Before, "status") != "ADJUST" || column(t, c[5].After, "status") != "ADJUSTED" ||
		column(t, c[5].After, "qty") != int64(-2) || column(t, c[5].After, "price") != nil {
		t.Errorf("updated with full identity %+v", c[5])
	}
	if at, _ := column(t, c[4].After, "created_at").(string); len(at) != len("2026-11-22T20:10:58.970546Z") || at[10] != 'T' {
		t.Errorf("created_at %q", at)
	}
	if body, _ := column(t, c[6].After, "body").([]byte); string(body) != string(accepted.Body) {
		t.Errorf("body %q", body)
	}
	if column(t, c[6].After, "ref") != nil || column(t, c[6].After, "outcome") != nil {
		t.Errorf("absent columns of %+v", c[6].After)
	}
}

func TestASlotRepeatsWhatIsNotConfirmedAndNothingElse(t *testing.T) {
	dsn, truth := migrated(t)
	slot := newSlot(t, dsn, "confirm", "ledger.inventory_outbox")
	insert := func(names ...string) {
		var rows []port.OutboxRow
		for _, name := range names {
			rows = append(rows, outboxRow(name))
		}
		do(t, truth, &port.InsertOutbox{Rows: rows})
	}
	insert("1")
	insert("2a", "2b")
	insert("3")
	first := read(t, slot, 4)
	slot.Close() // a break: nothing is confirmed, all of it comes again
	again := read(t, slot, 4)
	if !reflect.DeepEqual(again, first) {
		t.Fatalf("after a break\n%+v\nwant\n%+v", again, first)
	}
	if err := slot.Confirm(background(t), first[0].CommitLSN); err != nil {
		t.Fatal(err)
	}
	confirmed := raw(t, dsn)
	eventually(t, "the server has heard it", func() bool {
		return value[bool](t, confirmed, `SELECT bool_or(confirmed_flush_lsn::text::pg_lsn > ($1::numeric + '0/0'::pg_lsn))
			FROM pg_replication_slots WHERE slot_name LIKE 'confirm_' || current_database()`, first[0].CommitLSN)
	})
	slot.Close()
	again = read(t, slot, 3)
	if !reflect.DeepEqual(again, first[1:]) {
		t.Fatalf("after the first one was confirmed\n%+v\nwant\n%+v", again, first[1:])
	}
	if err := slot.Confirm(background(t), again[2].CommitLSN); err != nil {
		t.Fatal(err)
	}
	insert("4")
	if c := read(t, slot, 1); column(t, c[0].After, "aggregateid") != "4" || c[0].PrevCommitLSN != again[2].CommitLSN {
		t.Errorf("then came %+v", c)
	}
}

func TestASlotReturnsNoMoreThanAsked(t *testing.T) {
	dsn, truth := migrated(t)
	slot := newSlot(t, dsn, "max", "ledger.inventory_outbox")
	insert := &port.InsertOutbox{}
	for i := range 10 {
		insert.Rows = append(insert.Rows, outboxRow(string(rune('a'+i))))
	}
	do(t, truth, insert)
	seen := ""
	for len(seen) < 10 {
		c, err := slot.Read(background(t), 3)
		if err != nil || len(c) == 0 || len(c) > 3 {
			t.Fatalf("%d changes, %v", len(c), err)
		}
		for _, change := range c {
			seen += column(t, change.After, "aggregateid").(string)
			if change.Last != (len(seen) == 10) || change.Ordinal != len(seen) {
				t.Errorf("change %d: %+v", len(seen), change)
			}
		}
	}
	if seen != "abcdefghij" {
		t.Errorf("read %s", seen)
	}
}

func TestAReadOfASlotEndsWithItsContextAndTheServer(t *testing.T) {
	dsn, truth := migrated(t)
	newSlot(t, dsn, "ends", "ledger.inventory_outbox")
	name := "ends_" + truth.Pool().Config().ConnConfig.Database
	slot, err := postgres.OpenSlot(postgres.SlotOptions{DSN: dsn, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	defer slot.Close()
	ctx, cancel := context.WithCancel(background(t))
	result := make(chan error)
	go func() {
		_, err := slot.Read(ctx, 1)
		result <- err
	}()
	admin := raw(t, dsn)
	active := func() bool {
		return value[bool](t, admin, `SELECT active FROM pg_replication_slots WHERE slot_name = $1`, name)
	}
	eventually(t, "the stream has begun", active)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) || port.Class(err) != nil {
		t.Errorf("cancelled: %v", err)
	}
	eventually(t, "the server has noticed", func() bool { return !active() })
	go func() {
		_, err := slot.Read(background(t), 1)
		result <- err
	}()
	eventually(t, "the second stream has begun", active)
	exec(t, admin, `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1`, name)
	if err := <-result; !errors.Is(err, port.ErrUnavailable) {
		t.Errorf("the server ended the stream: %v, want ErrUnavailable", err)
	}
	do(t, truth, &port.InsertOutbox{Rows: []port.OutboxRow{outboxRow("after")}})
	if c := read(t, slot, 1); column(t, c[0].After, "aggregateid") != "after" {
		t.Errorf("then came %+v", c)
	}
}

// The server asks whether the reader is alive; the answer must not confirm what was only read.
func TestAnsweringTheServerConfirmsNothingThatWasOnlyRead(t *testing.T) {
	dsn, truth := migrated(t)
	newSlot(t, dsn, "alive", "ledger.inventory_outbox")
	name := "alive_" + truth.Pool().Config().ConnConfig.Database
	impatient := dsn + "&options=-c%20wal_sender_timeout%3D200ms"
	slot, err := postgres.OpenSlot(postgres.SlotOptions{DSN: impatient, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	defer slot.Close()
	admin := raw(t, dsn)
	insert := func(name string) {
		do(t, truth, &port.InsertOutbox{Rows: []port.OutboxRow{outboxRow(name)}})
	}
	// listen lets the reader answer, with nothing to read, until it has done so twice more.
	listen := func() {
		ctx, cancel := context.WithCancel(background(t))
		result := make(chan error)
		go func() {
			_, err := slot.Read(ctx, 1)
			result <- err
		}()
		for range 2 {
			var last time.Time
			eventually(t, "the reader answers", func() bool {
				now := value[*time.Time](t, admin, `SELECT max(reply_time) FROM pg_stat_replication
					WHERE application_name = $1`, "stockproof "+name)
				if now == nil || last.IsZero() && !now.IsZero() {
					if now != nil {
						last = *now
					}
					return false
				}
				return now.After(last)
			})
		}
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Fatalf("the stream did not live on: %v", err)
		}
	}
	insert("read, not confirmed")
	first := read(t, slot, 1)
	do(t, truth, &port.CreateLanes{Lanes: []model.LaneKey{lane("moves the log on")}})
	listen()
	if again := read(t, slot, 1); !reflect.DeepEqual(again, first) {
		t.Fatalf("then came %+v, want the change that was not confirmed", again)
	}
	if err := slot.Confirm(background(t), first[0].CommitLSN); err != nil {
		t.Fatal(err)
	}
	do(t, truth, &port.CreateLanes{Lanes: []model.LaneKey{lane("nothing for this reader")}})
	end := value[string](t, admin, `SELECT pg_current_wal_lsn()::text`)
	listen()
	if !value[bool](t, admin, `SELECT confirmed_flush_lsn >= $2::pg_lsn FROM pg_replication_slots
		WHERE slot_name = $1`, name, end) {
		t.Error("the log is kept for a reader that has nothing more to read in it")
	}
}
