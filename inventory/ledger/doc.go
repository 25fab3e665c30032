// Package ledger is the recommended design: PostgreSQL is the only decider.
//
// It decides in per-SKU batches that hand out a contiguous sequence per lane. Every decision leaves
// as an outbox record that carries the outcome and the resulting absolute state, and everything
// downstream (Redis, feeds, bootstrap, reconcile, re-drive) is one compare-and-set on (epoch, seq).
//
// # The one transaction
//
// settle.go is the heart: gate, progress, lane locks, and only then, in later statements, what is
// known; then [fold] decides in log order, and one pipeline writes everything and commits. The order
// of those steps is the protocol. A duplicate is absorbed because the command table remembers its
// outcome for ever, a zombie because progress moves by compare-and-set, a lost COMMIT because the
// same transaction with the same ids answers from what it finds.
//
// # Two ways in
//
// [Lane] admits synchronously: intake and settle are one transaction, the outcome is in the answer.
// [Intake] accepts, and the worker ([NewWorker]) decides what comes back from the broker. Deciders
// cache nothing between transactions, so any number of both may work on one SKU.
//
// # What it does not promise
//
// Display staleness is bounded and versioned, not zero. What an asynchronous PostgreSQL standby loses
// at a failover is lost.
package ledger
