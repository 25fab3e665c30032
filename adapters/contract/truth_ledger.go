package contract

import (
	"stockproof/inventory/port"
	"stockproof/model"
)

func truthLedgerCases() []truthCase {
	return []truthCase{
		{"ledger rows come back in lane and sequence order", truthLedgerScan},
		{"a taken sequence number is a contract violation", truthLedgerTaken},
	}
}

func truthLineCases() []truthCase {
	return []truthCase{
		{"lines come back as they were", truthLinesRead},
		{"InsertLines leaves a tombstone that was there before", truthLinesTombstone},
		{"WriteLines inserts and replaces", truthLinesWrite},
		{"more returned than granted is refused", truthLinesReturned},
		{"the lines of orders come in line order, without tombstones", truthLinesOfOrders},
		{"a line that moves is in one order at a time", truthLinesMove},
		{"ScanLines pages in command order", truthLinesScan},
	}
}

func ledgerLeg(sku string, seq int64, leg int16) port.LedgerRow {
	return port.LedgerRow{Lane: laneAt(sku), Seq: seq, Epoch: model.WireEpoch(3, 1), Command: nth(int(seq)),
		Leg: leg, Kind: model.Transfer, Qty: 5, Outcome: model.Granted, Granted: 5, OnHandAfter: 10 - seq,
		ReservedAfter: 2, AvailAfter: -seq, DecidedAt: 1000 + seq}
}

func truthLedgerScan(r *truthRig) {
	rows := []port.LedgerRow{ledgerLeg("A", 1, 0), ledgerLeg("A", 2, 0), ledgerLeg("B", 1, 1),
		ledgerLeg("B", 10, 0)}
	rows[1].Qty = 0 // NULL
	r.do(&port.InsertLedger{})
	r.do(&port.InsertLedger{Rows: rows[2:]}, &port.InsertLedger{Rows: rows[:2]})
	a, b := laneAt("A"), laneAt("B")
	all, first := &port.ScanLedger{Max: 100}, &port.ScanLedger{Max: 1}
	next, last := &port.ScanLedger{After: &a, AfterSeq: 1, Max: 2},
		&port.ScanLedger{After: &b, AfterSeq: 1, Max: 2}
	end := &port.ScanLedger{After: &b, AfterSeq: 10, Max: 2}
	r.do(all, first, next, last, end)
	same(r, "all", all.Rows, rows)
	same(r, "first", first.Rows, rows[:1])
	same(r, "next", next.Rows, rows[1:3])
	same(r, "last", last.Rows, rows[3:])
	same(r, "end", end.Rows, nil)
}

func truthLedgerTaken(r *truthRig) {
	r.do(&port.InsertLedger{Rows: []port.LedgerRow{ledgerLeg("A", 1, 0)}})
	r.refused(port.ErrContract, "23505", "ledger", "ledger_pkey",
		&port.InsertLedger{Rows: []port.LedgerRow{ledgerLeg("A", 2, 0), ledgerLeg("A", 1, 0)}})
	st := &port.ScanLedger{Max: 100}
	r.do(st)
	same(r, "ledger", st.Rows, []port.LedgerRow{ledgerLeg("A", 1, 0)})
}

// pendingLine is line no of order n, decided by command n*10+no.
func pendingLine(n, no int) model.Line {
	return model.Line{Command: nth(n*10 + no), OrderID: nth(n), LineNo: int32(no), Lane: laneAt("A"), Qty: 6,
		State: model.LinePending, Deadline: 7000}
}

func lineIn(n, no int, s model.LineState) model.Line {
	l := pendingLine(n, no)
	if l.State = s; s >= model.LineReserved && s < model.LineRejected {
		l.Granted = 6
	}
	return l
}

// lineTombstone is what a RELEASE leaves before the line itself is there.
func lineTombstone(n, no int) model.Line {
	return model.Line{Command: nth(n*10 + no), Lane: laneAt("A"), State: model.LineCancelled}
}

func (r *truthRig) lines(commands ...int) []model.Line {
	r.Helper()
	st := &port.ReadLines{Commands: nths(commands...)}
	r.do(st)
	return st.Lines
}

func truthLinesRead(r *truthRig) {
	lines := []model.Line{pendingLine(1, 1), lineIn(1, 2, model.LineCommitted), lineTombstone(1, 3)}
	lines[1].Returned, lines[1].Deadline = 6, 0
	r.do(&port.InsertLines{Lines: lines}, &port.InsertLines{}, &port.WriteLines{})
	same(r, "lines", r.lines(10, 11, 12, 13, 14), lines)
	same(r, "no lines", r.lines(), nil)
}

func truthLinesTombstone(r *truthRig) {
	r.do(&port.WriteLines{Lines: []model.Line{lineTombstone(1, 1)}})
	r.do(&port.InsertLines{Lines: []model.Line{pendingLine(1, 1), pendingLine(1, 2)}})
	same(r, "lines", r.lines(11, 12), []model.Line{lineTombstone(1, 1), pendingLine(1, 2)})
}

func truthLinesWrite(r *truthRig) {
	r.do(&port.InsertLines{Lines: []model.Line{pendingLine(1, 1)}})
	want := []model.Line{lineIn(1, 1, model.LineReserved), lineIn(1, 2, model.LineRejected)}
	want[0].Lane, want[0].Qty, want[0].Deadline = laneAt("Z"), 9, 0
	r.do(&port.WriteLines{Lines: want})
	same(r, "lines", r.lines(11, 12), want)
	r.do(&port.WriteLines{Lines: []model.Line{lineTombstone(1, 1)}})
	same(r, "a tombstone has no order", r.lines(11), []model.Line{lineTombstone(1, 1)})
}

func truthLinesReturned(r *truthRig) {
	l := lineIn(1, 1, model.LineCommitted)
	r.do(&port.WriteLines{Lines: []model.Line{l}})
	bad := l
	bad.Returned = l.Granted + 1
	r.refused(port.ErrContract, "23514", "order_line", "order_line_returned_check",
		&port.WriteLines{Lines: []model.Line{bad}})
	other := pendingLine(2, 1)
	other.Returned = 1
	r.refused(port.ErrContract, "23514", "order_line", "order_line_returned_check",
		&port.InsertLines{Lines: []model.Line{other}})
	same(r, "lines", r.lines(11, 21), []model.Line{l})
}

func truthLinesOfOrders(r *truthRig) {
	again := pendingLine(1, 2) // an amended line: same number, another command
	again.Command = nth(19)
	r.do(&port.InsertLines{Lines: []model.Line{pendingLine(1, 1), pendingLine(1, 2), lineTombstone(1, 3),
		again, pendingLine(2, 1), pendingLine(3, 1)}})
	st := &port.ReadOrderLines{Orders: nths(1, 3, 9)}
	r.do(st, &port.ReadOrderLines{})
	same(r, "lines", st.Lines, []model.Line{pendingLine(1, 1), pendingLine(1, 2), again, pendingLine(3, 1)})
	moved := again
	moved.OrderID, moved.LineNo = nth(9), 4
	r.do(&port.WriteLines{Lines: []model.Line{moved}})
	st = &port.ReadOrderLines{Orders: nths(1, 3, 9)}
	r.do(st)
	same(r, "lines", st.Lines, []model.Line{pendingLine(1, 1), pendingLine(1, 2), pendingLine(3, 1), moved})
}

func truthLinesMove(r *truthRig) {
	line, moved := pendingLine(1, 1), pendingLine(1, 1)
	moved.OrderID = nth(2)
	r.do(&port.InsertLines{Lines: []model.Line{line}})
	read := func() *port.ReadOrderLines { return &port.ReadOrderLines{Orders: nths(1, 2)} }
	own, other, back := read(), read(), read()
	tx := r.begin(r.a, &port.WriteLines{Lines: []model.Line{moved}}, own)
	r.must(r.b.Do(r.ctx, other))
	tx.rollback()
	r.do(back)
	same(r, "who moves it", own.Lines, []model.Line{moved})
	same(r, "who looks on", other.Lines, []model.Line{line})
	same(r, "who comes after", back.Lines, []model.Line{line})
}

func truthLinesScan(r *truthRig) {
	lines := []model.Line{pendingLine(1, 1), pendingLine(1, 2), pendingLine(2, 1), lineTombstone(2, 2),
		pendingLine(3, 1)}
	r.do(&port.InsertLines{Lines: []model.Line{lines[4], lines[0], lines[2], lines[1], lines[3]}})
	first, rest := &port.ScanLines{Max: 3}, &port.ScanLines{After: lines[2].Command, Max: 3}
	r.do(first, rest)
	same(r, "first page", first.Lines, lines[:3])
	same(r, "last page", rest.Lines, lines[3:])
}
