package port

import "context"

// Truth is PostgreSQL, READ COMMITTED: every statement sees what was committed when it began.
type Truth interface {
	// Begin makes no round trip and cannot fail: the first Do acquires the connection and carries
	// BEGIN.
	Begin() Tx
	// Do runs the statements as one implicit transaction. One round trip. ErrUnknown if the
	// connection is lost and any of them writes; with a synchronous standby the answer comes after
	// its acknowledgement.
	Do(ctx context.Context, batch ...Statement) error
}

// Tx is one explicit transaction. Not for concurrent use.
type Tx interface {
	// Do pipelines statements; waits for row locks happen inside. One round trip. After any error
	// the transaction is over without effect, and every later Do or Commit answers that error: never
	// ErrUnknown, because nothing commits without COMMIT.
	Do(ctx context.Context, batch ...Statement) error
	// Commit pipelines statements and COMMIT. One round trip. On a statement's error the server
	// skips to the end of the pipeline: not committed. Connection lost: ErrUnknown, and COMMIT may
	// still be running.
	Commit(ctx context.Context, batch ...Statement) error
	// Rollback ends an open transaction; a no-op on a finished one or a lost connection. Always
	// deferred.
	Rollback(ctx context.Context)
}

// Statement is one SQL query: inputs and results are fields of the value behind the pointer.
type Statement interface{ Statement() }

// Slot is a logical replication slot, per connection: the stream starts at the confirmed position
// after every break. Its only users are connectors.
type Slot interface {
	// Read blocks until there is a change, then returns at most max, in commit order. One round trip.
	Read(ctx context.Context, max int) ([]Change, error)
	// Confirm lets the server forget everything up to lsn. A server crash may forget it: repeats,
	// never gaps.
	Confirm(ctx context.Context, lsn uint64) error
}

// Change is one row change in the write-ahead log, decoded in commit order.
type Change struct {
	Schema, Table string
	Op            byte   // 'c' insert, 'u' update, 'd' delete
	LSN           uint64 // of this change
	CommitLSN     uint64 // of its transaction's commit record
	PrevCommitLSN uint64 // of the commit decoded before, 0 if none
	XID           int64
	Ordinal       int      // 1-based position within its transaction
	At            int64    // commit time, microseconds since 1970
	Before, After []Column // nil where there is none; Before of an update only with full identity
	Last          bool     // the last change of its transaction
}

// Column is one named value: nil, int64, string, bool, []byte, or [16]byte for a uuid.
type Column struct {
	Name  string
	Value any
}
