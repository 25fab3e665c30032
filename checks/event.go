package checks

import "stockproof/model"

// Event is one thing observed during a run: [Call], [Return], [Unknown], [Answer], [Effect],
// [Install], [Read], [Delivery], [Lost] or [Skew].
type Event interface{ event() }

// Call: a client sends a command. A retry is a call of its own with the same command. An order of
// several lines is one call per line.
type Call struct {
	Attempt uint64 // unique within the run
	Client  int32
	At      int64 // microseconds of the run's clock, stamped before the request left
	// Late: the command became known with its answer only, so that the call is told behind events that
	// happened after it.
	Late    bool
	Command model.Command
}

// Return: a call was answered.
type Return struct {
	Attempt   uint64
	At        int64          // microseconds, stamped after the answer arrived
	Decision  model.Decision // Outcome 0: accepted, to be decided later
	Epoch     int64          // wire epoch in which Decision.Seq counts; 0: the design has none
	Duplicate bool           // the command was known before this call: somebody else's, or a retry's
	Refused   string         // why the call was not accepted (shed, mismatch, contract); "": it was
}

// Unknown: a call ended in an error. The command may have been accepted, or may still be.
type Unknown struct {
	Attempt uint64
	At      int64 // microseconds
	Why     string
}

// Answer: a decision was seen elsewhere than in the answer to a call: on the decision topic, in a
// look-up.
type Answer struct {
	Command  model.ID
	Decision model.Decision
	From     string // where
}

// EffectKind says what the speed layer did to a stock key.
type EffectKind uint8

// The kinds of effect.
const (
	Deduct EffectKind = iota + 1 // take units out, if they are there and the order is new
	Credit                       // put units in, if the order is new
	Set                          // overwrite, comparing nothing
)

// Reply is what the script answered.
type Reply uint8

// The replies.
const (
	Done         Reply = iota + 1 // the stock changed
	Already                       // the order's token was there; nothing changed
	Insufficient                  // fewer units than asked; nothing changed, nothing remembered
)

// Effect: a script or command of a design whose decisions fall in the speed layer ran there.
type Effect struct {
	Kind   EffectKind
	SKU    model.SKU
	Shard  int      // 0: not sharded
	Order  model.ID // whose token it used
	Row    int64    // the order row it was for; 0: not known
	Qty    int64    // units; Set: the new stock
	Reply  Reply    // Deduct, Credit
	Before int64    // stock of the key, -1: not known
	After  int64
	// Since is the number of the latest event before the request left ([Suite.Events]), where the caller
	// reports the effect and not the server: it happened somewhere between. 0: it is reported in place.
	Since int
}

// Install: a read model was offered a lane's state, by compare-and-set.
type Install struct {
	Space string // the read model: the speed layer's or a channel's
	Lane  model.LaneKey
	Epoch int64
	Seq   int64
	Avail int64
	Code  int64 // what it answered; 1, 2: installed; 3: and nothing was there; 4: and nothing readable
	// Since is the number of the latest event before the request left ([Suite.Events]): it happened
	// somewhere between.
	Since int
}

// Read: a client read a lane.
type Read struct {
	Client    int32
	Call      int64 // microseconds
	At        int64 // microseconds, when the answer arrived
	Space     string
	Lane      model.LaneKey
	Known     bool
	Epoch     int64
	Seq       int64
	Avail     int64
	AgeMS     int64
	FromTruth bool // the truth answered instead of the read model
}

// Record is a place in the broker's log.
type Record struct {
	Topic       string
	Part        int32
	LeaderEpoch int32
	Offset      int64
}

// Fate is what became of a record that a worker received.
type Fate uint8

// The fates. Fetched alone is not one to end with.
const (
	Fetched      Fate = iota + 1 // handed to a worker
	Applied                      // a command of it was decided, or its state installed
	Absorbed                     // all of it was known already
	DeadLettered                 // it became a dead letter
	Ignored                      // not a command: snapshot read, heartbeat, tombstone
)

// Delivery: a worker received a record, or was done with it.
type Delivery struct {
	Record  Record
	Fate    Fate
	Command model.ID // where it is about one
}

// Lost: servers of the speed layer lost what they had been told: a failover, a restart without data.
type Lost struct{ Why string }

// Skew: from here on the truth's clock is AheadMS further ahead of the clocks of those who read than before, 0 and above. An age
// that is counted from the truth's time to a reader's is understated by as much, and no single reading tells.
type Skew struct{ AheadMS int64 }

func (Lost) event()     {}
func (Skew) event()     {}
func (Call) event()     {}
func (Return) event()   {}
func (Unknown) event()  {}
func (Answer) event()   {}
func (Effect) event()   {}
func (Install) event()  {}
func (Read) event()     {}
func (Delivery) event() {}
