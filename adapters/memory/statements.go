package memory

import (
	"context"
	"fmt"

	"stockproof/inventory/port"
)

// execute runs one statement: without a step inside, but for the waits for locks.
func (t *transaction) execute(ctx context.Context, st port.Statement) error {
	switch st := st.(type) {
	case *port.CheckEpoch:
		t.checkEpoch(st)
	case *port.ReadEpoch:
		t.readEpoch(st)
	case *port.SetEpoch:
		return t.setEpoch(ctx, st)
	default:
		return &SQLError{State: "0A000", Message: fmt.Sprintf("no such statement: %T", st)}
	}
	return nil
}

// writes reports whether a statement changes anything, which a lost connection leaves in doubt.
func writes(st port.Statement) bool {
	switch st.(type) {
	case *port.CheckEpoch, *port.ReadEpoch, *port.ReadProgress, *port.LockLanes, *port.ReadLanes,
		*port.ScanLanes, *port.KnownCommands, *port.IntakeVisible, *port.ScanCommands,
		*port.ScanLedger, *port.ReadLines, *port.ReadOrderLines, *port.ScanLines, *port.KnownOrders,
		*port.DueOrders, *port.ReadOutbox, *port.ReadMarks, *port.ReadDead, *port.FindShopOrders,
		*port.ScanShopOrders, *port.RecomputeShopStock, *port.LockShopStock, *port.ReadShopStock,
		*port.FindRowLockOrders, *port.FindRowLockLines, *port.ScanRowLockOrders:
		return false
	}
	return true
}
