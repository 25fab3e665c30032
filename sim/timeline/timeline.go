package timeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"stockproof/checks"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim"
	"stockproof/sim/engine"
)

// Timeline is a run as people draw it: one column per process and server, one row per step that matters.
//
//	   clients      postgres     kafka p0   worker-1       redis {A}
//	1  submit o1    insert o1
//	2                            o1@0
//	3                                       fetch o1@0
//	4                                       deduct o1 x2   A 5 -> 3, token o1
//	5                                       X crashed
//
// What changes stock, decides, travels or breaks is a row; polls, heartbeats, look-ups and empty fetches
// are not. Effects stand where the server has them, whether or not anybody was told.
type Timeline struct {
	Rows []Row
	// Lanes are those that any row has levels of, in the order in which they came up.
	Lanes  []model.LaneKey
	Events []checks.Event // everything that was observed, the first number 1

	s      *sim.Simulation
	begun  bool
	began  time.Time
	now    *Row        // being filled
	told   []toldEvent // events of this step, by their numbers
	wrote  []string    // what became visible in the truth in this step
	ledger []laneSeq

	calls   map[uint64]model.Command // by attempt
	open    map[*engine.Actor][]port.Statement
	logs    map[logKey]int  // records
	keys    map[string]bool // of Redis
	lives   map[*sim.Instance]int
	paused  map[*sim.Instance]bool
	struck  int
	effects []checks.Effect     // of scripts, in order
	early   map[model.ID]string // what people call commands that the workload does not name
	holds   map[string]bool     // who has fetched what nobody committed the offset of
	orders  []named             // by which records are recognised
	orderOf map[string]int      // index in orders, by id
	truth   map[model.LaneKey]Stock
	levels  map[model.LaneKey]Level // of the last row
	orphans []Level                 // of a last row that was taken out
}

// Row is one step.
type Row struct {
	After time.Duration // since the clients began, virtual
	Step  int           // of the engine's steps
	Cells []Cell
	// Levels are the lanes whose stock is no longer, at the end of the row, what it was at the end of the last.
	Levels []Level

	events []int // of the history
	ledger []laneSeq
}

// Cell is what one column has in a row.
type Cell struct {
	Column, Text string // printable ASCII, the rest escaped
	// Weak cells say who did what another cell shows; columns of nothing else may be left out.
	Weak bool
	// Fault says that a fault struck here.
	Fault bool
}

type toldEvent struct {
	number int
	event  checks.Event
}

type laneSeq struct {
	lane model.LaneKey
	seq  int64
}

// logKey is a partition of a topic.
type logKey struct {
	topic string
	part  int32
}

type named struct {
	id   string
	name string
}

// New attaches a timeline to a simulation that has not run yet.
func New(s *sim.Simulation) *Timeline {
	t := &Timeline{s: s, calls: map[uint64]model.Command{}, open: map[*engine.Actor][]port.Statement{},
		logs: map[logKey]int{}, keys: map[string]bool{}, lives: map[*sim.Instance]int{}, paused: map[*sim.Instance]bool{},
		holds: map[string]bool{}, early: map[model.ID]string{}, truth: map[model.LaneKey]Stock{},
		levels: map[model.LaneKey]Level{}, orderOf: map[string]int{}}
	observe := s.Watch.Observe
	s.Watch.Observe = func(e checks.Event) {
		observe(e)
		t.Events = append(t.Events, e)
		t.told = append(t.told, toldEvent{s.Watch.Events(), e})
	}
	s.Postgres.OnLedger(t.onLedger)
	s.Postgres.OnShopOrder(t.onShopOrder)
	s.Postgres.OnShopStock(t.onShopStock)
	s.Postgres.OnLane(t.onLane)
	for id, name := range s.Names() {
		t.orders = append(t.orders, named{id.String(), name})
	}
	slices.SortFunc(t.orders, func(a, b named) int { return strings.Compare(a.name+a.id, b.name+b.id) })
	for i, o := range t.orders {
		t.orderOf[o.id] = i
	}
	s.Draw(t)
	return t
}

// Names are what people call orders and commands, the initial stock too.
func (t *Timeline) Names() map[model.ID]string {
	names := maps.Clone(t.s.Names())
	for _, st := range t.s.Config().Workload.SupplySteps() {
		names[st.Command.ID] = st.Name
	}
	return names
}

// Step implements [sim.Drawing]: it takes down what the step that ended at a point did.
func (t *Timeline) Step(at engine.Point) {
	for _, e := range t.told {
		if c, ok := e.event.(checks.Call); ok {
			t.calls[c.Attempt] = c.Command
		}
	}
	if !t.begun {
		t.before()
		return
	}
	t.faults()
	t.instances()
	who, late := t.who(at)
	t.observed(who, late)
	t.visible(who, late)
	t.point(who, at)
	t.produced(who)
	t.expired(late)
	t.flush()
}

// before is a step of the initial stock, which is no row of its own.
func (t *Timeline) before() {
	for _, e := range t.told {
		if x, ok := e.event.(checks.Effect); ok {
			t.effects = append(t.effects, x)
			t.early[x.Order] = "stock " + string(x.SKU)
		}
	}
	t.told, t.wrote, t.ledger = nil, nil, nil
	if !t.s.Begun() {
		return
	}
	t.produced("")
	t.expired("")
	t.begun, t.began, t.now = true, t.s.Engine.Now(), nil
	for _, in := range t.s.Config().Workload.Supply {
		t.cell("clients", fmt.Sprintf("(stock %s %d)", in.Lane.SKU, in.Units), false)
	}
	t.flush()
}

// Settled implements [sim.Drawing]: it takes down what faults did behind a step.
func (t *Timeline) Settled() {
	if t.begun {
		t.faults()
	}
}

// who is the column of the process that took a step; of the work that a server does for a request that
// came late, late says so.
func (t *Timeline) who(at engine.Point) (column, late string) {
	if at.Actor == nil {
		return "", ""
	}
	name := at.Actor.Proc.Name
	if _, from, ok := strings.Cut(at.Actor.Name, "/late "); ok && at.Actor.Proc.Role == "server" {
		return "", " (late: " + from + ")"
	}
	name, _, _ = strings.Cut(name, "'")
	if at.Actor.Proc.Role == "server" {
		return "", ""
	}
	return name, ""
}

// cell puts text into a column of the present row.
func (t *Timeline) cell(column, text string, weak bool) {
	text = ascii(text)
	if text == "" || column == "" {
		return
	}
	if t.now == nil {
		t.now = &Row{After: t.s.Engine.Now().Sub(t.began), Step: t.s.Engine.Steps()}
	}
	for i := range t.now.Cells {
		c := &t.now.Cells[i]
		if c.Column != column {
			continue
		}
		if c.Text != text {
			c.Text += ", " + text
		}
		c.Weak = c.Weak && weak
		return
	}
	t.now.Cells = append(t.now.Cells, Cell{Column: column, Text: text, Weak: weak})
}

// flush ends the present row.
func (t *Timeline) flush() {
	if r := t.now; r != nil && slices.ContainsFunc(r.Cells, func(c Cell) bool { return !c.Weak }) {
		t.sample(r)
		t.Rows = append(t.Rows, *r)
	}
	t.now = nil
}

// instances notices who was started again, and who goes on after a pause.
func (t *Timeline) instances() {
	for _, in := range t.s.Instances() {
		if before, known := t.lives[in]; known && before != in.Lives() {
			t.cell(in.Name(), "restarts", false)
		}
		if t.paused[in] && !in.Process().Paused() && !in.Process().Dead() {
			t.cell(in.Name(), "wakes", false)
		}
		t.lives[in], t.paused[in] = in.Lives(), in.Process().Paused()
		t.flush()
	}
}

// faults takes down the faults that have struck since the last time.
func (t *Timeline) faults() {
	struck, receipts := t.s.Struck()
	for ; t.struck < len(struck); t.struck++ {
		column, text := t.faultCell(&struck[t.struck], receipts[t.struck])
		t.cell(column, text, false)
		t.now.Cells[len(t.now.Cells)-1].Fault = true
		t.produced("")
		if t.struck == len(struck)-1 {
			t.expired("")
		}
		t.flush()
	}
	for _, in := range t.s.Instances() {
		t.lives[in], t.paused[in] = in.Lives(), in.Process().Paused() || t.paused[in]
	}
}

// faultCell says where a fault struck, and what it did there.
func (t *Timeline) faultCell(f *sim.Fault, receipt string) (column, text string) {
	k, _ := sim.FindFaultKind(f.Kind)
	if f.Kind == "advance-clock" {
		return k.Place, "X clock +" + sim.ShortDuration(f.By)
	}
	for _, in := range t.s.Instances() {
		if after, ok := strings.CutPrefix(receipt, in.Name()+" "); ok {
			return in.Name(), "X " + after
		}
	}
	for _, in := range t.s.Instances() {
		if i := strings.Index(receipt, " of "+in.Name()); i >= 0 && f.Kind != "kill-backends" {
			if k.OfRequest() {
				return in.Name(), fmt.Sprintf("X %s %s", receipt[:i], f.Kind)
			}
			return in.Name(), "X " + receipt
		}
	}
	if i := strings.Index(receipt, " of clients/"); i >= 0 {
		return "clients", fmt.Sprintf("X %s %s", receipt[:i], f.Kind)
	}
	if k.Place == "" || k.Place == "kafka" {
		return t.partition(t.s.CommandTopic(), 0), "X " + receipt
	}
	return k.Place, "X " + receipt
}
