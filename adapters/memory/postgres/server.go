package postgres

import (
	"cmp"
	"errors"
	"slices"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Options says what a server is like. The zero value is a good one.
type Options struct {
	LockTimeoutMS int64 // lock_timeout of every session; 0 = 2000, negative = none
	IdleTimeoutMS int64 // idle_in_transaction_session_timeout; 0 = 2000, negative = none
	// StillMS is a time, ms since 1970, at which the clock that statements see stands still; 0: it goes.
	StillMS       int64
	ClockOffsetMS int64  // the server's clock against the gate's
	SystemID      string // of this instance; empty = "1"
	Timeline      int64  // 0 = 1
	FirstXID      int64  // 0 = 730, about what a fresh PostgreSQL 15 hands out
	KeepCommits   int    // how many of the last commits a Failover can lose; 0 = none
	SequenceAhead int64  // ids that a sequence logs ahead; 0 = 32 as PostgreSQL does, negative = none
	// CheckpointConfirms is how many confirmations of slots there are between two checkpoints, which
	// alone make them last; 0 = 1, negative: only Checkpoint makes one.
	CheckpointConfirms int
	// Copy names tables (schema.table) whose rows are written as COPY writes them: those that one
	// statement inserts share one LSN.
	Copy []string
	// Shapes is for digests; default new ones. Worlds that never run at once may share them.
	Shapes *memory.Shapes
}

// Server is PostgreSQL 15 as production code can observe it through the statements of
// inventory/port: READ COMMITTED with a snapshot per statement, row locks that are waited for,
// deadlocks, lock timeouts, unique keys and CHECKs, transaction ids, and a log that slots read.
type Server struct {
	gate    memory.Gate
	options Options
	shapes  *memory.Shapes

	nextXID  int64
	running  []int64 // xids that are neither committed nor rolled back, in order
	ended    int64   // the largest xid that is
	lsn      uint64
	slots    []*slot
	confirms int        // of slots, since the last checkpoint
	sessions []*Session // with an open transaction, in the order in which they opened it
	clients  []*Client

	loggedXID int64 // the largest transaction id in the log
	journal   journal
	undone    undone
	born      int // counts the starts of the server: older connections are dead
	refusing  refusing

	ledgerSeen []func(port.LedgerRow)
	laneSeen   []func(before, after *model.Lane)

	ledgerTables
	shopTables
}

// New makes an empty migrated database without a cluster row: the write gate is closed until
// SetEpoch.
func New(gate memory.Gate, options Options) *Server {
	p := &Server{}
	p.ledgerTables, p.shopTables = newLedgerTables(p), newShopTables(p)
	p.Reset(gate, options)
	return p
}

// Reset makes the server as good as new and keeps its room for rows. Its clients, sessions and slots are
// nobody's any more.
func (p *Server) Reset(gate memory.Gate, options Options) {
	options = options.withDefaults()
	*p = Server{gate: gate, options: options, shapes: options.Shapes, lsn: firstLSN, nextXID: options.FirstXID,
		running: p.running[:0], sessions: p.sessions[:0], ledgerTables: p.ledgerTables, shopTables: p.shopTables}
	p.ended, p.loggedXID = p.nextXID-1, p.nextXID-1
	p.journal.start = position{lsn: p.lsn, xid: p.loggedXID}
	p.ledgerTables.reset()
	p.shopTables.reset()
}

func (o Options) withDefaults() Options {
	o.LockTimeoutMS = cmp.Or(o.LockTimeoutMS, 2000)
	o.IdleTimeoutMS = cmp.Or(o.IdleTimeoutMS, 2000)
	o.SystemID = cmp.Or(o.SystemID, "1")
	o.Timeline = cmp.Or(o.Timeline, 1)
	o.FirstXID = cmp.Or(o.FirstXID, 730)
	o.SequenceAhead = cmp.Or(o.SequenceAhead, 32)
	o.CheckpointConfirms = cmp.Or(o.CheckpointConfirms, 1)
	if o.Shapes == nil {
		o.Shapes = memory.NewShapes()
	}
	return o
}

// Promote puts the instance on a timeline of its own, as the promotion of a standby does. Until
// SetEpoch runs here, CheckEpoch answers that this server may not write.
func (p *Server) Promote() { p.gate.Local(func() { p.options.Timeline++ }) }

// SystemID is the instance's system identifier.
func (p *Server) SystemID() string { return p.options.SystemID }

// OnLedger calls fn with every ledger row when it becomes visible: its command's linearization
// point. Call it before the first transaction.
func (p *Server) OnLedger(fn func(port.LedgerRow)) { p.ledgerSeen = append(p.ledgerSeen, fn) }

// OnLane calls fn with every change of a lane's row when it becomes visible, and with the way back when a
// failover loses it; before or after is nil where there is none.
func (p *Server) OnLane(fn func(before, after *model.Lane)) { p.laneSeen = append(p.laneSeen, fn) }

// Waiting is how many transactions wait for a row.
func (p *Server) Waiting() (n int) {
	p.gate.Local(func() {
		for _, s := range p.sessions {
			if l := s.tx.waits.lock; l != nil && l.conflicts(&s.tx, s.tx.waits.grip) {
				n++
			}
		}
	})
	return n
}

// StartClock lets the clock that statements see go, if it stood still.
func (p *Server) StartClock() { p.options.StillMS = 0 }

func (p *Server) nowMS() int64 {
	return cmp.Or(p.options.StillMS, p.gate.NowMS()) + p.options.ClockOffsetMS
}

// horizon is pg_snapshot_xmin: every transaction below it has ended.
func (p *Server) horizon() int64 {
	if len(p.running) > 0 {
		return p.running[0]
	}
	return p.ended + 1
}

// inProgress reports whether the snapshot of now does not show the end of a transaction that this
// server knows: pg_visible_in_snapshot says no.
func (p *Server) inProgress(xid int64) bool {
	_, running := slices.BinarySearch(p.running, xid)
	return running || xid > p.ended
}

// transaction is what one transaction has done so far. It belongs to a session and is used again.
type transaction struct {
	pg      *Server
	session *Session
	xid     int64 // 0: none yet
	held    []held
	changes []logged
	wrote   bool          // a row
	record  *commitRecord // its own, once it is in the log, where commits are kept
	copied  copied
	waits   lockWait
	killed  bool // its connection is gone: it may go on with nothing but a COMMIT that has begun
}

// held is a row of any table that a transaction wrote or locked.
type held interface {
	finish(t *transaction, commit bool)
	digestOwn(h *memory.Hash)
}

func (t *transaction) hold(r held) {
	t.assignXID()
	t.pg.loggedXID = max(t.pg.loggedXID, t.xid)
	t.held = append(t.held, r)
}

// assignXID gives the transaction its id: at its first write, lock, or question for it.
func (t *transaction) assignXID() {
	if t.xid != 0 {
		return
	}
	t.xid = t.pg.nextXID
	t.pg.nextXID++
	t.pg.running = append(t.pg.running, t.xid)
}

// finish makes what the transaction did visible, or undoes it, and lets go of its rows.
func (t *transaction) finish(commit bool) {
	for _, r := range t.held {
		r.finish(t, commit)
	}
	if t.record != nil {
		t.record.visible, t.record = commit, nil
	}
	if i, ok := slices.BinarySearch(t.pg.running, t.xid); ok {
		t.pg.running = slices.Delete(t.pg.running, i, i+1)
		t.pg.ended = max(t.pg.ended, t.xid)
	}
	clear(t.held)
	clear(t.changes)
	t.held, t.changes, t.xid, t.wrote = t.held[:0], t.changes[:0], 0, false
}

// SQLError is an error of the server that no constraint raised (that is [port.ConstraintError]).
type SQLError struct {
	State   string // PostgreSQL's five characters
	Class   error  // one of port's classes; nil for a mistake of the caller
	Message string
}

func (e *SQLError) Error() string { return e.Message + " (SQLSTATE " + e.State + ")" }

// Unwrap makes errors.Is see the class.
func (e *SQLError) Unwrap() error { return e.Class }

// SQLState is the five characters of an error that a [Session] returned: "57014" for a cancelled
// context, "" for none.
func SQLState(err error) string {
	var s *SQLError
	var c *port.ConstraintError
	switch {
	case errors.As(err, &s):
		return s.State
	case errors.As(err, &c):
		return c.SQLState
	case err != nil:
		return "57014"
	}
	return ""
}

// errTerminated is what a backend says whose connection was ended.
var errTerminated = &SQLError{State: "57P01", Class: port.ErrUnavailable,
	Message: "terminating connection due to administrator command"}
