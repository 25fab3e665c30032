package engine

import (
	"slices"
	"strings"

	"stockproof/adapters/memory"
)

// A search visits every state once. A state is what the servers hold, what every living actor has seen and
// where it stands, and what lies in mailboxes. An actor's stack cannot be compared, but it is a function of
// what the actor has seen: the answers to its requests and the items it received, in order, from where it began.
//
// # Names
//
// An actor is who began it, and what that one had seen by then: the second request to a server is not the same
// when it comes from somebody else. A counter would say who was faster.
//
// # Time stands still
//
// In a search the clock moves only when nothing else can. A sleep of a process ends at any moment, once the
// servers that it had asked have changed since it began, or when a call of it failed: a round that would see
// what the last one saw changes nothing. What a server does later is due at once. Sleeps of patient processes
// (clients that wait for a decision) end when nobody else can go on; lock timeouts and lingers when time has to
// pass.
//
// # Rounds and attempts
//
// A loop that begins anew holds its position and nothing else (checkpoint). An attempt of it that came to nothing
// is made again from the start, and what it had seen is void: whoever sleeps, and then begins with the call that
// the last attempt had begun with, is where it was before. Other loops (those that never pass a checkpoint) are where
// they were when a round showed what the round before had shown.

// recollection is what an actor has seen.
type recollection struct {
	all    memory.Hash // in order, void attempts and repeated rounds left out
	failed failures

	loop    bool        // it has passed a checkpoint
	first   uint64      // the call that the present attempt began with; 0: it has not begun
	before  memory.Hash // all, when the attempt began
	repeats uint64      // the call that makes the next attempt a repetition of it; 0: none

	round   memory.Hash // of other loops: what was seen since the last sleep
	last    memory.Hash // the round before
	resting memory.Hash // all, when it last went to sleep

	answer uint64 // that lies ready for it, until it goes on

	asked      servers // since the last sleep
	known      uint64  // the servers that it had asked when it began an unseen call, 0: what it did last was none
	slept      bool    // since the last checkpoint
	failedPoll bool    // it went to sleep since nothing but a poll
	free       bool    // it sleeps because a call failed, and may wake whatever the servers do
	of         servers // the servers whose change wakes it,
	world      uint64  // and what they were when it went to sleep; 0: they count as changed since
	woken      uint64  // the servers, when a patient sleeper last woke
}

// servers is a set of the things that the world is made of.
type servers uint8

// Worlds is the state of all servers, in parts that are asked by different calls.
type Worlds [4]uint64

// Places in Worlds.
const (
	Tables = iota // what statements see
	Slots         // the rest of PostgreSQL
	Logs          // Kafka
	Speed         // Redis
)

// server is the part of the world that a call asks.
func server(c *memory.Call) servers {
	switch {
	case c.Server == "kafka":
		return 1 << Logs
	case c.Server == "postgres" && statements(c):
		return 1 << Tables
	case c.Server == "postgres":
		return 1<<Slots | 1<<Tables
	case c.Server == "api":
		return 1<<Tables | 1<<Logs | 1<<Speed
	}
	return 1 << Speed
}

// statements reports whether a call of PostgreSQL's is about rows.
func statements(c *memory.Call) bool { return c.Op == "do" || strings.HasPrefix(c.Op, "tx ") }

// failures are the kinds of call that failed and have not succeeded since, as hashes, in order.
type failures struct {
	kinds [4]uint64
	n     int // behind the last kind it counts what there was no room for: nothing mends that
}

// failure notes how a call of a kind ended.
func (f *failures) note(c *memory.Call, failed bool) {
	kept := min(f.n, len(f.kinds))
	if kept == 0 && !failed {
		return
	}
	k := kindOf(c)
	i := slices.Index(f.kinds[:kept], k)
	switch {
	case i >= 0 && !failed && f.n <= len(f.kinds):
		f.n--
		copy(f.kinds[i:], f.kinds[i+1:])
		f.kinds[f.n] = 0
	case i < 0 && failed && f.n < len(f.kinds):
		f.kinds[f.n] = k
		f.n++
	case i < 0 && failed:
		f.n = len(f.kinds) + 1
	}
}

// kindOf is what a call is repeated as: a transaction that failed anywhere is begun anew.
func kindOf(c *memory.Call) uint64 {
	h := memory.NewHash()
	h.Text(c.Server)
	if c.Server == "postgres" && statements(c) {
		h.Text("statements")
	} else {
		h.Text(c.Op)
	}
	return uint64(h)
}

func (r *recollection) see(v uint64) {
	r.all.Word(v)
	r.round.Word(v)
}

// begin is called before a request leaves.
func (a *Actor) begin(c *memory.Call) {
	m := &a.memory
	h := memory.NewHash()
	h.Text(c.Op)
	h.Text(c.Key)
	if m.repeats == uint64(h) {
		m.all = m.before
	}
	if m.first == 0 {
		m.first, m.before = uint64(h), m.all
		if m.loop {
			m.asked = 0 // what led to this attempt is not asked again when it is repeated
		}
	}
	m.repeats = 0
	if m.known = 0; c.Unseen {
		m.asked |= server(c)
		m.known = a.Proc.e.part(m.asked)
	}
}

// observe adds an answer to what the actor has seen.
func (a *Actor) observe(c *memory.Call, err error) {
	h := memory.NewHash()
	h.Text(c.Op)
	h.Text(c.Key)
	h.ValueOf(a.Proc.e.shapes, c.With)
	h.ValueOf(a.Proc.e.shapes, c.Answer)
	h.Failure(err)
	if a.memory.failed.note(c, err != nil); a.memory.failed.n == 0 && !a.Proc.Patient {
		a.memory.world = 0
	}
	a.memory.answer = 0
	a.memory.asked |= server(c)
	a.memory.see(uint64(h))
	a.children = 0
}

// Current is the actor that runs now, nil between steps.
func (e *Engine) Current() *Actor { return e.current }

// Answered notes that an answer lies ready for the actor, made by the one that runs now: until it goes on, what that one
// had seen is part of its state.
func (a *Actor) Answered() { a.memory.answer = a.Proc.e.mark() }

// checkpoint is called where a loop begins anew: a consumer that asks for what lies behind its position, a
// group commit that waits for the next question. What such a loop has seen before is over, but for its
// position: the actor is in one state however it got there. Not so after a failed call that nothing has made good
// since, which may have left something undone, and not for clients, who remember.
func (a *Actor) checkpoint(c *memory.Call) {
	m := &a.memory
	if a.Proc.Patient {
		return
	}
	m.loop, m.first, m.repeats = true, 0, 0
	if m.failed.n > 0 {
		return
	}
	h := memory.NewHash()
	h.Text(c.Op)
	h.Text(c.Key)
	h.Word(uint64(c.From))
	*m = recollection{all: h, loop: true}
	a.children = 0
}

// rest is called when the actor goes to sleep.
func (a *Actor) rest() {
	m := &a.memory
	e := a.Proc.e
	m.failedPoll = m.loop && m.first == 0 && m.asked != 0
	switch {
	case m.loop:
		m.repeats = m.first
	case m.slept && m.round == m.last:
		m.all = m.resting
	default:
		m.all.Word(7)
	}
	m.resting, m.last, m.round, m.first = m.all, m.round, 0, 0
	if m.asked != 0 {
		m.of, m.asked = m.asked, 0
	}
	world := m.known // what an unseen call meets is no answer to what was asked before it
	if world == 0 {
		world = e.part(m.of)
	}
	m.known = 0
	m.free = m.failed.n > 0 && m.world != world
	m.world, m.slept = world, true
	if a.Proc.Patient && m.woken != m.world {
		m.world = 0 // it looks once more when nobody else can go on, whatever happens until then
	}
}

// Watches reports whether the actor looks at a part of the world (a place in [Worlds]) should its next step end in a
// sleep. Polls says whether a poll may: if it fails, [Actor.FailedPoll].
func (a *Actor) Watches(part int, polls bool) bool {
	m := &a.memory
	of := m.asked
	if p := &a.point; (p.Phase == Request || p.Phase == Inside) && (polls || !p.Call.Poll) {
		of |= server(&p.Call)
	}
	if of == 0 {
		of = m.of
	}
	return of&(1<<part) != 0
}

// FailedPoll reports whether the actor went to sleep since nothing but a poll.
func (a *Actor) FailedPoll() bool { return a.memory.failedPoll }

// MayWake reports whether the actor sleeps because a call of it failed, and may wake whatever the servers do.
func (a *Actor) MayWake() bool {
	return a.memory.free && a.point.Phase == Local && a.point.Call.Op == "sleep"
}

// wakes is called when a sleep has ended.
func (a *Actor) wakes() {
	m := &a.memory
	if a.Proc.Patient {
		m.woken = a.Proc.e.part(m.of)
	} else if !m.free {
		m.world = 0
	}
	m.free = false
}

// due reports whether a sleeper may wake in a search.
func (a *Actor) due() bool {
	e := a.Proc.e
	m := &a.memory
	switch {
	case e.now >= a.wait.deadline, a.wait.ctx != nil && a.wait.ctx.Err() != nil:
		return true
	case a.Proc == e.servers:
		return true
	case !m.slept, a.Proc.Patient && !e.idle:
		return false
	}
	return m.free || e.part(m.of) != m.world
}

// worlds are the servers' digests of now.
func (e *Engine) worlds() *Worlds {
	if e.worldAt != e.steps+1 {
		e.worldNow, e.worldAt = e.o.World(), e.steps+1
	}
	return &e.worldNow
}

// part is the digest of some servers. It is called while an actor runs, too.
func (e *Engine) part(of servers) uint64 {
	if e.current != nil {
		e.worldAt = 0
	}
	h := memory.NewHash()
	for i, w := range e.worlds() {
		if of&(1<<i) != 0 {
			h.Word(w)
		}
	}
	if e.current != nil {
		e.worldAt = 0
	}
	return uint64(h)
}

// mark is who runs now and what they have seen: the identity of what they hand over.
func (e *Engine) mark() uint64 {
	h := memory.NewHash()
	if a := e.current; a != nil {
		h.Word(a.identity)
		h.Word(uint64(a.memory.all))
	}
	return uint64(h)
}

// identify gives a new actor its identity. What a server does later for somebody does not depend on what that one
// had seen.
func (a *Actor) identify(name string, later bool) {
	h := memory.NewHash()
	h.Text(stem(a.Proc.Name))
	h.Text(name)
	if by := a.Proc.e.current; by != nil && later {
		h.Word(by.identity)
		a.identity = uint64(h)
		return
	}
	if by := a.Proc.e.current; by != nil {
		h.Word(by.identity)
		h.Word(uint64(by.memory.all))
		h.Word(uint64(by.children))
		by.children++
	}
	a.identity = uint64(h)
}

// stem is a process's name, whichever of its lives it is.
func stem(name string) string {
	name, _, _ = strings.Cut(name, "'")
	return name
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
	for _, w := range e.worlds() {
		h.Word(w)
	}
	h.Word(more)
	sum := uint64(0)
	for _, a := range e.actors {
		sum += a.digest()
	}
	h.Word(sum)
	sum = 0
	for _, m := range e.boxes {
		if len(m.items) > 0 {
			b := memory.Hash(m.name)
			for _, mark := range m.marks {
				b.Word(mark)
			}
			sum += uint64(b)
		}
	}
	h.Word(sum)
	sum = 0
	for _, p := range e.procs {
		if !p.dead {
			b := memory.NewHash()
			b.Text(stem(p.Name))
			b.Flag(p.paused)
			sum += uint64(b)
		}
	}
	h.Word(sum)
	return uint64(h)
}

func (a *Actor) digest() uint64 {
	h := memory.NewHash()
	h.Word(a.identity)
	h.Flag(a.Proc.dead) // a server still works for it
	m := &a.memory
	// Whether the call that it makes failed before, the answer says anew; and where it slept, nothing of that is left once it
	// has asked, unless the servers are what they were then: it would not be free to wake at once a second time.
	asking := m.loop && (a.point.Phase == Request || a.point.Phase == Inside)
	h.Word(uint64(m.all))
	h.Word(m.answer)
	failed := m.failed
	if asking {
		asked := a.point.Call
		asked.Op = strings.TrimSuffix(asked.Op, " waits")
		failed.note(&asked, false)
	}
	sum := uint64(0) // which of them failed first says nothing
	for _, k := range failed.kinds[:min(failed.n, len(failed.kinds))] {
		sum += k
	}
	h.Word(sum)
	h.Word(uint64(failed.n))
	if m.slept && !m.loop {
		h.Word(uint64(m.round))
		h.Word(uint64(m.last))
	}
	if same := m.world != 0 && a.Proc.e.part(m.of) == m.world; m.slept && (same || !asking) {
		h.Flag(m.free)
		h.Flag(same)
		h.Word(uint64(m.of))
	}
	if m.known != 0 {
		h.Flag(a.Proc.e.part(m.asked) == m.known)
	}
	h.Word(uint64(a.fate)<<16 | uint64(a.point.Phase)<<8 | uint64(a.serving)) // a fate that is still to be suffered counts
	h.Text(a.point.Call.Op)
	h.Flag(a.wait.deadline != 0)
	return uint64(h)
}
