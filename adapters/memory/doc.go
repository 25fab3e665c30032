// Package memory holds the servers behind the ports in memory: PostgreSQL, Redis and Kafka, each
// with the behaviour that production code can observe, and none of the rest. They are deterministic:
// given the order in which a [Gate] lets calls in, they do the same thing every time, and no
// goroutine ever blocks inside one. A wait (for a row lock, for a record) is a value with a condition
// that the gate holds, so that a simulator can schedule it.
//
// The same servers serve ordinary goroutines through [Plain], and the real clients through the wire
// fakes in adapters/fakes. They are believed only as far as the contract suites run against them and
// against the real servers alike.
package memory
