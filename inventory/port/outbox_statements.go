package port

import "stockproof/model"

// Statements of the ledger design: what leaves the truth.

// OutboxRow leaves the truth as a Kafka record.
type OutboxRow struct {
	ID            model.ID
	AggregateType string // the topic
	AggregateID   string // the record's key
	Type          string // header eventType
	Seq           int64  // header seq; 0: NULL
	Payload       string // the record's value, verbatim
}

// InsertOutbox appends rows in the order given (ON CONFLICT DO NOTHING on id). Passing: the same
// transaction deletes them, and they speak of what it does for the first time. They get no place among
// the rows of ReadOutbox, and a taken id is ErrConflict (23505 on inventory_outbox_pkey).
type InsertOutbox struct {
	Rows    []OutboxRow
	Passing bool
}

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

func (*InsertOutbox) Statement() {}
func (*DeleteOutbox) Statement() {}
func (*ReadOutbox) Statement()   {}
