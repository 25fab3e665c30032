package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"stockproof/inventory/port"
	"stockproof/model"
)

// shelf is a small settler over the statements, of RESTOCKs of one unit: enough to see whether a
// command was decided twice or lost.
type shelf struct {
	truth port.Truth
	lane  model.LaneKey
	topic model.ID
}

// accept makes n undecided commands.
func (s shelf) accept(t *testing.T, n int) []model.ID {
	t.Helper()
	var ids []model.ID
	accept := &port.AcceptCommands{}
	for i := range n {
		row := command(nameID("%s %d", s.lane.SKU, i), string(s.lane.SKU))
		ids = append(ids, row.ID)
		accept.Rows = append(accept.Rows, row)
	}
	do(t, s.truth, accept, &port.CreateProgress{Topic: s.topic}, &port.CreateLanes{Lanes: []model.LaneKey{s.lane}})
	return ids
}

// settle decides the ids that are not decided yet, at an offset of a partition. decided is how many it
// decided itself; an error says nothing about that.
func (s shelf) settle(ctx context.Context, offset int64, ids ...model.ID) (decided int, err error) {
	tx := s.truth.Begin()
	defer tx.Rollback(ctx)
	gate := &port.CheckEpoch{}
	advance := &port.AdvanceProgress{Topic: s.topic, From: offset, To: offset + 1, SettledAt: offset}
	lock := &port.LockLanes{Lanes: []model.LaneKey{s.lane}}
	known := &port.KnownCommands{IDs: ids}
	if err := tx.Do(ctx, gate, advance, lock, known); err != nil {
		return 0, err
	}
	if !gate.Open {
		return 0, errors.New("the gate is closed")
	}
	if !advance.Moved {
		return 0, nil // settled before, with its offset
	}
	l := lock.Found[0]
	decide, ledger, outbox := &port.DecideCommands{}, &port.InsertLedger{}, &port.InsertOutbox{}
	for _, row := range known.Rows {
		if row.Decision.Decided() {
			continue
		}
		l.Seq, l.OnHand = l.Seq+1, l.OnHand+1
		row.Decision = model.Decision{Outcome: model.Granted, Granted: 1, Seq: l.Seq, Avail: l.Avail()}
		row.Epoch, row.DecidedAt = model.WireEpoch(gate.Epoch, l.Bump), gate.NowMS
		decide.Rows = append(decide.Rows, row)
		ledger.Rows = append(ledger.Rows, port.LedgerRow{Lane: s.lane, Seq: l.Seq, Epoch: row.Epoch,
			Command: row.ID, Kind: row.Kind, Qty: 1, Outcome: model.Granted, Granted: 1,
			OnHandAfter: l.OnHand, AvailAfter: l.Avail(), DecidedAt: gate.NowMS})
		outbox.Rows = append(outbox.Rows, port.OutboxRow{ID: model.NameID("state", row.ID.String()),
			AggregateType: model.StateTopic, AggregateID: model.LaneTopicKey(s.lane), Type: "state",
			Seq: l.Seq, Payload: "{}"})
	}
	err = tx.Commit(ctx, decide, ledger, &port.WriteLanes{Lanes: []model.Lane{l}}, outbox)
	return len(decide.Rows), err
}

// settleOut runs settle until it has an answer, as production code does.
func (s shelf) settleOut(t *testing.T, offset int64, ids ...model.ID) (attempts []error) {
	t.Helper()
	for {
		_, err := s.settle(background(t), offset, ids...)
		if err == nil {
			return attempts
		}
		if c := port.Class(err); c != port.ErrUnavailable && c != port.ErrUnknown && c != port.ErrConflict {
			t.Fatalf("settle ended with %v (class %v)", err, c)
		}
		if attempts = append(attempts, err); len(attempts) > 20 {
			t.Fatalf("settle never ended: %v", err)
		}
	}
}

// audit is nil if every id was decided once, the ledger is gapless and adds up to the lane, and the
// position moved once.
func (s shelf) audit(t *testing.T, offset int64, ids ...model.ID) error {
	t.Helper()
	known := &port.KnownCommands{IDs: ids}
	ledger := &port.ScanLedger{Max: 1000}
	lanes := &port.ReadLanes{Lanes: []model.LaneKey{s.lane}}
	progress := &port.ReadProgress{Topic: s.topic}
	outbox := &port.ReadOutbox{Shards: 1, Max: 1000}
	do(t, s.truth, known, ledger, lanes, progress, outbox)
	if len(known.Rows) != len(ids) || len(ledger.Rows) != len(ids) || len(outbox.Rows) != len(ids) {
		return fmt.Errorf("%d commands, %d ledger rows, %d outbox rows of %d",
			len(known.Rows), len(ledger.Rows), len(outbox.Rows), len(ids))
	}
	seq := map[model.ID]int64{}
	for i, r := range ledger.Rows {
		if r.Seq != int64(i+1) || r.OnHandAfter != r.Seq {
			return fmt.Errorf("ledger row %d is %+v", i+1, r)
		}
		seq[r.Command] = r.Seq
	}
	for _, r := range known.Rows {
		if r.Decision.Seq != seq[r.ID] || r.Decision.Outcome != model.Granted {
			return fmt.Errorf("command %s was decided %+v, the ledger says %d", r.ID, r.Decision, seq[r.ID])
		}
	}
	n := int64(len(ids))
	if l := lanes.Found[0]; l.Seq != n || l.OnHand != n || progress.NextOffset != offset {
		return fmt.Errorf("lane %+v, progress %+v", l, progress)
	}
	return nil
}

func newShelf(truth port.Truth, sku string) shelf {
	return shelf{truth: truth, lane: lane(sku), topic: nameID("topic")}
}
