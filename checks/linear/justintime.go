package linear

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
)

// machine is a sequential object that the window steps: its states are values.
type machine[S comparable] struct {
	initial S
	// step carries out an operation as the outcome; false: it cannot have been answered so there.
	step func(state S, op *Op, as Outcome) (S, bool)
	// observes reports whether an operation leaves every state as it is.
	observes func(op *Op) bool
	// alone reports whether an operation that nobody was answered for cannot be counted with others that ask
	// for the same, because answers refer to it.
	alone func(op *Op) bool
	// leaves is told once that an operation has returned. It answers what states can forget with it; nil:
	// nothing.
	leaves func(op *Op) func(state S) S
	// refusals: what was not answered may have been refused and still have had an effect (a version).
	refusals bool
}

// most pending operations a window holds, and most configurations that it sees between two returns unless an
// option says otherwise.
const (
	pendingMost        = 256
	configurationsMost = 300_000
)

// justInTime is Lowe's algorithm (Testing for linearizability, 2017) in time order: an operation is put into
// the order only when its return demands that, after whatever pending operations that takes. Its memory is
// the window of pending operations, not the history. Two specialisations: pending observers enter as soon as
// their answer fits, which changes nothing and removes an obligation; and unanswered operations of one
// effect are counted, not told apart, and the fewer of them a configuration took, the better ([frontier]).
//
// Pass and Fail are certain; Undecided means that a limit was hit.
type justInTime[S comparable] struct {
	machine machine[S]
	ops     []Op
	most    int // configurations
	slot    []int32
	pending [pendingMost]int32 // by slot: the operation; none
	width   int                // slots that were ever used
	classes []class
	byClass map[request]int
	now     frontier[S]
}

// class is the unanswered operations of one effect that were called, in the order of their calls.
type class struct{ ops []int32 }

// request is what an operation asks for.
type request struct {
	kind     Kind
	qty, arg int64
}

// event is a call or a return; at equal times calls come first, for intervals are closed.
type event struct {
	at      int64
	returns bool
	op      int32
}

func events(ops []Op) []event {
	list := make([]event, 0, 2*len(ops))
	for i := range ops {
		list = append(list, event{ops[i].Call, false, int32(i)})
		if ops[i].Return != Open {
			list = append(list, event{ops[i].Return, true, int32(i)})
		}
	}
	slices.SortFunc(list, func(x, y event) int {
		if x.at == y.at && x.returns != y.returns {
			return map[bool]int{false: -1, true: 1}[x.returns]
		}
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.op, y.op))
	})
	return list
}

// judge answers the verdict, an order of ops if it is Pass, and what no configuration gets past if it is Fail.
func (j *justInTime[S]) judge() (Report, Linearization) {
	j.slot, j.byClass = make([]int32, len(j.ops)), map[request]int{}
	fill(j.pending[:], none)
	j.now.add(configuration[S]{place: place[S]{state: j.machine.initial}}, nil)
	for _, e := range events(j.ops) {
		if !e.returns {
			if !j.call(e.op) {
				return Report{Why: fmt.Sprintf("more than %d operations are pending at one time", pendingMost)}, nil
			}
			continue
		}
		before := j.now
		if !j.enter(before, e.op) {
			return Report{Why: fmt.Sprintf("more than %d configurations at one time", j.most)}, nil
		}
		if j.now.n == 0 {
			return j.stuck(e.op, before), nil
		}
		j.leave(e.op)
	}
	for _, t := range j.now.all {
		l := Linearization{}
		for ; t != nil; t = t.before {
			l = append(l, t.op)
		}
		slices.Reverse(l)
		return Report{Verdict: Pass}, l
	}
	panic("linear: a window without a configuration")
}

// call makes an operation pending. False: there is no room.
func (j *justInTime[S]) call(i int32) bool {
	op := &j.ops[i]
	if op.Outcome == Unknown && op.Return == Open && !j.machine.alone(op) {
		return j.count(i)
	}
	s := slices.Index(j.pending[:], none)
	if s < 0 {
		return false
	}
	j.pending[s], j.slot[i], j.width = i, int32(s), max(j.width, s+1)
	return true
}

// count makes an operation pending that nobody was answered for, with others alike.
func (j *justInTime[S]) count(i int32) bool {
	name := request{j.ops[i].Kind, j.ops[i].Qty, j.ops[i].Arg}
	n, known := j.byClass[name]
	if !known {
		n = len(j.classes)
		j.byClass[name] = n
		j.classes = append(j.classes, class{})
	}
	j.classes[n].ops = append(j.classes[n].ops, i)
	return len(j.classes[n].ops) < 256
}

// leave ends an operation: it is in every configuration.
func (j *justInTime[S]) leave(i int32) {
	s := j.slot[i]
	j.pending[s] = none
	forget := j.machine.leaves(&j.ops[i])
	var after frontier[S]
	for c, t := range j.now.all {
		c.in[s/64] &^= 1 << (s % 64)
		if forget != nil {
			c.state = forget(c.state)
		}
		after.add(c, t)
	}
	j.now = after
}

// enter makes now every configuration that includes operation i and follows by pending operations from one
// before. False: there are too many.
func (j *justInTime[S]) enter(before frontier[S], i int32) bool {
	s := j.slot[i]
	var seen frontier[S]
	type step struct {
		c configuration[S]
		t *trail
	}
	j.now = frontier[S]{}
	for c, t := range before.all {
		reached := []step{{c, t}}
		for len(reached) > 0 {
			at := reached[len(reached)-1]
			reached = reached[:len(reached)-1]
			c, t := j.observe(at.c, at.t)
			if !seen.add(c, t) {
				continue
			}
			if seen.n > j.most {
				return false
			}
			if c.in[s/64]&(1<<(s%64)) != 0 {
				j.now.add(c, t)
				continue
			}
			j.successors(c, func(next configuration[S], entry int32) { reached = append(reached, step{next, &trail{entry, t}}) })
		}
	}
	return true
}

// observe lets in every pending observer whose answer fits.
func (j *justInTime[S]) observe(c configuration[S], t *trail) (configuration[S], *trail) {
	for s, i := range j.pending[:j.width] {
		if i == none || c.in[s/64]&(1<<(s%64)) != 0 || !j.machine.observes(&j.ops[i]) {
			continue
		}
		if _, ok := j.machine.step(c.state, &j.ops[i], j.ops[i].Outcome); ok {
			c.in[s/64] |= 1 << (s % 64)
			t = &trail{i, t}
		}
	}
	return c, t
}

// successors are the configurations that one more pending operation makes of c.
func (j *justInTime[S]) successors(c configuration[S], yield func(configuration[S], int32)) {
	for s, i := range j.pending[:j.width] {
		if i == none || c.in[s/64]&(1<<(s%64)) != 0 || j.machine.observes(&j.ops[i]) {
			continue
		}
		next := c
		next.in[s/64] |= 1 << (s % 64)
		j.take(next, i, yield)
	}
	for n := range j.classes {
		used := 0
		if n < len(c.lost) {
			used = int(c.lost[n])
		}
		if used == len(j.classes[n].ops) {
			continue
		}
		next := c
		lost := make([]byte, max(n+1, len(c.lost)))
		copy(lost, c.lost)
		lost[n]++
		next.lost = string(lost)
		j.take(next, j.classes[n].ops[used], yield)
	}
}

// take steps operation i, which next includes already.
func (j *justInTime[S]) take(next configuration[S], i int32, yield func(configuration[S], int32)) {
	op, from := &j.ops[i], next.state
	as := op.Outcome
	if as == Unknown {
		as = OK
	}
	if state, ok := j.machine.step(from, op, as); ok {
		next.state = state
		yield(next, i)
	}
	if op.Outcome == Unknown && j.machine.refusals {
		if state, ok := j.machine.step(from, op, NoEffect); ok {
			next.state = state
			yield(next, ^i)
		}
	}
}

// stuck is the report of an operation that no configuration explains: the one whose order got furthest is
// shown with it.
func (j *justInTime[S]) stuck(i int32, before frontier[S]) Report {
	r := failed(RuleOrder, "no order of the operations explains what it was answered", show(Offender, j.ops, int(i)))
	last, most := int32(none), -1
	for c, t := range before.all {
		n := 0
		for _, w := range c.in {
			n += bits.OnesCount64(w)
		}
		if t != nil && (n > most || n == most && max(t.op, ^t.op) < last) {
			last, most = max(t.op, ^t.op), n
		}
	}
	if last != none {
		r.Evidence = append(r.Evidence, show(Witness, j.ops, int(last)))
	}
	return r
}
