package port

import "stockproof/model"

// Statements of the ledger design: who may write, how far a partition is settled, and the heartbeat.

// CheckEpoch is the gate of every writing transaction: Open is false where this server may not write
// (its system id and timeline are not the cluster row's).
type CheckEpoch struct {
	Open  bool
	Epoch int64 // cluster.epoch
	NowMS int64 // the truth's clock
	XID   int64 // of this transaction (pg_current_xact_id)
}

// ReadEpoch reads the cluster's epoch and the truth's clock, whatever server this is. No XID.
type ReadEpoch struct {
	Epoch int64
	NowMS int64
}

// SetEpoch opens the gate on this server: epoch = greatest(epoch+1, unix seconds), its own system id
// and timeline. It creates the cluster row where there is none, with epoch 1.
type SetEpoch struct{ Epoch int64 }

// CreateProgress makes the row of a partition where there is none (ON CONFLICT DO NOTHING).
type CreateProgress struct {
	Topic       model.ID
	Part        int32
	NextOffset  int64
	LeaderEpoch int32
}

// ReadProgress reads it.
type ReadProgress struct {
	Topic model.ID
	Part  int32

	Found       bool
	NextOffset  int64
	LeaderEpoch int32
	SettledAt   int64
}

// AdvanceProgress is the fence of the asynchronous settler: next_offset = To, leader_epoch =
// LeaderEpoch, settled_at = greatest(settled_at, SettledAt) where next_offset = From AND leader_epoch
// <= LeaderEpoch. Moved is false for a zombie.
type AdvanceProgress struct {
	Topic       model.ID
	Part        int32
	LeaderEpoch int32
	From, To    int64
	SettledAt   int64 // timestamp of the last settled record, ms

	Moved bool
}

// ResetProgress follows the broker after a truncation or an expired log: compare-and-set on both
// From fields.
type ResetProgress struct {
	Topic                  model.ID
	Part                   int32
	From, To               int64
	FromEpoch, LeaderEpoch int32

	Moved bool
}

// Beat raises the heartbeat of every partition of the state topic and reads the truth's clock.
type Beat struct {
	Parts int32

	NowMS int64
}

// Barrier writes to the log without changing anything, so that its commit waits for the synchronous
// standby like any other: what was read in front of it is replicated when it returns.
type Barrier struct {
	LSN int64
}

func (*Barrier) Statement()         {}
func (*CheckEpoch) Statement()      {}
func (*ReadEpoch) Statement()       {}
func (*SetEpoch) Statement()        {}
func (*CreateProgress) Statement()  {}
func (*ReadProgress) Statement()    {}
func (*AdvanceProgress) Statement() {}
func (*ResetProgress) Statement()   {}
func (*Beat) Statement()            {}
