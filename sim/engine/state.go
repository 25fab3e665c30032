package engine

import (
	"stockproof/adapters/memory"
)

// A search visits every state once. A state is what the servers hold, what every living actor has seen and
// where it stands, and what lies in mailboxes. An actor's stack cannot be compared, but it is a function of
// what the actor has seen: the answers to its requests and the items it received, in order.
//
// # Time stands still
//
// In a search the clock moves only when nothing else can. A sleep of a process ends at any moment, once the
// servers have changed since it began: a round that would see what the last one saw changes nothing. What a
// server does later is due at once. Sleeps of patient processes (clients that wait for a decision) end when
// nobody else can go on; lock timeouts and lingers when time has to pass.
//
// # Rounds
//
// Whoever sleeps between two rounds of one loop, and saw in the last round what it had seen in the one
// before, is in the state in which it was before the round: what it has seen is not added to.

// recollection is what an actor has seen.
type recollection struct {
	all     memory.Hash // in order, rounds that repeated the one before left out
	round   memory.Hash // since its last sleep
	last    memory.Hash // the round before
	resting memory.Hash // all, when it last went to sleep
	slept   bool
	world   uint64 // the servers, when it last went to sleep
	failed  bool   // a call of it failed
}

func (r *recollection) see(v uint64) {
	r.all.Word(v)
	r.round.Word(v)
}

// observe adds an answer to what the actor has seen.
func (a *Actor) observe(c *memory.Call, err error) {
	h := memory.NewHash()
	h.Text(c.Op)
	h.Text(c.Key)
	h.ValueOf(a.Proc.e.shapes, c.With)
	h.Failure(err)
	a.memory.failed = a.memory.failed || err != nil
	a.memory.see(uint64(h))
}

// checkpoint is called where a loop begins anew: a consumer that asks for what lies behind its position, a
// group commit that waits for the next question. What such a loop has seen before is over, but for its
// position: the actor is in one state however it got there. Not so after a failed call, which may have left
// something undone, and not for clients, who remember.
func (a *Actor) checkpoint(c *memory.Call) {
	if a.memory.failed || a.Proc.Patient {
		return
	}
	h := memory.NewHash()
	h.Text(c.Op)
	h.Text(c.Key)
	h.Word(uint64(c.From))
	a.memory = recollection{all: h}
}

// rest is called when the actor goes to sleep.
func (a *Actor) rest() {
	m := &a.memory
	if m.slept && m.round == m.last {
		m.all = m.resting
	} else {
		m.all.Word(7)
	}
	m.resting, m.last, m.round, m.slept = m.all, m.round, 0, true
	m.world = a.Proc.e.o.World()
}

// due reports whether a sleeper may wake in a search.
func (a *Actor) due() bool {
	e := a.Proc.e
	switch {
	case e.now >= a.wait.deadline, a.wait.ctx != nil && a.wait.ctx.Err() != nil:
		return true
	case a.Proc == e.servers:
		return true
	case !a.memory.slept, a.Proc.Patient && !e.idle:
		return false
	}
	return e.world() != a.memory.world
}

// world is the servers' digest of now.
func (e *Engine) world() uint64 {
	if e.worldAt != e.steps+1 {
		e.worldNow, e.worldAt = e.o.World(), e.steps+1
	}
	return e.worldNow
}

// mark is who runs now and what they have seen: the identity of what they hand over.
func (e *Engine) mark() uint64 {
	h := memory.NewHash()
	if a := e.current; a != nil {
		h.Text(a.Name)
		h.Word(uint64(a.memory.all))
	}
	return uint64(h)
}

// register makes a mailbox part of the state.
func (e *Engine) register(m *mailbox) {
	h := memory.Hash(e.mark())
	h.Word(uint64(m.capacity))
	m.name = uint64(h)
	e.boxes = append(e.boxes, m)
}

// StateDigest is the state between two steps. more is what else belongs to it.
func (e *Engine) StateDigest(more uint64) uint64 {
	h := memory.NewHash()
	h.Word(e.world())
	h.Word(more)
	sum := uint64(0)
	for _, a := range e.actors {
		sum += a.digest()
	}
	h.Word(sum)
	sum = 0
	kept := e.boxes[:0]
	for _, m := range e.boxes {
		if len(m.items) > 0 {
			b := memory.Hash(m.name)
			for _, mark := range m.marks {
				b.Word(mark)
			}
			sum += uint64(b)
		}
		kept = append(kept, m)
	}
	e.boxes = kept
	h.Word(sum)
	for _, p := range e.procs {
		h.Flag(p.dead)
		h.Flag(p.paused)
	}
	return uint64(h)
}

func (a *Actor) digest() uint64 {
	h := memory.NewHash()
	h.Text(a.Name)
	m := &a.memory
	h.Word(uint64(m.all))
	h.Flag(m.failed)
	if m.slept {
		h.Word(uint64(m.round))
		h.Word(uint64(m.last))
	}
	h.Word(uint64(a.point.Phase)<<8 | uint64(a.serving))
	h.Text(a.point.Call.Op)
	h.Flag(a.wait.deadline != 0)
	if a.memory.slept && a.wait.deadline != 0 {
		h.Flag(a.Proc.e.world() == a.memory.world)
	}
	return uint64(h)
}
