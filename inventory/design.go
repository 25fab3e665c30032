package inventory

import (
	"slices"
	"time"

	"stockproof/inventory/port"
	"stockproof/model"
)

// Guarantee is a guarantee by its number in the list that package checks judges (1 no-oversell ...
// 11 bounded-memory).
type Guarantee int

// The guarantees that designs claim by name.
const (
	NoOversell Guarantee = iota + 1
	OneOutcome
	ExactlyOnceEffect
	Linearizable
	NoFalseReject
	Conservation
	Convergence
	NoLoss
	MonotoneReads
	NoBlock
	BoundedMemory
)

// Books says where a design keeps what an audit reads.
type Books uint8

// The kinds of books.
const (
	LedgerBooks  Books = iota + 1 // schema ledger
	ShopBooks                     // orders and stock rows (article, dualwrite)
	RowLockBooks                  // decided orders and stock rows
)

// Design is one protocol over the ports: what it claims, what it can do, which faults its claims
// survive, and how its processes are wired.
type Design struct {
	Name     string
	About    string // one line for people
	Claims   []Guarantee
	Supports []model.Kind
	// Options are the names of the options that its processes read, as a scenario writes them
	// ("admission", "batch", ...); what is asked for and not among them is refused, not ignored.
	Options  []string
	Envelope string // the faults that its claims survive, in words that a report can print
	// Outside are the kinds of fault that its claims do not survive, as package sim names them: the envelope
	// for machines. Empty: whatever breaks a claim counts.
	Outside []string
	Books   Books
	Schema  port.Schema // of ShopBooks and RowLockBooks
	Topics  []Topic
	// Connector says that a connector carries changes of these tables to the broker.
	Connector *Connector
	Front     func(Ports, Options) Front
	Roles     []Role
	// Promote is what an operator runs behind the promotion of a standby; nil: the epoch is set, and that
	// is all.
	Promote func(Ports, Options) port.Process
	// Redrive sends what is in the dead letters again, once; nil: the design keeps none that could be.
	Redrive func(Ports, Options) port.Process
}

// Survives reports whether the design's claims hold under a kind of fault.
func (d Design) Survives(kind string) bool { return !slices.Contains(d.Outside, kind) }

// Topic is one topic a design uses.
type Topic struct {
	Name    string
	Compact bool
}

// Connector says what a design wants from change data capture.
type Connector struct {
	Tables    []string // schema.table
	Outbox    bool     // rows of an outbox table, routed; otherwise raw-table envelopes
	Topic     string   // raw tables: where they go
	KeyColumn string   // raw tables: what keys them
	Columns   []string // raw tables: those that every row has, any of which may be made the key
}

// Ports is a process's view of the world: its own connections.
type Ports struct {
	Truth   port.Truth
	Speed   port.Speed
	Broker  port.Broker
	Runtime port.Runtime
	Monitor port.Monitor
	// OrderEvent reads a raw-table record of the article's topic. It comes from outside because the
	// envelope is the connector's, not ours. The quantity is an integer, and otherwise nobody's business but the
	// consumer's: below zero and beyond every limit, too.
	OrderEvent func(port.Record) (OrderEvent, error)
}

// OrderEvent is one row change of an orders table, as a connector reports it. Class "row" has the
// fields; every other class is a record that is recognised and no command.
type OrderEvent struct {
	Class   string // "row", "tombstone", "heartbeat", "transaction", "truncate", "message"
	Op      byte   // of a row: c, u, d, r
	Row     port.ShopOrder
	LSN     uint64
	Ordinal int64
}

// Front is a design's API process: the process, and what its clients call.
type Front struct {
	Orders  *Orders
	Stock   *Stock
	Process port.Process
}

// Role is a kind of process.
type Role struct {
	Name string
	// Always: it runs in every deployment; the others only when asked for.
	Always bool
	New    func(Ports, Options) port.Process
}

// AdmissionMode says who decides.
type AdmissionMode string

// The modes.
const (
	Async AdmissionMode = "async" // intake now, decision behind the broker
	Sync  AdmissionMode = "sync"  // the decision is in the answer
)

// Options are the parameters of every design; each reads its own. The zero value is not useful: start
// from [DefaultOptions].
type Options struct {
	Admission  AdmissionMode
	Partitions int32
	Relay      bool // carry the outbox by a relay instead of a connector
	BatchMax   int  // records per consumer batch
	GroupMax   int  // submissions per group commit
	// Standby: commits wait for a synchronous standby. What is only read, known answers and look-ups, is
	// then given behind a Barrier: a row may be visible before it is replicated.
	Standby bool
	// Shed lets the API answer SHED (try later) instead of waiting for room in its queue, and to orders
	// that the speed layer shows to be hopeless by a view of at most ShedAge. Off: back pressure.
	Shed    bool
	ShedAge time.Duration
	Linger  time.Duration
	Loops   int // group commits that may overlap
	Backoff Backoff

	SweepPeriod      time.Duration
	SweepBackoffMS   int64
	ReconcilePeriod  time.Duration
	ScanMax          int // lanes per chunk of a scan
	BeatPeriod       time.Duration
	CoordinatePeriod time.Duration
	Channels         []string // feeds

	TokenTTL  string // article: seconds
	Shards    int    // article: shards of a stock key, 0 = one key
	EveryOp   bool   // article: deduct for every op, not only c
	Reconcile bool   // article: run the blind reconciler
	Bootstrap bool   // article: run the bootstrap
	Emit      bool   // ledger: run the emitter
}

// DefaultOptions are the defaults of a deployment.
func DefaultOptions() Options {
	return Options{Admission: Async, Partitions: 8, BatchMax: 100, GroupMax: 1000, Loops: 2,
		Backoff: DefaultBackoff, SweepPeriod: time.Second, SweepBackoffMS: 5000,
		ReconcilePeriod: 10 * time.Second, ScanMax: 500, BeatPeriod: time.Second,
		CoordinatePeriod: 200 * time.Millisecond, ShedAge: 2 * time.Second, Channels: []string{"web"},
		TokenTTL: "86400"}
}
