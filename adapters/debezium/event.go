package debezium

import (
	"fmt"

	"stockproof/inventory/port"
	"stockproof/model"
)

// Class says what a record is.
type Class uint8

// The classes of record.
const (
	ClassRow         Class = iota + 1 // a row of a table, or its truncation
	ClassSignal                       // a row of the signal table: commands to the connector, and its watermarks
	ClassMessage                      // pg_logical_emit_message
	ClassTombstone                    // null value: for log compaction only
	ClassHeartbeat                    // Debezium's own
	ClassTransaction                  // BEGIN or END
	ClassOutbox                       // a message of the outbox event router
)

var classNames = [...]string{"none", "row", "signal", "message", "tombstone", "heartbeat",
	"transaction", "outbox"}

func (c Class) String() string {
	if int(c) >= len(classNames) {
		return fmt.Sprintf("class(%d)", uint8(c))
	}
	return classNames[c]
}

// The operations of an envelope.
const (
	OpCreate   byte = 'c'
	OpUpdate   byte = 'u'
	OpDelete   byte = 'd'
	OpRead     byte = 'r' // a snapshot's row: state, whatever it looks like
	OpTruncate byte = 't'
	OpMessage  byte = 'm'
)

// Event is one decoded record. The field that Class names is set, the others are nil.
type Event struct {
	Class Class
	Place Place
	// Command: the record may ask for something. It is a row inserted into the orders table (a row
	// that an UPDATE of the key moved here is op c too, and was not inserted) or an outbox message of
	// the command topic; nothing else ever is.
	Command bool
	Key     []port.Column // the fields of a JSON key; nil for a null key, and for a key that is no JSON object
	Schemas bool          // the converter wrapped value or key in {"schema":...,"payload":...}

	Row         *Row // ClassRow, ClassSignal
	Message     *LogicalMessage
	Tombstone   *Tombstone
	Heartbeat   *Heartbeat
	Transaction *Transaction
	Outbox      *OutboxMessage
}

// Place names a record.
type Place struct {
	Topic     string
	Partition int32
	Offset    int64
}

func (p Place) String() string { return fmt.Sprintf("%s[%d]@%d", p.Topic, p.Partition, p.Offset) }

// RecordError is a contract violation with the record that holds it: errors.Is port.ErrContract,
// errors.As *model.ContractError, whose Field is the path to the offending place.
type RecordError struct {
	Place
	Violation *model.ContractError
}

func (e *RecordError) Error() string { return e.Place.String() + ": " + e.Violation.Error() }

// Unwrap makes errors.Is and errors.As see class and violation.
func (e *RecordError) Unwrap() []error { return []error{port.ErrContract, e.Violation} }

// Number is a JSON number that is no 64-bit integer, as it was written.
type Number string

// Composite is the JSON of a column that is an object or an array, as it was written.
type Composite string

// Row is a row change. The value of a column is nil, int64, string, bool, [Number] or [Composite]:
// types that JSON has not (uuid, bytea, numeric, timestamptz) are in the text form of the converter.
type Row struct {
	Op            byte   // c, u, d, r, t
	Schema, Table string // as in PostgreSQL
	Before, After []port.Column
	Source        Source
	Transaction   *Block        // nil without provide.transaction.metadata, and for snapshots
	NewKey        []port.Column // of a delete and its tombstone: the row moved to this key
	OldKey        []port.Column // of a create: the row moved from this key
	AtNS          int64         // when the connector processed it, ns since 1970
}

// Source is where a change comes from.
type Source struct {
	Version       string // of the connector
	Name          string // topic.prefix
	Database      string
	Snapshot      string // "false" while streaming; true, first, last, incremental, ...
	PrevCommitLSN uint64 // sequence[0]: end of the commit decoded before, 0 for none. Not this transaction's
	SequenceLSN   uint64 // sequence[1]
	LSN           uint64 // of the change, 0 for none (incremental snapshots). Not unique: COPY
	TxID          int64  // 0 for none
	AtUS          int64  // commit time, or when a snapshot read the row; microseconds since 1970
}

// Block is a change's place in its transaction.
type Block struct {
	ID              string // "xid:LSN of this change"
	Order           int64  // 1-based, over all captured tables
	CollectionOrder int64  // 1-based, within the table
}

// LogicalMessage is what pg_logical_emit_message wrote.
type LogicalMessage struct {
	Prefix        string
	Content       []byte
	Transactional bool
	Source        Source
	Transaction   *Block
}

// Tombstone says that compaction may forget the key.
type Tombstone struct {
	NewKey []port.Column // the row moved to this key
}

// Heartbeat is Debezium's sign of life.
type Heartbeat struct {
	Server string // topic.prefix
	AtMS   int64
}

// Transaction is a BEGIN or END record.
type Transaction struct {
	Begin       bool
	ID          string // BEGIN: "xid:LSN of the first change", END: "xid:LSN behind the commit"
	Events      int64  // END: number of events, tombstones not counted
	Collections []CollectionCount
	AtMS        int64
}

// CollectionCount is how many events of a transaction are of one table.
type CollectionCount struct {
	Collection string // schema.table
	Events     int64
}

// OutboxMessage is a message of the outbox event router.
type OutboxMessage struct {
	ID        model.ID // header id
	EventType string   // header eventType
	Seq       string   // header seq; "" where the column was NULL
	Aggregate []byte   // the record's key: aggregateid. Empty is the empty aggregate, nil a null key
	Payload   []byte   // the record's value, verbatim
}
