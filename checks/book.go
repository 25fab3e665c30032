package checks

import (
	"cmp"
	"slices"

	"stockproof/model"
)

// book is the ledger read by plain arithmetic, independent of model.Decide: what each row must have
// done to its lane if it did what it says.
type book struct {
	lanes    []laneBook // in key order
	lines    map[model.ID]*lineBook
	commands map[model.ID]*CommandRow
	rows     map[model.ID][]LedgerRow // per command, in (lane, seq) order
}

type laneBook struct {
	key     model.LaneKey
	entries []entry // in seq order
	end     counters
}

// entry is one ledger row with the lane's counters around it.
type entry struct {
	row     LedgerRow
	command *CommandRow // nil: nobody accepted it
	before  counters
	after   counters
	ref     int64 // units that the line it refers to still reserved before it
}

// counters are a lane's numbers, in units.
type counters struct{ onHand, reserved, safety, limit int64 }

func (c counters) avail() int64 { return c.onHand - c.reserved - c.safety }

// room is what could still be granted.
func (c counters) room() int64 { return c.avail() + c.limit }

// lineBook is what the ledger says of one order line.
type lineBook struct {
	row      LedgerRow // its RESERVE
	state    model.LineState
	granted  int64
	returned int64
}

// shared is what the checkers of one suite read together, and none of them changes.
type shared struct{ book *book }

// bookOf is the book of an audit.
func bookOf(a *Audit) *book {
	if a.shared == nil {
		return openBook(a)
	}
	if a.shared.book == nil {
		a.shared.book = openBook(a)
	}
	return a.shared.book
}

// openBook reads the ledger. Rows of one lane with the same seq stay both: conservation names them.
func openBook(a *Audit) *book {
	b := &book{lines: map[model.ID]*lineBook{}, commands: commandIndex(a),
		rows: map[model.ID][]LedgerRow{}}
	sorted := slices.Clone(a.Ledger)
	slices.SortStableFunc(sorted, func(x, y LedgerRow) int {
		return cmp.Or(x.Lane.Compare(y.Lane), cmp.Compare(x.Seq, y.Seq), cmp.Compare(x.Leg, y.Leg))
	})
	for i, row := range sorted {
		if n := len(b.lanes); n == 0 || b.lanes[n-1].key != row.Lane {
			b.lanes = append(b.lanes, laneBook{key: row.Lane})
			b.lanes[len(b.lanes)-1].entries = make([]entry, 0, laneRows(sorted[i:]))
		}
		lane := &b.lanes[len(b.lanes)-1]
		e := entry{row: row, command: b.commands[row.Command], before: lane.end}
		lane.end = b.apply(&e)
		e.after = lane.end
		lane.entries = append(lane.entries, e)
		b.rows[row.Command] = append(b.rows[row.Command], row)
	}
	return b
}

// laneRows is how many rows are of the first one's lane.
func laneRows(sorted []LedgerRow) int {
	for i := range sorted {
		if sorted[i].Lane != sorted[0].Lane {
			return i
		}
	}
	return len(sorted)
}

func commandIndex(a *Audit) map[model.ID]*CommandRow {
	index := make(map[model.ID]*CommandRow, len(a.Commands))
	for i := range a.Commands {
		index[a.Commands[i].ID] = &a.Commands[i]
	}
	return index
}

// apply is the effect of one row on its lane and on the lines it names.
func (b *book) apply(e *entry) counters {
	c, row := e.before, e.row
	var command model.Command
	if e.command != nil {
		command = e.command.Command
	}
	referred := b.lines[command.Ref]
	if referred != nil && referred.state == model.LineReserved && referred.row.Lane == row.Lane {
		e.ref = referred.granted
	}
	if row.Kind == model.Reserve {
		b.lines[row.Command] = &lineBook{row: row, state: model.LineRejected}
	}
	if !row.Outcome.Grants() {
		return c
	}
	g := row.Granted
	switch row.Kind {
	case model.Reserve:
		c.reserved += g - e.ref // an amendment gives back what it replaces
		*b.lines[row.Command] = lineBook{row: row, state: model.LineReserved, granted: g}
		referred.move(model.LineReleased)
	case model.Commit:
		c.onHand, c.reserved = c.onHand-g, c.reserved-g
		referred.move(model.LineCommitted)
	case model.Release:
		c.reserved -= g
		referred.move(model.LineReleased)
	case model.Expire:
		c.reserved -= g
		referred.move(model.LineExpired)
	case model.Restock, model.Adjust:
		c.onHand += g
	case model.Return:
		c.onHand += g
		if referred != nil {
			referred.returned += g
		}
	case model.Transfer:
		if row.Leg == 0 {
			g = -g
		}
		c.onHand += g
	case model.SetLimit:
		c = c.limited(command)
	}
	return c
}

// move is what a granted command does to the line it refers to, if that was reserved.
func (l *lineBook) move(to model.LineState) {
	if l != nil && l.state == model.LineReserved {
		l.state = to
	}
}

func (c counters) limited(command model.Command) counters {
	if command.Safety.Present {
		c.safety = command.Safety.Value
	}
	if command.BackorderLimit.Present {
		c.limit = command.BackorderLimit.Value
	}
	return c
}
