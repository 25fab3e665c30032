package port

import "stockproof/model"

// Statements of the ledger design: dead letters.

// DeadRow is a dead letter.
type DeadRow struct {
	Topic       model.ID
	Part        int32
	LeaderEpoch int32
	Offset      int64
	Index       int32 // of the command in its record, -1: the record as a whole

	Command model.ID // absent where unreadable
	Chain   model.ID // what parks behind it: its ref, or itself; absent: parks nothing
	Lane    model.LaneKey
	HasLane bool
	Parked  bool // it broke nothing itself: it waits behind an earlier letter of its chain
	Class   DeadClass
	Key     []byte
	Headers []byte // JSON list of [name, base64 value]
	Raw     []byte // the command, or the record's value, as it came
	Repair  []byte // what an operator put in its place; nil: none
	Err     string // ASCII
	State   DeadState
}

// DeadKey identifies a dead letter.
type DeadKey struct {
	Topic       model.ID
	Part        int32
	LeaderEpoch int32
	Offset      int64
	Index       int32
}

// DeadClass says why a letter is dead.
type DeadClass string

// The classes. Business outcomes and infrastructure failures never come here.
const (
	DeadUndecodable DeadClass = "undecodable" // no readable command
	DeadContract    DeadClass = "contract"    // a command that breaks the contract
	DeadVoid        DeadClass = "void"        // accepted under an epoch that a failover lost
	DeadParked      DeadClass = "parked"      // waits behind another
)

// DeadState is where a letter is.
type DeadState string

// The states.
const (
	DeadOpen      DeadState = "open"
	DeadRedriven  DeadState = "redriven"
	DeadDiscarded DeadState = "discarded"
)

// ReadMarks answers which of the chains have an open letter that parks (state open, class not void).
type ReadMarks struct {
	Chains []model.ID

	Open []model.ID // in id order
}

// InsertDead inserts letters (ON CONFLICT DO NOTHING on the key).
type InsertDead struct{ Rows []DeadRow }

// ReadDead reads the letters with the given keys, or of the given chain when Keys is empty, or open
// ones behind After when Chain is absent too; in key order, at most Max (0: all).
type ReadDead struct {
	Keys  []DeadKey
	Chain model.ID
	After *DeadKey
	Max   int

	Rows []DeadRow
}

// CloseDead moves open letters to a final state. Fewer rows than given is ErrConflict, raised in the
// server.
type CloseDead struct {
	Keys  []DeadKey
	State DeadState
}

// RepairDead stores a repaired body beside an open letter. Where there is no such letter, or it is not
// open any more, that is ErrConflict, raised in the server.
type RepairDead struct {
	Key    DeadKey
	Repair []byte
}

func (*ReadMarks) Statement()  {}
func (*InsertDead) Statement() {}
func (*ReadDead) Statement()   {}
func (*CloseDead) Statement()  {}
func (*RepairDead) Statement() {}
