package postgres

import (
	"context"
	"slices"

	"stockproof/inventory/port"
	"stockproof/model"
)

func (t *transaction) insertShopOrders(ctx context.Context, st *port.InsertShopOrders) error {
	s, err := t.pg.shopWithOrders(st.Schema)
	if err != nil {
		return err
	}
	rows := slices.Clone(st.Rows)
	st.IDs = make([]int64, len(rows))
	now := t.pg.nowMS()
	for i := range rows {
		rows[i].ID, rows[i].CreatedAt = s.ids.next(t.pg.options.SequenceAhead), now
		st.IDs[i] = rows[i].ID
		if _, err := s.orders.insert(ctx, t, &rows[i], false); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) findShopOrders(st *port.FindShopOrders) error {
	s, err := t.pg.shopWithOrders(st.Schema)
	if err != nil {
		return err
	}
	st.Rows = nil
	wanted := t.pg.orders.ordered(st.Orders)
	for i, o := range wanted {
		if i > 0 && o == wanted[i-1] {
			continue // asked for twice, a row is found once, as with = ANY
		}
		s.byOrder.from(shopOrderKey{order: o}, func(k shopOrderKey, r *row[int64, port.ShopOrder]) bool {
			if k.order != o {
				return false
			}
			if v := r.version(t); v != nil {
				st.Rows = append(st.Rows, *v)
			}
			return true
		})
	}
	return nil
}

func (t *transaction) scanShopOrders(st *port.ScanShopOrders) error {
	s, err := t.pg.shopWithOrders(st.Schema)
	if err == nil {
		st.Rows = versions(t, scan(t, s.orders, st.After, st.Max))
	}
	return err
}

func (t *transaction) setShopStatus(ctx context.Context, st *port.SetShopStatus) error {
	s, err := t.pg.shopWithOrders(st.Schema)
	if err != nil {
		return err
	}
	st.Changed = false
	return s.orders.lockAll(ctx, t, []int64{st.ID}, exclusive,
		func(_ int, r *row[int64, port.ShopOrder], v *port.ShopOrder) error {
			st.Changed = true
			next := *v
			next.Status = st.Status
			return r.update(t, &next)
		})
}

// addShopStock is an INSERT ... ON CONFLICT DO UPDATE. PostgreSQL checks the row proposed for
// insertion before it looks for the conflict, so where the SKU is known the statement proposes 0.
func (t *transaction) addShopStock(ctx context.Context, st *port.AddShopStock) error {
	s, err := t.pg.shop(st.Schema)
	if err != nil {
		return err
	}
	proposed := &stockRow{sku: st.SKU, stock: st.Delta}
	if s.stock.get(t, st.SKU) != nil {
		proposed.stock = 0
	}
	return s.stock.upsert(ctx, t, proposed, func(old *stockRow) *stockRow {
		next := *old
		next.stock += st.Delta
		return &next
	})
}

func (t *transaction) recomputeShopStock(st *port.RecomputeShopStock) error {
	s, err := t.pg.shopWithOrders(st.Schema)
	if err != nil {
		return err
	}
	st.Rows = nil
	at := map[model.SKU]int{}
	s.stock.rows.all(func(sku model.SKU, r *row[model.SKU, stockRow]) bool {
		if v := r.version(t); v != nil {
			at[sku] = len(st.Rows)
			st.Rows = append(st.Rows, port.ShopStock{SKU: sku, Stock: v.stock, Recomputed: v.initial})
		}
		return true
	})
	s.orders.rows.all(func(_ int64, r *row[int64, port.ShopOrder]) bool {
		v := r.version(t)
		if v == nil {
			return true
		}
		if i, ok := at[v.SKU]; ok {
			add(&st.Rows[i], v)
		}
		return true
	})
	return nil
}

// add counts one event or purchase.
func add(s *port.ShopStock, o *port.ShopOrder) {
	switch o.Status {
	case port.ShopRestock, port.ShopRestocked, port.ShopReturn, port.ShopReturned, port.ShopCancel,
		port.ShopCancelled, port.ShopAdjust, port.ShopAdjusted:
		s.Recomputed += o.Qty
	case port.ShopGranted:
		s.Recomputed -= o.Qty
	case port.ShopPending:
		s.Pending += o.Qty
	}
}

func (t *transaction) lockShopStock(ctx context.Context, st *port.LockShopStock) error {
	s, err := t.pg.shop(st.Schema)
	if err != nil {
		return err
	}
	st.Found = nil
	return s.stock.lockAll(ctx, t, s.stock.ordered(st.SKUs), exclusive,
		func(_ int, _ *row[model.SKU, stockRow], v *stockRow) error {
			st.Found = append(st.Found, *v.public())
			return nil
		})
}

func (t *transaction) readShopStock(st *port.ReadShopStock) error {
	s, err := t.pg.shop(st.Schema)
	if err != nil {
		return err
	}
	rows := find(t, s.stock, st.SKUs)
	if len(st.SKUs) == 0 {
		rows = versions(t, first(t, s.stock, len(s.stock.rows.at)))
	}
	st.Found = nil
	for i := range rows {
		st.Found = append(st.Found, *rows[i].public())
	}
	return nil
}

func (t *transaction) insertRowLockOrders(ctx context.Context, st *port.InsertRowLockOrders) error {
	return addAll(ctx, t, t.pg.rowLocks, st.Rows, false)
}

func (t *transaction) findRowLockOrders(st *port.FindRowLockOrders) {
	st.Rows = find(t, t.pg.rowLocks, st.Commands)
}

func (t *transaction) findRowLockLines(st *port.FindRowLockLines) {
	st.Rows = nil
	for _, o := range t.pg.orders.ordered(st.Orders) {
		t.pg.rowLockLines.from(lineKey{order: o, line: -1 << 31},
			func(k lineKey, r *row[model.ID, port.RowLockOrder]) bool {
				if k.order != o {
					return false
				}
				if v := r.version(t); v != nil {
					st.Rows = append(st.Rows, *v)
				}
				return true
			})
	}
}

func (t *transaction) updateRowLockLines(ctx context.Context, st *port.UpdateRowLockLines) error {
	var keys []model.ID
	var rows []*port.RowLockOrder
	for i := range st.Rows {
		by := &st.Rows[i] // no row changes its kind
		if v := t.pg.rowLocks.get(t, by.Command); v != nil && v.Kind == model.Reserve {
			keys, rows = append(keys, by.Command), append(rows, by)
		}
	}
	return t.pg.rowLocks.lockAll(ctx, t, keys, exclusive,
		func(i int, r *row[model.ID, port.RowLockOrder], v *port.RowLockOrder) error {
			next, by := *v, rows[i]
			next.Granted, next.State, next.Returned = by.Granted, by.State, by.Returned
			return r.update(t, &next)
		})
}

func (t *transaction) scanRowLockOrders(st *port.ScanRowLockOrders) {
	st.Rows = versions(t, scan(t, t.pg.rowLocks, st.After, st.Max))
}
