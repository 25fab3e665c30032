package inventory

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"

	"stockproof/inventory/port"
	"stockproof/model"
)

// Shop is the bookkeeping of the designs in which Redis decides (article, dualwrite): order rows and
// a stock row in PostgreSQL, a counter and tokens in Redis. It holds what they share; when a row is
// applied, and by whom, is the design.
type Shop struct {
	Truth    port.Truth
	Speed    port.Speed
	Runtime  port.Runtime
	Monitor  port.Monitor
	Schema   port.Schema
	TokenTTL string // seconds
	Shards   int    // 0: one counter per SKU
	Backoff  Backoff
}

// NewShop wires a shop.
func NewShop(p Ports, o Options, schema port.Schema) *Shop {
	return &Shop{Truth: p.Truth, Speed: p.Speed, Runtime: p.Runtime, Monitor: p.Monitor, Schema: schema,
		TokenTTL: o.TokenTTL, Shards: o.Shards, Backoff: o.Backoff}
}

// ShopSupports are the commands such a design knows. A commit, an expiry, a transfer and limits need
// what its tables do not have.
func ShopSupports() []model.Kind {
	return []model.Kind{model.Reserve, model.Release, model.Restock, model.Adjust, model.Return}
}

// rows are the order rows of a submission. Anything but an order line is an event with an id of its
// own.
func (s *Shop) rows(sub Submission) ([]port.ShopOrder, error) {
	rows := make([]port.ShopOrder, len(sub.Commands))
	for i, c := range sub.Commands {
		row := port.ShopOrder{OrderID: c.ID, SKU: c.SKU, Qty: c.Qty}
		switch c.Kind {
		case model.Reserve:
			row.OrderID, row.Status = c.OrderID, port.ShopPending
		case model.Restock:
			row.Status = port.ShopRestock
		case model.Return:
			row.Status = port.ShopReturn
		case model.Adjust:
			if !c.Delta.Present {
				return nil, refused("command "+c.ID.String(), model.Contractf("set", "only a delta is known here"))
			}
			row.Status, row.Qty = port.ShopAdjust, c.Delta.Value
		}
		rows[i] = row
	}
	return rows, nil
}

// Insert writes a submission's rows and returns them with their numbers. Nothing looks for the same
// submission: in these designs only the token tells a duplicate.
func (s *Shop) Insert(ctx context.Context, sub Submission) ([]port.ShopOrder, error) {
	rows, err := s.rows(sub)
	if err != nil {
		return nil, err
	}
	return rows, s.insert(ctx, rows)
}

func (s *Shop) insert(ctx context.Context, rows []port.ShopOrder) error {
	ins := &port.InsertShopOrders{Schema: s.Schema, Rows: rows}
	if err := s.Truth.Do(ctx, ins); err != nil {
		return fmt.Errorf("insert %d rows of order %s: %w", len(rows), rows[0].OrderID, err)
	}
	for i := range rows {
		rows[i].ID = ins.IDs[i]
	}
	return nil
}

// Apply lets Redis decide one row, then writes the reply to the truth. A reply ALREADY_PROCESSED
// leaves the truth alone: somebody else was here, whoever that was and whatever came of it.
func (s *Shop) Apply(ctx context.Context, row port.ShopOrder) error {
	status, delta, err := s.script(ctx, row)
	if err != nil || status == "" {
		return err
	}
	return Retry(ctx, s.Runtime, s.Backoff, func() error { return s.settle(ctx, row, status, delta) })
}

// script runs the row's script and says what follows from its reply: the row's final status, and what
// its stock row gets.
func (s *Shop) script(ctx context.Context, row port.ShopOrder) (status port.ShopStatus, delta int64, err error) {
	var reply port.DeductReply
	err = Retry(ctx, s.Runtime, s.Backoff, func() (err error) {
		reply, err = s.move(ctx, row)
		return err
	})
	if err != nil {
		return "", 0, fmt.Errorf("%s %d of order %s: %w", row.Status, row.ID, row.OrderID, err)
	}
	if reply == port.DeductAlready {
		s.Monitor.Count("duplicate", 1)
		return "", 0, nil
	}
	insufficient := reply == port.DeductInsufficient
	switch row.Status {
	case port.ShopRestock:
		return port.ShopRestocked, row.Qty, nil
	case port.ShopCancel:
		return port.ShopCancelled, row.Qty, nil
	case port.ShopReturn:
		return port.ShopReturned, row.Qty, nil
	case port.ShopAdjust:
		if insufficient {
			return port.ShopAdjustRefused, 0, nil
		}
		return port.ShopAdjusted, row.Qty, nil
	}
	if insufficient {
		return port.ShopRejected, 0, nil
	}
	return port.ShopGranted, -row.Qty, nil
}

// move runs deduct or its mirror image, on the shard that the order's id chooses and, when that is
// dry, on the next.
func (s *Shop) move(ctx context.Context, row port.ShopOrder) (port.DeductReply, error) {
	order := row.OrderID.String()
	deducts := row.Qty < 0 || row.Status != port.ShopRestock && row.Status != port.ShopCancel &&
		row.Status != port.ShopReturn && row.Status != port.ShopAdjust
	first, n := s.shard(row)
	for i := range max(n, 1) {
		shard := 0
		if n > 0 {
			shard = (first+i)%n + 1
		}
		if !deducts {
			op := &port.Credit{SKU: string(row.SKU), Shard: shard, Order: order,
				Qty: strconv.FormatInt(row.Qty, 10), TTL: s.TokenTTL}
			return runScript(ctx, s.Speed, op, &op.Reply)
		}
		qty := row.Qty
		if row.Status == port.ShopAdjust {
			qty = -qty
		}
		op := &port.Deduct{SKU: string(row.SKU), Shard: shard, Order: order,
			Qty: strconv.FormatInt(qty, 10), TTL: s.TokenTTL}
		reply, err := runScript(ctx, s.Speed, op, &op.Reply)
		if err != nil || reply != port.DeductInsufficient {
			return reply, err
		}
	}
	return port.DeductInsufficient, nil
}

func runScript(ctx context.Context, speed port.Speed, op port.SpeedOp, reply *port.DeductReply) (port.DeductReply, error) {
	if err := speed.Do(ctx, op); err != nil {
		return 0, err
	}
	return *reply, nil
}

func (s *Shop) shard(row port.ShopOrder) (first, n int) {
	if s.Shards == 0 {
		return 0, 0
	}
	h := fnv.New32a()
	h.Write(row.OrderID[:])
	return int(h.Sum32() % uint32(s.Shards)), s.Shards
}

// settle writes the final status and moves the stock row under its CHECK. A violated CHECK marks the
// order; it never blocks whoever applies it.
func (s *Shop) settle(ctx context.Context, row port.ShopOrder, status port.ShopStatus, delta int64) error {
	err := s.write(ctx, row, status, delta)
	var check *port.ConstraintError
	if errors.As(err, &check) && check.Class == port.ErrContract && delta < 0 {
		s.Monitor.Alarm("order "+row.OrderID.String()+" is granted by Redis and refused by the truth", err)
		refused := port.ShopOversold
		if row.Status == port.ShopAdjust {
			refused = port.ShopAdjustRefused
		}
		return s.write(ctx, row, refused, 0)
	}
	return err
}

func (s *Shop) write(ctx context.Context, row port.ShopOrder, status port.ShopStatus, delta int64) error {
	tx := s.Truth.Begin()
	defer tx.Rollback(ctx)
	b := []port.Statement{&port.SetShopStatus{Schema: s.Schema, ID: row.ID, Status: status}}
	if delta != 0 {
		b = append(b, &port.AddShopStock{Schema: s.Schema, SKU: row.SKU, Delta: delta})
	}
	if err := tx.Commit(ctx, b...); err != nil {
		return fmt.Errorf("write %s of order %s: %w", status, row.OrderID, err)
	}
	return nil
}

// Lookup answers from order rows: an order line is the row at its place among the order's rows.
func (s *Shop) Lookup(ctx context.Context, asked []Submission) ([]Answer, error) {
	var commands []model.Command
	var orders []model.ID
	for _, sub := range asked {
		for _, c := range sub.Commands {
			commands = append(commands, c)
			orders = append(orders, shopOrder(c))
		}
	}
	found := &port.FindShopOrders{Schema: s.Schema, Orders: orders}
	if err := s.Truth.Do(ctx, found); err != nil {
		return nil, fmt.Errorf("look up %d orders: %w", len(orders), err)
	}
	rows := make(map[model.ID][]port.ShopOrder)
	for _, row := range found.Rows {
		rows[row.OrderID] = append(rows[row.OrderID], row)
	}
	as := make([]Answer, len(commands))
	for i, c := range commands {
		of, n := rows[shopOrder(c)], max(int(c.Line), 1)
		if as[i] = AnswerTo(c, Absent); n <= len(of) {
			as[i] = shopAnswer(c, of[n-1])
		}
	}
	return as, nil
}

// shopOrder is the order id of a command's row.
func shopOrder(c model.Command) model.ID {
	if c.Kind == model.Reserve {
		return c.OrderID
	}
	return c.ID
}

// shopAnswer is what a row's status says.
func shopAnswer(c model.Command, row port.ShopOrder) Answer {
	a := AnswerTo(c, Decided)
	switch row.Status {
	case port.ShopPending, port.ShopRestock, port.ShopCancel, port.ShopReturn, port.ShopAdjust:
		a.Status = Pending
	case port.ShopRejected, port.ShopOversold, port.ShopAdjustRefused:
		a.Outcome = model.RejectedInsufficient
	default:
		a.Outcome, a.Granted = model.Granted, row.Qty
	}
	return a
}

// Cancel emits the mirror image of an order's rows that are not refused, each as an event with an id
// of its own; what was cancelled before is not looked for.
func (s *Shop) Cancel(ctx context.Context, order model.ID) ([]port.ShopOrder, []Answer, error) {
	found := &port.FindShopOrders{Schema: s.Schema, Orders: []model.ID{order}}
	if err := s.Truth.Do(ctx, found); err != nil {
		return nil, nil, fmt.Errorf("cancel order %s: %w", order, err)
	}
	if len(found.Rows) == 0 {
		return nil, nil, fmt.Errorf("cancel order %s: nobody accepted it: %w", order, port.ErrContract)
	}
	var rows []port.ShopOrder
	var as []Answer
	for i, r := range found.Rows {
		if r.Status != port.ShopGranted && r.Status != port.ShopPending {
			continue
		}
		id := model.NameID("cancel", order.String(), strconv.Itoa(i+1))
		rows = append(rows, port.ShopOrder{OrderID: id, SKU: r.SKU, Qty: r.Qty, Status: port.ShopCancel})
		as = append(as, Answer{Command: id, Kind: model.Release,
			Lane: model.LaneKey{SKU: r.SKU, Loc: model.MainLocation}, Status: Pending})
	}
	if len(rows) == 0 {
		return nil, nil, nil
	}
	return rows, as, s.insert(ctx, rows)
}

// Recompute is the article's reconciliation: absolute stock from PostgreSQL, one blind SET per SKU
// (per shard: all of it on the first). With pending, orders that are not final are subtracted too:
// the article's bootstrap.
func (s *Shop) Recompute(ctx context.Context, pending bool) error {
	read := &port.RecomputeShopStock{Schema: s.Schema}
	if err := s.Truth.Do(ctx, read); err != nil {
		return fmt.Errorf("recompute stock: %w", err)
	}
	for _, row := range read.Rows {
		stock := row.Recomputed
		if pending {
			stock -= row.Pending
		}
		var ops []port.SpeedOp
		for shard := min(1, s.Shards); shard <= s.Shards; shard++ {
			ops = append(ops, &port.SetStock{SKU: string(row.SKU), Shard: shard, Stock: stock})
			stock = 0
		}
		if err := s.Speed.Do(ctx, ops...); err != nil {
			return fmt.Errorf("set stock of %q: %w", row.SKU, err)
		}
	}
	return nil
}

// ShopStock reads levels of such a design: no version, no age.
type ShopStock struct{ *Shop }

// Speed implements [StockSource].
func (s ShopStock) Speed(ctx context.Context, lanes []model.LaneKey) ([]Level, error) {
	var ops []port.SpeedOp
	reads := make([][]*port.GetStock, len(lanes))
	for i, k := range lanes {
		for shard := min(1, s.Shards); shard <= s.Shards; shard++ {
			op := &port.GetStock{SKU: string(k.SKU), Shard: shard}
			reads[i], ops = append(reads[i], op), append(ops, op)
		}
	}
	if err := s.Shop.Speed.Do(ctx, ops...); err != nil && port.Class(err) != port.ErrContract {
		return nil, err
	}
	levels := make([]Level, len(lanes))
	for i, k := range lanes {
		levels[i] = Level{Lane: k, AgeMS: -1}
		for _, r := range reads[i] {
			if r.Err == nil && r.Found {
				levels[i].Known, levels[i].Avail = true, levels[i].Avail+r.Stock
			}
		}
	}
	return levels, nil
}

// Truth implements [StockSource].
func (s ShopStock) Truth(ctx context.Context, lanes []model.LaneKey) ([]Level, error) {
	return TruthStock(ctx, s.Shop.Truth, s.Schema, lanes)
}

// TruthStock reads stock rows.
func TruthStock(ctx context.Context, truth port.Truth, schema port.Schema, lanes []model.LaneKey) ([]Level, error) {
	skus := make([]model.SKU, len(lanes))
	for i, k := range lanes {
		skus[i] = k.SKU
	}
	read := &port.ReadShopStock{Schema: schema, SKUs: skus}
	if err := truth.Do(ctx, read); err != nil {
		return nil, fmt.Errorf("read %d stock rows: %w", len(lanes), err)
	}
	rows := make(map[model.SKU]int64, len(read.Found))
	known := make(map[model.SKU]bool, len(read.Found))
	for _, r := range read.Found {
		rows[r.SKU], known[r.SKU] = r.Stock, true
	}
	levels := make([]Level, len(lanes))
	for i, k := range lanes {
		levels[i] = Level{Lane: k, Known: known[k.SKU], Avail: rows[k.SKU], AgeMS: -1}
	}
	return levels, nil
}
