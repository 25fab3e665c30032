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
	for look := 1; ; look++ {
		err := Retry(ctx, s.Runtime, s.waiting(row, "the truth"), func() error { return s.settle(ctx, row, status, delta) })
		switch {
		case !errors.Is(err, errNoRow):
			return err
		case look == rowLooks:
			s.Monitor.Alarm("order "+row.OrderID.String()+" was decided by Redis, and the truth has no row of it", err)
			return nil
		}
		if err := s.Runtime.Sleep(ctx, jitter(s.Runtime, s.Backoff.Base)); err != nil {
			return err
		}
	}
}

// waiting is the backoff of what keeps a row, and with it all that is behind it, from going on.
func (s *Shop) waiting(row port.ShopOrder, server string) Backoff {
	return s.Backoff.Alarming(s.Monitor, fmt.Sprintf("%s row %d of order %s, SKU %q, waits for %s", row.Status, row.ID,
		row.OrderID, row.SKU, server))
}

// errNoRow says that the truth does not have the row that a record is about. The log is read before a
// transaction is visible, so that passes in a moment; or a failover lost the row, and it never comes.
var errNoRow = errors.New("there is no such row")

// rowLooks is how often a row is looked for, a few milliseconds apart, before it counts as lost.
const rowLooks = 20

// script runs the row's script and says what follows from its reply: the row's final status, and what
// its stock row gets.
func (s *Shop) script(ctx context.Context, row port.ShopOrder) (status port.ShopStatus, delta int64, err error) {
	var reply port.DeductReply
	err = Retry(ctx, s.Runtime, s.waiting(row, "Redis"), func() (err error) {
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
	deducts := true
	switch row.Status {
	case port.ShopRestock, port.ShopCancel, port.ShopReturn:
		deducts = false
	case port.ShopAdjust:
		deducts = row.Qty < 0
	}
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
	set := &port.SetShopStatus{Schema: s.Schema, ID: row.ID, Status: status}
	err := tx.Do(ctx, set)
	switch {
	case err != nil:
	case !set.Changed:
		err = errNoRow
	case delta != 0:
		err = tx.Commit(ctx, &port.AddShopStock{Schema: s.Schema, SKU: row.SKU, Delta: delta})
	default:
		err = tx.Commit(ctx)
	}
	if err != nil {
		return fmt.Errorf("write %s of row %d of order %s: %w", status, row.ID, row.OrderID, err)
	}
	return nil
}
