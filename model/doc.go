// Package model is the domain of stockproof and its sequential specification. It is pure: no clock,
// no I/O, no randomness, no concurrency, and nothing in it depends on the order of a map.
//
// # The mental model
//
// A lane is one SKU at one location. Every command on a lane is decided once, in the order in which
// the lane hands out its sequence numbers, by [Decide]:
//
//	Decide(state, command) -> (state', decision)
//
// The same function is the production decision, the simulator's specification and the model that a
// linearizability checker steps. A decision is a value and terminal: a rejection takes a sequence
// number and is remembered exactly like a grant, which is what keeps a verdict from flipping when
// the command is delivered again after a restock.
//
// State is the lane, the command's own order line and the line it refers to: a lane alone cannot
// answer a RELEASE, and the lines alone cannot answer a RESERVE.
//
// # What else is here
//
// Identity ([ID], uuid5 of what it names), the limits every layer checks ([MaxQuantity],
// [MaxNumber], [MaxSKUBytes]), the records on the wire (wire.go), the injective key codec for Redis
// keys and topic keys (key.go) and the partitioner of the Java client (partition.go).
//
// # What it does not promise
//
// Nothing here remembers a command: exactly-once is the settler's work (inventory/ledger), which
// asks the truth whether a command was decided before it calls Decide.
package model
