package contract

import (
	"stockproof/inventory/port"
	"stockproof/model"
)

func truthCommandCases() []truthCase {
	return []truthCase{
		{"accepted commands come back as they were", truthCommandsKnown},
		{"a taken command id is a conflict", truthCommandsTaken},
		{"DecideCommands answers what is undecided", truthCommandsDecide},
		{"DecideCommands of a decided command is refused whole", truthCommandsDecidedTwice},
		{"DecideCommands of an unknown command is refused whole", truthCommandsDecideUnknown},
		{"ScanCommands pages in id order", truthCommandsScan},
		{"empty lists of commands do nothing", truthCommandsEmpty},
	}
}

func (r *truthRig) known(ns ...int) []port.CommandRow {
	r.Helper()
	st := &port.KnownCommands{IDs: nths(ns...)}
	r.do(st)
	return st.Rows
}

func truthCommandsKnown(r *truthRig) {
	rows := []port.CommandRow{undecidedCommand(1, "A"), decidedCommand(2, "B", 17), undecidedCommand(4, "A")}
	rows[2].Ref, rows[2].Kind, rows[2].Tries = nth(2), model.Release, 5
	rows[1].Decision.ToSeq = 3
	unknownLane := undecidedCommand(5, "nowhere")
	unknownLane.Decision = model.Decision{Outcome: model.Invalid}
	unknownLane.Epoch, unknownLane.DecidedAt = 1, 2
	rows = append(rows, unknownLane)
	r.do(&port.AcceptCommands{Rows: rows})
	same(r, "commands", r.known(1, 2, 3, 4, 5, 6), rows)
}

func truthCommandsTaken(r *truthRig) {
	r.do(&port.AcceptCommands{Rows: []port.CommandRow{undecidedCommand(2, "A")}})
	r.refused(port.ErrConflict, "23505", "command", "command_pkey",
		&port.AcceptCommands{Rows: []port.CommandRow{undecidedCommand(1, "A"), undecidedCommand(2, "B")}})
	r.refused(port.ErrConflict, "23505", "command", "command_pkey",
		&port.AcceptCommands{Rows: []port.CommandRow{undecidedCommand(3, "A"), undecidedCommand(3, "A")}})
	same(r, "commands", r.known(1, 2, 3), []port.CommandRow{undecidedCommand(2, "A")})
}

func truthCommandsDecide(r *truthRig) {
	a, b := undecidedCommand(1, "A"), undecidedCommand(2, "A")
	r.do(&port.AcceptCommands{Rows: []port.CommandRow{a, b, undecidedCommand(3, "A")}})
	a.Decision = model.Decision{Outcome: model.PartiallyGranted, Granted: 3, Seq: 8, ToSeq: 9, Avail: 4}
	a.Epoch, a.DecidedAt = 1<<20+1, 5000
	b.Decision = model.Decision{Outcome: model.RejectedInsufficient, Seq: 9, Avail: -7}
	b.Epoch, b.DecidedAt = 1<<20+1, 5000
	given := []port.CommandRow{a, b}
	given[0].Tries, given[0].Part = 99, 99 // nothing but the decision is written
	r.do(&port.DecideCommands{Rows: given})
	a.Tries, a.Part = 0, 3
	same(r, "commands", r.known(1, 2, 3), []port.CommandRow{a, b, undecidedCommand(3, "A")})
}

func truthCommandsDecidedTwice(r *truthRig) {
	rows := []port.CommandRow{undecidedCommand(1, "A"), decidedCommand(2, "A", 1)}
	r.do(&port.AcceptCommands{Rows: rows})
	r.fails(port.ErrConflict, &port.DecideCommands{
		Rows: []port.CommandRow{decidedCommand(1, "A", 5), decidedCommand(2, "A", 6)}})
	same(r, "commands", r.known(1, 2), rows)
}

func truthCommandsDecideUnknown(r *truthRig) {
	rows := []port.CommandRow{undecidedCommand(1, "A")}
	r.do(&port.AcceptCommands{Rows: rows})
	r.refused(port.ErrConflict, "SP001", "command", "command_undecided", &port.DecideCommands{
		Rows: []port.CommandRow{decidedCommand(1, "A", 5), decidedCommand(7, "A", 6)}})
	same(r, "commands", r.known(1), rows)
}

func truthCommandsScan(r *truthRig) {
	var rows []port.CommandRow
	for i := range 5 {
		rows = append(rows, undecidedCommand(i+1, "A"))
	}
	r.do(&port.AcceptCommands{Rows: []port.CommandRow{rows[3], rows[0], rows[4], rows[2], rows[1]}})
	first, second, rest := &port.ScanCommands{Max: 2}, &port.ScanCommands{After: nth(2), Max: 2},
		&port.ScanCommands{After: nth(4), Max: 2}
	r.do(first, second, rest)
	same(r, "first page", first.Rows, rows[:2])
	same(r, "second page", second.Rows, rows[2:4])
	same(r, "last page", rest.Rows, rows[4:])
}

func truthCommandsEmpty(r *truthRig) {
	known := &port.KnownCommands{}
	r.do(&port.AcceptCommands{}, &port.DecideCommands{}, known)
	same(r, "commands", known.Rows, nil)
}
