package postgres

import (
	"stockproof/inventory/port"
)

// The write-ahead log as its readers see it: a transaction enters it whole when it commits, before
// it is visible. What no slot wants is not kept, and what a slot confirmed is forgotten, so the log
// is as long as its slowest reader is behind.

// logged is one row change, kept as versions: what nobody reads is never rendered.
type logged struct {
	op            byte
	lsn           uint64
	table         decodable
	before, after any // *V of the table
}

// decodable is a table of any type.
type decodable interface {
	relation() *relation
	decode(version any, whole bool) []port.Column
}

// Distances in the log, in bytes; only their order means something.
const (
	firstLSN  = 1 << 24
	changeLSN = 128
	commitLSN = 48
)

// log appends a change to the transaction's part of the log.
func (t *transaction) log(op byte, tb decodable, before, after any) {
	t.assignXID()
	t.wrote = true
	t.pg.loggedXID = max(t.pg.loggedXID, t.xid)
	lsn, shared := t.copied.lsn, op == 'c' && t.copied.table == tb
	if !shared {
		t.pg.lsn += changeLSN
		lsn, t.copied = t.pg.lsn, copied{}
		if op == 'c' && len(t.pg.options.Copy) > 0 && contains(t.pg.options.Copy, tb.relation()) {
			t.copied = copied{tb, lsn}
		}
	}
	if len(t.pg.slots) > 0 {
		t.changes = append(t.changes, logged{op, lsn, tb, before, after})
	}
}

// copied is the record of the log to which COPY adds the rows of one statement; none: the zero value.
type copied struct {
	table decodable
	lsn   uint64
}

// flush writes the commit record: from here on every slot can read the transaction.
func (t *transaction) flush() {
	t.pg.lsn += commitLSN
	t.pg.remember(t)
	for _, s := range t.pg.slots {
		if t.xid >= s.since {
			s.append(t)
		}
	}
}

// decodedCommit is one transaction in a slot's queue.
type decodedCommit struct {
	xid     int64
	lsn     uint64 // of its commit record
	before  uint64 // of the commit record that the slot decoded before, 0: none
	at      int64  // µs since 1970
	changes []logged
	hash    uint64 // of what it says, once somebody asked
}

// slot is a replication slot: the committed transactions that touched one of its tables and are not
// confirmed yet, in commit order.
type slot struct {
	name      string
	tables    []string // schema.table
	since     int64    // transactions that were open at its creation have a smaller xid
	decoded   uint64   // commit record of the last transaction that entered the queue
	queue     []decodedCommit
	confirmed int // how many of the queue are: they are kept until the next checkpoint
	connected *slotConnection
	began     bool // something was confirmed, ever
	lost      bool // the log it needs is gone: it can only be dropped
}

func (s *slot) append(t *transaction) {
	n := 0
	for i := range t.changes {
		if s.follows(t.changes[i].table) {
			n++
		}
	}
	if n == 0 {
		return
	}
	c := decodedCommit{xid: t.xid, lsn: t.pg.lsn, before: s.decoded, at: t.pg.nowMS() * 1000,
		changes: make([]logged, 0, n)}
	for _, l := range t.changes {
		if s.follows(l.table) {
			c.changes = append(c.changes, l)
		}
	}
	s.queue, s.decoded = append(s.queue, c), c.lsn
}

func (s *slot) follows(tb decodable) bool { return contains(s.tables, tb.relation()) }

// contains looks for a table among names of the form schema.table.
func contains(names []string, r *relation) bool {
	for _, name := range names {
		if len(name) == len(r.schema)+1+len(r.name) && name[:len(r.schema)] == r.schema &&
			name[len(r.schema)+1:] == r.name {
			return true
		}
	}
	return false
}

func (d *decodedCommit) render(i int) port.Change {
	l := d.changes[i]
	r := l.table.relation()
	ch := port.Change{Schema: r.schema, Table: r.name, Op: l.op, LSN: l.lsn, CommitLSN: d.lsn,
		PrevCommitLSN: d.before, XID: d.xid, Ordinal: i + 1, At: d.at, Last: i == len(d.changes)-1}
	if l.op != 'd' {
		ch.After = l.table.decode(l.after, true)
	}
	if l.op == 'd' || l.op == 'u' && r.full {
		ch.Before = l.table.decode(l.before, r.full)
	}
	return ch
}
