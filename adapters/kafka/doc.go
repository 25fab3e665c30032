// Package kafka is the broker port over Apache Kafka with franz-go.
//
// # The mental model
//
// One [Broker] is one process's connection: a producer, and as many group members as it joins. A
// member is two clients, because a consumer group and an exact position do not go together in one:
//
//   - The membership client joins the group and is told partitions with their committed offsets. Its
//     topic is paused; it fetches nothing. (A seek in a group silently skips partitions whose offsets
//     the group has not loaded yet.)
//   - The data client knows nothing of groups and reads partitions from the exact position that a
//     Fetch names.
//
// A callback of the membership client runs on franz-go's goroutine while the group waits, so it only
// marks claims, and on a revocation waits for Release below the rebalance timeout. A member that was
// evicted has nothing to wait for.
//
// Fetched records go into a buffer per claim. A full buffer pauses its partition; it does not hold up
// the others.
//
// # What an error says
//
// Every error names the brokers, the topic and the partition, and has one of the port's classes
// (classify.go). A broker that cannot be reached is ErrUnavailable where nothing was sent, ErrUnknown
// where something may have been.
package kafka
