package contract

import (
	"fmt"
	"math"

	"stockproof/inventory/port"
	"stockproof/model"
)

func truthOrderCases() []truthCase {
	cases := []truthCase{
		{"orders come back as they were", truthOrdersKnown},
		{"a taken order id is a conflict", truthOrdersTaken},
		{"AdvanceSaga moves from where it says, or is refused", truthSagaAdvance},
		{"of two coordinators one moves the saga", truthSagaRace},
		{"DueOrders is in id order and bounded", truthDueOrder},
	}
	for _, c := range dueCases() {
		cases = append(cases, truthCase{"DueOrders: " + c.name, c.run})
	}
	return cases
}

func sagaOrder(n int, s port.Saga, p model.Policy, deadline int64) port.OrderRow {
	return port.OrderRow{ID: nth(n), Customer: "Zo\u00eb", Saga: s, Policy: p,
		Siblings: model.NameID("siblings", fmt.Sprint(n)), Attempt: 2, Deadline: deadline, CreatedAt: 12345}
}

func (r *truthRig) orders(ns ...int) []port.OrderRow {
	r.Helper()
	st := &port.KnownOrders{IDs: nths(ns...)}
	r.do(st)
	return st.Rows
}

func truthOrdersKnown(r *truthRig) {
	rows := []port.OrderRow{sagaOrder(1, port.SagaNone, model.Partial, 0),
		sagaOrder(3, port.SagaOpen, model.AllOrNothing, 99)}
	rows[0].Customer, rows[0].Siblings = "", model.ID{}
	r.do(&port.InsertOrders{Rows: rows}, &port.InsertOrders{})
	same(r, "orders", r.orders(1, 2, 3), rows)
	same(r, "no orders", r.orders(), nil)
}

func truthOrdersTaken(r *truthRig) {
	r.do(&port.InsertOrders{Rows: []port.OrderRow{sagaOrder(2, port.SagaNone, model.Partial, 0)}})
	r.refused(port.ErrConflict, "23505", "orders", "orders_pkey", &port.InsertOrders{Rows: []port.OrderRow{
		sagaOrder(1, port.SagaNone, model.Partial, 0), sagaOrder(2, port.SagaOpen, model.Partial, 0)}})
	same(r, "orders", r.orders(1, 2), []port.OrderRow{sagaOrder(2, port.SagaNone, model.Partial, 0)})
}

func truthSagaAdvance(r *truthRig) {
	row := sagaOrder(1, port.SagaOpen, model.AllOrNothing, 50)
	r.do(&port.InsertOrders{Rows: []port.OrderRow{row}})
	for _, st := range []port.AdvanceSaga{
		{Order: nth(1), From: port.SagaCommitting, To: port.SagaReleasing, FromAttempt: 2, ToAttempt: 2},
		{Order: nth(1), From: port.SagaOpen, To: port.SagaReleasing, FromAttempt: 1, ToAttempt: 2},
		{Order: nth(9), From: port.SagaOpen, To: port.SagaReleasing, FromAttempt: 2, ToAttempt: 2},
	} {
		r.refused(port.ErrConflict, "SP001", "orders", "orders_saga", &st)
	}
	same(r, "orders", r.orders(1), []port.OrderRow{row})
	r.do(&port.AdvanceSaga{Order: nth(1), From: port.SagaOpen, To: port.SagaCommitting, FromAttempt: 2,
		ToAttempt: 3})
	row.Saga, row.Attempt = port.SagaCommitting, 3
	same(r, "orders", r.orders(1), []port.OrderRow{row})
}

func truthSagaRace(r *truthRig) {
	r.do(&port.InsertOrders{Rows: []port.OrderRow{sagaOrder(1, port.SagaOpen, model.Partial, 0)}})
	move := func(to port.Saga) *port.AdvanceSaga {
		return &port.AdvanceSaga{Order: nth(1), From: port.SagaOpen, To: to, FromAttempt: 2, ToAttempt: 2}
	}
	tx := r.begin(r.a, move(port.SagaCommitting))
	p := r.waits(func() error { return r.b.Do(r.ctx, move(port.SagaReleasing)) })
	tx.commit()
	r.class(p.result(), port.ErrConflict)
	if got := r.orders(1)[0].Saga; got != port.SagaCommitting {
		r.Fatal(got)
	}
}

// past and future are deadlines.
const (
	past   = 1
	future = math.MaxInt64 / 4
)

// dueCase is one order with its lines, and whether the coordinator must move it.
type dueCase struct {
	name  string
	order port.OrderRow
	lines []model.Line
	refs  []port.CommandRow // commands that refer to line 1
	due   bool
}

func (c dueCase) run(r *truthRig) {
	for i := range c.refs {
		c.refs[i].Ref = pendingLine(1, 1).Command
	}
	r.do(&port.AcceptCommands{Rows: c.refs}, &port.InsertOrders{Rows: []port.OrderRow{c.order}},
		&port.InsertLines{Lines: c.lines})
	st := &port.DueOrders{Max: 10}
	r.do(st)
	var want []model.ID
	if c.due {
		want = []model.ID{c.order.ID}
	}
	same(r, "due", st.IDs, want)
	if st.NowMS <= past || st.NowMS >= future {
		r.Fatal(st.NowMS)
	}
}

func dueCases() []dueCase {
	const reserved, rejected, undecided = model.LineReserved, model.LineRejected, model.LinePending
	all := func(s port.Saga, deadline int64) port.OrderRow {
		return sagaOrder(1, s, model.AllOrNothing, deadline)
	}
	partial := func(s port.Saga, deadline int64) port.OrderRow {
		return sagaOrder(1, s, model.Partial, deadline)
	}
	in := func(states ...model.LineState) (lines []model.Line) {
		for i, s := range states {
			lines = append(lines, lineIn(1, i+1, s))
		}
		return lines
	}
	commit := []port.CommandRow{undecidedCommand(50, "A")}
	decided := []port.CommandRow{decidedCommand(50, "A", 1)}
	return []dueCase{
		{"all-or-nothing with a rejected line", all(port.SagaOpen, 0), in(reserved, rejected), nil, true},
		{"all-or-nothing with a rejected and an undecided line", all(port.SagaOpen, 0),
			in(rejected, undecided), nil, true},
		{"all-or-nothing without a rejected line", all(port.SagaOpen, 0), in(reserved, undecided), nil, false},
		{"partial with a rejected line", partial(port.SagaOpen, 0), in(reserved, rejected), nil, false},
		{"a deadline that has passed", partial(port.SagaOpen, past), in(reserved, rejected), nil, true},
		{"a deadline that has passed, a line undecided", partial(port.SagaOpen, past),
			in(reserved, undecided), nil, false},
		{"a deadline that has passed, a line cancelled before its decision", partial(port.SagaOpen, past),
			in(reserved, model.LineCancelled), nil, false},
		{"a deadline to come", partial(port.SagaOpen, future), in(reserved), nil, false},
		{"no deadline", partial(port.SagaOpen, 0), in(reserved), nil, false},
		{"an order without saga", all(port.SagaNone, past), in(rejected), nil, false},
		{"a released order", all(port.SagaReleasing, past), in(rejected, reserved), nil, false},
		{"committing, a line still reserved", all(port.SagaCommitting, 0),
			in(reserved, model.LineCommitted), nil, true},
		{"committing, its COMMIT on the way", all(port.SagaCommitting, 0),
			in(reserved, model.LineCommitted), commit, false},
		{"committing, its COMMIT decided", all(port.SagaCommitting, 0), in(reserved, model.LineCommitted),
			decided, true},
		{"committing, a line undecided", all(port.SagaCommitting, 0), in(reserved, undecided), nil, false},
		{"committing, all committed", all(port.SagaCommitting, past), in(model.LineCommitted, rejected),
			nil, false},
	}
}

func truthDueOrder(r *truthRig) {
	for _, n := range []int{4, 2, 3, 1} {
		r.do(&port.InsertOrders{Rows: []port.OrderRow{sagaOrder(n, port.SagaOpen, model.Partial, past)}})
	}
	first, all := &port.DueOrders{Max: 2}, &port.DueOrders{Max: 10}
	r.do(first, all)
	same(r, "first two", first.IDs, nths(1, 2))
	same(r, "all", all.IDs, nths(1, 2, 3, 4))
}
