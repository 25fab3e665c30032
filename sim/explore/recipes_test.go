package explore_test

import "stockproof/sim"

// Why the same is not asked of ledger.
const (
	outside   = "a failover that loses an acknowledged tail is outside its envelope"
	noLetters = "no token has a life there, so a TTL that is refused makes no dead letter to drive again"
	noScript  = "its dead letters are rows of the settle transaction: no value in Redis makes one"
)

// hasLetters is shown where a script failed: whoever is deployed anew in the middle of an order loses it too, and without a letter.
func hasLetters(out sim.Outcome) bool { return out.DeadLetters > 0 }

// recipes are all schedules that are recorded.
func recipes() []recipe {
	return []recipe{
		{name: "verdict-flip", kinds: []string{"crash", "rewind", "duplicate"}, max: 2},
		{name: "unknown-outcome", kinds: []string{"crash"}, max: 1},
		{name: "lost-reply", kinds: []string{"lost-response"}, max: 1},
		{name: "token-expiry"},
		{name: "fast-clock", kinds: []string{"advance-clock", "rewind"}, max: 2},
		{name: "slot-rewind", kinds: []string{"pg-crash", "advance-clock"}, max: 2},
		{name: "connector-expiry", kinds: []string{"crash", "advance-clock"}, max: 2},
		{name: "connector-loses", kinds: []string{"connector-loses"}, max: 1},
		{name: "failover-phantom", kinds: []string{"pg-failover-async"}, max: 1, ledger: outside},
		{name: "slot-lost", kinds: []string{"drop-slot", "invalidate-slot"}, max: 1},
		{name: "copy", kinds: []string{"copy"}, max: 1},
		{name: "late-committer", test: lsnFenced()},
		{name: "every-op", kinds: []string{"advance-clock"}, max: 1},
		{name: "snapshot-flood", needs: []string{"connector-snapshot"}},
		{name: "wrong-key-restock"},
		{name: "wrong-key-cancel", kinds: []string{"delay"}, max: 1},
		{name: "key-bytes", kinds: []string{"wrong-key"}, max: 1},
		{name: "other-partitioner", kinds: []string{"other-partitioner"}, max: 1},
		{name: "truncated-log", kinds: []string{"truncate"}, max: 1},
		{name: "short-retention", kinds: []string{"retention"}, max: 1},
		{name: "zombie", kinds: []string{"pause"}, max: 1},
		{name: "partition-growth", kinds: []string{"grow-partitions"}, max: 1},
		{name: "compacted-commands", kinds: []string{"compact"}, max: 1},
		{name: "topic-recreated", kinds: []string{"recreate-topic"}, max: 1},
		{name: "partial-script", kinds: []string{"bad-ttl"}, max: 1, shows: hasLetters,
			ledger: "no token has a life there, so no TTL can be refused"},
		{name: "missing-key", kinds: []string{"redis-empty"}, max: 1},
		{name: "quantities", kinds: []string{"garbled"}, max: 1},
		{name: "foreign-value", kinds: []string{"foreign-value"}, max: 1},
		{name: "empty-tag"},
		{name: "order-token"},
		{name: "failover-suffix", kinds: []string{"redis-failover"}, max: 1},
		{name: "minority-master"},
		{name: "eviction", kinds: []string{"evict-keys", "rewind"}, max: 2},
		{name: "blind-reconcile-order"},
		{name: "blind-reconcile-restock"},
		{name: "bootstrap-replay", needs: []string{"run"}},
		{name: "dead-letter-cancel"},
		{name: "dead-and-done", ledger: noScript},
		{name: "re-drive", kinds: []string{"bad-ttl", "re-drive"}, max: 2, needs: []string{"re-drive"}, ledger: noLetters},
		{name: "stranded-shards"},
		{name: "shard-retry"},
		{name: "double-submit", kinds: []string{"resubmit"}, max: 1},
		{name: "second-group", kinds: []string{"second-group"}, max: 1},
		{name: "admin-set", kinds: []string{"admin-set"}, max: 1},
		{name: "mirror-replay", kinds: []string{"mirror-replay", "advance-clock"}, max: 2},
		{name: "dual-write", kinds: []string{"crash"}, max: 1},
	}
}
