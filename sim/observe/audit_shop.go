package observe

import (
	"context"
	"fmt"
	"slices"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

func auditShop(ctx context.Context, p inventory.Ports, d inventory.Design, o inventory.Options) (checks.Audit, error) {
	var a checks.Audit
	rows := &port.ScanShopOrders{Schema: d.Schema, Max: auditPage}
	err := pages(ctx, p.Truth, func() (port.Statement, func() int) {
		return rows, func() int {
			for _, r := range rows.Rows {
				a.Commands = append(a.Commands, shopCommand(r))
			}
			n := len(rows.Rows)
			if n > 0 {
				rows = &port.ScanShopOrders{Schema: d.Schema, After: rows.Rows[n-1].ID, Max: auditPage}
			}
			return n
		}
	})
	if err != nil {
		return a, err
	}
	referCancels(a.Commands)
	stock, err := auditStock(ctx, p.Truth, d.Schema, &a)
	if err != nil {
		return a, err
	}
	a.SpeedRead = true
	for some := range slices.Chunk(stock, counterPage) {
		shown, err := counters(ctx, p.Speed, some, o.Shards)
		if err != nil {
			return a, err
		}
		a.Speed = append(a.Speed, shown...)
	}
	return a, nil
}

// referCancels lets cancellations refer to the orders that they cancel.
func referCancels(rows []checks.CommandRow) {
	cancelled := map[model.ID]model.ID{} // the order, by the name of its cancellation
	lines := map[model.ID]int{}
	for _, r := range rows {
		if r.Kind == model.Reserve {
			lines[r.OrderID]++
			cancelled[inventory.CancelID(r.OrderID, lines[r.OrderID])] = r.OrderID
		}
	}
	for i := range rows {
		if rows[i].Kind == model.Release {
			rows[i].Ref = cancelled[rows[i].OrderID]
		}
	}
}

// counterPage is how many SKUs' counters one batch reads.
const counterPage = 200

// counters reads the counters of stock rows in one batch: a SKU's is the sum of its shards.
func counters(ctx context.Context, speed port.Speed, rows []port.ShopStock, shards int) ([]checks.Shown, error) {
	shown := make([]checks.Shown, len(rows))
	var ops []port.SpeedOp
	for i, s := range rows {
		shown[i].Lane = model.LaneKey{SKU: s.SKU, Loc: model.MainLocation}
		for shard := min(1, shards); shard <= shards; shard++ {
			ops = append(ops, &port.GetStock{SKU: string(s.SKU), Shard: shard})
		}
	}
	if err := readable(speed.Do(ctx, ops...), ops); err != nil {
		return nil, fmt.Errorf("audit: read stock of %d SKUs: %w", len(rows), err)
	}
	perSKU := len(ops) / max(len(rows), 1)
	for i, op := range ops {
		get, show := op.(*port.GetStock), &shown[i/perSKU]
		if get.Err == nil {
			show.Found, show.Avail = show.Found || get.Found, show.Avail+get.Stock
		}
	}
	return shown, nil
}

func auditStock(ctx context.Context, truth port.Truth, schema port.Schema, a *checks.Audit) ([]port.ShopStock, error) {
	read := &port.ReadShopStock{Schema: schema}
	if err := truth.Do(ctx, read); err != nil {
		return nil, fmt.Errorf("audit: read stock rows of %s: %w", schema, err)
	}
	for _, s := range read.Found {
		// A row begins at 0 here: what was there first came in by RESTOCK.
		a.Stock = append(a.Stock, checks.StockRow{SKU: s.SKU, Stock: s.Stock})
	}
	return read.Found, nil
}

// shopCommand is an order row as a command with what its status says.
func shopCommand(r port.ShopOrder) checks.CommandRow {
	c := model.Command{Kind: model.Reserve, SKU: r.SKU, Loc: model.MainLocation, OrderID: r.OrderID, Qty: r.Qty}
	row := checks.CommandRow{Row: r.ID}
	granted := model.Decision{Outcome: model.Granted, Granted: r.Qty}
	switch r.Status {
	case port.ShopGranted:
		row.Decision = granted
	case port.ShopRejected:
		row.Decision.Outcome = model.RejectedInsufficient
	case port.ShopOversold:
		row.Decision, row.Withdrawn = granted, true
	case port.ShopRestock, port.ShopRestocked:
		c.Kind = model.Restock
	case port.ShopCancel, port.ShopCancelled:
		c.Kind = model.Release
	case port.ShopReturn, port.ShopReturned:
		c.Kind = model.Return
	case port.ShopAdjust, port.ShopAdjusted, port.ShopAdjustRefused:
		c.Kind, c.Qty, c.Delta = model.Adjust, 0, model.Some(r.Qty)
	}
	switch r.Status {
	case port.ShopRestocked, port.ShopCancelled, port.ShopReturned, port.ShopAdjusted:
		row.Decision = granted
	case port.ShopAdjustRefused:
		row.Decision.Outcome = model.RejectedInsufficient
	}
	row.Command = c
	return row
}

func auditRowLock(ctx context.Context, p inventory.Ports) (checks.Audit, error) {
	var a checks.Audit
	rows := &port.ScanRowLockOrders{Max: auditPage}
	err := pages(ctx, p.Truth, func() (port.Statement, func() int) {
		return rows, func() int {
			for _, r := range rows.Rows {
				a.Commands = append(a.Commands, rowLockCommand(r))
			}
			n := len(rows.Rows)
			if n > 0 {
				rows = &port.ScanRowLockOrders{After: rows.Rows[n-1].Command, Max: auditPage}
			}
			return n
		}
	})
	if err != nil {
		return a, err
	}
	_, err = auditStock(ctx, p.Truth, port.RowLockSchema, &a)
	return a, err
}

func rowLockCommand(r port.RowLockOrder) checks.CommandRow {
	c := model.Command{ID: r.Command, Kind: r.Kind, SKU: r.SKU, Loc: model.MainLocation, OrderID: r.OrderID,
		Line: r.Line, Qty: r.Qty, Ref: r.Ref}
	if r.Kind == model.Adjust {
		c.Qty, c.Delta = 0, model.Some(r.Qty)
	}
	return checks.CommandRow{Command: c, Decision: model.Decision{Outcome: r.Outcome, Granted: r.Granted, Avail: r.Stock}}
}
