// Package kafka is Kafka in memory, as far as production code can observe it.
//
// # The mental model
//
//	Server         topics of partitions; each partition is a log with holes, a beginning and leader epochs.
//	consumerGroup  members in generations, and who holds which partition. A member that was evicted learns of it
//	               late and is a zombie until then.
//	claim          one partition in one member's hands: port.Claim.
//	client         port.Broker of one process.
//
// Duplicates, truncation with offset reuse, retention, compaction, expired offsets, elections and more partitions
// are done to a server from outside.
package kafka
