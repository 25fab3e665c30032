package explore

import (
	"strings"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
	"stockproof/sim/engine"
)

// footprint is what one way to go on may read and write, at most: two that touch nothing in common commute. What
// it says is compared with what really happens by the test of diamonds.
type footprint struct {
	process       uint64 // whose step it is: what is inside a process is one thing
	reads, writes places
	never         bool // it commutes with nothing
}

// places are things that steps touch, as bits. Topics and groups share bits where there are many, which only makes
// steps depend on each other that do not.
type places uint64

const (
	rows   places = 1 << iota // of PostgreSQL, and its locks
	stream                    // what slots have to send
	sent                      // what they have sent and confirmed
	speed                     // Redis
	front                     // whether the API process lives
	budget                    // the faults that may still strike
	beside                    // the one that may strike beside them

	groupsAt = 8 // bits of consumer groups
	groupsN  = 8
	topicsAt = 16 // bits of topics
	topicsN  = 48

	allGroups  = places(1<<groupsN-1) << groupsAt
	allTopics  = places(1<<topicsN-1) << topicsAt
	everything = ^places(0)
)

// commute reports whether two steps lead to the same state in either order.
func commute(a, b footprint) bool {
	return !a.never && !b.never && a.process != b.process && a.writes&(b.reads|b.writes) == 0 && b.writes&a.reads == 0
}

func named(name string) uint64 {
	h := memory.NewHash()
	h.Text(name)
	return uint64(h)
}

func group(name string) places { return 1 << (groupsAt + named(name)%groupsN) }
func topic(name string) places { return 1 << (topicsAt + named(name)%topicsN) }

// dormant is an option's footprint as long as it has not been carried out: whether it ends in a sleep, which looks at
// what its attempt has asked, is not known.
func (w *walker) dormant(o option, ready []*engine.Actor) footprint {
	f := w.footprint(o, ready)
	if o.acts() {
		f.reads |= w.watched(ready[o.actor])
	}
	return f
}

// watched is what an actor looks at when it goes to sleep.
func (w *walker) watched(a *engine.Actor) (at places) {
	if a.Proc.Role == "server" {
		return 0
	}
	wholes := [...]places{engine.Tables: rows, engine.Slots: stream | sent, engine.Logs: allGroups | allTopics, engine.Speed: speed}
	for part, whole := range wholes {
		if a.Watches(part, w.polls) {
			at |= whole
		}
	}
	return at
}

// footprint is an option's.
func (w *walker) footprint(o option, ready []*engine.Actor) footprint {
	switch {
	case w.s.FaultsAhead(): // any step may be the one that it waits for
		return footprint{never: true}
	case o.crash != "":
		f := footprint{process: named(o.crash), writes: budget}
		if strings.HasPrefix(o.crash, "api-") {
			f.writes |= front
		}
		f.never = w.Faults > 1
		return f
	case o.evict != "": // the process goes on, and hears of it from a server
		return footprint{writes: allGroups | budget}
	case o.kind == "duplicate" && o.also:
		return footprint{writes: allTopics | beside}
	case o.kind == "duplicate": // it reads nothing but logs, and appends to them
		return footprint{writes: allTopics | budget}
	case !o.acts():
		return footprint{never: true}
	}
	f := stepOf(ready[o.actor])
	if c := ready[o.actor].Point().Call; c.Op == "fetch waits" && w.s.TakenBack() {
		f.writes |= allGroups // it may learn of it, and lets go
	}
	switch {
	case o.fate == engine.Delivered:
	case ready[o.actor].Proc.Role == "clients" || o.fate == engine.LostResponse:
		f.writes |= budget
	default: // nothing arrives now
		f.reads, f.writes = 0, budget
	}
	return f
}

// stepOf is the footprint of an actor's next step if its request is delivered.
func stepOf(a *engine.Actor) footprint {
	f := footprint{process: named(a.Proc.Name)}
	p := a.Point()
	switch a.Proc.Role {
	case "clients": // who look again once something has changed, or nobody else can go on
		f.reads = everything
		return f
	case "server":
		f.process = a.Identity()
	}
	switch {
	case p.Phase == engine.Server:
		f.writes = served(a.Name)
	case p.Phase == engine.Start && a.Proc.Role == "api":
	case p.Phase == engine.Start && a.Proc.Role != "server":
		f.writes = allGroups // a member may be offered something before it asks
	default:
		f.reads, f.writes = touched(&p)
	}
	return f
}

// served is what a server's own work touches.
func served(name string) places {
	switch {
	case strings.HasPrefix(name, "servers/postgres notices "):
		return rows
	case strings.HasPrefix(name, "servers/kafka evicts "):
		return allGroups
	}
	return everything
}

// touched is what a step from a point touches outside of its process.
func touched(p *engine.Point) (reads, writes places) {
	waits := strings.HasSuffix(p.Call.Op, " waits")
	op := strings.TrimSuffix(p.Call.Op, " waits")
	switch {
	case p.Phase == engine.Local && op == "sleep":
		return everything &^ budget, 0
	case p.Phase == engine.Local:
		return 0, 0
	case p.Call.Server == "kafka":
		return kafkaTouched(p, op)
	case p.Call.Server == "postgres" && op == "read slot":
		return stream, sent
	case p.Call.Server == "postgres" && op == "confirm slot":
		return 0, sent
	case p.Call.Server == "postgres" && p.Phase == engine.Inside && !waits: // its COMMIT is in the log already
		return 0, rows
	case p.Call.Server == "postgres" && (op == "tx do" || op == "tx rollback"):
		return 0, rows
	case p.Call.Server == "postgres":
		return 0, rows | stream
	case strings.HasPrefix(p.Call.Server, "redis"):
		return 0, speed
	}
	return everything, everything
}

// kafkaTouched is what a step at a broker touches.
func kafkaTouched(p *engine.Point, op string) (reads, writes places) {
	switch op {
	case "fetch":
		name, _, _ := strings.Cut(p.Call.Key, "/")
		return topic(name) | allGroups, 0
	case "claim":
		return 0, allGroups
	case "join", "leave":
		return 0, group(p.Call.Key)
	case "commit":
		name, _, _ := strings.Cut(p.Call.Key, "/")
		return 0, group(name)
	case "produce":
		records, ok := p.Call.With.([]port.Record)
		if !ok {
			return everything, everything
		}
		for i := range records {
			writes |= topic(records[i].Topic)
		}
		return 0, writes
	}
	return everything, everything
}
