package postgres

import (
	"context"

	"stockproof/inventory/port"
	"stockproof/model"
)

func (t *transaction) insertLedger(ctx context.Context, st *port.InsertLedger) error {
	return addAll(ctx, t, t.pg.ledger, st.Rows, false)
}

func (t *transaction) scanLedger(st *port.ScanLedger) {
	rows := first(t, t.pg.ledger, st.Max)
	if st.After != nil {
		rows = scan(t, t.pg.ledger, ledgerKey{*st.After, st.AfterSeq}, st.Max)
	}
	st.Rows = versions(t, rows)
}

func (t *transaction) readLines(st *port.ReadLines) {
	st.Lines = find(t, t.pg.lines, st.Commands)
}

func (t *transaction) insertLines(ctx context.Context, st *port.InsertLines) error {
	return addAll(ctx, t, t.pg.lines, st.Lines, true)
}

func (t *transaction) writeLines(ctx context.Context, st *port.WriteLines) error {
	if st.Fresh {
		return addAll(ctx, t, t.pg.lines, st.Lines, false)
	}
	lines := append(make([]model.Line, 0, len(st.Lines)), st.Lines...)
	for i := range lines {
		l := &lines[i]
		if err := t.pg.lines.upsert(ctx, t, l, func(*model.Line) *model.Line { return l }); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) readOrderLines(st *port.ReadOrderLines) {
	st.Lines = nil
	for _, o := range t.pg.orders.ordered(st.Orders) {
		t.eachLine(o, func(l *model.Line) { st.Lines = append(st.Lines, *l) })
	}
}

// eachLine walks the lines of an order that t sees, by line number and command.
func (t *transaction) eachLine(order model.ID, fn func(l *model.Line)) {
	t.pg.orderLines.from(lineKey{order: order, line: -1 << 31},
		func(k lineKey, r *row[model.ID, model.Line]) bool {
			if k.order != order {
				return false
			}
			if l := r.version(t); l != nil && l.OrderID == order && l.LineNo == k.line {
				fn(l)
			}
			return true
		})
}

func (t *transaction) scanLines(st *port.ScanLines) {
	st.Lines = versions(t, scan(t, t.pg.lines, st.After, st.Max))
}

func (t *transaction) knownOrders(st *port.KnownOrders) {
	st.Rows = find(t, t.pg.orders, st.IDs)
}

func (t *transaction) insertOrders(ctx context.Context, st *port.InsertOrders) error {
	return addAll(ctx, t, t.pg.orders, st.Rows, false)
}

func (t *transaction) advanceSaga(ctx context.Context, st *port.AdvanceSaga) error {
	matches := func(o *port.OrderRow) bool { return o.Saga == st.From && o.Attempt == st.FromAttempt }
	n := 0
	if r := t.pg.orders.visible(t, st.Order); r != nil && matches(r.version(t)) {
		o, err := r.lock(ctx, t, exclusive)
		if err != nil {
			return err
		}
		if o != nil && matches(o) {
			n++
			next := *o
			next.Saga, next.Attempt = st.To, st.ToAttempt
			if err := r.update(t, &next); err != nil {
				return err
			}
		}
	}
	return must(n, 1, "orders", "orders_saga", nil)
}

func (t *transaction) dueOrders(st *port.DueOrders) {
	st.NowMS, st.IDs = t.pg.nowMS(), nil
	t.pg.unsettled.all(func(id model.ID, r *row[model.ID, port.OrderRow]) bool {
		if len(st.IDs) >= st.Max {
			return false
		}
		if o := r.version(t); o != nil && t.due(o, st.NowMS) {
			st.IDs = append(st.IDs, id)
		}
		return true
	})
}

func (t *transaction) due(o *port.OrderRow, now int64) bool {
	undecided, rejected, waiting := false, false, false
	t.eachLine(o.ID, func(l *model.Line) {
		undecided = undecided || l.Undecided()
		rejected = rejected || l.State == model.LineRejected
		waiting = waiting || l.State == model.LineReserved && !t.referred(l.Command)
	})
	switch o.Saga {
	case port.SagaOpen:
		return rejected && o.Policy == model.AllOrNothing ||
			!undecided && o.Deadline != 0 && o.Deadline <= now
	case port.SagaCommitting:
		return !undecided && waiting
	}
	return false
}

// referred reports whether an undecided command refers to the line.
func (t *transaction) referred(line model.ID) (found bool) {
	t.pg.referring.from(pairKey{a: line}, func(k pairKey, r *commandRow) bool {
		if k.a != line {
			return false
		}
		v := r.version(t)
		found = v != nil && v.Ref == line && !v.Decision.Decided()
		return !found
	})
	return found
}
