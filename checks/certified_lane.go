package checks

import (
	"slices"

	"stockproof/checks/linear"
	"stockproof/model"
)

// certifiedLane is one lane of a design with a ledger, judged while it happens.
type certifiedLane struct {
	key       model.LaneKey
	numbers   numbers
	certifier *linear.Certifier
}

// numbers are the ids of a lane's commands as package linear wants them, from 0.
type numbers map[model.ID]int64

func (n numbers) of(command model.ID) int64 {
	id, known := n[command]
	if !known {
		id = int64(len(n))
		n[command] = id
	}
	return id
}

// fill makes op what x says.
func (n numbers) fill(op *linear.Op, x asOperation) {
	op.Kind, op.Qty, op.Arg = x.kind, x.qty, x.arg
	if !x.ref.IsZero() {
		op.Arg = n.of(x.ref)
	}
}

// told takes the first answer to a command. A lane that nobody stocked answers without a number: it was seen at 0; and
// where a transfer was refused by the lane that gives, the other heard nothing of it.
func (l *certifiedLane) told(index int, sent Call, leg int16, e Return, began int64) {
	id := l.numbers.of(sent.Command.ID)
	if e.Duplicate && !sent.Command.Ref.IsZero() {
		// Its answer was remembered, and whoever asked first need not be a client: a design concludes orders by itself,
		// under the very names that it gives to a client who asks for it later.
		l.certifier.Unbound(id)
	}
	if !e.Decision.Decided() || l.certifier.Answered(id) {
		return // one-outcome compares what was told later
	}
	x := operation(sent.Command, e.Decision.Outcome, e.Decision.Granted, leg, false)
	op := linear.NewOp(x.kind, x.qty, sent.At-began)
	op.ID, op.Client, op.Return, op.Outcome = id, sent.Client, e.At-began, x.outcome
	op.Seq, op.Remaining = e.Decision.Seq, e.Decision.Avail
	if leg == 1 {
		op.Seq, op.Remaining = e.Decision.ToSeq, linear.Absent // the answer shows the stock of the lane that gives
	}
	if op.Seq > 0 {
		l.numbers.fill(&op, x)
		l.certifier.Return(&op, int32(index))
		return
	}
	if leg == 1 {
		l.certifier.Drop(id)
		return
	}
	read := seen(0, 0, &op)
	l.certifier.Decline(id, &read, int32(index))
}

// ledger is the lane's, as entries. What nobody called for was asked by the design itself, at any time.
func (l *certifiedLane) ledger(b *book, lines map[model.ID]int) []linear.Entry {
	at, there := slices.BinarySearchFunc(b.lanes, l.key, func(lane laneBook, k model.LaneKey) int { return lane.key.Compare(k) })
	if !there {
		return nil
	}
	entries := make([]linear.Entry, 0, len(b.lanes[at].entries))
	for i := range b.lanes[at].entries {
		entries = append(entries, l.entry(&b.lanes[at].entries[i], lines))
	}
	return entries
}

func (l *certifiedLane) entry(e *entry, lines map[model.ID]int) linear.Entry {
	row := linear.Entry{Seq: e.row.Seq, ID: linear.Absent, Kind: linear.Note, Outcome: linear.NoEffect, Qty: linear.Absent,
		Arg: linear.Absent, Delta: e.after.avail() - e.before.avail(), Stock: e.row.AvailAfter}
	if e.command == nil {
		return row
	}
	command := e.command.Command
	together := lines[command.OrderID] > 1
	x := operation(command, e.row.Outcome, e.row.Granted, e.row.Leg, together)
	var op linear.Op
	l.numbers.fill(&op, x)
	row.ID, row.Own = l.numbers.of(command.ID), true
	row.Kind, row.Qty, row.Arg, row.Outcome = op.Kind, op.Qty, op.Arg, x.outcome
	if together { // its client was not told why it was refused
		alone := operation(command, e.row.Outcome, e.row.Granted, e.row.Leg, false)
		l.numbers.fill(&op, alone)
		op.Outcome = alone.outcome
		row.Said = op.InShort()
	}
	return row
}

// linesOf counts the lines of all-or-nothing orders.
func linesOf(a *Audit) map[model.ID]int {
	lines := map[model.ID]int{}
	for i := range a.Commands {
		if c := &a.Commands[i]; c.Kind == model.Reserve && c.Policy == model.AllOrNothing {
			lines[c.OrderID]++
		}
	}
	return lines
}
