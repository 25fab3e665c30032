package ledger

import (
	"slices"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// fold decides commands one after the other over what a transaction read, and collects what it must
// write. What was decided earlier in the same transaction is part of what is known: a duplicate
// inside one batch, a release of a line that the batch just granted.
type fold struct {
	epoch      int64 // the cluster's, read behind the lane locks
	nowMS      int64 // the truth's clock
	partitions int32
	told       bool // whoever waits for a decision gets it from us: no record of it need leave

	lanes    map[model.LaneKey]*lane
	laneKeys []model.LaneKey // in the order of first use
	lines    map[model.ID]*line
	lineIDs  []model.ID
	spare    []line // room for lines that are not there yet
	bodies   []byte // of new rows
	known    map[model.ID]*port.CommandRow
	orders   map[model.ID]port.OrderRow
	marks    map[model.ID]bool // chains with an open dead letter

	accepted  []port.CommandRow
	decided   []port.CommandRow
	ledger    []port.LedgerRow
	newOrders []port.OrderRow
	advances  []port.AdvanceSaga
	dead      []port.DeadRow
	decisions map[model.ID][]model.DecisionEntry
	decisionK []model.ID

	repeated  int      // entries that were decided before
	strangers []*entry // whose id is known with another body
}

type lane struct {
	model.Lane
	before  int64 // seq when the transaction began
	entries []model.StateEntry
}

type line struct {
	model.Line
	stored  bool // the truth had it when the transaction began
	changed bool
}

// state is what model.Decide reads for c.
func (f *fold) state(c model.Command) model.State {
	s := model.State{Lane: f.lane(c.Lane()).Lane}
	if c.Kind == model.Transfer {
		s.To = f.lane(c.ToLane()).Lane
	}
	if c.Kind == model.Reserve {
		s.Own = f.line(c.ID).Line
	}
	if !c.Ref.IsZero() {
		s.Ref = f.line(c.Ref).Line
	}
	return s
}

func (f *fold) lane(k model.LaneKey) *lane {
	l, ok := f.lanes[k]
	if !ok {
		l = &lane{Lane: model.Lane{Key: k}}
		f.lanes[k] = l
	}
	return l
}

func (f *fold) line(id model.ID) *line {
	l, ok := f.lines[id]
	if !ok {
		if len(f.spare) == 0 {
			f.spare = make([]line, 64)
		}
		l, f.spare = &f.spare[0], f.spare[1:]
		f.lines[id] = l
	}
	return l
}

// decide answers a first-seen command whose row is in the truth already.
func (f *fold) decide(c model.Command) inventory.Answer {
	next, d := model.Decide(f.state(c), c)
	return f.apply(c, next, d, nil)
}

// accept answers a first-seen command together with its acceptance.
func (f *fold) accept(c model.Command) inventory.Answer {
	next, d := model.Decide(f.state(c), c)
	row := f.newRow(c, 0)
	return f.apply(c, next, d, &row)
}

// acceptAll decides the lines of an all-or-nothing order as one unit: cumulatively, and if any of
// them is not granted, none is. A line that would not be granted alone keeps its own reason.
func (f *fold) acceptAll(cs []model.Command) []inventory.Answer {
	trial := f.copyFor(cs)
	granted := true
	for _, c := range cs {
		next, d := model.Decide(trial.state(c), c)
		granted = granted && d.Outcome.Grants()
		trial.put(c, next)
	}
	as := make([]inventory.Answer, len(cs))
	for i, c := range cs {
		if granted {
			as[i] = f.accept(c)
			continue
		}
		s := f.state(c)
		next, d := model.Decide(s, c)
		if d.Outcome.Grants() {
			next, d = model.Refuse(s, c, model.RejectedSibling)
		}
		row := f.newRow(c, 0)
		as[i] = f.apply(c, next, d, &row)
	}
	return as
}

// copyFor is a fold over copies of the lanes and lines that cs touch.
func (f *fold) copyFor(cs []model.Command) *fold {
	t := &fold{lanes: map[model.LaneKey]*lane{}, lines: map[model.ID]*line{}}
	for _, c := range cs {
		t.lanes[c.Lane()] = &lane{Lane: f.lane(c.Lane()).Lane}
		for _, id := range [...]model.ID{c.ID, c.Ref} {
			t.lines[id] = &line{Line: f.line(id).Line}
		}
	}
	return t
}

// put stores the state after a decision.
func (f *fold) put(c model.Command, s model.State) {
	f.lane(c.Lane()).Lane = s.Lane
	if c.Kind == model.Transfer {
		f.lane(c.ToLane()).Lane = s.To
	}
	if c.Kind == model.Reserve {
		f.putLine(c.ID, s.Own)
	}
	if !c.Ref.IsZero() {
		f.putLine(c.Ref, s.Ref)
	}
}

func (f *fold) putLine(id model.ID, after model.Line) {
	l := f.line(id)
	if l.Line != after {
		if !l.changed {
			f.lineIDs = append(f.lineIDs, id)
		}
		l.Line, l.changed = after, true
	}
}

// apply records one decision: state, ledger, command row, decision record. row is the command's new
// row where it is accepted in the same transaction.
func (f *fold) apply(c model.Command, next model.State, d model.Decision, row *port.CommandRow) inventory.Answer {
	f.put(c, next)
	epoch := model.WireEpoch(f.epoch, next.Lane.Bump)
	if d.Seq > 0 {
		f.leg(c, 0, next.Lane, d)
		if c.Kind == model.Transfer {
			f.leg(c, 1, next.To, d)
		}
	}
	done := port.CommandRow{ID: c.ID, Kind: c.Kind, Lane: c.Lane()}
	if row != nil {
		done = *row
	}
	done.Decision, done.Epoch, done.DecidedAt = d, epoch, f.nowMS
	rows := &f.accepted
	if row == nil {
		done.Fingerprint = c.Fingerprint()
		rows = &f.decided
	}
	*rows = append(*rows, done)
	last := &(*rows)[len(*rows)-1]
	f.known[c.ID] = last
	if !f.told {
		f.announce(c, epoch, d)
	}
	return answer(last)
}

// leg writes one ledger row and remembers that the lane moved.
func (f *fold) leg(c model.Command, leg int16, after model.Lane, d model.Decision) {
	l := f.lane(after.Key)
	if len(l.entries) == 0 {
		f.laneKeys = append(f.laneKeys, after.Key)
	}
	entry := model.StateEntry{Command: c.ID, Kind: c.Kind, Line: c.Line, Outcome: d.Outcome, Granted: d.Granted}
	if !c.OrderID.IsZero() {
		order := c.OrderID
		entry.OrderID = &order
	}
	l.entries = append(l.entries, entry)
	f.ledger = append(f.ledger, port.LedgerRow{Lane: after.Key, Seq: after.Seq,
		Epoch: model.WireEpoch(f.epoch, after.Bump), Command: c.ID, Leg: leg, Kind: c.Kind, Qty: c.Qty,
		Outcome: d.Outcome, Granted: d.Granted, OnHandAfter: after.OnHand,
		ReservedAfter: after.Reserved, AvailAfter: after.Avail(), DecidedAt: f.nowMS})
}

// announce adds the decision to the record of its order: what wakes who waits for a decision that was not made
// in answer to him. Clients look the command up.
func (f *fold) announce(c model.Command, epoch int64, d model.Decision) {
	order := c.OrderID
	if order.IsZero() && !c.Ref.IsZero() {
		order = f.line(c.Ref).OrderID
	}
	if order.IsZero() {
		order = c.ID
	}
	if _, ok := f.decisions[order]; !ok {
		f.decisionK = append(f.decisionK, order)
	}
	f.decisions[order] = append(f.decisions[order], model.DecisionEntry{Command: c.ID, Line: c.Line,
		Lane: c.Lane(), Epoch: epoch, Decision: d})
}

// newRow is a command's row at its acceptance. backoffMS later the sweeper may send it again.
func (f *fold) newRow(c model.Command, backoffMS int64) port.CommandRow {
	if c.SubmittedAt == 0 {
		c.SubmittedAt = f.nowMS
	}
	return port.CommandRow{ID: c.ID, Fingerprint: c.Fingerprint(), Kind: c.Kind, Lane: c.Lane(), Ref: c.Ref,
		Body: f.body(c), Part: model.Partition([]byte(c.SKU), f.partitions), IntakeEpoch: f.epoch,
		SubmittedAt: c.SubmittedAt, NextTry: f.nowMS + backoffMS, SentAt: f.nowMS}
}

// body is a command as its row keeps it. Bodies lie one behind the other, in blocks that grow with the batch.
func (f *fold) body(c model.Command) []byte {
	const usual, most = 384, 64 * 384
	if cap(f.bodies)-len(f.bodies) < usual {
		f.bodies = make([]byte, 0, min(max(usual, 4*cap(f.bodies)), most))
	}
	at := len(f.bodies)
	f.bodies = model.AppendCommand(f.bodies, c)
	return f.bodies[at:len(f.bodies):len(f.bodies)]
}

// chain is what a command parks behind: the line it is about.
func chain(id, ref model.ID) model.ID {
	if ref.IsZero() {
		return id
	}
	return ref
}

// answer is what a command's row says to who asks.
func answer(row *port.CommandRow) inventory.Answer {
	a := inventory.Answer{Command: row.ID, Kind: row.Kind, Lane: row.Lane, Status: inventory.Pending}
	if row.Decision.Decided() {
		a.Status, a.Decision, a.Epoch = inventory.Decided, row.Decision, row.Epoch
	}
	return a
}

// writes are the statements of the second round trip, in the one order of tables.
func (f *fold) writes(keepOutbox bool) []port.Statement {
	var b []port.Statement
	if len(f.newOrders) > 0 {
		b = append(b, &port.InsertOrders{Rows: byID(f.newOrders, func(r *port.OrderRow) model.ID { return r.ID })})
	}
	slices.SortFunc(f.advances, func(a, b port.AdvanceSaga) int { return a.Order.Compare(b.Order) })
	for i := range f.advances {
		b = append(b, &f.advances[i])
	}
	id := func(r *port.CommandRow) model.ID { return r.ID }
	if len(f.accepted) > 0 {
		b = append(b, &port.AcceptCommands{Rows: byID(f.accepted, id)})
	}
	if len(f.decided) > 0 {
		b = append(b, &port.DecideCommands{Rows: byID(f.decided, id)})
	}
	stored, fresh := f.changedLines()
	if len(stored) > 0 {
		b = append(b, &port.WriteLines{Lines: stored})
	}
	if len(fresh) > 0 {
		b = append(b, &port.WriteLines{Lines: fresh, Fresh: true})
	}
	if len(f.ledger) > 0 {
		slices.SortFunc(f.ledger, func(a, b port.LedgerRow) int {
			if c := a.Lane.Compare(b.Lane); c != 0 {
				return c
			}
			return int(a.Seq - b.Seq)
		})
		b = append(b, &port.InsertLedger{Rows: f.ledger}, &port.WriteLanes{Lanes: f.changedLanes()})
	}
	b = append(b, firstOutbox(f.records(), keepOutbox)...)
	if len(f.dead) > 0 {
		b = append(b, outbox(letterRecords(f.dead), keepOutbox)...)
		b = append(b, &port.InsertDead{Rows: f.dead})
	}
	return b
}

// byID are the rows in the order of their ids. Rows are large: places are sorted, and each row moves once.
func byID[R any](rows []R, id func(*R) model.ID) []R {
	type place struct {
		id model.ID
		at int
	}
	places := make([]place, len(rows))
	for i := range rows {
		places[i] = place{id(&rows[i]), i}
	}
	slices.SortFunc(places, func(a, b place) int { return a.id.Compare(b.id) })
	sorted := make([]R, len(rows))
	for i, p := range places {
		sorted[i] = rows[p.at]
	}
	return sorted
}

// changedLines are the lines to replace and the lines to insert. Only a line's own lane lock lets it be
// written, but for the one that intake puts there with its command: that conflict is run again.
func (f *fold) changedLines() (stored, fresh []model.Line) {
	slices.SortFunc(f.lineIDs, model.ID.Compare)
	fresh = make([]model.Line, 0, len(f.lineIDs))
	for _, id := range f.lineIDs {
		if l := f.lines[id]; l.stored {
			stored = append(stored, l.Line)
		} else {
			fresh = append(fresh, l.Line)
		}
	}
	return stored, fresh
}

func (f *fold) changedLanes() []model.Lane {
	slices.SortFunc(f.laneKeys, model.LaneKey.Compare)
	lanes := make([]model.Lane, len(f.laneKeys))
	for i, k := range f.laneKeys {
		lanes[i] = f.lanes[k].Lane
	}
	return lanes
}
