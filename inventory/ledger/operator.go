package ledger

import (
	"context"
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/port"
)

// NewOperator is what an operator, or an agent in their place, runs behind a promotion or a restore: it
// opens the gate on the server that it is connected to, sends every lane's state, sweeps, and ends.
//
// Before it, in this order, and not its business: the old primary is fenced, the connector's slot is
// created on the new one, and the connector's offsets are reset. What is written between the opening
// and the creation of a slot would reach nobody.
//
// The new epoch is above everything that the old primary, or a promotion that knew nothing of this one,
// has sent; so the states sent here win everywhere, also over later sequence numbers that were lost.
// Run twice, it raises the epoch twice, and nothing else comes of it.
func NewOperator(p inventory.Ports, o inventory.Options) port.Process {
	op := &operator{ports: p, options: o}
	return inventory.Once{Name: "promote", Runtime: p.Runtime, Monitor: p.Monitor, Backoff: o.Backoff, Do: op.promote}
}

type operator struct {
	ports   inventory.Ports
	options inventory.Options
	opened  bool // by this instance: what follows may take several attempts
}

func (op *operator) promote(ctx context.Context) error {
	if !op.opened {
		open := &port.SetEpoch{}
		if err := op.ports.Truth.Do(ctx, open); err != nil {
			return fmt.Errorf("promote: set the epoch: %w", err)
		}
		op.opened = true
	}
	if err := EmitStates(ctx, op.ports, op.options); err != nil {
		return fmt.Errorf("promote: %w", err)
	}
	// What was accepted and not decided may have left through the old slot only. One round: the sweeper
	// does the rest, at its own rate.
	if err := sweep(ctx, op.ports, op.options); err != nil {
		return fmt.Errorf("promote: %w", err)
	}
	op.ports.Monitor.Count("promoted", 1)
	return nil
}
