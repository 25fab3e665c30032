package ledger

import (
	"context"
	"fmt"
	"slices"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Lane is synchronous admission: one group-committed transaction accepts and decides, and the answer
// carries the outcome.
type Lane struct{ *admission }

// NewLane makes it; run Lane.gather as a process.
func NewLane(p inventory.Ports, o inventory.Options) *Lane {
	l := &Lane{}
	l.admission = newAdmission(p, o, "lane", l.flush)
	return l
}

// flush lets the next batch close once its own is decided: that one waits for the lanes inside the server,
// and while this one is written and committed, who was answered before may still join it.
func (l *Lane) flush(ctx context.Context, rs []request, next func()) ([]inventory.Answered[answers], error) {
	return inventory.Halves(rs, func(rs []request) (as []inventory.Answered[answers], err error) {
		fresh := true
		err = l.retry(ctx, fmt.Sprintf("decide %d submissions", len(rs)), func() (err error) {
			as, err = l.attempt(ctx, rs, fresh, next)
			fresh = fresh && port.Class(err) != port.ErrConflict
			return err
		})
		return as, err
	})
}

// attempt decides requests in one transaction. Orders are nearly always new, and where one is not its
// commands nearly always tell: a fresh attempt looks only for those, and the keys of orders and lines
// refuse the rest (an id with other lines, a line cancelled before it came). The next attempt looks first.
func (l *Lane) attempt(ctx context.Context, rs []request, fresh bool, next func()) ([]inventory.Answered[answers], error) {
	tx := l.truth.Begin()
	defer tx.Rollback(ctx)
	r := reading{told: true, fresh: fresh, orders: orderIDs(rs, everyone)}
	if fresh {
		r.orders = orderIDs(rs, moves)
	}
	n := 0
	for _, q := range rs {
		n += len(q.Commands)
	}
	r.commands = make([]model.Command, 0, n)
	for _, q := range rs {
		r.commands = append(r.commands, q.Commands...)
	}
	f, err := l.open(ctx, tx, r)
	if err == nil && fresh {
		err = f.recall(ctx, tx, rs)
	}
	if err != nil {
		return nil, err
	}
	f.accepted, f.newOrders = make([]port.CommandRow, 0, len(r.commands)), make([]port.OrderRow, 0, len(rs))
	as := make([]inventory.Answered[answers], len(rs))
	for i, q := range rs {
		if as[i].Err = f.overtaken(q); as[i].Err == nil {
			as[i].Answer = l.admit(f, q)
		}
	}
	next()
	if err := l.commit(ctx, tx, f); err != nil {
		return nil, err
	}
	return as, nil
}

// recall reads the orders of requests that a known command shows to be no first ones.
func (f *fold) recall(ctx context.Context, tx port.Tx, rs []request) error {
	again := &port.KnownOrders{IDs: orderIDs(rs, func(r request) bool { return !moves(r) && f.seen(r) })}
	if len(again.IDs) == 0 {
		return nil
	}
	if err := tx.Do(ctx, again); err != nil {
		return fmt.Errorf("lane: read %d orders that were placed before: %w", len(again.IDs), err)
	}
	f.place(again.Rows)
	return nil
}

// seen reports whether any command of r is known.
func (f *fold) seen(r request) bool {
	return slices.ContainsFunc(r.Commands, func(c model.Command) bool { _, ok := f.known[c.ID]; return ok })
}

// admit decides one request in the transaction's fold.
func (l *Lane) admit(f *fold, r request) answers {
	if as, known := f.duplicates(r); known {
		return as
	}
	f.enter(r)
	cs := f.stamped(r)
	for _, c := range cs {
		if f.marks[chain(c.ID, c.Ref)] {
			return f.acceptUndecided(cs)
		}
	}
	if r.Order != nil && r.Order.Policy == model.AllOrNothing {
		return f.acceptAll(cs)
	}
	as := make(answers, len(cs))
	for i, c := range cs {
		as[i] = f.accept(c)
	}
	return as
}

// acceptUndecided stores commands whose line waits behind a dead letter: the re-drive decides them.
func (f *fold) acceptUndecided(cs []model.Command) answers {
	as := make(answers, len(cs))
	for i, c := range cs {
		row := f.newRow(c, 0)
		f.accepted = append(f.accepted, row)
		f.known[c.ID] = &row
		if c.Kind == model.Reserve {
			f.pend(c)
		}
		as[i] = answer(&row)
	}
	return as
}

// pend is the pending line of an undecided RESERVE; a tombstone stays what it is.
func (f *fold) pend(c model.Command) {
	if f.line(c.ID).State == model.LineAbsent {
		f.putLine(c.ID, pendingLine(c))
	}
}

func pendingLine(c model.Command) model.Line {
	return model.Line{Command: c.ID, OrderID: c.OrderID, LineNo: c.Line, Lane: c.Lane(), Qty: c.Qty,
		State: model.LinePending, Deadline: c.Deadline}
}
