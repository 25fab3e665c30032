// Package port is everything that production code knows of the world: four servers (the truth, the
// speed layer, the broker, a replication slot) and the process's own runtime.
//
// # The mental model
//
// A server has one method, Do, that takes typed operations whose fields hold inputs and results. One
// call is one pipeline and one round trip: what a network can lose, delay or duplicate is exactly
// one call, and so that is where faults, recording and pgx's Batch attach. A new design adds
// operation types, not methods.
//
// One [Statement] is one SQL query, one [SpeedOp] is one script or command on one key.
//
// The statements of the ledger design (schema "ledger") have one order of tables,
// everywhere: progress, missing lanes, lanes, orders, command, order_line, ledger, sku_lane,
// inventory_outbox, dlq. Every list is sorted by key before it is handed over, and a statement touches
// its rows in that order: that is why deciders do not deadlock.
//
// # Failures are five classes, outcomes are values
//
// Whatever retries looks only at the class (errors.go). A business outcome is never an error.
//
// An attempt that ended in an error owns its operations for ever: a late request may still be
// reading them. Build fresh operations for every attempt.
//
// # What may be asked of the runtime
//
// Time, concurrency, hand-over and jitter come from [Runtime]. Behind the ports there is no go
// statement, channel, select, timer or random number; a test enforces it.
package port
