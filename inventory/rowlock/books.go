package rowlock

import (
	"slices"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// books are what one transaction read and what it will write.
type books struct {
	stock   map[model.SKU]int64
	before  map[model.SKU]int64
	touched []model.SKU
	rows    map[model.ID]*port.RowLockOrder
	fresh   []port.RowLockOrder
	changed []model.ID
	nowMS   int64
}

func newBooks(stock []port.ShopStock, rows []port.RowLockOrder, nowMS int64) *books {
	b := &books{stock: map[model.SKU]int64{}, before: map[model.SKU]int64{},
		rows: map[model.ID]*port.RowLockOrder{}, nowMS: nowMS}
	for _, s := range stock {
		b.stock[s.SKU], b.before[s.SKU] = s.Stock, s.Stock
	}
	for i := range rows {
		b.rows[rows[i].Command] = &rows[i]
	}
	return b
}

// admit answers known commands from their rows and decides the others: an all-or-nothing order as a
// unit.
func (b *books) admit(cs []model.Command) []inventory.Answer {
	as := make([]inventory.Answer, len(cs))
	if status := b.known(cs); status != 0 {
		for i, c := range cs {
			as[i] = inventory.AnswerTo(c, status)
			if status == inventory.Decided {
				as[i] = answer(*b.rows[c.ID], true)
			}
		}
		return as
	}
	short := cs[0].Policy == model.AllOrNothing && !b.fits(cs)
	for i, c := range cs {
		row := b.row(c)
		switch {
		case short && b.stock[c.SKU] >= c.Qty:
			row.Outcome = model.RejectedSibling
		case short:
			row.Outcome = model.RejectedInsufficient
		default:
			b.decide(c, &row)
		}
		row.Stock = b.stock[c.SKU]
		b.fresh = append(b.fresh, row)
		as[i] = answer(row, false)
	}
	return as
}

// known is Decided if every command is there with the same body, Mismatch if any is there otherwise,
// 0 if none is there.
func (b *books) known(cs []model.Command) inventory.Status {
	seen, same := false, true
	for _, c := range cs {
		row, ok := b.rows[c.ID]
		seen, same = seen || ok, same && ok && row.Fingerprint == c.Fingerprint()
	}
	switch {
	case !seen:
		return 0
	case same:
		return inventory.Decided
	}
	return inventory.Mismatch
}

func (b *books) row(c model.Command) port.RowLockOrder {
	row := port.RowLockOrder{Command: c.ID, Fingerprint: c.Fingerprint(), OrderID: c.OrderID, Line: c.Line,
		Kind: c.Kind, Ref: c.Ref, SKU: c.SKU, Qty: c.Qty, DecidedAt: b.nowMS}
	if c.Kind == model.Adjust {
		row.Qty = c.Delta.Value // the fingerprint is of what the client sent
	}
	return row
}

// fits says whether all lines can be granted whole, lines of one SKU together.
func (b *books) fits(cs []model.Command) bool {
	need := map[model.SKU]int64{}
	for _, c := range cs {
		if need[c.SKU] += c.Qty; need[c.SKU] > b.stock[c.SKU] {
			return false
		}
	}
	return true
}

func (b *books) decide(c model.Command, row *port.RowLockOrder) {
	row.Outcome, row.Granted = model.Granted, c.Qty
	ref := b.rows[c.Ref]
	refState := model.LineAbsent
	if ref != nil && ref.Kind == model.Reserve && ref.SKU == c.SKU {
		refState = ref.State
	}
	switch c.Kind {
	case model.Reserve:
		row.State = model.LineReserved
		if free := b.stock[c.SKU]; free < c.Qty {
			row.Outcome, row.Granted = model.PartiallyGranted, free
			if free <= 0 || c.Policy != model.Partial {
				row.Outcome, row.Granted, row.State = model.RejectedInsufficient, 0, model.LineRejected
			}
		}
		b.move(c.SKU, -row.Granted)
	case model.Restock:
		b.move(c.SKU, c.Qty)
	case model.Adjust:
		row.Granted = c.Delta.Value
		switch {
		case !c.Delta.Present:
			row.Outcome, row.Granted = model.Invalid, 0
		case b.stock[c.SKU]+c.Delta.Value < 0:
			row.Outcome, row.Granted = model.RejectedInsufficient, 0
		default:
			b.move(c.SKU, c.Delta.Value)
		}
	case model.Commit, model.Release:
		row.Granted = 0
		switch refState {
		case model.LineReserved:
			b.conclude(c, ref, row)
		case model.LineAbsent:
			row.Outcome = model.Invalid
		default:
			row.Outcome = model.NoopAlready
		}
	case model.Return:
		if refState != model.LineCommitted || ref.Returned+c.Qty > ref.Granted {
			row.Outcome, row.Granted = model.Invalid, 0
			return
		}
		ref.Returned += c.Qty
		b.changed = append(b.changed, ref.Command)
		b.move(c.SKU, c.Qty)
	}
}

func (b *books) conclude(c model.Command, ref, row *port.RowLockOrder) {
	row.Granted = ref.Granted
	ref.State = model.LineCommitted
	if c.Kind == model.Release {
		ref.State = model.LineReleased
		b.move(c.SKU, ref.Granted)
	}
	b.changed = append(b.changed, ref.Command)
}

func (b *books) move(sku model.SKU, delta int64) {
	b.stock[sku] += delta
	b.touched = append(b.touched, sku)
}

// writes are the statements of the second round trip.
func (b *books) writes() []port.Statement {
	var out []port.Statement
	if len(b.fresh) > 0 {
		out = append(out, &port.InsertRowLockOrders{Rows: b.fresh})
	}
	if len(b.changed) > 0 {
		slices.SortFunc(b.changed, model.ID.Compare)
		var rows []port.RowLockOrder
		for _, id := range slices.Compact(b.changed) {
			rows = append(rows, *b.rows[id])
		}
		out = append(out, &port.UpdateRowLockLines{Rows: rows})
	}
	slices.Sort(b.touched)
	for _, sku := range slices.Compact(b.touched) {
		if d := b.stock[sku] - b.before[sku]; d != 0 {
			out = append(out, &port.AddShopStock{Schema: port.RowLockSchema, SKU: sku, Delta: d})
		}
	}
	return out
}

// answer is what a row says.
func answer(row port.RowLockOrder, duplicate bool) inventory.Answer {
	a := inventory.Answer{Command: row.Command, Kind: row.Kind, OrderID: row.OrderID, Line: row.Line,
		Lane: model.LaneKey{SKU: row.SKU, Loc: model.MainLocation}, Status: inventory.Decided, Duplicate: duplicate}
	a.Outcome, a.Granted, a.Avail = row.Outcome, row.Granted, row.Stock
	return a
}
