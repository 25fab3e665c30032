package inventory

import (
	"context"
	"fmt"

	"stockproof/inventory/port"
	"stockproof/model"
)

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
