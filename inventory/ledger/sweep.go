package ledger

import (
	"context"
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// sweepMax is how many commands one transaction of the sweeper sends again: the global rate cap is
// this many a period.
const sweepMax = 200

// NewSweeper sends again what was accepted and is still undecided although its partition has been
// settled past it: the record was lost. Same id, same body; the settler absorbs what was not.
func NewSweeper(p inventory.Ports, o inventory.Options) port.Process {
	return inventory.Every{Name: "sweep", Period: o.SweepPeriod, Runtime: p.Runtime, Monitor: p.Monitor,
		Round: func(ctx context.Context) error { return sweep(ctx, p, o) }}
}

func sweep(ctx context.Context, p inventory.Ports, o inventory.Options) error {
	topic, ends, err := p.Broker.End(ctx, model.CommandTopic)
	if err != nil {
		return fmt.Errorf("sweep: end of %s: %w", model.CommandTopic, err)
	}
	tx := p.Truth.Begin()
	defer tx.Rollback(ctx)
	gate := &port.CheckEpoch{}
	lost := &port.ResubmitCommands{Topic: topic, End: ends, Max: sweepMax, BackoffMS: o.SweepBackoffMS}
	if err := tx.Do(ctx, gate, lost); err != nil {
		return fmt.Errorf("sweep: find undecided commands: %w", err)
	}
	if !gate.Open || len(lost.Rows) == 0 {
		return nil
	}
	var cs []model.Command
	for _, row := range lost.Rows {
		c, err := model.DecodeCommand(row.Body)
		if err != nil {
			p.Monitor.Alarm("sweep: stored body of command "+row.ID.String(), err)
			continue
		}
		cs = append(cs, c)
	}
	rows := commandRows(cs, gate.Epoch, gate.XID, fmt.Sprint("sweep ", gate.XID))
	if err := tx.Commit(ctx, outbox(rows, o.Relay)...); err != nil {
		return fmt.Errorf("sweep: send %d commands again: %w", len(cs), err)
	}
	p.Monitor.Count("swept", int64(len(cs)))
	return nil
}
