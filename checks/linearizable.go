package checks

import (
	"fmt"
	"io"
	"slices"

	"stockproof/checks/linear"
	"stockproof/model"
)

// linearizable: per lane, what clients were told and what they read from the truth fits an order that respects
// real time and in which every answer is the specification's. It is the adapter to package linear: commands
// become operations (operation.go), all attempts of one together, from the first call to the first answer.
// What only the design itself asked for, or nobody was answered for, is resolved from the ledger.
//
// Reads of the speed layer are not in it: they may be stale, and are monotone-reads' to judge.
type linearizable struct {
	header *Header
	lanes  map[model.LaneKey]*laneOperations
	open   map[uint64]model.Command // attempts under way
	lines  map[model.ID]int         // lines of all-or-nothing orders
	short  []refused                // lines of such orders that were refused for stock
	bare   []Event                  // with BareAnswers: calls and answers, which are searched at the end
	began  int64                    // the first call: times are counted from it
	events int
	panel  func(io.Writer) error // draws the first finding; nil: there is none
}

// laneOperations are the operations of one lane. Ids count from 0.
type laneOperations struct {
	key  model.LaneKey
	ids  map[model.ID]int64
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

func newLinearizable(h *Header) *linearizable {
	return &linearizable{header: h, lanes: map[model.LaneKey]*laneOperations{}, open: map[uint64]model.Command{},
		lines: map[model.ID]int{}}
}

func (c *linearizable) Observe(index int, e Event) {
	if c.header.Capability == BareAnswers {
		c.bare = append(c.bare, e)
		return
	}
	switch e := e.(type) {
	case Call:
		if c.events++; c.events == 1 {
			c.began = e.At
		}
		c.open[e.Attempt] = e.Command
		c.call(index, e)
	case Return:
		c.answer(index, e)
	case Read:
		if e.FromTruth {
			c.read(index, e)
		}
	}
}

func (c *linearizable) lane(k model.LaneKey) *laneOperations {
	l := c.lanes[k]
	if l == nil {
		l = &laneOperations{key: k, ids: map[model.ID]int64{}, at: map[int64]int32{}}
		c.lanes[k] = l
	}
	return l
}

// legs are the lanes that a command is decided on.
func legs(c model.Command) []model.LaneKey {
	if c.Kind == model.Transfer {
		return []model.LaneKey{c.Lane(), c.ToLane()}
	}
	return []model.LaneKey{c.Lane()}
}

func (c *linearizable) call(index int, e Call) {
	first := false
	for leg, k := range legs(e.Command) {
		l := c.lane(k)
		if op := l.find(e.Command.ID); op != nil {
			op.Call = min(op.Call, e.At-c.began)
			continue
		}
		l.add(index, e.Command, int16(leg), e.At-c.began, e.Client)
		first = true
	}
	if first && e.Command.Kind == model.Reserve && e.Command.Policy == model.AllOrNothing {
		c.lines[e.Command.OrderID]++
	}
}

func (c *linearizable) answer(index int, e Return) {
	command, ok := c.open[e.Attempt]
	if ok && e.Duplicate && !command.Ref.IsZero() {
		c.askedBefore(command)
	}
	if !ok || !e.Decision.Decided() {
		return
	}
	delete(c.open, e.Attempt)
	for leg, k := range legs(command) {
		l := c.lane(k)
		op := l.find(command.ID)
		if op == nil || op.Outcome != linear.Unknown {
			continue // one-outcome compares what was told later
		}
		op.Return = e.At - c.began
		at := l.at[l.ids[command.ID]]
		l.from[at].event = int32(index)
		l.told(op, command, int16(leg), e.Decision)
		if op.Outcome == linear.Rejected && command.Policy == model.AllOrNothing {
			c.short = append(c.short, refused{command.OrderID, l, at})
		}
	}
}

// askedBefore moves a command's call back to the call of what it is about: its answer was remembered, and
// whoever asked first need not be a client. A design concludes orders by itself, under the very names that it
// gives to a client who asks for it later.
func (c *linearizable) askedBefore(command model.Command) {
	for _, k := range legs(command) {
		l, earliest := c.lane(k), int64(0)
		if ref := l.find(command.Ref); ref != nil {
			earliest = ref.Call
		}
		if op := l.find(command.ID); op != nil {
			op.Call = min(op.Call, earliest)
		}
	}
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

// id is the number of a command in the lane.
func (l *laneOperations) id(command model.ID) int64 {
	n, known := l.ids[command]
	if !known {
		n = int64(len(l.ids))
		l.ids[command] = n
	}
	return n
}

func (l *laneOperations) add(index int, c model.Command, leg int16, at int64, client int32) {
	x := operation(c, 0, 0, leg, false)
	op := linear.NewOp(x.kind, x.qty, at)
	op.ID, op.Client = l.id(c.ID), client
	l.set(&op, x)
	l.at[op.ID] = int32(len(l.ops))
	l.ops, l.from = append(l.ops, op), append(l.from, origin{c.ID, int32(index)})
}

func (l *laneOperations) set(op *linear.Op, x asOperation) {
	op.Kind, op.Qty, op.Arg = x.kind, x.qty, x.arg
	if !x.ref.IsZero() {
		op.Arg = l.id(x.ref)
	}
}

// told gives an operation its answer. A lane that nobody stocked answers without a number: it was seen at 0.
func (l *laneOperations) told(op *linear.Op, c model.Command, leg int16, d model.Decision) {
	x := operation(c, d.Outcome, d.Granted, leg, false)
	op.Outcome, op.Seq, op.Remaining = x.outcome, d.Seq, d.Avail
	if leg == 1 {
		op.Seq, op.Remaining = d.ToSeq, linear.Absent // the answer shows the stock of the lane that gives
	}
	switch {
	case op.Seq > 0:
		l.set(op, x)
	case leg == 0:
		*op = seen(0, 0, op)
	default: // it was refused where it came from: this lane heard nothing of it
		op.Outcome, op.Return, op.Seq, op.Remaining = linear.Never, linear.Open, linear.Absent, linear.Absent
	}
}

// seen makes a read of what an operation saw.
func seen(seq, stock int64, op *linear.Op) linear.Op {
	read := linear.NewOp(linear.Read, linear.Absent, op.Call)
	read.Return, read.Client, read.Outcome, read.Seq, read.Remaining = op.Return, op.Client, linear.OK, seq, stock
	return read
}

// read is of the truth. A lane that is not there is at version 0.
func (c *linearizable) read(index int, e Read) {
	l := c.lane(e.Lane)
	op := linear.NewOp(linear.Read, linear.Absent, e.Call-c.began)
	op.Return, op.Client, op.Outcome, op.Seq, op.Remaining = e.At-c.began, e.Client, linear.OK, e.Seq, e.Avail
	l.ops, l.from = append(l.ops, op), append(l.from, origin{event: int32(index)})
}

// searched is the verdict on bare answers: porcupine's, lane by lane, where it is not too large for it.
func (c *linearizable) searched() Report {
	var f findings
	unsettled := ""
	ops, o := Operations(c.bare), BareOptions{Names: c.header.Names}
	lanes, _, _ := byLane(ops)
	for i, r := range Bare(ops, o) {
		switch {
		case r.Verdict == Fail:
			if c.panel == nil {
				c.panel = func(w io.Writer) error { return DrawBare(w, ops, lanes[i], o) }
			}
			f.add(r.Severity.Amount, r.Why, r.Evidence...)
		case r.Verdict == Undecided:
			unsettled = r.Why
		}
	}
	return settled(f, unsettled)
}

// settled is undecided where nothing was found and something was not judged.
func settled(f findings, unsettled string) Report {
	if f.n == 0 && unsettled != "" {
		return undecided(Linearizable, unsettled)
	}
	return f.report(Linearizable)
}

func (c *linearizable) Finish(a Audit) Report {
	if c.header.Capability == BareAnswers {
		return c.searched()
	}
	if c.header.Capability != LedgerRows {
		return notChecked(Linearizable, "the decisions have no order that was written down")
	}
	for _, r := range c.short {
		if op := &r.lane.ops[r.op]; c.lines[r.order] > 1 {
			op.Kind, op.Qty, op.Arg, op.Outcome = linear.Note, linear.Absent, linear.Absent, linear.NoEffect
		}
	}
	var f findings
	unsettled := ""
	b := bookOf(&a)
	for _, k := range c.judged(b) {
		l := c.lane(k)
		entries := c.ledger(l, b)
		spec := linear.Spec{Sequenced: true}
		r := resolved(l.ops, spec, entries)
		switch r.Verdict {
		case linear.Fail:
			if c.panel == nil {
				c.panel = func(w io.Writer) error { return explain(w, l.ops, spec, r) }
			}
			c.found(&f, l, r)
		case linear.Undecided:
			unsettled = fmt.Sprintf("lane %s: %s", laneName(k), r.Why)
		}
	}
	return settled(f, unsettled)
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

// judged are the lanes of the history and of the ledger, in order.
func (c *linearizable) judged(b *book) (keys []model.LaneKey) {
	for k := range c.lanes {
		keys = append(keys, k)
	}
	for _, lane := range b.lanes {
		if c.lanes[lane.key] == nil {
			keys = append(keys, lane.key)
		}
	}
	slices.SortFunc(keys, model.LaneKey.Compare)
	return keys
}

// ledger is the lane's, as operations. What nobody called for was asked by the design itself: it may have been
// at any time. What nobody was answered is asked again by what the ledger says it came to.
func (c *linearizable) ledger(l *laneOperations, b *book) []linear.Entry {
	var entries []linear.Entry
	at, found := slices.BinarySearchFunc(b.lanes, l.key, func(lane laneBook, k model.LaneKey) int { return lane.key.Compare(k) })
	if !found {
		return []linear.Entry{}
	}
	for _, e := range b.lanes[at].entries {
		row := linear.Entry{Seq: e.row.Seq, ID: linear.Absent, Kind: linear.Note, Outcome: linear.NoEffect,
			Delta: e.after.avail() - e.before.avail(), Stock: e.row.AvailAfter, Qty: linear.Absent}
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
				l.set(op, x)
			case e.row.Leg == 1 && op.Remaining == linear.Absent:
				op.Remaining = e.row.AvailAfter
			}
			row.ID, row.Kind, row.Outcome, row.Qty = l.id(command.ID), x.kind, x.outcome, x.qty
		}
		entries = append(entries, row)
	}
	return entries
}

func (c *linearizable) found(f *findings, l *laneOperations, r linear.Report) {
	var evidence []Evidence
	units := int64(0)
	names := make([]model.ID, len(l.ids))
	for id, n := range l.ids {
		names[n] = id
	}
	for _, e := range r.Evidence {
		x := Evidence{Role: Role(e.Role), Lane: l.key, Text: e.Text}
		if e.Op.ID >= 0 && e.Op.ID < int64(len(names)) {
			x.Command = names[e.Op.ID]
			x.Text = c.header.name(x.Command) + ": " + x.Text
		}
		if e.Index >= 0 {
			x.Event = int(l.from[e.Index].event)
		}
		if e.Op.Seq > 0 {
			x.Seq = e.Op.Seq
		}
		if e.Op.Qty != linear.Absent {
			x.Units = e.Op.Qty
			units = max(units, abs(e.Op.Qty))
		}
		evidence = append(evidence, x)
	}
	f.add(units, fmt.Sprintf("lane %s: %s", laneName(l.key), r.Why), evidence...)
}
