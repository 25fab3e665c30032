package linear

import (
	"cmp"
	"slices"
)

// search tries every way in which unanswered operations can stand between the answered ones, whose order
// is known. It is exact, exponential in the number of unanswered operations, and knows nothing of
// effects: each step is the specification's own. Where an answered operation cannot come next because
// something is missing before it, one unanswered operation after the other is put there.
type search struct {
	spec  *Spec
	ops   []Op
	order []int32 // the answered ones
	spare []int32 // the unanswered ones, at most 32
	least []int64 // by place in order: the least return from there on
	ids   []memory
	undo  []remembered // what ids held before
	dead  map[position]bool
	steps int
	found Linearization
	// furthest is the place in order that no attempt got past.
	furthest uint32
}

// remembered is what was known of an id before a step.
type remembered struct {
	id  int64
	was memory
}

// position is where a search stands: nothing else of what it did before matters.
type position struct {
	next, used, refused uint32
	state               State
}

// searchGaps answers an order of the history or, if there is certainly none, what no order gets past: the
// operation that none explains, and the one before it.
func searchGaps(spec *Spec, ops []Op, steps int) (l Linearization, stuck []Evidence) {
	c, r := consolidate(ops, spec.Sequenced)
	if r != nil {
		return nil, r.Evidence
	}
	s := &search{spec: spec, ops: c.ops, ids: make([]memory, idLimit(ops)), dead: map[position]bool{},
		steps: steps}
	for i := range c.ops {
		if op := &c.ops[i]; op.Outcome == Unknown && op.Return == Open {
			s.spare = append(s.spare, int32(i))
		} else {
			s.order = append(s.order, int32(i))
		}
	}
	slices.SortStableFunc(s.order, func(x, y int32) int { return s.compare(&s.ops[x], &s.ops[y]) })
	s.least = make([]int64, len(s.order)+1)
	s.least[len(s.order)] = Open
	for at := len(s.order) - 1; at >= 0; at-- {
		s.least[at] = min(s.least[at+1], s.ops[s.order[at]].Return)
	}
	if s.walk(position{state: spec.Initial}) {
		return c.restore(s.found, ops), nil
	}
	if s.steps <= 0 {
		return nil, nil
	}
	stuck = append(stuck, show(Offender, ops, int(c.origin[s.order[s.furthest]])))
	if s.furthest > 0 {
		stuck = append(stuck, show(Witness, ops, int(c.origin[s.order[s.furthest-1]])))
	}
	return nil, stuck
}

// compare is the known order: by version, or else by rises and units gone; mutations before those that
// observe them, which stand by call.
func (s *search) compare(x, y *Op) int {
	order := cmp.Compare(x.Seq, y.Seq)
	if x.Seq == Absent || y.Seq == Absent {
		order = cmp.Or(cmp.Compare(x.Epoch, y.Epoch), cmp.Compare(y.Remaining, x.Remaining))
	}
	return cmp.Or(order, cmp.Compare(s.observes(x), s.observes(y)), cmp.Compare(x.Call, y.Call))
}

func (s *search) observes(op *Op) int {
	if op.Outcome == Unknown || takesVersion(op, s.spec.Sequenced) {
		return 0
	}
	return 1
}

// walk goes on from a position.
func (s *search) walk(at position) bool {
	mark, length := len(s.undo), len(s.found)
	for int(at.next) < len(s.order) {
		i := s.order[at.next]
		if s.lacks(&at.state, &s.ops[i]) {
			if s.insert(at) {
				return true
			}
			break
		}
		if !s.take(i, &s.ops[i], &at.state, s.least[at.next+1]) {
			break
		}
		at.next++
	}
	if int(at.next) == len(s.order) {
		return true
	}
	s.furthest = max(s.furthest, at.next)
	s.back(mark, length)
	return false
}

// lacks reports whether something must stand between a state and an operation that shows a later one.
func (s *search) lacks(st *State, op *Op) bool {
	if op.Seq != Absent {
		return st.Seq+int64(1-s.observes(op)) < op.Seq
	}
	if op.Epoch != NoEpoch {
		before := int64(op.Epoch)
		if s.observes(op) == 0 && raises(op.Kind) {
			before--
		}
		if st.Epoch != before {
			return st.Epoch < before
		}
	}
	if op.Kind == Cancel && s.observes(op) == 0 && s.ids[op.Arg].state == unseen {
		return true // what it undoes
	}
	return st.Stock > s.meets(op)
}

// meets is the stock before an operation whose answer shows the stock behind it.
func (s *search) meets(op *Op) int64 {
	if s.observes(op) == 1 {
		return op.Remaining
	}
	delta, sure := op.change(0, func(id int64) (int64, bool) { return s.ids[id].units, s.ids[id].state == held })
	if !sure || op.Outcome == Rejected || op.Outcome == NoEffect {
		return op.Remaining
	}
	return op.Remaining - delta
}

// take steps an operation of the order. One whose answer only a duplicate shows may have been refused.
func (s *search) take(i int32, op *Op, st *State, least int64) bool {
	as := op.Outcome
	if as == Unknown {
		as = OK
	}
	before := *st
	if op.Call > least {
		return false
	}
	if s.step(i, op, st, as) {
		return true
	}
	*st = before
	return op.Outcome == Unknown && s.spec.Sequenced && s.step(^i, op, st, NoEffect)
}

// insert tries every unanswered operation at a position, done and, where that has a version, refused.
func (s *search) insert(at position) bool {
	if s.dead[at] {
		return false
	}
	mark, length := len(s.undo), len(s.found)
	for n, i := range s.spare {
		bit := uint32(1) << n
		if at.used&bit != 0 || s.ops[i].Call > s.least[at.next] {
			continue
		}
		then := at
		then.used |= bit
		if s.step(i, &s.ops[i], &then.state, OK) {
			if s.walk(then) {
				return true
			}
			s.back(mark, length)
		}
		if !s.spec.Sequenced {
			continue
		}
		then.state, then.refused = at.state, at.refused|bit
		if s.step(^i, &s.ops[i], &then.state, NoEffect) {
			if s.walk(then) {
				return true
			}
			s.back(mark, length)
		}
	}
	s.dead[at] = s.steps > 0
	return false
}

// step is the specification's, with what it overwrites noted.
func (s *search) step(entry int32, op *Op, st *State, as Outcome) bool {
	if s.steps--; s.steps <= 0 {
		return false
	}
	mark := len(s.undo)
	for _, id := range [...]int64{op.ID, op.Ref()} {
		if id >= 0 {
			s.undo = append(s.undo, remembered{id, s.ids[id]})
		}
	}
	if !s.spec.step(st, s.ids, op, as) {
		s.back(mark, len(s.found))
		return false
	}
	s.found = append(s.found, entry)
	return true
}

// back forgets what was done since a mark.
func (s *search) back(mark, length int) {
	for n := len(s.undo) - 1; n >= mark; n-- {
		s.ids[s.undo[n].id] = s.undo[n].was
	}
	s.undo, s.found = s.undo[:mark], s.found[:length]
}
