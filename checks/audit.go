package checks

import (
	"cmp"

	"stockproof/model"
)

// Audit is the state of everything after the run went quiet. Which parts a design has depends on its
// [Capability]; the order of the rows does not matter.
type Audit struct {
	Commands  []CommandRow // every accepted command
	Ledger    []LedgerRow
	Lanes     []Lane
	Lines     []model.Line
	Stock     []StockRow // where there are no lanes
	SpeedRead bool       // the speed layer was read, for every lane or SKU of the truth
	Speed     []Shown    // what it showed
	Feeds     []Feed
	Dead      []DeadLetter
	Supply    []Supply // where the workload knows it
	StateRead bool     // somebody counted what the speed layer keeps
	State     []Footprint
	HeldRead  bool // somebody looked at what workers hold
	Held      []Held
	// Restless: nothing was asked for any more, and the processes went on making work for each other for
	// as long as anybody looked.
	Restless bool

	shared *shared // what checkers found out of it; nil: nobody has asked
}

// CommandRow is an accepted command and what the truth says became of it. With ScriptReplies the ID is
// zero and OrderID, SKU and Row identify it: an event that is no order has an order id of its own.
type CommandRow struct {
	model.Command
	Row int64 // the design's number of the row; 0: it has none
	// Decision has outcome 0 while undecided. Granted is as it was decided, whatever became of the
	// line since; an ADJUST's is signed. Avail is the stock it left, with StockAfter.
	Decision  model.Decision
	Withdrawn bool // granted, and then refused by a constraint of the truth
}

// LedgerRow is one leg of one decision.
type LedgerRow struct {
	Lane          model.LaneKey
	Seq           int64
	Epoch         int64 // wire epoch
	Command       model.ID
	Leg           int16 // 0, or 1 for the receiving leg of a TRANSFER
	Kind          model.Kind
	Qty           int64 // what was asked, 0: not stated
	Outcome       model.Outcome
	Granted       int64
	OnHandAfter   int64
	ReservedAfter int64
	AvailAfter    int64
	DecidedAt     int64 // ms since 1970
}

// Lane is a lane of the truth with its wire epoch.
type Lane struct {
	model.Lane
	Epoch int64
}

// StockRow is a SKU's stock in a truth without lanes, in units.
type StockRow struct {
	SKU     model.SKU
	Initial int64
	Stock   int64
}

// Shown is what a read model shows of a lane. Epoch and Seq are 0 where it has none; the shards of a
// sharded SKU are summed.
type Shown struct {
	Lane  model.LaneKey
	Found bool
	Epoch int64
	Seq   int64
	Avail int64
}

// Feed is a channel's copy.
type Feed struct {
	Channel string
	Rows    []Shown
}

// DeadLetter is a command or record that was set aside, for itself or behind another of its chain.
type DeadLetter struct {
	Record  Record
	Command model.ID // zero: unreadable
	Order   model.ID // with ScriptReplies
	Row     int64    // likewise; 0: all rows of Order
	// Class is why: undecodable, contract, void (accepted under an epoch that a failover lost) or parked (it waits behind
	// another). A letter of any other class, a business outcome or an infrastructure failure, is no answer to anything.
	Class string
	// Redriven: it was put back, so it does not answer for its command any more. A discarded one does.
	Redriven bool
	// Parks is the command whose chain an open letter holds, zero: none. That command, unless it is decided, and what
	// refers to it wait behind the letter, in the log's sequence or, where their own record was lost, until the letter
	// is put back and a sweeper sends them.
	Parks model.ID
}

// Supply is what the workload knows to have come in for a lane: restocks, adjustments and transfers
// that were granted, and what was there before, in units.
type Supply struct {
	Lane  model.LaneKey
	Units int64
}

// Footprint is what the speed layer keeps of a SKU, all its read models together.
type Footprint struct {
	SKU    model.SKU
	Shared bool // of no SKU: of partitions, or of the whole
	Keys   int64
	Bytes  int64 // of keys and values
}

// Held is a record that a worker was handed and from which it has not come back for what is behind it.
type Held struct {
	Group      string // of the worker
	Record     Record
	SKU        model.SKU // that it is about
	Unreadable bool      // nobody can say which SKU
	Since      int64     // microseconds: when it was first handed out
	Until      int64     // microseconds: when somebody looked
	Times      int64     // how often it was handed out
}

// Compare orders by group, topic, partition and offset.
func (h Held) Compare(o Held) int {
	return cmp.Or(h.comparePartition(o), cmp.Compare(h.Record.Offset, o.Record.Offset))
}

func (h Held) comparePartition(o Held) int {
	return cmp.Or(cmp.Compare(h.Group, o.Group), cmp.Compare(h.Record.Topic, o.Record.Topic),
		cmp.Compare(h.Record.Part, o.Record.Part))
}
