package ledger_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// A zombie, whose partition somebody else has moved on, is fenced: it reads the position again and
// nothing is decided twice.
func TestAZombieIsFenced(t *testing.T) {
	h := accepted(t, restock("a", 1), restock("b", 2), restock("c", 4))
	h.send("A", record(restock("a", 1)))
	h.send("A", record(restock("b", 2)))
	var stuck atomic.Bool
	blocked, resume := make(chan struct{}), make(chan struct{})
	h.meddle(&meddled{refuse: func(st port.Statement) error {
		if _, ok := st.(*port.AdvanceProgress); ok && stuck.CompareAndSwap(false, true) {
			close(blocked)
			<-resume
		}
		return nil
	}}, "worker")
	h.run("worker")
	<-blocked // it has read its records and is about to settle them
	topic := h.world.Kafka.TopicID(model.CommandTopic)
	moved := &port.AdvanceProgress{Topic: topic, From: 0, To: 1}
	h.must(h.p.Truth.Do(h.ctx, moved)) // the new owner settled the first
	if !moved.Moved {
		t.Fatal("the position did not move")
	}
	close(resume)
	h.want("second record", h.outcome(model.NameID("b")), "GRANTED 2")
	h.send("A", record(restock("c", 4)))
	h.want("third record", h.outcome(model.NameID("c")), "GRANTED 4")
	if h.commandRow(model.NameID("a")).Decision.Decided() || h.progress() != 3 {
		t.Errorf("the zombie settled what was not its own; position %d", h.progress())
	}
	h.booksAgree()
}

// The position in the truth counts, not the group's: a worker that starts anew with a rewound group
// goes on where the truth says.
func TestARestartReadsThePositionInTheTruth(t *testing.T) {
	h := accepted(t, restock("a", 1), restock("b", 2))
	crash := h.run("worker")
	h.send("A", record(restock("a", 1)))
	h.want("first", h.outcome(model.NameID("a")), "GRANTED 1")
	h.until("the group's offset", func() bool {
		at, ok := h.world.Kafka.Committed("ledger-settle", model.CommandTopic, 0)
		return ok && at.Offset == 1
	})
	crash()
	h.world.Kafka.Rewind("ledger-settle", model.CommandTopic, 0, port.Position{})
	h.send("A", record(restock("b", 2)))
	h.run("worker")
	h.want("second", h.outcome(model.NameID("b")), "GRANTED 2")
	if n := h.ear.count("duplicate"); n != 0 {
		t.Errorf("%d commands were read again", n)
	}
}

// A record whose intake is not visible yet waits: it is neither a dead letter nor skipped.
func TestARecordAheadOfItsIntakeWaits(t *testing.T) {
	h := newHouse(t, onePartition)
	in := restock("in", 5)
	tx := h.p.Truth.Begin()
	gate := &port.CheckEpoch{}
	body := port.CommandRow{ID: in.ID, Fingerprint: in.Fingerprint(), Kind: in.Kind, Lane: in.Lane(),
		Body: model.EncodeCommand(in), IntakeEpoch: 1, SubmittedAt: 1, NextTry: 1 << 50, SentAt: 1}
	h.must(tx.Do(h.ctx, gate, &port.AcceptCommands{Rows: []port.CommandRow{body}}))
	h.send("A", model.EncodeCommandRecord(model.CommandRecord{IntakeEpoch: gate.Epoch, IntakeXID: gate.XID,
		Commands: []model.Command{in}}))
	var looks atomic.Int64
	h.meddle(&meddled{refuse: func(st port.Statement) error {
		if _, ok := st.(*port.IntakeVisible); ok {
			looks.Add(1)
		}
		return nil
	}}, "worker")
	h.run("worker")
	h.until("it looked several times", func() bool { return looks.Load() > 3 })
	if h.progress() != 0 || len(h.letters()) != 0 {
		t.Fatalf("position %d, letters %+v", h.progress(), h.letters())
	}
	h.must(tx.Commit(h.ctx))
	h.want("then", h.outcome(in.ID), "GRANTED 5")
	if len(h.letters()) != 0 {
		t.Errorf("letters %+v", h.letters())
	}
}

// Behind a promotion nobody writes until the gate is opened: not the worker, not the fronts, not the
// heart, not the sweeper.
func TestAClosedGateRefusesEveryWriter(t *testing.T) {
	h := accepted(t, restock("in", 5))
	h.world.Postgres.Promote()
	h.send("A", record(restock("in", 5)))
	h.run("connector", "worker", "sweeper", "heart", "coordinator")
	quick, slow := h.front(inventory.Sync), h.front(inventory.Async)
	for _, f := range []inventory.Front{quick, slow} {
		ctx, cancel := context.WithTimeout(h.ctx, 50*time.Millisecond)
		if _, err := f.Orders.Submit(ctx, restock("x", 1)); !errors.Is(err, port.ErrUnknown) {
			t.Errorf("a front answered %v", err)
		}
		cancel()
	}
	read := &port.ScanCommands{Max: 10}
	h.must(h.p.Truth.Do(h.ctx, read))
	if len(read.Rows) != 1 || read.Rows[0].Decision.Decided() || read.Rows[0].Tries != 0 || h.progress() != 0 {
		t.Fatalf("written behind a closed gate: %+v, position %d", read.Rows, h.progress())
	}
	h.must(h.p.Truth.Do(h.ctx, &port.SetEpoch{}))
	h.want("then", h.outcome(model.NameID("in")), "GRANTED 5")
	h.want("the front's", h.outcome(model.NameID("x")), "GRANTED 1")
}

// Records that retention took before they were settled are gone: the position follows the log, an
// alarm says so, and the sweeper sends their commands again.
func TestLostRecordsAreSweptUp(t *testing.T) {
	h := accepted(t, restock("a", 1), restock("b", 2))
	h.send("A", record(restock("a", 1)))
	h.send("A", record(restock("b", 2)))
	h.world.Kafka.DeleteRecords(model.CommandTopic, 0, 2)
	h.run("worker")
	h.until("the position follows", func() bool { return h.progress() == 2 })
	if h.commandRow(model.NameID("a")).Decision.Decided() {
		t.Fatal("decided without its record")
	}
	if !h.ear.heard("position lost") {
		t.Errorf("no alarm: %s", h.ear)
	}
	// The connector is there only now: what it carries of the intake's own records is the sweeper's
	// and intake's alike, and each command is decided once.
	h.run("sweeper", "connector")
	h.want("first", h.outcome(model.NameID("a")), "GRANTED 1")
	h.want("second", h.outcome(model.NameID("b")), "GRANTED 2")
	h.wantLane("A", 3, 0)
	h.booksAgree()
}
