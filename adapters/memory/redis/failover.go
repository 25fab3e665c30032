package redis

import (
	"slices"
	"time"
)

// Promotion says what a replica differs in from the master it replaces. Its script cache is empty and
// its replication id is new in any case.
type Promotion struct {
	// Lose is how many of the master's last writes it never got: a suffix of whole writes, at most what
	// KeepWrites kept.
	Lose int
	// Skew is its clock minus the master's. Expiry times are absolute: a fast clock ends tokens early.
	Skew time.Duration
}

// fork is a master in a minority partition, and who still talks to it.
type fork struct {
	*node
	clients []string // nil: all
}

// master is the one that a process reaches under a master's name.
func (r *Server) master(node int, process string) *node {
	for _, f := range r.minority {
		if f.index == node && (len(f.clients) == 0 || slices.Contains(f.clients, process)) {
			return f.node
		}
	}
	return r.nodes[node]
}

// Failover replaces a master by a replica and says which writes that loses, oldest first. A pipeline
// that is under way loses its replies.
func (r *Server) Failover(node int, p Promotion) (lost []Write) {
	r.gate.Local(func() { lost = r.nodes[node].promote(p) })
	return lost
}

func (m *node) promote(p Promotion) []Write {
	lost := m.undo(p.Lose)
	m.skewMS += p.Skew.Milliseconds()
	m.reborn()
	return lost
}

// Isolate cuts a master off. A replica is promoted at once, but the named clients (all, if none is
// named) go on with the old master, which serves them as if nothing had happened, until [Server.Heal]
// discards what it took. Keys and Command show the promoted side. It says which writes the promoted
// replica lacks; a master that is cut off already stays as it is, and cut is false.
func (r *Server) Isolate(node int, p Promotion, clients ...string) (lost []Write, cut bool) {
	r.gate.Local(func() {
		if r.isolated(node) >= 0 {
			return
		}
		cut = true
		old := r.nodes[node]
		promoted := *old
		promoted.keys = old.keys.clone()
		old.journal = journal{keep: 1 << 30} // the list of what Heal drops
		lost = promoted.promote(p)
		r.nodes[node] = &promoted
		r.minority = append(r.minority, fork{old, slices.Clone(clients)})
	})
	return lost, cut
}

// Heal ends a partition: the old master becomes a replica of the promoted one. It says which writes
// that drops.
func (r *Server) Heal(node int) (dropped []Write) {
	r.gate.Local(func() {
		at := r.isolated(node)
		if at < 0 {
			return
		}
		for _, w := range r.minority[at].writes {
			dropped = append(dropped, w.Write)
		}
		r.minority = slices.Delete(r.minority, at, at+1)
	})
	return dropped
}

func (r *Server) isolated(node int) int {
	return slices.IndexFunc(r.minority, func(f fork) bool { return f.index == node })
}

// RestartEmpty is a restart of every server without persistence: everything is gone, scripts too, and
// the replication ids are new. Which master owns which slot is kept.
func (r *Server) RestartEmpty() {
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
func (r *Server) FlushScripts() {
	r.gate.Local(func() {
		for _, n := range r.nodes {
			n.cold, n.loaded = true, nil
		}
	})
}
