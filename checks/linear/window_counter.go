package linear

import (
	"cmp"
	"slices"
)

// Window judges the history of one key by what pending operations can explain (Lowe's just-in-time search, see
// justInTime), when the answers do not show their order: exponential in the operations that are under way at
// one time, with memory of the window alone. Pass and Fail are certain, hitting a limit is Undecided.
func Window(ops []Op, spec Spec, o Options) (Report, Linearization) {
	return judged("window", ops, Bare, func() (Report, Linearization) { return windowed(ops, &spec, o) })
}

// judged runs a method on a history that keeps what the method assumes.
func judged(method string, ops []Op, shows Capability, run func() (Report, Linearization)) (Report, Linearization) {
	if len(ops) == 0 {
		return Report{Method: method, Verdict: Pass}, Linearization{}
	}
	r, l := Report{}, Linearization(nil)
	if r.Why = assume(ops, shows); r.Why == "" {
		r, l = run()
	}
	r.Method, r.Key = method, ops[0].Key
	return r, l
}

func windowed(ops []Op, spec *Spec, o Options) (Report, Linearization) {
	c, bad := consolidate(ops, spec.Sequenced)
	if bad != nil {
		return *bad, nil
	}
	k := newCounter(spec, c.ops, ops)
	j := &justInTime[counterState]{ops: c.ops, most: cmp.Or(o.Configurations, configurationsMost), machine: machine[counterState]{
		initial: counterState{State: spec.Initial}, step: k.step, observes: k.observes, alone: k.alone, leaves: k.leaves,
		refusals: spec.Sequenced}}
	r, l := j.judge()
	for n := range r.Evidence {
		e := &r.Evidence[n]
		*e = show(e.Role, ops, int(c.origin[e.Index]))
	}
	if r.Verdict == Pass {
		l = c.restore(l, ops)
	}
	return r, l
}

// counterState is the state of a counter as far as answers show it, and what it remembers of ids that several
// operations name, a byte each.
type counterState struct {
	State
	ids string
}

// counter steps a counter. Ids that several operations name get a place in the state while one of those can
// still come.
type counter struct {
	spec         *Spec
	units        []int64 // by id: what its deduction takes
	uses         []int32 // by id: operations that name it and have not returned
	place        []int32 // by id: in counterState.ids; none: nothing else names it
	scratch      []memory
	seqs, epochs bool
}

func newCounter(spec *Spec, ops, all []Op) *counter {
	n := idLimit(ops)
	k := &counter{spec: spec, units: make([]int64, n), uses: make([]int32, n), place: make([]int32, n), scratch: make([]memory, n)}
	k.seqs, _, k.epochs = shown(all)
	for i := range ops {
		op := &ops[i]
		if op.ID >= 0 {
			k.uses[op.ID]++
			if op.Kind == Deduct && op.Outcome != Rejected && op.Outcome != NoEffect {
				k.units[op.ID] = op.Qty
			}
		}
		if op.Ref() != Absent {
			k.uses[op.Arg]++
		}
	}
	k.assign(ops)
	return k
}

// assign gives every id that several operations name a place, from the first call of those to the last return.
func (k *counter) assign(ops []Op) {
	fill(k.place, none)
	uses, free, next := slices.Clone(k.uses), []int32{}, int32(0)
	for _, e := range events(ops) {
		for _, id := range ops[e.op].names() {
			switch {
			case id < 0:
			case e.returns:
				if uses[id]--; uses[id] == 0 && k.place[id] != none {
					free = append(free, k.place[id])
				}
			case k.place[id] == none && uses[id] > 1:
				if len(free) == 0 {
					free = append(free, next)
					next++
				}
				k.place[id], free = free[len(free)-1], free[:len(free)-1]
			}
		}
	}
}

// names are the ids that the operation names; [Absent] where it names none.
func (o *Op) names() [2]int64 { return [2]int64{o.ID, o.Ref()} }

// step is the specification's, on a table that holds only the ids that the operation names.
func (k *counter) step(s counterState, op *Op, as Outcome) (counterState, bool) {
	for _, id := range op.names() {
		if id >= 0 {
			k.scratch[id] = memory{units: k.units[id], state: s.remembered(k.place[id])}
		}
	}
	ok := k.spec.step(&s.State, k.scratch, op, as)
	for _, id := range op.names() {
		if ok && id >= 0 && k.place[id] != none {
			s.ids = s.remember(k.place[id], k.scratch[id].state)
		}
	}
	if !k.seqs {
		s.Seq = 0
	}
	if !k.epochs {
		s.Epoch = 0
	}
	return s, ok
}

func (s *counterState) remembered(place int32) memoryState {
	if place < 0 || int(place) >= len(s.ids) {
		return unseen
	}
	return memoryState(s.ids[place])
}

// remember is ids with one of them changed, without what is unseen behind the last.
func (s *counterState) remember(place int32, state memoryState) string {
	if s.remembered(place) == state {
		return s.ids
	}
	b := make([]byte, max(int(place)+1, len(s.ids)))
	copy(b, s.ids)
	b[place] = byte(state)
	for len(b) > 0 && b[len(b)-1] == byte(unseen) {
		b = b[:len(b)-1]
	}
	return string(b)
}

func (k *counter) observes(op *Op) bool {
	return op.Kind == Read || (op.Outcome == Rejected || op.Outcome == NoEffect) && !(k.spec.Sequenced && (k.seqs || op.ID >= 0))
}

// alone reports whether an answer may refer to an operation, or shows what it saw.
func (k *counter) alone(op *Op) bool {
	return op.Ref() != Absent || op.ID >= 0 && k.place[op.ID] != none || op.Seq != Absent || op.Remaining != Absent
}

// leaves forgets the ids that no operation to come names.
func (k *counter) leaves(op *Op) func(s counterState) counterState {
	var gone []int32
	for _, id := range op.names() {
		if id >= 0 {
			if k.uses[id]--; k.uses[id] == 0 && k.place[id] != none {
				gone = append(gone, k.place[id])
			}
		}
	}
	if gone == nil {
		return nil
	}
	return func(s counterState) counterState {
		for _, place := range gone {
			s.ids = s.remember(place, unseen)
		}
		return s
	}
}
