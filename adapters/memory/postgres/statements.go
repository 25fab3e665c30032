package postgres

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
	case *port.CreateProgress:
		return t.createProgress(ctx, st)
	case *port.ReadProgress:
		t.readProgress(st)
	case *port.AdvanceProgress:
		return t.advanceProgress(ctx, st)
	case *port.ResetProgress:
		return t.resetProgress(ctx, st)
	case *port.Barrier:
		t.assignXID()
		st.LSN = int64(t.pg.lsn)
	case *port.CreateLanes:
		return t.createLanes(ctx, st)
	case *port.LockLanes:
		return t.lockLanes(ctx, st)
	case *port.ReadLanes:
		return t.readLanes(ctx, st)
	case *port.ScanLanes:
		return t.scanLanes(ctx, st)
	case *port.BumpLane:
		return t.bumpLane(ctx, st)
	case *port.WriteLanes:
		return t.writeLanes(ctx, st)
	default:
		return t.executeCommand(ctx, st)
	}
	return nil
}

func (t *transaction) executeCommand(ctx context.Context, st port.Statement) error {
	switch st := st.(type) {
	case *port.KnownCommands:
		t.knownCommands(st)
	case *port.IntakeVisible:
		t.intakeVisible(st)
	case *port.AcceptCommands:
		return t.acceptCommands(ctx, st)
	case *port.DecideCommands:
		return t.decideCommands(ctx, st)
	case *port.ResubmitCommands:
		return t.resubmitCommands(st)
	case *port.ScanCommands:
		t.scanCommands(st)
	case *port.InsertLedger:
		return t.insertLedger(ctx, st)
	case *port.ScanLedger:
		t.scanLedger(st)
	case *port.ReadLines:
		t.readLines(st)
	case *port.InsertLines:
		return t.insertLines(ctx, st)
	case *port.WriteLines:
		return t.writeLines(ctx, st)
	case *port.ReadOrderLines:
		t.readOrderLines(st)
	case *port.ScanLines:
		t.scanLines(st)
	case *port.KnownOrders:
		t.knownOrders(st)
	case *port.InsertOrders:
		return t.insertOrders(ctx, st)
	case *port.AdvanceSaga:
		return t.advanceSaga(ctx, st)
	case *port.DueOrders:
		t.dueOrders(st)
	default:
		return t.executeOutbox(ctx, st)
	}
	return nil
}

func (t *transaction) executeOutbox(ctx context.Context, st port.Statement) error {
	switch st := st.(type) {
	case *port.InsertOutbox:
		return t.insertOutbox(ctx, st)
	case *port.DeleteOutbox:
		return t.deleteOutbox(ctx, st)
	case *port.ReadOutbox:
		t.readOutbox(st)
	case *port.ReadMarks:
		t.readMarks(st)
	case *port.InsertDead:
		return t.insertDead(ctx, st)
	case *port.ReadDead:
		t.readDead(st)
	case *port.CloseDead:
		return t.closeDead(ctx, st)
	case *port.RepairDead:
		return t.repairDead(ctx, st)
	case *port.Beat:
		return t.beat(ctx, st)
	default:
		return t.executeShop(ctx, st)
	}
	return nil
}

func (t *transaction) executeShop(ctx context.Context, st port.Statement) error {
	switch st := st.(type) {
	case *port.InsertShopOrders:
		return t.insertShopOrders(ctx, st)
	case *port.FindShopOrders:
		return t.findShopOrders(st)
	case *port.ScanShopOrders:
		return t.scanShopOrders(st)
	case *port.SetShopStatus:
		return t.setShopStatus(ctx, st)
	case *port.AddShopStock:
		return t.addShopStock(ctx, st)
	case *port.RecomputeShopStock:
		return t.recomputeShopStock(st)
	case *port.LockShopStock:
		return t.lockShopStock(ctx, st)
	case *port.ReadShopStock:
		return t.readShopStock(st)
	case *port.InsertRowLockOrders:
		return t.insertRowLockOrders(ctx, st)
	case *port.FindRowLockOrders:
		t.findRowLockOrders(st)
	case *port.FindRowLockLines:
		t.findRowLockLines(st)
	case *port.UpdateRowLockLines:
		return t.updateRowLockLines(ctx, st)
	case *port.ScanRowLockOrders:
		t.scanRowLockOrders(st)
	default:
		return &SQLError{State: "42601", Message: fmt.Sprintf("no such statement: %T", st)}
	}
	return nil
}

// writes reports whether a statement changes anything, which a lost connection leaves in doubt. (A
// row lock alone is no write.)
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
