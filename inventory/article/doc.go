// Package article is the design of the published article "Speed & Truth", flaws included: they are
// what it is here for. Redis decides behind the broker; PostgreSQL has accepted the order before.
//
// # The flow
//
// The API inserts one row per order line into article.orders, its only write. A connector streams the
// raw table to order.created, keyed by {"sku_id":...}. A worker with one loop per partition runs the
// Lua script on stock:{SKU} and idempotent:{SKU}:ORDER, then writes the reply to the row's status and
// takes the units from the stock row under CHECK (stock >= 0), then commits the offset.
//
// # Where the article is silent
//
//   - The token's ORDER is the order's id, not the line's: two lines of one SKU collide.
//   - "Granted" is the script's reply, never the API's acceptance. ALREADY_PROCESSED leaves the status
//     alone; a violated CHECK marks the order OVERSOLD and never blocks the partition.
//   - The consumer reads a typed integer, as a JSON decoder into a struct does, and judges it no further, for neither
//     does the script: -7 units are deducted, which adds seven. What is no integer cannot be processed.
//   - Only op c is consumed. Options.EveryOp consumes every op that has a row.
//   - Recomputed absolute stock is initial + restocks, returns, cancels and adjustments - granted
//     orders, from one statement. "Pending" for bootstrap is what has no final status.
//   - Restock, return, cancel and adjust are events on the same topic with ids of their own; the
//     script's mirror image adds under a token with the same life; a refusal is not remembered.
//   - COMMIT, EXPIRE, TRANSFER and SET_LIMIT are not supported.
//   - With Options.Shards the worker picks a shard by a hash of the order's id and, when it is dry,
//     the next one; the sum is the stock.
//   - Reconciler and bootstrap run only when asked for: a blind SET is itself the fault.
package article
