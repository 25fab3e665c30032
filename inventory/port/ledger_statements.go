package port

import "stockproof/model"

// The statements of the ledger design, schema "ledger" (PROTOCOL.md P2, P3). Each is one SQL query.
// Every list is sorted by key before it is handed over, and each statement touches its rows in that
// order. Statements of one transaction are issued in this order of tables, everywhere: progress,
// missing lanes, lanes, orders, command, order_line, ledger, sku_lane, inventory_outbox, dlq.

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

// BumpLane raises sku_lane.bump by one: the lane's wire epoch goes up. The row must exist.
type BumpLane struct{ Lane model.LaneKey }

// CommandRow is a row of the command table.
type CommandRow struct {
	ID          model.ID
	Fingerprint model.Fingerprint
	Kind        model.Kind
	Lane        model.LaneKey
	Ref         model.ID // absent: NULL
	Body        []byte   // model.EncodeCommand
	Part        int32    // its partition of the command topic
	IntakeEpoch int64
	SubmittedAt int64 // ms, the truth's clock at intake
	NextTry     int64 // ms: when the sweeper may resubmit it
	SentAt      int64 // ms: when it last went out
	Tries       int32
	Decision    model.Decision // Outcome 0: undecided (all its columns are then NULL)
	Epoch       int64          // wire epoch of the decision
	DecidedAt   int64          // ms
}

// KnownCommands reads the rows of the ids that exist, in id order.
type KnownCommands struct {
	IDs []model.ID

	Rows []CommandRow
}

// IntakeVisible says what became of the transaction that a command record names, when its row is not
// there: InProgress if it may still become visible here (PROTOCOL.md P3).
type IntakeVisible struct {
	IntakeEpoch int64
	XID         int64

	InProgress bool
	Current    bool // IntakeEpoch is cluster.epoch
}

// AcceptCommands inserts rows, decided or not. A taken id is ErrConflict (23505 on command_pkey).
type AcceptCommands struct{ Rows []CommandRow }

// DecideCommands sets Decision, Epoch and DecidedAt of rows that are undecided. Fewer rows than given
// is ErrConflict, raised in the server, so that a COMMIT in the same pipeline is refused with it.
type DecideCommands struct{ Rows []CommandRow }

// ResubmitCommands picks undecided commands whose NextTry has passed, without an open dead letter in
// their chain, whose partition has no unsettled record older than their SentAt: progress.settled_at >
// sent_at, or progress.next_offset >= End of the partition. At most Max, in (next_try, command_id)
// order, SKIP LOCKED. It sets sent_at = now, tries+1, next_try = now + BackoffMS * 2^min(tries,10).
type ResubmitCommands struct {
	Topic     model.ID
	End       []int64 // per partition
	Max       int
	BackoffMS int64

	Rows []CommandRow // in (lane, command id) order
}

// ScanCommands reads at most Max rows behind After in id order (for audits).
type ScanCommands struct {
	After model.ID
	Max   int

	Rows []CommandRow
}

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

// ReadLines reads the order lines of the commands that have one, in id order.
type ReadLines struct {
	Commands []model.ID

	Lines []model.Line
}

// InsertLines inserts pending lines; a tombstone that is there already stays (ON CONFLICT DO NOTHING).
type InsertLines struct{ Lines []model.Line }

// WriteLines inserts or replaces lines. CHECK (returned <= granted).
type WriteLines struct{ Lines []model.Line }

// ReadOrderLines reads the lines of orders, in (order id, line number, command id) order.
type ReadOrderLines struct {
	Orders []model.ID

	Lines []model.Line
}

// ScanLines reads at most Max lines behind After in command order (for audits).
type ScanLines struct {
	After model.ID
	Max   int

	Lines []model.Line
}

// WriteLanes replaces the counters of lanes that exist. CHECK (on_hand >= 0) and CHECK (short OR
// on_hand - reserved - safety >= -backorder_limit).
type WriteLanes struct{ Lanes []model.Lane }

// Saga is where an order of several commands is. The order's row is the commit point.
type Saga uint8

// The states of a saga.
const (
	SagaNone       Saga = iota // decided in one transaction
	SagaOpen                   // reservations going on, or waiting for the customer
	SagaCommitting             // COMMITs of all lines are emitted
	SagaReleasing              // RELEASEs or EXPIREs of all lines are emitted
)

// OrderRow is a row of the orders table.
type OrderRow struct {
	ID        model.ID
	Customer  string
	Saga      Saga
	Policy    model.Policy
	Siblings  model.ID
	Attempt   int32 // of COMMIT: raised when one was refused for stock
	Deadline  int64 // ms, 0: none (NULL)
	CreatedAt int64 // ms
}

// KnownOrders reads the orders that exist, in id order.
type KnownOrders struct {
	IDs []model.ID

	Rows []OrderRow
}

// InsertOrders inserts rows. A taken id is ErrConflict (23505 on orders_pkey).
type InsertOrders struct{ Rows []OrderRow }

// AdvanceSaga moves one order from state and attempt to the next ones. If it is not there any more
// that is ErrConflict, raised in the server.
type AdvanceSaga struct {
	Order                  model.ID
	From, To               Saga
	FromAttempt, ToAttempt int32
}

// DueOrders finds orders that the coordinator must move, at most Max in id order: open all-or-nothing
// ones with a rejected line, open ones whose deadline has passed, committing ones with a line still
// reserved and no undecided command that refers to it. Undecided lines of an order keep the last two
// away, not the first.
type DueOrders struct {
	Max int

	NowMS int64
	IDs   []model.ID
}

// OutboxRow leaves the truth as a Kafka record.
type OutboxRow struct {
	ID            model.ID
	AggregateType string // the topic
	AggregateID   string // the record's key
	Type          string // header eventType
	Seq           int64  // header seq; 0: NULL
	Payload       string // the record's value, verbatim
}

// InsertOutbox appends rows in the order given (ON CONFLICT DO NOTHING on id).
type InsertOutbox struct{ Rows []OutboxRow }

// DeleteOutbox removes rows: in the inserting transaction where a connector reads the log, after the
// broker's acknowledgement where a relay reads the table.
type DeleteOutbox struct{ IDs []model.ID }

// ReadOutbox reads rows, in insertion order, of transactions that no running one can precede
// (xid < pg_snapshot_xmin), whose aggregate hashes to Shard of Shards.
type ReadOutbox struct {
	Shard, Shards int
	Max           int

	Rows []OutboxRow
}

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

// RepairDead stores a repaired body beside an open letter.
type RepairDead struct {
	Key    DeadKey
	Repair []byte
}

// Beat raises the heartbeat of every partition of the state topic and reads the truth's clock.
type Beat struct {
	Parts int32

	NowMS int64
}

func (*CheckEpoch) Statement()       {}
func (*ReadEpoch) Statement()        {}
func (*SetEpoch) Statement()         {}
func (*CreateProgress) Statement()   {}
func (*ReadProgress) Statement()     {}
func (*AdvanceProgress) Statement()  {}
func (*ResetProgress) Statement()    {}
func (*CreateLanes) Statement()      {}
func (*LockLanes) Statement()        {}
func (*ReadLanes) Statement()        {}
func (*ScanLanes) Statement()        {}
func (*BumpLane) Statement()         {}
func (*KnownCommands) Statement()    {}
func (*IntakeVisible) Statement()    {}
func (*AcceptCommands) Statement()   {}
func (*DecideCommands) Statement()   {}
func (*ResubmitCommands) Statement() {}
func (*ScanCommands) Statement()     {}
func (*InsertLedger) Statement()     {}
func (*ScanLedger) Statement()       {}
func (*ReadLines) Statement()        {}
func (*InsertLines) Statement()      {}
func (*WriteLines) Statement()       {}
func (*ReadOrderLines) Statement()   {}
func (*ScanLines) Statement()        {}
func (*WriteLanes) Statement()       {}
func (*KnownOrders) Statement()      {}
func (*InsertOrders) Statement()     {}
func (*AdvanceSaga) Statement()      {}
func (*DueOrders) Statement()        {}
func (*InsertOutbox) Statement()     {}
func (*DeleteOutbox) Statement()     {}
func (*ReadOutbox) Statement()       {}
func (*ReadMarks) Statement()        {}
func (*InsertDead) Statement()       {}
func (*ReadDead) Statement()         {}
func (*CloseDead) Statement()        {}
func (*RepairDead) Statement()       {}
func (*Beat) Statement()             {}
