package port

import "stockproof/model"

// Statements of the ledger design: lanes and their ledger.

// CreateLanes inserts the lanes that do not exist, with seq 0.
type CreateLanes struct{ Lanes []model.LaneKey }

// LockLanes locks the lanes that exist (FOR NO KEY UPDATE, in key order) and reads them.
type LockLanes struct {
	Lanes []model.LaneKey

	Found []model.Lane // in key order
}

// ReadLanes reads lanes without a lock, or FOR SHARE.
type ReadLanes struct {
	Lanes []model.LaneKey
	Share bool

	Found []model.Lane
}

// ScanLanes reads at most Max lanes behind After in key order, each FOR SHARE if asked.
type ScanLanes struct {
	After *model.LaneKey // nil: from the first
	Max   int
	Share bool

	Lanes []model.Lane
}

// BumpLane raises sku_lane.bump by one: the lane's wire epoch goes up. A missing row is ErrConflict,
// raised in the server.
type BumpLane struct{ Lane model.LaneKey }

// LedgerRow is one leg of one decision.
type LedgerRow struct {
	Lane          model.LaneKey
	Seq           int64
	Epoch         int64 // wire epoch
	Command       model.ID
	Leg           int16 // 0, or 1 for the receiving leg of a TRANSFER
	Kind          model.Kind
	Qty           int64 // what was asked; 0: NULL
	Outcome       model.Outcome
	Granted       int64
	OnHandAfter   int64
	ReservedAfter int64
	AvailAfter    int64
	DecidedAt     int64 // ms
}

// InsertLedger appends rows. A taken (lane, seq) is ErrContract: a lane lock is broken.
type InsertLedger struct{ Rows []LedgerRow }

// ScanLedger reads at most Max rows behind (After, AfterSeq), in (lane, seq) order (for audits).
type ScanLedger struct {
	After    *model.LaneKey
	AfterSeq int64
	Max      int

	Rows []LedgerRow
}

// WriteLanes replaces the counters of lanes that exist; the bump stays. A lane that does not is
// ErrConflict, raised in the server, and nothing is written. CHECK (on_hand >= 0) and CHECK (short OR
// on_hand - reserved - safety >= -backorder_limit) are ErrContract.
type WriteLanes struct{ Lanes []model.Lane }

func (*CreateLanes) Statement()  {}
func (*LockLanes) Statement()    {}
func (*ReadLanes) Statement()    {}
func (*ScanLanes) Statement()    {}
func (*BumpLane) Statement()     {}
func (*InsertLedger) Statement() {}
func (*ScanLedger) Statement()   {}
func (*WriteLanes) Statement()   {}
