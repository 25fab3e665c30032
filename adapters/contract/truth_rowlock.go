package contract

import (
	"stockproof/inventory/port"
	"stockproof/model"
)

func truthRowLockCases() []truthCase {
	return []truthCase{
		{"rowlock: decided commands come back as they were", truthRowLockFind},
		{"rowlock: a taken command is a conflict", truthRowLockTaken},
		{"rowlock: the lines of an order are its RESERVEs", truthRowLockLines},
		{"rowlock: lines change, other commands do not", truthRowLockUpdate},
	}
}

func rowLockOrder(n int, kind model.Kind, order, line int) port.RowLockOrder {
	row := port.RowLockOrder{Command: nth(n), Fingerprint: model.Fingerprint{byte(n), 1},
		Line: int32(line), Kind: kind,
		SKU: "A", Qty: 5, Outcome: model.Granted, Granted: 4, Stock: 3, State: model.LineCommitted,
		Returned: 1, DecidedAt: 99}
	if order > 0 {
		row.OrderID = nth(order)
	}
	if kind != model.Reserve {
		row.Ref = nth(500)
	}
	return row
}

func truthRowLockFind(r *truthRig) {
	rows := []port.RowLockOrder{rowLockOrder(1, model.Reserve, 7, 1),
		rowLockOrder(2, model.Release, 0, 0), rowLockOrder(4, model.Restock, 0, 0)}
	r.do(&port.InsertRowLockOrders{Rows: []port.RowLockOrder{rows[2], rows[0], rows[1]}},
		&port.InsertRowLockOrders{})
	find := &port.FindRowLockOrders{Commands: nths(1, 2, 3, 4)}
	first, rest := &port.ScanRowLockOrders{Max: 2}, &port.ScanRowLockOrders{After: nth(2), Max: 2}
	r.do(find, first, rest)
	same(r, "found", find.Rows, rows)
	same(r, "first page", first.Rows, rows[:2])
	same(r, "last page", rest.Rows, rows[2:])
}

func truthRowLockTaken(r *truthRig) {
	r.do(&port.InsertRowLockOrders{Rows: []port.RowLockOrder{rowLockOrder(1, model.Reserve, 7, 1)}})
	r.refused(port.ErrConflict, "23505", "orders", "orders_pkey",
		&port.InsertRowLockOrders{Rows: []port.RowLockOrder{rowLockOrder(1, model.Restock, 0, 0)}})
}

func truthRowLockLines(r *truthRig) {
	rows := []port.RowLockOrder{rowLockOrder(3, model.Reserve, 7, 1), rowLockOrder(1, model.Reserve, 7, 2),
		rowLockOrder(2, model.Reserve, 8, 1), rowLockOrder(5, model.Restock, 7, 1),
		rowLockOrder(6, model.Reserve, 9, 1)}
	r.do(&port.InsertRowLockOrders{Rows: rows})
	st := &port.FindRowLockLines{Orders: nths(7, 8)}
	r.do(st)
	same(r, "lines", st.Rows, rows[:3])
}

func truthRowLockUpdate(r *truthRig) {
	line, other := rowLockOrder(1, model.Reserve, 7, 1), rowLockOrder(2, model.Release, 0, 0)
	r.do(&port.InsertRowLockOrders{Rows: []port.RowLockOrder{line, other}})
	changed, wrong, absent := line, other, rowLockOrder(3, model.Reserve, 7, 1)
	changed.Granted, changed.State, changed.Returned, changed.Qty = 2, model.LineReleased, 2, 99
	wrong.Granted = 77
	r.do(&port.UpdateRowLockLines{Rows: []port.RowLockOrder{changed, wrong, absent}})
	changed.Qty = line.Qty
	find := &port.FindRowLockOrders{Commands: nths(1, 2, 3)}
	r.do(find)
	same(r, "rows", find.Rows, []port.RowLockOrder{changed, other})
}
