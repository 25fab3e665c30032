package sql

import (
	"strings"

	"stockproof/inventory/port"
)

// The texts of the designs without a ledger. The word schema stands for the design's schema, see [In].

// In is the text for the tables of one design.
func In(schema port.Schema, text string) string {
	return strings.ReplaceAll(text, "schema.", string(schema)+".")
}

const shopOrderList = `id, order_id, sku_id, qty, status,
  floor(extract(epoch FROM created_at) * 1000)::int8 AS created_ms`

// InsertShopOrders: order_id uuid[], sku_id text[], qty int8[], status text[] -> id int8.
const InsertShopOrders = `
WITH i AS (
  INSERT INTO schema.orders (order_id, sku_id, qty, status)
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::int8[], $4::text[])
  RETURNING id)
SELECT id FROM i ORDER BY id`

// FindShopOrders: order_id uuid[] -> id int8, order_id uuid, sku_id text, qty int8, status text,
// created_ms int8.
const FindShopOrders = `
SELECT o.* FROM unnest($1::uuid[]) AS k(order_id)
CROSS JOIN LATERAL (
  SELECT ` + shopOrderList + `
  FROM schema.orders o WHERE o.order_id = k.order_id OFFSET 0) o
ORDER BY o.order_id, o.id`

// ScanShopOrders: after int8, max int8 -> like FindShopOrders.
const ScanShopOrders = `
SELECT ` + shopOrderList + ` FROM schema.orders
WHERE id > $1::int8
ORDER BY id LIMIT $2::int8`

// SetShopStatus: id int8, status text -> changed bool; no row where the row does not exist.
const SetShopStatus = `
UPDATE schema.orders SET status = $2::text WHERE id = $1::int8
RETURNING true AS changed`

// AddShopStock: sku_id text, delta int8. PostgreSQL checks the row proposed for insertion before it
// looks for the conflict, so where the SKU is known that row must be harmless.
const AddShopStock = `
INSERT INTO schema.stock AS s (sku_id, initial, stock)
VALUES ($1::text, 0, CASE WHEN EXISTS (SELECT FROM schema.stock WHERE sku_id = $1::text) THEN 0 ELSE $2::int8 END)
ON CONFLICT (sku_id) DO UPDATE SET stock = s.stock + $2::int8`

// RecomputeShopStock: () -> sku_id text, stock int8, recomputed int8, pending int8.
const RecomputeShopStock = `
SELECT s.sku_id, s.stock, s.initial + coalesce(o.net, 0)::int8 AS recomputed, coalesce(o.pending, 0)::int8 AS pending
FROM schema.stock s
LEFT JOIN (
  SELECT sku_id,
    sum(CASE
      WHEN status IN ('RESTOCK', 'RESTOCKED', 'RETURN', 'RETURNED', 'CANCEL', 'CANCELLED', 'ADJUST', 'ADJUSTED') THEN qty
      WHEN status = 'GRANTED' THEN -qty
      ELSE 0 END) AS net,
    sum(qty) FILTER (WHERE status = 'PENDING') AS pending
  FROM schema.orders GROUP BY sku_id) o ON o.sku_id = s.sku_id
ORDER BY s.sku_id`

// LockShopStock: sku_id text[] -> sku_id text, stock int8. The locks are taken in SKU order.
const LockShopStock = `
SELECT s.* FROM (
  SELECT u.sku_id COLLATE "C" AS sku_id FROM unnest($1::text[]) AS u(sku_id) ORDER BY 1) k
CROSS JOIN LATERAL (
  SELECT sku_id, stock FROM schema.stock s WHERE s.sku_id = k.sku_id FOR UPDATE) s
ORDER BY s.sku_id`

// ReadShopStock: sku_id text[]; ReadAllShopStock: nothing -> sku_id text, stock int8.
const (
	ReadShopStock = `
SELECT s.* FROM unnest($1::text[]) AS k(sku_id)
CROSS JOIN LATERAL (
  SELECT sku_id, stock FROM schema.stock s WHERE s.sku_id = k.sku_id OFFSET 0) s
ORDER BY s.sku_id`
	ReadAllShopStock = `
SELECT sku_id, stock FROM schema.stock ORDER BY sku_id`
)

const rowLockList = `command_id, fingerprint, order_id, line_no, kind, ref, sku_id, qty, outcome, granted, stock_after,
  state, returned, decided_at`

// InsertRowLockOrders: an array of each column of rowlock.orders.
const InsertRowLockOrders = `
INSERT INTO rowlock.orders (` + rowLockList + `)
SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::uuid[], $4::int4[], $5::int2[], $6::uuid[], $7::text[], $8::int8[],
  $9::int2[], $10::int8[], $11::int8[], $12::int2[], $13::int8[], $14::int8[])`

// FindRowLockOrders: command_id uuid[] -> the columns of rowlock.orders.
const FindRowLockOrders = `
SELECT o.* FROM unnest($1::uuid[]) AS k(command_id)
CROSS JOIN LATERAL (
  SELECT ` + rowLockList + `
  FROM rowlock.orders o WHERE o.command_id = k.command_id OFFSET 0) o
ORDER BY o.command_id`

// FindRowLockLines: order_id uuid[] -> the columns of rowlock.orders. Kind 1 is model.Reserve.
const FindRowLockLines = `
SELECT o.* FROM unnest($1::uuid[]) AS k(order_id)
CROSS JOIN LATERAL (
  SELECT ` + rowLockList + `
  FROM rowlock.orders o WHERE o.order_id = k.order_id AND o.kind = 1 OFFSET 0) o
ORDER BY o.order_id, o.line_no, o.command_id`

// UpdateRowLockLines: command_id uuid[], granted int8[], state int2[], returned int8[]. The second
// condition keeps the scan to the rows named, whichever side of the join the planner begins with.
const UpdateRowLockLines = `
UPDATE rowlock.orders o
SET granted = u.granted, state = u.state, returned = u.returned
FROM unnest($1::uuid[], $2::int8[], $3::int2[], $4::int8[]) AS u(command_id, granted, state, returned)
WHERE o.command_id = u.command_id AND o.command_id = ANY ($1::uuid[]) AND o.kind = 1`

// ScanRowLockOrders: after uuid, max int8 -> the columns of rowlock.orders.
const ScanRowLockOrders = `
SELECT ` + rowLockList + ` FROM rowlock.orders
WHERE command_id > $1::uuid
ORDER BY command_id LIMIT $2::int8`
