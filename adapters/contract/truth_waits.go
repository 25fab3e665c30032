package contract

import (
	"stockproof/inventory/port"
	"stockproof/model"
)

// truthWaitCases: an insertion of a key that somebody else is inserting waits for the outcome.
func truthWaitCases() (cases []truthCase) {
	for _, k := range takenKeys() {
		cases = append(cases,
			truthCase{k.name + ": who inserts waits for who was first, and is second", k.firstCommits},
			truthCase{k.name + ": who inserts waits for who was first, and follows one that gave up",
				k.firstGivesUp})
	}
	return append(cases,
		truthCase{"WriteLines waits for a line in the making, and replaces it", truthWriteLinesWaits},
		truthCase{"a row that is only locked is known to be there", truthLockedIsTaken})
}

// takenKey is an insertion of one key. Where a taken key is skipped the later value stays away.
type takenKey struct {
	name   string
	insert func(value int) port.Statement
	read   func(r *truthRig) int // the value that is there
	skips  bool
	class  error // of a taken key where it is not skipped
}

func takenKeys() []takenKey {
	return []takenKey{
		{name: "AcceptCommands", class: port.ErrConflict, insert: func(v int) port.Statement {
			row := undecidedCommand(1, "A")
			row.Tries = int32(v)
			return &port.AcceptCommands{Rows: []port.CommandRow{row}}
		}, read: func(r *truthRig) int { return int(r.known(1)[0].Tries) }},
		{name: "InsertOrders", class: port.ErrConflict, insert: func(v int) port.Statement {
			row := sagaOrder(1, port.SagaNone, model.Partial, int64(v))
			return &port.InsertOrders{Rows: []port.OrderRow{row}}
		}, read: func(r *truthRig) int { return int(r.orders(1)[0].Deadline) }},
		{name: "InsertLedger", class: port.ErrContract, insert: func(v int) port.Statement {
			row := ledgerLeg("A", 1, 0)
			row.Granted = int64(v)
			return &port.InsertLedger{Rows: []port.LedgerRow{row}}
		}, read: func(r *truthRig) int {
			st := &port.ScanLedger{Max: 1}
			r.do(st)
			return int(st.Rows[0].Granted)
		}},
		{name: "InsertRowLockOrders", class: port.ErrConflict, insert: func(v int) port.Statement {
			row := rowLockOrder(1, model.Reserve, 7, 1)
			row.Granted = int64(v)
			return &port.InsertRowLockOrders{Rows: []port.RowLockOrder{row}}
		}, read: func(r *truthRig) int {
			st := &port.FindRowLockOrders{Commands: nths(1)}
			r.do(st)
			return int(st.Rows[0].Granted)
		}},
		{name: "CreateProgress", skips: true, insert: func(v int) port.Statement {
			return &port.CreateProgress{Topic: truthTopic, NextOffset: int64(v)}
		}, read: func(r *truthRig) int { return int(r.progress(0).NextOffset) }},
		{name: "InsertLines", skips: true, insert: func(v int) port.Statement {
			l := pendingLine(1, 1)
			l.Qty = int64(v)
			return &port.InsertLines{Lines: []model.Line{l}}
		}, read: func(r *truthRig) int { return int(r.lines(11)[0].Qty) }},
		{name: "WriteLines fresh", class: port.ErrConflict, insert: func(v int) port.Statement {
			l := pendingLine(1, 1)
			l.Qty = int64(v)
			return &port.WriteLines{Lines: []model.Line{l}, Fresh: true}
		}, read: func(r *truthRig) int { return int(r.lines(11)[0].Qty) }},
		{name: "InsertOutbox", skips: true, insert: func(v int) port.Statement {
			row := outboxRow(1)
			row.Seq = int64(v)
			return &port.InsertOutbox{Rows: []port.OutboxRow{row}}
		}, read: func(r *truthRig) int {
			for {
				if rows := r.readOutbox(1); len(rows) > 0 {
					return int(rows[0].Seq)
				}
			}
		}},
		{name: "InsertDead", skips: true, insert: func(v int) port.Statement {
			d := deadLetter(1, nth(1))
			d.Command = nth(v)
			return &port.InsertDead{Rows: []port.DeadRow{d}}
		}, read: func(r *truthRig) int { return int(r.dead(port.ReadDead{})[0].Command[15]) }},
	}
}

func (k takenKey) firstCommits(r *truthRig) {
	tx := r.begin(r.a, k.insert(1))
	p := r.waits(func() error { return r.b.Do(r.ctx, k.insert(2)) })
	tx.commit()
	if k.skips {
		p.succeeds()
	} else {
		r.class(p.result(), k.class)
	}
	same(r, "value", k.read(r), 1)
}

func (k takenKey) firstGivesUp(r *truthRig) {
	tx := r.begin(r.a, k.insert(1))
	p := r.waits(func() error { return r.b.Do(r.ctx, k.insert(2)) })
	tx.rollback()
	p.succeeds()
	same(r, "value", k.read(r), 2)
}

func truthWriteLinesWaits(r *truthRig) {
	want := lineIn(1, 1, model.LineReserved)
	tx := r.begin(r.a, &port.InsertLines{Lines: []model.Line{pendingLine(1, 1)}})
	p := r.waits(func() error { return r.b.Do(r.ctx, &port.WriteLines{Lines: []model.Line{want}}) })
	tx.commit()
	p.succeeds()
	same(r, "lines", r.lines(11), []model.Line{want})
}

func truthLockedIsTaken(r *truthRig) {
	r.created(stocked("A", 1, 5))
	tx := r.begin(r.a, lockOf("A"))
	r.must(r.b.Do(r.ctx, &port.CreateLanes{Lanes: []model.LaneKey{laneAt("A"), laneAt("B")}}))
	tx.commit()
	same(r, "lane", r.lane("A"), stocked("A", 1, 5))
}
