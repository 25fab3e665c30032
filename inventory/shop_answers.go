package inventory

import (
	"context"
	"fmt"
	"strconv"

	"stockproof/inventory/port"
	"stockproof/model"
)

// Lookup answers from order rows: an order line is the row at its place among the order's rows.
func (s *Shop) Lookup(ctx context.Context, asked []Submission) ([]Answer, error) {
	var commands []model.Command
	var orders []model.ID // each once: an order's rows come for all its lines together
	known := make(map[model.ID]bool)
	for _, sub := range asked {
		for _, c := range sub.Commands {
			commands = append(commands, c)
			if o := shopOrder(c); !known[o] {
				known[o] = true
				orders = append(orders, o)
			}
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

// CancelID names the event that cancels the n-th row of an order, from 1.
func CancelID(order model.ID, n int) model.ID {
	return model.NameID("cancel", order.String(), strconv.Itoa(n))
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
		id := CancelID(order, i+1)
		rows = append(rows, port.ShopOrder{OrderID: id, SKU: r.SKU, Qty: r.Qty, Status: port.ShopCancel})
		as = append(as, Answer{Command: id, Kind: model.Release,
			Lane: model.LaneKey{SKU: r.SKU, Loc: model.MainLocation}, Status: Pending})
	}
	if len(rows) == 0 {
		return nil, nil, nil
	}
	return rows, as, s.insert(ctx, rows)
}
