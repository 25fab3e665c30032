// Package redis is the speed layer on a real Redis 7, one server or a Cluster, over go-redis.
//
// # The mental model
//
// [Speed.Do] turns each operation into one command (package command, which the in-memory Redis uses
// too), sends them all in one pipeline per node, reads every command's own reply and error, and sorts
// failures into the classes of port/errors.go. It decides nothing about stock.
//
// # Sending
//
// Scripts go by SHA. NOSCRIPT means not executed: those, and only those, are sent again with their
// source. A Cluster's MOVED and ASK are followed. Nothing else is ever sent twice: go-redis's retries
// are off, because a repeated deduct answers ALREADY_PROCESSED and hides the outcome of the first.
// Commands of one call run in order on each node, except for those that had to be sent again.
//
// # Failures
//
// What cannot have been sent (no connection, no topology, a pool that gave none) is unavailable.
// What may have been sent and got no reply is unknown: a timeout, a connection that died. What the
// server refused is sorted by its error code. Every error names the operation, the key and the
// server.
//
// # What it does not promise
//
// No reads from replicas, no transactions. A context that is cancelled (not one that runs into its
// deadline) is noticed before sending, not while waiting for a reply: Timeout bounds that.
package redis
