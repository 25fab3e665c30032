// Package kafka is Kafka's protocol in this process (franz-go's kfake) for the real client: groups,
// idempotent producers and compaction settings as a broker has them, with none of replication,
// truncation or quotas.
//
// Clients dial through [Cluster.Dialer], under a name each. [Cluster.Cut] breaks the connections of
// one of them and refuses new ones: a partition of the network, or the end of a process whose
// clean-up must not reach the broker.
package kafka
