package ledger

import (
	"context"
	"errors"
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// NewCoordinator moves the sagas that nobody else moves: all-or-nothing orders with a rejected line,
// orders whose deadline has passed, commits that were refused for stock.
func NewCoordinator(p inventory.Ports, o inventory.Options) port.Process {
	in := NewIntake(p, o)
	const chunk = 100
	return inventory.Every{Name: "coordinate orders", Period: o.CoordinatePeriod, Runtime: p.Runtime,
		Monitor: p.Monitor, Round: func(ctx context.Context) error {
			for {
				due := &port.DueOrders{Max: chunk}
				if err := p.Truth.Do(ctx, due); err != nil {
					return fmt.Errorf("find due orders: %w", err)
				}
				for _, id := range due.IDs {
					if err := in.coordinate(ctx, id); err != nil {
						return err
					}
				}
				if len(due.IDs) < chunk {
					return nil
				}
			}
		}}
}

// coordinate moves one order. A conflict means that somebody else did.
func (in *Intake) coordinate(ctx context.Context, id model.ID) error {
	row, lines, now, err := readOrder(ctx, in.truth, id)
	if errors.Is(err, port.ErrConflict) {
		return nil
	}
	if err != nil {
		return err
	}
	c := due(row, lines, now)
	if c.advance == nil {
		return nil
	}
	as, err := in.attempt(ctx, []request{{Submission: inventory.Submission{Commands: c.commands}, advance: c.advance}})
	if err != nil {
		return fmt.Errorf("coordinate order %s: %w", id, err)
	}
	if as[0].Err != nil {
		return nil // somebody else moved it first
	}
	in.monitor.Count("order-moved", 1)
	return nil
}
