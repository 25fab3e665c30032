package checks

import (
	"fmt"
	"io"
	"slices"

	"stockproof/checks/linear"
	"stockproof/model"
)

// operations keeps what clients asked and were told, lane by lane, all attempts of a command together, from the first
// call to the first answer: for whoever has to look at all of it again. That is the search where no version gives the
// order ([StockAfter]), and, when a suite was asked to remember, those who draw ([Suite.Explain]) and who compare
// ([Suite.Triangulate]).
type operations struct {
	header *Header
	lanes  map[model.LaneKey]*laneOperations
	calls  *calls
	lines  map[model.ID]int // lines of all-or-nothing orders
	short  []refused        // lines of such orders that were refused for stock
	clock  stopwatch
	n      int // of operations
}

// laneOperations are the operations of one lane. Ids count from 0.
type laneOperations struct {
	key  model.LaneKey
	ids  numbers
	ops  []linear.Op
	from []origin        // by operation
	at   map[int64]int32 // by id, the operation of the command of that name
}

// refused is a line that may have been refused for what its siblings take: how many it has is known at the end.
type refused struct {
	order model.ID
	lane  *laneOperations
	op    int32
}

type origin struct {
	command model.ID
	event   int32 // that was observed last of it
}

// mostRemembered is how many operations are kept for those who look again: a run that is longer is judged while it
// happens and not compared, nor drawn.
const mostRemembered = 1 << 20

func newOperations(h *Header, sent *calls) *operations {
	return &operations{header: h, calls: sent, lanes: map[model.LaneKey]*laneOperations{}, lines: map[model.ID]int{}}
}

func (c *operations) observe(index int, e Event) {
	switch e := e.(type) {
	case Call:
		c.clock.start(e.At)
		c.call(index, e)
	case Return:
		c.answer(index, e)
	case Read:
		if e.FromTruth {
			c.clock.start(e.Call)
			c.read(index, e)
		}
	}
}

func (c *operations) lane(k model.LaneKey) *laneOperations {
	l := c.lanes[k]
	if l == nil {
		l = &laneOperations{key: k, ids: numbers{}, at: map[int64]int32{}}
		c.lanes[k] = l
	}
	return l
}

func (c *operations) call(index int, e Call) {
	first := false
	for leg, k := range legs(e.Command) {
		l := c.lane(k)
		if op := l.find(e.Command.ID); op != nil {
			op.Call = min(op.Call, e.At-c.clock.began)
			continue
		}
		l.add(index, e.Command, int16(leg), e.At-c.clock.began, e.Client)
		c.n++
		first = true
	}
	if first && e.Command.Kind == model.Reserve && e.Command.Policy == model.AllOrNothing {
		c.lines[e.Command.OrderID]++
	}
}

func (c *operations) answer(index int, e Return) {
	sent, ok := c.calls.open[e.Attempt]
	command := sent.Command
	if ok && e.Duplicate && !command.Ref.IsZero() {
		c.askedBefore(command)
	}
	if !ok || !e.Decision.Decided() {
		return
	}
	for leg, k := range legs(command) {
		l := c.lane(k)
		op := l.find(command.ID)
		if op == nil || op.Outcome != linear.Unknown {
			continue // one-outcome compares what was told later
		}
		op.Return = e.At - c.clock.began
		at := l.at[l.ids[command.ID]]
		l.from[at].event = int32(index)
		l.told(op, command, int16(leg), e.Decision, c.unordered())
		if op.Outcome == linear.Rejected && command.Policy == model.AllOrNothing {
			c.short = append(c.short, refused{command.OrderID, l, at})
		}
	}
}

// askedBefore moves a command's call back to the call of what it is about: its answer was remembered, and
// whoever asked first need not be a client. A design concludes orders by itself, under the very names that it
// gives to a client who asks for it later.
func (c *operations) askedBefore(command model.Command) {
	for _, k := range legs(command) {
		l, earliest := c.lane(k), int64(0)
		if ref := l.find(command.Ref); ref != nil {
			earliest = ref.Call
		}
		if op := l.find(command.ID); op != nil && op.Outcome == linear.Unknown {
			op.Call = min(op.Call, earliest)
		}
	}
}

// unordered: no version shows where a decision stands.
func (c *operations) unordered() bool { return c.header.Capability == StockAfter }

// event is where a piece of evidence was observed; 0: nowhere.
func (l *laneOperations) event(e linear.Evidence) int {
	if e.Index < 0 {
		return 0
	}
	return int(l.from[e.Index].event)
}

// find is the operation of a command; nil if there is none.
func (l *laneOperations) find(command model.ID) *linear.Op {
	if id, known := l.ids[command]; known {
		if at, has := l.at[id]; has {
			return &l.ops[at]
		}
	}
	return nil
}

func (l *laneOperations) add(index int, c model.Command, leg int16, at int64, client int32) {
	x := operation(c, 0, 0, leg, false)
	op := linear.NewOp(x.kind, x.qty, at)
	op.ID, op.Client = l.ids.of(c.ID), client
	l.ids.fill(&op, x)
	l.at[op.ID] = int32(len(l.ops))
	l.ops, l.from = append(l.ops, op), append(l.from, origin{c.ID, int32(index)})
}

// told gives an operation its answer. A lane that nobody stocked answers without a number: it was seen at 0.
func (l *laneOperations) told(op *linear.Op, c model.Command, leg int16, d model.Decision, unordered bool) {
	x := operation(c, d.Outcome, d.Granted, leg, false)
	op.Outcome, op.Seq, op.Remaining = x.outcome, d.Seq, d.Avail
	if leg == 1 {
		op.Seq, op.Remaining = d.ToSeq, linear.Absent // the answer shows the stock of the lane that gives
	}
	switch {
	case unordered:
		op.Seq = linear.Absent
		l.ids.fill(op, x)
	case op.Seq > 0:
		l.ids.fill(op, x)
	case leg == 0:
		*op = seen(0, 0, op)
	default: // it was refused where it came from: this lane heard nothing of it
		op.Outcome, op.Return, op.Seq, op.Remaining = linear.Never, linear.Open, linear.Absent, linear.Absent
	}
}

// read is of the truth.
func (c *operations) read(index int, e Read) {
	l := c.lane(e.Lane)
	op := readOfTruth(e, c.clock.began)
	if c.unordered() {
		op.Seq = linear.Absent
	}
	l.ops, l.from = append(l.ops, op), append(l.from, origin{event: int32(index)})
	c.n++
}

// plain is the verdict on a design with a ledger from everything that was kept, at once: what the streaming checker must
// say too. panel draws the first finding; nil: there is none.
func (c *operations) plain(b *book) (r Report, panel func(io.Writer) error) {
	var f findings
	unsettled := ""
	c.together()
	for _, k := range judgedLanes(c.lanes, b) {
		l := c.lane(k)
		entries := c.ledger(l, b)
		spec := linear.Spec{Sequenced: true}
		r := resolved(l.ops, spec, entries)
		switch r.Verdict {
		case linear.Fail:
			if panel == nil {
				panel = func(w io.Writer) error { return explain(w, l.ops, spec, r) }
			}
			found(&f, c.header, k, l.ids, r, l.event)
		case linear.Undecided:
			unsettled = fmt.Sprintf("lane %s: %s", laneName(k), r.Why)
		}
	}
	return settled(f, unsettled), panel
}

// together makes the lines that may have been refused for what their siblings take into what they are.
func (c *operations) together() {
	for _, r := range c.short {
		if op := &r.lane.ops[r.op]; c.lines[r.order] > 1 {
			op.Kind, op.Qty, op.Arg, op.Outcome = linear.Note, linear.Absent, linear.Absent, linear.NoEffect
		}
	}
}

// explain draws what a report of one lane is about: its versions, or all until the operation that nothing explains.
func explain(w io.Writer, ops []linear.Op, spec linear.Spec, r linear.Report) error {
	if r.Slice != nil {
		return linear.Explain(w, ops, spec, *r.Slice, linear.PorcupineLimits{})
	}
	for _, e := range r.Evidence {
		if e.Index >= 0 && ops[e.Index].Return != linear.Open {
			return linear.ExplainUntil(w, ops, spec, e.Index, linear.PorcupineLimits{})
		}
	}
	return ErrNoPanel
}

// resolved compares with the ledger, takes from it what nobody was answered, and judges by version.
func resolved(ops []linear.Op, spec linear.Spec, entries []linear.Entry) linear.Report {
	if r := linear.Certify(ops, spec, entries); r.Verdict == linear.Fail {
		return r
	}
	linear.Resolve(ops, spec, entries)
	r, _ := linear.Versioned(ops, spec, linear.Options{})
	return r
}

// judgedLanes are the lanes of the history and of the ledger, in order.
func judgedLanes[L any](lanes map[model.LaneKey]L, b *book) (keys []model.LaneKey) {
	for k := range lanes {
		keys = append(keys, k)
	}
	for _, lane := range b.lanes {
		if _, called := lanes[lane.key]; !called {
			keys = append(keys, lane.key)
		}
	}
	slices.SortFunc(keys, model.LaneKey.Compare)
	return keys
}

// ledger is the lane's, as operations. What nobody called for was asked by the design itself: it may have been
// at any time. What nobody was answered is asked again by what the ledger says it came to.
func (c *operations) ledger(l *laneOperations, b *book) []linear.Entry {
	var entries []linear.Entry
	at, found := slices.BinarySearchFunc(b.lanes, l.key, func(lane laneBook, k model.LaneKey) int { return lane.key.Compare(k) })
	if !found {
		return []linear.Entry{}
	}
	for _, e := range b.lanes[at].entries {
		row := linear.Entry{Seq: e.row.Seq, ID: linear.Absent, Kind: linear.Note, Outcome: linear.NoEffect,
			Delta: e.after.avail() - e.before.avail(), Stock: e.row.AvailAfter, Qty: linear.Absent, Arg: linear.Absent}
		if e.command != nil {
			command := e.command.Command
			x := operation(command, e.row.Outcome, e.row.Granted, e.row.Leg, c.lines[command.OrderID] > 1)
			op := l.find(command.ID)
			if op == nil {
				l.add(0, command, e.row.Leg, 0, 0)
				op = l.find(command.ID)
			}
			switch {
			case op.Outcome == linear.Unknown:
				l.ids.fill(op, x)
			case e.row.Leg == 1 && op.Remaining == linear.Absent:
				op.Remaining = e.row.AvailAfter
			}
			row.ID, row.Kind, row.Outcome, row.Qty = l.ids.of(command.ID), x.kind, x.outcome, x.qty
		}
		entries = append(entries, row)
	}
	return entries
}
