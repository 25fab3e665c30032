package redis

import "slices"

// journal remembers a master's last writes, so that a replica can be had that lacks some. One
// write is one request, a whole script: Redis 7 replicates a script's effects as a transaction, also
// those of a script that fails half way.
type journal struct {
	keep   int // how many; 0: none, and nothing here is touched
	writes []journaled
	next   Write // the request that runs
	open   bool  // it is the last of writes
}

// Write names a write: what was done ("deduct", "install", "evict", ...), and to which key.
type Write struct{ Op, Key string }

type journaled struct {
	Write
	before []keyBefore
}

type keyBefore struct {
	key   string
	value *value // nil: there was no such key
}

// save keeps what key holds. Whoever changes a key calls it first.
func (m *node) save(key string) {
	if m.keep > 0 {
		m.note(key)
	}
}

func (m *node) note(key string) {
	j := &m.journal
	if !j.open {
		j.open = true
		w := journaled{Write: j.next}
		if len(j.writes) >= j.keep {
			w.before = j.writes[0].before[:0]
			copy(j.writes, j.writes[1:])
			j.writes = j.writes[:len(j.writes)-1]
		}
		j.writes = append(j.writes, w)
	}
	w := &j.writes[len(j.writes)-1]
	for i := range w.before {
		if w.before[i].key == key {
			return
		}
	}
	w.before = append(w.before, keyBefore{key, m.keys.byName[key].clone()})
}

// undo takes the last writes back and says which these were, oldest first.
func (m *node) undo(last int) (undone []Write) {
	j := &m.journal
	for range min(last, len(j.writes)) {
		w := j.writes[len(j.writes)-1]
		for _, b := range w.before {
			if b.value == nil {
				m.keys.remove(b.key)
			} else {
				m.keys.put(b.key, b.value)
			}
		}
		j.writes = j.writes[:len(j.writes)-1]
		undone = append(undone, w.Write)
	}
	slices.Reverse(undone)
	return undone
}

// behind answers a read as a replica does that lacks the last writes.
func (m *node) behind(args []string) any {
	key, value := args[1], m.keys.byName[args[1]]
	for back := range min(m.r.lag, len(m.writes)) {
		for _, b := range m.writes[len(m.writes)-1-back].before {
			if b.key == key {
				value = b.value
			}
		}
	}
	replica := &node{r: m.r, index: m.index, skewMS: m.skewMS, keys: newKeyspace()}
	if value != nil {
		replica.keys.put(key, value.clone())
	}
	return replica.exec(args)
}

// ReplicaLag lets clients read lanes, stock and heartbeats from replicas that lack the last so many
// writes of their master (at most what KeepWrites keeps). Scripts still run on the master. 0 ends it.
func (r *Server) ReplicaLag(writes int) {
	r.gate.Local(func() { r.lag = max(0, writes) })
}
