package ledger

import (
	"context"
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/port"
)

// NewEmitter sends every lane's state when it starts, and again whenever the truth has another epoch:
// behind a lost slot or topic an operator starts it, and where it runs a promotion is followed by the
// states that consumers of the state topic would otherwise lack until the lane's next decision. The
// reconciler heals Redis and the feeds there by itself; what only reads the topic needs this.
func NewEmitter(p inventory.Ports, o inventory.Options) port.Process {
	e := &emitter{ports: p, options: o}
	return inventory.Every{Name: "emit states", Period: o.BeatPeriod, Runtime: p.Runtime, Monitor: p.Monitor,
		Round: e.round}
}

type emitter struct {
	ports   inventory.Ports
	options inventory.Options
	epoch   int64 // under which everything was sent; 0: nothing yet
}

func (e *emitter) round(ctx context.Context) error {
	now := &port.ReadEpoch{}
	if err := e.ports.Truth.Do(ctx, now); err != nil {
		return fmt.Errorf("emit: read the epoch: %w", err)
	}
	if now.Epoch == e.epoch {
		return nil
	}
	if err := EmitStates(ctx, e.ports, e.options); err != nil {
		return err
	}
	// An epoch that came meanwhile is found in the next round.
	e.epoch = now.Epoch
	e.ports.Monitor.Count("states-emitted", 1)
	return nil
}

// EmitStates sends every lane's state through the outbox once, and reconciles on the way. Sending
// again is harmless: states are absolute.
func EmitStates(ctx context.Context, p inventory.Ports, o inventory.Options) error {
	r := newReconciler(p, o)
	r.emit = true
	return r.Scan(ctx)
}
