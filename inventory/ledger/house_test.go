package ledger_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"stockproof/adapters/debezium"
	"stockproof/adapters/fakes/cdc"
	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim"
)

// house is the ledger design on servers in memory, one process after the other as a test starts them.
type house struct {
	*testing.T
	ctx   context.Context
	world *sim.MemoryWorld
	o     inventory.Options
	ear   *ear
	p     inventory.Ports // the test's own connections

	// What a test puts between a role and its servers; nil: nothing.
	truth  func(role string, t port.Truth) port.Truth
	speed  func(role string, s port.Speed) port.Speed
	broker func(role string, b port.Broker) port.Broker
}

// newHouse makes empty servers whose gate is open. Periods are short, so that nothing waits long.
func newHouse(t *testing.T, tweaks ...func(*inventory.Options)) *house {
	o := inventory.DefaultOptions()
	o.Partitions = 2
	o.SweepPeriod, o.SweepBackoffMS = 5*time.Millisecond, 1
	o.ReconcilePeriod, o.BeatPeriod, o.CoordinatePeriod = 5*time.Millisecond, 5*time.Millisecond, 5*time.Millisecond
	o.Backoff = inventory.Backoff{Base: time.Millisecond, Cap: 20 * time.Millisecond}
	for _, tweak := range tweaks {
		tweak(&o)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	h := &house{T: t, ctx: ctx, o: o, ear: &ear{counts: map[string]int64{}},
		world: sim.NewMemoryWorld(sim.WorldOptions{Topics: ledger.Design().Topics, Partitions: o.Partitions})}
	h.world.Slot("house", ledger.Design().Connector.Tables...)
	h.p, _ = h.open("test")
	h.must(h.p.Truth.Do(ctx, &port.SetEpoch{}))
	return h
}

func onePartition(o *inventory.Options) { o.Partitions = 1 }

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// open makes a role's connections; closing them is how a process dies.
func (h *house) open(role string) (p inventory.Ports, done func()) {
	h.Helper()
	p, done, err := h.world.Open(role)
	h.must(err)
	done = sync.OnceFunc(done)
	h.Cleanup(done)
	p.Monitor = h.ear
	if h.truth != nil {
		p.Truth = h.truth(role, p.Truth)
	}
	if h.speed != nil {
		p.Speed = h.speed(role, p.Speed)
	}
	if h.broker != nil {
		p.Broker = h.broker(role, p.Broker)
	}
	return p, done
}

// run starts roles of the design and the connector; crash ends them as kill -9 does.
func (h *house) run(roles ...string) (crash func()) {
	h.Helper()
	var ends []func()
	for _, role := range roles {
		if role == "connector" {
			c := ledger.Design().Connector
			p, done := h.open(role)
			slot := h.world.Slot("house", c.Tables...)
			ends = append(ends, done, h.start(role, cdc.New(slot, p.Broker, p.Runtime, debezium.ForDesign(*c), cdc.Options{})))
			continue
		}
		found := false
		for _, r := range ledger.Design().Roles {
			if r.Name == role {
				p, done := h.open(role)
				ends, found = append(ends, done, h.start(role, r.New(p, h.o))), true
			}
		}
		if !found {
			h.Fatalf("there is no role %s", role)
		}
	}
	return func() {
		for _, end := range ends {
			end()
		}
	}
}

// start runs a process until the test ends or the returned function is called.
func (h *house) start(name string, process port.Process) (end func()) {
	ctx, cancel := context.WithCancel(h.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := process.Run(ctx); err != nil && ctx.Err() == nil {
			h.Errorf("%s ended by itself: %v", name, err)
		}
	}()
	end = sync.OnceFunc(func() { cancel(); <-done })
	h.Cleanup(end)
	return end
}

// front starts an API process of a mode.
func (h *house) front(mode inventory.AdmissionMode) inventory.Front {
	o := h.o
	o.Admission = mode
	p, _ := h.open("front-" + string(mode))
	f := ledger.Design().Front(p, o)
	f.Orders.Poll = time.Millisecond
	h.start("front", f.Process)
	return f
}

// store is a house with everything running and one front.
type store struct {
	*house
	inventory.Front
}

// inBothModes runs a test on a whole deployment of each admission mode.
func inBothModes(t *testing.T, test func(s store)) {
	for _, mode := range []inventory.AdmissionMode{inventory.Sync, inventory.Async} {
		t.Run(string(mode), func(t *testing.T) {
			h := newHouse(t)
			h.o.Admission = mode
			h.run("connector", "worker", "coordinator", "projection")
			test(store{h, h.front(mode)})
			h.booksAgree()
		})
	}
}

// until waits for what must come true.
func (h *house) until(what string, is func() bool) {
	h.Helper()
	for !is() {
		if h.ctx.Err() != nil {
			h.Fatalf("never came true: %s; alarms:\n%s", what, h.ear)
		}
		time.Sleep(time.Millisecond)
	}
}

// do submits one command and waits for its outcome.
func (s store) do(c model.Command) string {
	s.Helper()
	a, err := s.Orders.Submit(s.ctx, c)
	s.must(err)
	as := []inventory.Answer{a}
	s.must(s.Orders.Await(s.ctx, as))
	return say(as)
}

// raw admits a command as it is, COMMIT and its like too.
func (s store) raw(c model.Command) string {
	s.Helper()
	c.Loc = model.MainLocation
	as, err := s.Orders.Admission.Admit(s.ctx, inventory.Submission{Commands: []model.Command{c}})
	s.must(err)
	s.must(s.Orders.Await(s.ctx, as))
	return say(as)
}

func (s store) restock(name string, sku model.SKU, qty int64) string {
	s.Helper()
	return s.do(model.Command{ID: model.NameID(name), Kind: model.Restock, SKU: sku, Qty: qty})
}

// checkout places an order and waits for all its outcomes.
func (s store) checkout(o inventory.Order) string {
	s.Helper()
	as, err := s.Orders.Checkout(s.ctx, o)
	s.must(err)
	s.must(s.Orders.Await(s.ctx, as))
	return say(as)
}

// conclude commits or cancels an order and waits for all outcomes.
func (s store) conclude(do func(context.Context, model.ID) (port.Saga, []inventory.Answer, error), order string) string {
	s.Helper()
	_, as, err := do(s.ctx, model.NameID(order))
	s.must(err)
	s.must(s.Orders.Await(s.ctx, as))
	return say(as)
}

func (s store) commit(order string) string { s.Helper(); return s.conclude(s.Orders.Commit, order) }
func (s store) cancel(order string) string { s.Helper(); return s.conclude(s.Orders.Cancel, order) }

// basket is an order of one line for each SKU and quantity.
func basket(name string, policy model.Policy, lines ...inventory.OrderLine) inventory.Order {
	return inventory.Order{ID: model.NameID(name), Policy: policy, Lines: lines}
}

func line(sku model.SKU, qty int64) inventory.OrderLine {
	return inventory.OrderLine{SKU: sku, Qty: qty}
}

// lineOf is the id of an order's n-th line.
func lineOf(order string, n int32) model.ID { return inventory.LineID(model.NameID(order), n) }

// say is answers in words: outcomes with what was granted.
func say(as []inventory.Answer) string {
	words := make([]string, len(as))
	for i, a := range as {
		words[i] = a.String()
	}
	return strings.Join(words, ", ")
}

func (h *house) want(what, got, want string) {
	h.Helper()
	if got != want {
		h.Errorf("%s: %s, want %s", what, got, want)
	}
}

// lane reads a lane from the truth.
func (h *house) lane(sku model.SKU) model.Lane { h.Helper(); return h.laneAt(sku, model.MainLocation) }

func (h *house) laneAt(sku model.SKU, loc model.Location) model.Lane {
	h.Helper()
	read := &port.ReadLanes{Lanes: []model.LaneKey{{SKU: sku, Loc: loc}}}
	h.must(h.p.Truth.Do(h.ctx, read))
	if len(read.Found) == 0 {
		return model.Lane{}
	}
	return read.Found[0]
}

func (h *house) wantLane(sku model.SKU, onHand, reserved int64) {
	h.Helper()
	if l := h.lane(sku); l.OnHand != onHand || l.Reserved != reserved {
		h.Errorf("lane %s: on hand %d, reserved %d, want %d and %d", sku, l.OnHand, l.Reserved, onHand, reserved)
	}
}

// commandRow reads a command's row; a zero ID is none.
func (h *house) commandRow(id model.ID) port.CommandRow {
	h.Helper()
	read := &port.KnownCommands{IDs: []model.ID{id}}
	h.must(h.p.Truth.Do(h.ctx, read))
	if len(read.Rows) == 0 {
		return port.CommandRow{}
	}
	return read.Rows[0]
}

// outcome waits for a command's decision.
func (h *house) outcome(id model.ID) string {
	h.Helper()
	h.until("command "+id.String()+" is decided", func() bool { return h.commandRow(id).Decision.Decided() })
	d := h.commandRow(id).Decision
	return say([]inventory.Answer{{Status: inventory.Decided, Decision: d}})
}

// booksAgree audits: sequences without a gap, every lane is its last ledger row, what is reserved is
// the sum of the reserved lines, and every ledger row belongs to a decided command.
func (h *house) booksAgree() {
	h.Helper()
	ledgers, lanes, lines := &port.ScanLedger{Max: 10000}, &port.ScanLanes{Max: 10000}, &port.ScanLines{Max: 10000}
	commands := &port.ScanCommands{Max: 10000}
	h.must(h.p.Truth.Do(h.ctx, ledgers, lanes, lines, commands))
	last := map[model.LaneKey]port.LedgerRow{}
	legs := map[model.ID]int{}
	for _, r := range ledgers.Rows {
		if r.Seq != last[r.Lane].Seq+1 {
			h.Errorf("lane %v: seq %d follows %d", r.Lane, r.Seq, last[r.Lane].Seq)
		}
		last[r.Lane] = r
		legs[r.Command]++
	}
	reserved := map[model.LaneKey]int64{}
	for _, l := range lines.Lines {
		if l.State == model.LineReserved {
			reserved[l.Lane] += l.Granted
		}
		if l.Returned > l.Granted {
			h.Errorf("line %s: %d returned of %d", l.Command, l.Returned, l.Granted)
		}
	}
	for _, l := range lanes.Lanes {
		if r := last[l.Key]; r.Seq != l.Seq || l.Known() && (r.OnHandAfter != l.OnHand || r.ReservedAfter != l.Reserved) {
			h.Errorf("lane %+v is not its last ledger row %+v", l, r)
		}
		if reserved[l.Key] != l.Reserved {
			h.Errorf("lane %v: %d reserved, lines say %d", l.Key, l.Reserved, reserved[l.Key])
		}
	}
	for _, c := range commands.Rows {
		want := 0
		if c.Decision.Seq > 0 {
			want = 1
		}
		if c.Kind == model.Transfer {
			want *= 2
		}
		if legs[c.ID] != want {
			h.Errorf("command %s (%s): %d ledger rows, want %d", c.ID, c.Kind, legs[c.ID], want)
		}
	}
}

// ear is a monitor that remembers.
type ear struct {
	mu     sync.Mutex
	counts map[string]int64
	alarms []string
}

func (e *ear) Count(name string, n int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counts[name] += n
}

func (e *ear) Alarm(what string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.alarms = append(e.alarms, fmt.Sprint(what, ": ", err))
}

func (e *ear) count(name string) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.counts[name]
}

func (e *ear) heard(part string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Contains(strings.Join(e.alarms, "\n"), part)
}

func (e *ear) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return fmt.Sprint(maps.Clone(e.counts), "\n", strings.Join(e.alarms[max(0, len(e.alarms)-10):], "\n"))
}
