package port

import "stockproof/model"

// Statements of the ledger design: accepted commands and their outcomes.

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
// there: InProgress if it may still become visible here.
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
//
// A partition without a progress row of Topic gives none: nobody has begun to settle it, so everything
// may still be on its way. That is no error, and none of Max.
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

func (*KnownCommands) Statement()    {}
func (*IntakeVisible) Statement()    {}
func (*AcceptCommands) Statement()   {}
func (*DecideCommands) Statement()   {}
func (*ResubmitCommands) Statement() {}
func (*ScanCommands) Statement()     {}
