package model

import "encoding/json"

// Topics of the ledger design, and of the article's.
const (
	CommandTopic  = "inventory.command" // key: the SKU's bytes; delete policy
	StateTopic    = "inventory.state"   // key: LaneTopicKey; compacted
	DecisionTopic = "order.decision"    // key: the order's id
	DeadTopic     = "inventory.dlq"
	OrderTopic    = "order.created" // the article's: raw-table CDC, key {"sku_id":...}
)

// WireVersion is the v of every record below.
const WireVersion = 1

// Limits of one command record.
const (
	MaxRecordCommands = 200
	MaxRecordBytes    = 256 << 10
)

// CommandRecord is the value of a record in [CommandTopic]: commands of one SKU in the order in
// which intake committed them.
type CommandRecord struct {
	IntakeEpoch int64 // the cluster epoch under which intake accepted them
	IntakeXID   int64 // the transaction that accepted them
	Commands    []Command
}

// CommandItem is one entry of a decoded command record: a valid command, or why it is none.
type CommandItem struct {
	Command Command
	Err     error  // a *ContractError
	Raw     []byte // the entry as it came
	ID      ID     // the entry's id where it is readable, even if the rest is not
	Ref     ID     // likewise
}

// StateRecord is the value of a record in [StateTopic]: a lane's absolute state after the decisions
// FromSeq..Seq. It does not need its predecessors, and applying it twice changes nothing.
type StateRecord struct {
	Lane      LaneKey
	Epoch     int64 // wire epoch
	FromSeq   int64 // 0: not the result of decisions (reconcile, re-emission)
	Seq       int64
	OnHand    int64
	Reserved  int64
	Avail     int64
	Limit     int64 // backorder limit
	Entries   []StateEntry
	DecidedAt int64 // ms since 1970
}

// StateEntry is one decision that a state record is the result of; informative.
type StateEntry struct {
	Command ID      `json:"command_id"`
	Kind    Kind    `json:"kind"`
	OrderID *ID     `json:"order_id,omitempty"`
	Line    int32   `json:"line,omitempty"`
	Outcome Outcome `json:"outcome"`
	Granted int64   `json:"granted"`
}

// DecisionRecord is the value of a record in [DecisionTopic]: news of what was
// decided of an order, for consumers outside.
type DecisionRecord struct {
	OrderID ID
	Entries []DecisionEntry
}

// DecisionEntry is one decided command with the place of its decision: the (lane, epoch, seq) that
// a reader passes to read its own write.
type DecisionEntry struct {
	Command ID
	Line    int32
	Lane    LaneKey
	Epoch   int64
	Decision
}

// Heartbeat is the value of a heartbeat record: the truth's time when it was written, behind every
// earlier state of its partition.
type Heartbeat struct{ At int64 } // ms since 1970

type wireCommand struct {
	ID              *ID     `json:"command_id,omitempty"`
	Kind            *Kind   `json:"kind,omitempty"`
	SKU             *string `json:"sku,omitempty"`
	Loc             *string `json:"loc,omitempty"`
	ToLoc           *string `json:"to_loc,omitempty"`
	OrderID         *ID     `json:"order_id,omitempty"`
	Line            int32   `json:"line,omitempty"`
	Qty             int64   `json:"qty,omitempty"`
	Delta           *int64  `json:"delta,omitempty"`
	Set             *int64  `json:"set,omitempty"`
	ExpectedVersion *int64  `json:"expected_version,omitempty"`
	Safety          *int64  `json:"safety,omitempty"`
	BackorderLimit  *int64  `json:"backorder_limit,omitempty"`
	Ref             *ID     `json:"ref,omitempty"`
	Policy          Policy  `json:"policy,omitempty"`
	Siblings        *ID     `json:"siblings,omitempty"`
	Deadline        int64   `json:"deadline,omitempty"`
	SubmittedAt     int64   `json:"submitted_at,omitempty"`
}

type wireCommandRecord struct {
	V           int               `json:"v"`
	IntakeEpoch int64             `json:"ie"`
	IntakeXID   int64             `json:"ix"`
	Commands    []json.RawMessage `json:"commands"`
}

type wireState struct {
	V         int          `json:"v"`
	SKU       *string      `json:"sku"`
	Loc       *string      `json:"loc"`
	Epoch     int64        `json:"epoch"`
	FromSeq   int64        `json:"from_seq"`
	Seq       int64        `json:"seq"`
	OnHand    int64        `json:"on_hand"`
	Reserved  int64        `json:"reserved"`
	Avail     int64        `json:"avail"`
	Limit     int64        `json:"limit"`
	Entries   []StateEntry `json:"entries"`
	DecidedAt int64        `json:"decided_at"`
}

type wireDecisionEntry struct {
	Command     ID      `json:"command_id"`
	Line        int32   `json:"line,omitempty"`
	SKU         *string `json:"sku"`
	Loc         *string `json:"loc"`
	Epoch       int64   `json:"epoch"`
	Seq         int64   `json:"seq,omitempty"`
	ToSeq       int64   `json:"to_seq,omitempty"`
	Outcome     Outcome `json:"outcome"`
	Granted     int64   `json:"granted"`
	Backordered int64   `json:"backordered,omitempty"`
	Avail       int64   `json:"avail"`
}

type wireDecision struct {
	V       int                 `json:"v"`
	OrderID ID                  `json:"order_id"`
	Entries []wireDecisionEntry `json:"entries"`
}

type wireHeartbeat struct {
	V    int   `json:"v"`
	Beat bool  `json:"heartbeat"`
	At   int64 `json:"at"`
}

// DecodeCommand reads and validates one command; every error is a *[ContractError].
func DecodeCommand(b []byte) (Command, error) {
	item := decodeItem(b)
	return item.Command, item.Err
}

// DecodeCommandRecord reads a record's value. An error, a *[ContractError], is of the record as a
// whole; an entry that breaks the contract has its own, so that the rest of the record goes on. The
// Commands of the returned record are left empty.
func DecodeCommandRecord(b []byte) (CommandRecord, []CommandItem, error) {
	if len(b) > MaxRecordBytes {
		return CommandRecord{}, nil, Contractf("value", "%d bytes, at most %d are allowed", len(b), MaxRecordBytes)
	}
	w, commands, ok := canonicalRecord(b)
	if !ok {
		w = wireCommandRecord{}
		if err := decode(b, &w); err != nil {
			return CommandRecord{}, nil, err
		}
		commands = nil
		for _, raw := range w.Commands {
			commands = append(commands, raw)
		}
	}
	switch {
	case w.V != WireVersion:
		return CommandRecord{}, nil, Contractf("v", "%d is not a version this program reads (%d)", w.V, WireVersion)
	case len(commands) == 0:
		return CommandRecord{}, nil, Contractf("commands", "there are none")
	case len(commands) > MaxRecordCommands:
		return CommandRecord{}, nil, Contractf("commands", "%d, at most %d are allowed", len(commands), MaxRecordCommands)
	}
	if err := firstError(CheckNumber("ie", w.IntakeEpoch, 0), CheckNumber("ix", w.IntakeXID, 0)); err != nil {
		return CommandRecord{}, nil, err
	}
	items := make([]CommandItem, len(commands))
	for i, raw := range commands {
		items[i] = decodeItem(raw)
		if items[i].Err == nil && items[i].Command.SKU != items[0].Command.SKU && items[0].Err == nil {
			items[i].Err = Contractf("sku", "%q in a record of %q: a record is of one SKU",
				items[i].Command.SKU, items[0].Command.SKU)
		}
	}
	return CommandRecord{IntakeEpoch: w.IntakeEpoch, IntakeXID: w.IntakeXID}, items, nil
}

func decodeItem(raw []byte) CommandItem {
	if c, ok := canonicalCommand(raw); ok {
		return CommandItem{Command: c, Err: c.Validate(), Raw: raw, ID: c.ID, Ref: c.Ref}
	}
	return strictItem(raw)
}

// strictItem is decodeItem of what is not written plainly.
func strictItem(raw []byte) CommandItem {
	item := CommandItem{Raw: raw}
	var w wireCommand
	if item.Err = decode(raw, &w); item.Err != nil {
		item.ID, item.Ref = readableIDs(raw)
		return item
	}
	item.ID, item.Ref = idOf(w.ID), idOf(w.Ref)
	if w.SKU == nil || w.Kind == nil || w.ID == nil {
		item.Err = Contractf("command_id", "a command needs command_id, kind and sku")
		return item
	}
	item.Command = Command{ID: *w.ID, Kind: *w.Kind, SKU: SKU(*w.SKU), Loc: MainLocation,
		OrderID: idOf(w.OrderID), Line: w.Line, Qty: w.Qty, Delta: optionalOf(w.Delta),
		Set: optionalOf(w.Set), ExpectedVersion: optionalOf(w.ExpectedVersion),
		Safety: optionalOf(w.Safety), BackorderLimit: optionalOf(w.BackorderLimit),
		Ref: idOf(w.Ref), Policy: w.Policy, Siblings: idOf(w.Siblings), Deadline: w.Deadline,
		SubmittedAt: w.SubmittedAt}
	if w.Loc != nil {
		item.Command.Loc = Location(*w.Loc)
	}
	if w.ToLoc != nil {
		item.Command.ToLoc = Location(*w.ToLoc)
	}
	item.Err = item.Command.Validate()
	return item
}

// readableIDs reads what it can of a command that does not decode as a whole.
func readableIDs(raw []byte) (id, ref ID) {
	var ids struct {
		ID  json.RawMessage `json:"command_id"`
		Ref json.RawMessage `json:"ref"`
	}
	if json.Unmarshal(raw, &ids) == nil {
		// Why the command does not decode is reported by whoever asks.
		_ = json.Unmarshal(ids.ID, &id)
		_ = json.Unmarshal(ids.Ref, &ref)
	}
	return id, ref
}

// DecodeState reads and validates a record's value; every error is a *[ContractError].
func DecodeState(b []byte) (StateRecord, error) {
	if r, ok := canonicalState(b); ok {
		return validState(r)
	}
	return strictState(b)
}

// strictState is DecodeState of what is not written plainly.
func strictState(b []byte) (StateRecord, error) {
	var w wireState
	if err := decode(b, &w); err != nil {
		return StateRecord{}, err
	}
	if w.V != WireVersion {
		return StateRecord{}, Contractf("v", "%d is not a version this program reads (%d)", w.V, WireVersion)
	}
	if w.SKU == nil || w.Loc == nil {
		return StateRecord{}, Contractf("sku", "a state needs sku and loc")
	}
	r := StateRecord{Lane: LaneKey{SKU(*w.SKU), Location(*w.Loc)}, Epoch: w.Epoch, FromSeq: w.FromSeq,
		Seq: w.Seq, OnHand: w.OnHand, Reserved: w.Reserved, Avail: w.Avail, Limit: w.Limit,
		Entries: w.Entries, DecidedAt: w.DecidedAt}
	return validState(r)
}

func validState(r StateRecord) (StateRecord, error) {
	for i, e := range r.Entries {
		if e.Command.IsZero() || e.Kind == 0 || e.Outcome == 0 {
			return StateRecord{}, Contractf("entries", "entry %d has no command_id, kind or outcome", i)
		}
	}
	return r, firstError(r.Lane.SKU.Validate(), r.Lane.Loc.Validate(),
		CheckNumber("epoch", r.Epoch, 0), CheckNumber("from_seq", r.FromSeq, 0),
		CheckNumber("seq", r.Seq, 0), CheckNumber("on_hand", r.OnHand, 0),
		CheckNumber("reserved", r.Reserved, 0), CheckNumber("avail", r.Avail, -MaxNumber),
		CheckNumber("limit", r.Limit, 0), CheckNumber("decided_at", r.DecidedAt, 0))
}

// DecodeDecision reads a record's value; every error is a *[ContractError].
func DecodeDecision(b []byte) (DecisionRecord, error) {
	var w wireDecision
	if err := decode(b, &w); err != nil {
		return DecisionRecord{}, err
	}
	if w.V != WireVersion {
		return DecisionRecord{}, Contractf("v", "%d is not a version this program reads (%d)", w.V, WireVersion)
	}
	if w.OrderID.IsZero() || len(w.Entries) == 0 {
		return DecisionRecord{}, Contractf("order_id", "a decision needs order_id and entries")
	}
	r := DecisionRecord{OrderID: w.OrderID, Entries: make([]DecisionEntry, len(w.Entries))}
	for i, e := range w.Entries {
		if e.Command.IsZero() || e.SKU == nil || e.Loc == nil {
			return DecisionRecord{}, Contractf("entries", "entry %d has no command_id, sku or loc", i)
		}
		r.Entries[i] = DecisionEntry{Command: e.Command, Line: e.Line,
			Lane: LaneKey{SKU(*e.SKU), Location(*e.Loc)}, Epoch: e.Epoch,
			Decision: Decision{Outcome: e.Outcome, Granted: e.Granted, Backordered: e.Backordered,
				Seq: e.Seq, ToSeq: e.ToSeq, Avail: e.Avail}}
		if err := r.Entries[i].validate(); err != nil {
			return DecisionRecord{}, err
		}
	}
	return r, nil
}

func (e DecisionEntry) validate() error {
	if !e.Decided() {
		return Contractf("outcome", "%s has none", e.Command)
	}
	if e.Line < 0 || e.Line > MaxLines {
		return Contractf("line", "%d is outside 0..%d", e.Line, MaxLines)
	}
	return firstError(e.Lane.SKU.Validate(), e.Lane.Loc.Validate(), CheckNumber("epoch", e.Epoch, 0),
		CheckNumber("seq", e.Seq, 0), CheckNumber("to_seq", e.ToSeq, 0),
		CheckNumber("granted", e.Granted, -MaxNumber), CheckNumber("backordered", e.Backordered, 0),
		CheckNumber("avail", e.Avail, -MaxNumber))
}

// DecodeHeartbeat reads the value of a record in [StateTopic]; ok is false for one that is not a
// heartbeat.
func DecodeHeartbeat(b []byte) (h Heartbeat, ok bool) {
	if !mayBeat(b) {
		return Heartbeat{}, false
	}
	var w wireHeartbeat
	if decode(b, &w) != nil || !w.Beat || w.V != WireVersion {
		return Heartbeat{}, false
	}
	return Heartbeat{At: w.At}, w.At >= 0 && w.At <= MaxNumber
}

func optionalOf(p *int64) Optional {
	if p == nil {
		return Optional{}
	}
	return Some(*p)
}

func idOf(p *ID) ID {
	if p == nil {
		return ID{}
	}
	return *p
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
