package memory

import (
	"slices"
	"time"
)

// RedisPromotion says what a replica differs in from the master it replaces. Its script cache is empty and
// its replication id is new in any case.
type RedisPromotion struct {
	// Lose is how many of the master's last writes it never got: a suffix of whole writes, at most what
	// KeepWrites kept.
	Lose int
	// Skew is its clock minus the master's. Expiry times are absolute: a fast clock ends tokens early.
	Skew time.Duration
}

// redisFork is a master in a minority partition, and who still talks to it.
type redisFork struct {
	*redisNode
	clients []string // nil: all
}

// master is the one that a process reaches under a master's name.
func (r *Redis) master(node int, process string) *redisNode {
	for _, f := range r.minority {
		if f.index == node && (len(f.clients) == 0 || slices.Contains(f.clients, process)) {
			return f.redisNode
		}
	}
	return r.nodes[node]
}

// Failover replaces a master by a replica and says which writes that loses, oldest first. A pipeline
// that is under way loses its replies.
func (r *Redis) Failover(node int, p RedisPromotion) (lost []RedisWrite) {
	r.gate.Local(func() { lost = r.nodes[node].promote(p) })
	return lost
}

func (m *redisNode) promote(p RedisPromotion) []RedisWrite {
	lost := m.undo(p.Lose)
	m.skewMS += p.Skew.Milliseconds()
	m.reborn()
	return lost
}

// Isolate cuts a master off. A replica is promoted at once, but the named clients (all, if none is
// named) go on with the old master, which serves them as if nothing had happened, until [Redis.Heal]
// discards what it took. Keys and Command show the promoted side. It says which writes the promoted
// replica lacks; a master that is cut off already stays as it is.
func (r *Redis) Isolate(node int, p RedisPromotion, clients ...string) (lost []RedisWrite) {
	r.gate.Local(func() {
		if r.isolated(node) >= 0 {
			return
		}
		old := r.nodes[node]
		promoted := *old
		promoted.keys = old.keys.clone()
		old.redisJournal = redisJournal{keep: 1 << 30} // the list of what Heal drops
		lost = promoted.promote(p)
		r.nodes[node] = &promoted
		r.minority = append(r.minority, redisFork{old, slices.Clone(clients)})
	})
	return lost
}

// Heal ends a partition: the old master becomes a replica of the promoted one. It says which writes
// that drops.
func (r *Redis) Heal(node int) (dropped []RedisWrite) {
	r.gate.Local(func() {
		at := r.isolated(node)
		if at < 0 {
			return
		}
		for _, w := range r.minority[at].writes {
			dropped = append(dropped, w.RedisWrite)
		}
		r.minority = slices.Delete(r.minority, at, at+1)
	})
	return dropped
}

func (r *Redis) isolated(node int) int {
	return slices.IndexFunc(r.minority, func(f redisFork) bool { return f.index == node })
}

// RestartEmpty is a restart of every server without persistence: everything is gone, scripts too, and
// the replication ids are new. Which master owns which slot is kept.
func (r *Redis) RestartEmpty() {
	r.gate.Local(func() {
		r.minority = nil
		for _, n := range r.nodes {
			n.keys, n.writes = newKeyspace(), nil
			n.reborn()
		}
	})
}

// FlushScripts is SCRIPT FLUSH on every master: the next use of each script costs a NOSCRIPT and a
// second round trip.
func (r *Redis) FlushScripts() {
	r.gate.Local(func() {
		for _, n := range r.nodes {
			n.cold, n.loaded = true, nil
		}
	})
}
