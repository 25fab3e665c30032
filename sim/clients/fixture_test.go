package clients_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"stockproof/adapters/live"
	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/clients"
	"stockproof/sim/observe"
	"stockproof/sim/workload"
)

// fixture is a design made of one mutex: it decides with model.Decide and keeps a ledger. It can be
// asked to accept first and decide later, to lose answers, to shed, and never to decide.
type fixture struct {
	async    bool                       // decide at the second look-up
	lose     func(attempt int) error    // nil: answer; an error: after the fact, in place of the answer
	shed     func(attempt int) bool     // refuse without deciding
	drop     func(c model.Command) bool // accept and never decide
	supports []model.Kind

	mu       sync.Mutex
	attempts int
	admitted []inventory.Submission
	lanes    map[model.LaneKey]model.Lane
	lines    map[model.ID]model.Line
	orders   map[model.ID][]model.Command
	rows     map[model.ID]*checks.CommandRow
	looks    map[model.ID]int
	ids      []model.ID // of rows, in order
	ledger   []checks.LedgerRow
}

func newFixture() *fixture {
	return &fixture{lanes: map[model.LaneKey]model.Lane{}, lines: map[model.ID]model.Line{},
		orders: map[model.ID][]model.Command{}, rows: map[model.ID]*checks.CommandRow{}, looks: map[model.ID]int{},
		supports: []model.Kind{model.Reserve, model.Commit, model.Release, model.Restock, model.Adjust, model.Return}}
}

func (f *fixture) front() inventory.Front {
	return inventory.Front{
		Orders: &inventory.Orders{Admission: f, Runtime: live.Runtime{}, Supports: f.supports, Poll: time.Microsecond},
		Stock:  &inventory.Stock{Source: f, Monitor: port.Quiet{}},
	}
}

func (f *fixture) Admit(_ context.Context, s inventory.Submission) ([]inventory.Answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.attempts++
	if f.shed != nil && f.shed(f.attempts) {
		as := make([]inventory.Answer, len(s.Commands))
		for i, c := range s.Commands {
			as[i] = inventory.AnswerTo(c, inventory.Shed)
		}
		return as, nil
	}
	f.admitted = append(f.admitted, s)
	if s.Order != nil && f.orders[s.Order.ID] == nil {
		f.orders[s.Order.ID] = s.Commands
	}
	as := f.admit(s.Commands)
	if f.lose != nil {
		if err := f.lose(f.attempts); err != nil {
			return nil, err
		}
	}
	return as, nil
}

func (f *fixture) admit(cs []model.Command) []inventory.Answer {
	as := make([]inventory.Answer, len(cs))
	for i, c := range cs {
		_, known := f.rows[c.ID]
		if !known {
			f.ids = append(f.ids, c.ID)
			f.rows[c.ID] = &checks.CommandRow{Command: c}
			if !f.async && (f.drop == nil || !f.drop(c)) {
				f.decide(c)
			}
		}
		as[i] = f.answer(c)
		as[i].Duplicate = known
	}
	return as
}

func (f *fixture) decide(c model.Command) {
	l := f.lanes[c.Lane()]
	l.Key = c.Lane()
	s, d := model.Decide(model.State{Lane: l, Own: f.lines[c.ID], Ref: f.lines[c.Ref]}, c)
	f.rows[c.ID].Decision = d
	if d.Seq == 0 {
		return
	}
	f.lanes[c.Lane()] = s.Lane
	if c.Kind == model.Reserve {
		f.lines[c.ID] = s.Own
	}
	if !c.Ref.IsZero() {
		f.lines[c.Ref] = s.Ref
	}
	f.ledger = append(f.ledger, checks.LedgerRow{Lane: c.Lane(), Seq: d.Seq, Command: c.ID, Kind: c.Kind, Qty: c.Qty,
		Outcome: d.Outcome, Granted: d.Granted, OnHandAfter: s.Lane.OnHand, ReservedAfter: s.Lane.Reserved,
		AvailAfter: s.Lane.Avail()})
}

func (f *fixture) answer(c model.Command) inventory.Answer {
	row := f.rows[c.ID]
	if row == nil {
		return inventory.Answer{Command: c.ID, Status: inventory.Absent}
	}
	a := inventory.AnswerTo(row.Command, inventory.Pending)
	if row.Decision.Decided() {
		a.Status, a.Decision = inventory.Decided, row.Decision
	}
	return a
}

func (f *fixture) Conclude(_ context.Context, order model.ID, end inventory.Ending) (port.Saga, []inventory.Answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kind, saga := model.Release, port.SagaReleasing
	if end == inventory.EndCommit {
		kind, saga = model.Commit, port.SagaCommitting
	}
	var cs []model.Command
	for _, l := range f.orders[order] {
		if f.rows[l.ID].Decision.Outcome.Grants() {
			cs = append(cs, model.Command{ID: model.NameID(kind.String(), l.ID.String()), Kind: kind, SKU: l.SKU, Loc: l.Loc,
				Ref: l.ID})
		}
	}
	if len(cs) == 0 {
		return saga, nil, fmt.Errorf("order %s: %w", order, port.ErrContract)
	}
	as := f.admit(cs)
	f.attempts++
	if f.lose != nil {
		if err := f.lose(f.attempts); err != nil {
			return 0, nil, err
		}
	}
	return saga, as, nil
}

func (f *fixture) Lookup(_ context.Context, asked []inventory.Submission) ([]inventory.Answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var as []inventory.Answer
	for _, s := range asked {
		for _, c := range s.Commands {
			row := f.rows[c.ID]
			f.looks[c.ID]++
			if row != nil && !row.Decision.Decided() && f.looks[c.ID] > 1 && (f.drop == nil || !f.drop(row.Command)) {
				f.decide(row.Command)
			}
			as = append(as, f.answer(c))
		}
	}
	return as, nil
}

func (f *fixture) Speed(_ context.Context, lanes []model.LaneKey) ([]inventory.Level, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	levels := make([]inventory.Level, len(lanes))
	for i, k := range lanes {
		l := f.lanes[k]
		levels[i] = inventory.Level{Lane: k, Known: l.Known(), Avail: l.Avail(), Seq: l.Seq}
	}
	return levels, nil
}

func (f *fixture) Truth(ctx context.Context, lanes []model.LaneKey) ([]inventory.Level, error) {
	return f.Speed(ctx, lanes)
}

func (f *fixture) audit(supply []checks.Supply) checks.Audit {
	a := checks.Audit{Ledger: f.ledger, SpeedRead: true, Supply: supply}
	for _, id := range f.ids {
		a.Commands = append(a.Commands, *f.rows[id])
	}
	for _, l := range f.lanes {
		a.Lanes = append(a.Lanes, checks.Lane{Lane: l})
		a.Speed = append(a.Speed, checks.Shown{Lane: l.Key, Found: true, Seq: l.Seq, Avail: l.Avail()})
	}
	for _, l := range f.lines {
		a.Lines = append(a.Lines, l)
	}
	return a
}

// log collects events.
type log struct {
	mu     sync.Mutex
	events []checks.Event
}

func (l *log) observe(e checks.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

func ofKind[E checks.Event](l *log) (es []E) {
	for _, e := range l.events {
		if e, ok := e.(E); ok {
			es = append(es, e)
		}
	}
	return es
}

// drive drives a workload on the fixture, twice the same front.
func (f *fixture) drive(ctx context.Context, w workload.Workload, change func(*clients.DriveConfig)) (clients.Summary, *log, error) {
	l := &log{}
	rt := live.Runtime{}
	c := clients.DriveConfig{Fronts: []inventory.Front{f.front(), f.front()}, Workload: w, Runtime: rt,
		Recorder: observe.NewRecorder(l.observe, rt.Now), Backoff: inventory.Backoff{Base: time.Microsecond, Cap: time.Millisecond}}
	if change != nil {
		change(&c)
	}
	s, err := clients.Drive(ctx, c)
	return s, l, err
}

// judge gives a run on the fixture to the checkers.
func (f *fixture) judge(l *log, supply []checks.Supply) []checks.Report {
	return checks.Check(checks.History{Header: checks.Header{Design: "fixture", Claims: checks.Guarantees(),
		Capability: checks.LedgerRows}, Events: l.events, Audit: f.audit(supply)})
}

func failed(reports []checks.Report) (why []string) {
	for _, r := range reports {
		if r.Verdict != checks.Pass && !r.NotChecked {
			why = append(why, fmt.Sprintf("%s: %s %s", r.Guarantee, r.Verdict, r.Why))
		}
	}
	slices.Sort(why)
	return why
}
