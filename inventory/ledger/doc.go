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
// [Lane] admits synchronously: intake and settle are one transaction, the outcome is in the answer. Its
// group commits overlap: while one is written and committed, the next one has sent its locks and waits for
// the lanes inside the server, so that a lane passes from commit to commit without asking this process. Of
// what is new it looks only for the commands, behind the lock as everything; that an order or a line is there
// nevertheless is told by a conflict on its key, and the attempt after a conflict looks for all of them.
//
// [Intake] accepts, and the worker ([NewWorker]) decides what comes back from the broker. Deciders
// cache nothing between transactions, so any number of both may work on one SKU.
//
// # How a client learns a decision
//
// A synchronous answer carries it. Behind an asynchronous one the client polls: inventory.Orders.Await
// looks the command up on the primary, a few milliseconds apart at first and at most 50.
//
// Topic order.decision wakes whoever else waits for it (a page that is pushed to), so that what a synchronous
// admission answered itself has no record there. Who wants to hear of every decision reads the state topic,
// whose records name them all. A record of either is news, not the answer: a connector decodes a decision
// before a synchronous standby has it, so who must be sure looks the command up too.
//
// # Under load
//
// Callers wait for room in the queue of a group commit. With option Shed they are answered SHED instead,
// and so are orders that a fresh view of the speed layer shows to be hopeless. SHED decides
// nothing and is stored nowhere.
//
// # What it does not promise
//
// Display staleness is bounded and versioned, not zero. What an asynchronous PostgreSQL standby loses
// at a failover is lost.
package ledger
