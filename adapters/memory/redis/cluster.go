package redis

import (
	"fmt"
	"slices"

	"stockproof/adapters/redis/command"
)

// slotTable says which master owns each slot. It is never written after it was made: servers and
// clients share it, and a client that has an older one is a client that has not heard yet.
type slotTable [command.Slots]uint16

// owner of a slot; without a table, the masters share the slots evenly.
func (t *slotTable) owner(slot, masters int) int {
	if t == nil {
		return slot * masters / command.Slots
	}
	return int(t[slot])
}

// slotMove is a slot on its way: MIGRATING at one master, IMPORTING at the other.
type slotMove struct{ slot, from, to int }

// redirect is the answer MOVED or ASK.
type redirect struct {
	ask        bool
	slot, node int
	slots      *slotTable // with MOVED: what CLUSTER SLOTS says now
}

func (d *redirect) text(r *Server) command.Error {
	code := "MOVED"
	if d.ask {
		code = "ASK"
	}
	return command.Error(fmt.Sprintf("%s %d %s", code, d.slot, r.names[d.node]))
}

// route is what a master of a Cluster answers before it runs anything; nil: it runs it. Source: Redis
// 7.0 cluster.c, getNodeByQuery. A key whose time has passed is there as long as it was not removed.
func (r *Server) route(n *node, q *request) any {
	keys, slot := q.cmd.Keys, q.slot
	if crossSlot(keys, slot) {
		return crossSlotError
	}
	owner := r.slots.owner(slot, r.masters)
	move := r.move(slot)
	if move == nil && owner == n.index {
		return nil
	}
	missing := 0
	for _, k := range keys {
		if n.keys.byName[k] == nil {
			missing++
		}
	}
	switch {
	case owner == n.index && missing == 0:
		return nil
	case owner == n.index && missing < len(keys):
		return tryAgainError
	case owner == n.index:
		return &redirect{ask: true, slot: slot, node: move.to}
	case move == nil || move.to != n.index || !q.asking:
		return &redirect{slot: slot, node: owner, slots: r.slots}
	case len(keys) > 1 && missing > 0:
		return tryAgainError
	}
	return nil
}

func crossSlot(keys []string, slot int) bool {
	for _, k := range keys[1:] {
		if k != keys[0] && command.Slot(k) != slot {
			return true
		}
	}
	return false
}

func (r *Server) move(slot int) *slotMove {
	for i := range r.moving {
		if r.moving[i].slot == slot {
			return &r.moving[i]
		}
	}
	return nil
}

// holder is the master where a key is to be looked for: its slot's owner, or the one it moved to
// ahead of its slot.
func (r *Server) holder(key string) *node {
	if r.masters <= 1 {
		return r.nodes[0]
	}
	slot := command.Slot(key)
	n := r.nodes[r.slots.owner(slot, r.masters)]
	if m := r.move(slot); m != nil && n.keys.byName[key] == nil {
		return r.nodes[m.to]
	}
	return n
}

// BeginMove opens the migration of a slot to another master: SETSLOT IMPORTING there, MIGRATING at the
// owner. From now on a key that the owner lacks is asked for at the other one, and a script on two
// keys that are not both at one master gets TRYAGAIN. It reports whether the slot could begin to move.
func (r *Server) BeginMove(slot, to int) (begun bool) {
	r.gate.Local(func() {
		if slot < 0 || slot >= command.Slots || to < 0 || to >= r.masters {
			return
		}
		from := r.slots.owner(slot, r.masters)
		if from == to || r.move(slot) != nil {
			return
		}
		r.moving = append(r.moving, slotMove{slot, from, to})
		begun = true
	})
	return begun
}

// MoveKey is MIGRATE of one key whose slot is moving. It reports whether the old master had it.
func (r *Server) MoveKey(key string) (moved bool) {
	r.gate.Local(func() {
		if m := r.move(command.Slot(key)); m != nil {
			moved = r.migrate(m, key)
		}
	})
	return moved
}

func (r *Server) migrate(m *slotMove, key string) bool {
	from, to := r.nodes[m.from], r.nodes[m.to]
	v := from.keys.get(key, from.nowMS())
	if v == nil {
		return false
	}
	from.begin("migrate", key)
	from.save(key)
	from.keys.remove(key)
	to.begin("migrate", key)
	to.save(key)
	to.keys.put(key, v)
	return true
}

// EndMove moves what is left of a slot and gives it to its new owner: SETSLOT NODE. Clients learn it
// from MOVED. It reports whether the slot was moving.
func (r *Server) EndMove(slot int) (ended bool) {
	r.gate.Local(func() {
		m := r.move(slot)
		if m == nil {
			return
		}
		ended = true
		from := r.nodes[m.from]
		for _, key := range from.keys.living(from.nowMS()) {
			if command.Slot(key) == slot {
				r.migrate(m, key)
			}
		}
		var next slotTable
		for s := range next {
			next[s] = uint16(r.slots.owner(s, r.masters))
		}
		next[slot] = uint16(m.to)
		r.slots = &next
		r.moving = slices.DeleteFunc(r.moving, func(m slotMove) bool { return m.slot == slot })
	})
	return ended
}
