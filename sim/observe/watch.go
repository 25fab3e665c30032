package observe

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"stockproof/adapters/debezium"
	"stockproof/adapters/redis/command"
	"stockproof/checks"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Watch is what a run observes beside its clients: effects inside the speed layer, what processes
// count, alarms, and the points at which faults strike.
type Watch struct {
	// Observe takes events for the checkers, Events counts them; safe for concurrent use.
	Observe func(checks.Event)
	Events  func() int

	clock    clock
	holdings holdings

	moved atomic.Int64 // deducts and credits that a script answered

	mu      sync.Mutex
	counts  map[string]int64
	alarms  []string
	dropped int
	failure []error
	dead    []checks.DeadLetter
	strikes []*Strike
}

// maxAlarms is how many alarms are kept word for word.
const maxAlarms = 50

// NewWatch makes a watch that hands its events to suite, by the clock of the clients.
func NewWatch(suite *checks.Suite, now func() time.Time) *Watch {
	return &Watch{clock: newClock(now), Observe: func(e checks.Event) { suite.Observe(e) }, Events: suite.Events,
		counts: map[string]int64{}}
}

// Micros is the time of the run's events, microseconds since 1970.
func (w *Watch) Micros() int64 { return w.clock.Micros() }

// HoldingsDigest is what workers were handed and have not come back from, for a search.
func (w *Watch) HoldingsDigest() uint64 { return w.holdings.digest() }

// Strike kills one process at a point.
type Strike struct {
	Role   string // "": any
	Point  string
	Order  string      // "": any
	Nth    int         // 1: the first time
	struck chan string // who died
	resume chan struct{}
}

// Arm waits for a point: the name of the process that reached it is told by [Watch.Await], and the
// process stands there until [Strike.Resume].
func (w *Watch) Arm(s *Strike) {
	s.struck, s.resume = make(chan string, 1), make(chan struct{})
	w.mu.Lock()
	w.strikes = append(w.strikes, s)
	w.mu.Unlock()
}

// Resume lets the process that was struck go on, to its end.
func (s *Strike) Resume() { close(s.resume) }

// Await waits until an armed strike has struck: who died, true. When ctx ends before, nobody dies of it
// any more; a process that is dying already counts as struck.
func (w *Watch) Await(ctx context.Context, s *Strike) (name string, struck bool) {
	select {
	case name = <-s.struck:
		return name, true
	case <-ctx.Done():
	}
	w.mu.Lock()
	i := slices.Index(w.strikes, s)
	if i >= 0 {
		w.strikes = slices.Delete(w.strikes, i, i+1)
	}
	w.mu.Unlock()
	if i >= 0 {
		return "", false
	}
	return <-s.struck, true // reached took it: its name is on its way
}

// Passed says of an instance that passes a point whether it dies there, of a strike that waits for it ([Watch.Arm]).
func (w *Watch) Passed(role, instance string, p Point) bool {
	s := w.reached(role, p)
	if s == nil {
		return false
	}
	s.struck <- instance
	<-s.resume
	return true
}

func (w *Watch) reached(role string, p Point) *Strike {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, s := range w.strikes {
		if s.Role != "" && s.Role != role ||
			s.Point != p.Name || s.Order != "" && s.Order != p.Order {
			continue
		}
		if s.Nth--; s.Nth > 0 {
			continue
		}
		w.strikes = append(w.strikes[:i], w.strikes[i+1:]...)
		return s
	}
	return nil
}

// StockChange records what a script did to a stock key, as the server saw it.
func (w *Watch) StockChange(c command.StockChange) {
	e := checks.Effect{SKU: model.SKU(c.SKU), Before: c.Before, After: c.After, Reply: checks.Done}
	e.Order, _ = model.ParseID(c.Order)
	switch c.Op {
	case "deduct":
		e.Kind, e.Qty = checks.Deduct, c.Before-c.After
	case "credit":
		e.Kind, e.Qty = checks.Credit, c.After-c.Before
	default:
		e.Kind, e.Qty, e.Reply = checks.Set, c.After, 0
	}
	if e.Kind != checks.Set { // a blind SET comes for ever
		w.moved.Add(1)
	}
	w.Observe(e)
}

// script records the answers that changed nothing; what changed stock the server itself reports.
// since is the number of events before the request left.
func (w *Watch) script(op port.SpeedOp, since int) {
	e := checks.Effect{Before: -1, After: -1, Since: max(since, 1)}
	switch op := op.(type) {
	case *port.Deduct:
		e.Kind, e.SKU, e.Shard = checks.Deduct, model.SKU(op.SKU), op.Shard
		w.unchanged(e, op.Order, op.Qty, op.Reply)
	case *port.Credit:
		e.Kind, e.SKU, e.Shard = checks.Credit, model.SKU(op.SKU), op.Shard
		w.unchanged(e, op.Order, op.Qty, op.Reply)
	case *port.InstallLane:
		w.Observe(checks.Install{Space: op.Space, Lane: op.Lane, Epoch: op.Epoch, Seq: op.Seq,
			Avail: op.Avail, Code: int64(op.Code), Since: since})
	}
}

func (w *Watch) unchanged(e checks.Effect, order, qty string, r port.DeductReply) {
	switch r {
	case port.DeductAlready:
		e.Reply = checks.Already
	case port.DeductInsufficient:
		e.Reply = checks.Insufficient
	default:
		return
	}
	e.Order, _ = model.ParseID(order)
	fmt.Sscan(qty, &e.Qty)
	w.moved.Add(1)
	w.Observe(e)
}

// buried records a dead letter that a worker of the article's published: which row it was about, as far
// as that can be read.
func (w *Watch) buried(value []byte) {
	var letter struct {
		Topic     string
		Partition int32
		Offset    int64
		Value     []byte
	}
	if json.Unmarshal(value, &letter) != nil || letter.Topic != model.OrderTopic {
		return
	}
	var row struct {
		After struct {
			ID    int64    `json:"id"`
			Order model.ID `json:"order_id"`
		}
	}
	_ = json.Unmarshal(letter.Value, &row) // what cannot be read stays zero
	if sound(letter.Value) {
		row.After.ID, row.After.Order = 0, model.ID{} // nothing was wrong with the order: the letter is no answer to it
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = append(w.dead, checks.DeadLetter{Record: checks.Record{Topic: letter.Topic, Part: letter.Partition,
		Offset: letter.Offset}, Order: row.After.Order, Row: row.After.ID, Class: "contract"})
}

// sound reports whether a buried record is an order that anybody could have decided.
func sound(value []byte) bool {
	e, err := debezium.Decoder{}.OrderEvent(port.Record{Topic: model.OrderTopic, Value: value})
	qty := max(e.Row.Qty, -e.Row.Qty)
	return err == nil && e.Class == "row" && e.Row.SKU.Validate() == nil && qty > 0 && qty <= model.MaxQuantity &&
		(e.Row.Qty > 0 || e.Row.Status == port.ShopAdjust)
}

// Dead are the dead letters of a design that keeps none in the truth.
func (w *Watch) Dead() []checks.DeadLetter {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]checks.DeadLetter(nil), w.dead...)
}

// Final adds to an audit what only the watch and the servers know: dead letters that the truth does not
// keep, records that workers hold, and what the speed layer keeps of each SKU.
func (w *Watch) Final(a *checks.Audit, sizes func(each func(key string, bytes int)) error) (err error) {
	a.Dead = append(a.Dead, w.Dead()...)
	a.Held, a.HeldRead = w.holdings.all(w.Micros()), true
	if a.State, err = footprints(sizes); err != nil {
		return fmt.Errorf("audit: count the keys of the speed layer: %w", err)
	}
	a.StateRead = true
	return nil
}

// Moved is how many deducts and credits were answered in the speed layer, refused ones too.
func (w *Watch) Moved() int64 { return w.moved.Load() }

// Count is a counter's value.
func (w *Watch) Count(name string) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[name]
}

// Alarms are the first alarms, and how many more there were.
func (w *Watch) Alarms() ([]string, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.alarms...), w.dropped
}

// Failures are processes that ended by themselves.
func (w *Watch) Failures() []error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]error(nil), w.failure...)
}

// Failed says that a process ended by itself.
func (w *Watch) Failed(instance string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failure = append(w.failure, fmt.Errorf("%s ended: %w", instance, err))
}

// Monitor is an instance's; the dead say nothing.
func (w *Watch) Monitor(instance string, t *Tap) port.Monitor { return monitor{w, instance, t} }

type monitor struct {
	w        *Watch
	instance string
	tap      *Tap
}

func (m monitor) Count(name string, n int64) {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	m.w.counts[name] += n
}

func (m monitor) Alarm(what string, err error) {
	if m.tap.dead.Load() {
		return
	}
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	if len(m.w.alarms) >= maxAlarms {
		m.w.dropped++
		return
	}
	m.w.alarms = append(m.w.alarms, fmt.Sprintf("%s: %s: %v", m.instance, what, err))
}
