package redis

import (
	"slices"
	"strings"

	"stockproof/adapters/redis/command"
)

// What a server in trouble says. Source: Redis 7.0 server.c, cluster.c; the long one is cut short.
const (
	OOM     command.Error = "OOM command not allowed when used memory > 'maxmemory'."
	Misconf command.Error = "MISCONF Redis is configured to save RDB snapshots, " +
		"but it's currently unable to persist to disk."
	Busy command.Error = "BUSY Redis is busy running a script. " +
		"You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
	Loading     command.Error = "LOADING Redis is loading the dataset in memory"
	ClusterDown command.Error = "CLUSTERDOWN The cluster is down"

	noScriptError  command.Error = "NOSCRIPT No matching script. Please use EVAL."
	tryAgainError  command.Error = "TRYAGAIN Multiple keys request during rehashing of slot"
	crossSlotError command.Error = "CROSSSLOT Keys in request don't hash to the same slot"
)

// Refuse answers the next requests of clients to a master with message, and runs none of them: BUSY,
// LOADING, CLUSTERDOWN. A redirection comes first. Zero requests ends it.
func (r *Server) Refuse(node, requests int, message command.Error) {
	r.gate.Local(func() { n := r.nodes[node]; n.refusing, n.refusal = requests, message })
}

// Refused is how many requests [Server.Refuse] has cost so far.
func (r *Server) Refused() int { return r.refused }

// DenyWrites answers writes to a master with message until it is called with "": OOM is a full
// memory under noeviction and spares what frees memory, Misconf a disk that fails and spares
// nothing. Reads are served.
//
// A script is refused at its first write or not at all: Redis 7 lets one go on that has written,
// because it could not undo that. What leaves half a script is an error of its own, such as a TTL "0".
func (r *Server) DenyWrites(node int, message command.Error) {
	r.gate.Local(func() { r.nodes[node].denied = message })
}

// deny is the answer to a command while writes are denied; "": it runs. Source: Redis 7.0 script.c,
// scriptVerifyOOM and scriptVerifyWriteCommandAllow.
func (m *node) deny(name string) command.Error {
	switch name {
	case "SET", "INCRBY", "DECRBY", "HSET":
	case "DEL", "EXPIRE", "PEXPIRE":
		if strings.HasPrefix(string(m.denied), "OOM") {
			m.dirty = true
		}
	default:
		return ""
	}
	if m.dirty {
		return ""
	}
	return m.denied
}

// Eviction is Redis's maxmemory-policy.
type Eviction string

// The policies that pick keys by use. With noeviction nothing goes: that is [Server.DenyWrites].
const (
	VolatileLRU Eviction = "volatile-lru" // only keys with a TTL: in the article, the tokens
	AllKeysLRU  Eviction = "allkeys-lru"
)

// Evict removes at most count keys of a master as a full memory does, and says which, the least
// recently used first. Redis samples; this is its limit, the exact order.
func (r *Server) Evict(node int, policy Eviction, count int) (evicted []string) {
	r.gate.Local(func() {
		n := r.nodes[node]
		keys := n.keys.living(n.nowMS())
		if policy == VolatileLRU {
			keys = slices.DeleteFunc(keys, func(k string) bool { return n.keys.byName[k].expireMS == 0 })
		}
		slices.SortFunc(keys, func(a, b string) int {
			return int(n.keys.byName[a].used - n.keys.byName[b].used)
		})
		evicted = keys[:max(0, min(count, len(keys)))]
		for _, key := range evicted {
			n.begin("evict", key)
			n.save(key)
			n.keys.remove(key)
		}
	})
	return evicted
}
