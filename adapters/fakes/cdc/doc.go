// Package cdc is a connector without Debezium: it reads the changes of a replication slot, encodes
// them as Debezium would (adapters/debezium) and produces them.
//
// It stands in for Debezium where the servers are in process. What it keeps of the original is what
// its consumers can notice:
//
//   - At least once. A change is confirmed only when the broker has acknowledged its records, and
//     only with its whole transaction. Confirmations are flushed every so many batches; a connector
//     that starts again re-emits what was not flushed, at new offsets, from the start of a
//     transaction, in the same order.
//   - Commit order. Records leave in the order of the log, one batch at a time; a batch that may or
//     may not have been written is written again.
//   - Fail loud. What cannot be encoded or is refused for good ends the process, as a connector's task
//     ends FAILED: to skip it would be to lose it.
//
// What it does not have: snapshots, signals, logical messages, schemas in the records, and the six
// bugs that lose events.
//
// It is written against the ports like production code, and runs in the simulator too.
package cdc
