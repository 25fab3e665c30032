package checks

import "stockproof/model"

// mismatch is a ledger row that a replay decides differently.
type mismatch struct {
	row      LedgerRow
	expected model.Decision
}

// replay folds model.Decide over every lane in the ledger's order and returns the first difference of
// each lane: after one, the states are different too. Rows that nobody accepted end a lane's replay.
func (b *book) replay() []mismatch {
	tombs := b.tombstones()
	unknown := b.unknown()
	var found []mismatch
	for _, lane := range b.lanes {
		r := replayer{book: b, tombs: tombs, lane: model.Lane{Key: lane.key},
			lines: map[model.ID]model.Line{}}
		for _, c := range unknown[lane.key] {
			s, _ := model.Decide(model.State{Lane: r.lane}, c)
			r.keep(s, c)
		}
		for i := 0; i < len(lane.entries); {
			n := siblingRun(lane.entries[i:])
			m, ok := r.run(lane.entries[i:i+max(n, 1)], n > 0)
			if !ok {
				if m != nil {
					found = append(found, *m)
				}
				break
			}
			i += max(n, 1)
		}
	}
	return found
}

// tombstones are the lanes on which a RELEASE or EXPIRE took effect before the line was decided: a
// RESERVE on another lane is INVALID because of it.
func (b *book) tombstones() map[model.ID][]model.LaneKey {
	tombs := map[model.ID][]model.LaneKey{}
	for _, lane := range b.lanes {
		for _, e := range lane.entries {
			gives := e.row.Kind == model.Release || e.row.Kind == model.Expire
			if gives && e.command != nil && e.row.Outcome.Grants() && e.row.Granted == 0 {
				tombs[e.command.Ref] = append(tombs[e.command.Ref], lane.key)
			}
		}
	}
	return tombs
}

// unknown are the RESERVEs that met a lane before its first number: they have no row, but a line that is
// rejected for ever.
func (b *book) unknown() map[model.LaneKey][]model.Command {
	early := map[model.LaneKey][]model.Command{}
	for _, c := range b.commands {
		if c.Kind == model.Reserve && c.Decision.Outcome == model.Invalid && c.Decision.Seq == 0 {
			early[c.Command.Lane()] = append(early[c.Command.Lane()], c.Command)
		}
	}
	return early
}

// siblingRun is how many of the next rows are lines of one all-or-nothing order that was given up as
// one unit; 0 if the next row is none.
func siblingRun(entries []entry) int {
	n, given := 0, false
	for _, e := range entries {
		if e.command == nil || e.row.Kind != model.Reserve || e.command.Policy != model.AllOrNothing ||
			e.command.OrderID != entries[0].command.OrderID || e.row.Outcome.Grants() {
			break
		}
		given = given || e.row.Outcome == model.RejectedSibling
		n++
	}
	if !given {
		return 0
	}
	return n
}

// replayer is one lane being decided again.
type replayer struct {
	book  *book
	tombs map[model.ID][]model.LaneKey
	lane  model.Lane
	lines map[model.ID]model.Line // of this lane
}

// run decides one row, or the rows of one given-up order. It answers false where the replay must end.
func (r *replayer) run(entries []entry, unit bool) (*mismatch, bool) {
	if !unit {
		return r.one(entries[0])
	}
	trial := r.lane // lines are evaluated one on top of the other, then all are refused
	for _, e := range entries {
		own := model.State{Lane: r.lane, Own: r.lines[e.command.ID], Ref: r.lines[e.command.Ref]}
		together := own
		together.Lane = trial
		next, d := model.Decide(together, e.command.Command)
		_, alone := model.Decide(own, e.command.Command)
		trial = next.Lane
		if !gaveUp(e.row.Outcome, d.Outcome) && !gaveUp(e.row.Outcome, alone.Outcome) && !r.elsewhere(e) {
			return &mismatch{e.row, d}, false
		}
	}
	for _, e := range entries {
		r.lane.Seq = e.row.Seq - 1
		s, _ := model.Refuse(model.State{Lane: r.lane, Own: r.lines[e.command.ID]}, e.command.Command,
			e.row.Outcome)
		r.keep(s, e.command.Command)
	}
	return nil, true
}

// gaveUp reports whether a line of a given-up order may have been answered so: with its own rejection, or
// with its siblings' if it would have been granted. A line that fits alone but not behind its siblings
// may say either.
func gaveUp(answered, decided model.Outcome) bool {
	if decided.Grants() {
		return answered == model.RejectedSibling
	}
	return answered == decided
}

// one decides one row.
func (r *replayer) one(e entry) (*mismatch, bool) {
	r.lane.Seq = e.row.Seq - 1 // a gap is conservation's finding
	if e.command == nil {
		return nil, false
	}
	if e.row.Leg == 1 {
		r.receive(e.row)
		return nil, true
	}
	var expected model.Decision
	for i, s := range r.states(e.command.Command) {
		next, d := model.Decide(s, e.command.Command)
		if d.Outcome == e.row.Outcome && d.Granted == e.row.Granted {
			r.keep(next, e.command.Command)
			return nil, true
		}
		if i == 0 {
			expected = d
		}
	}
	if r.elsewhere(e) {
		r.lane.Seq++
		return nil, true
	}
	return &mismatch{e.row, expected}, false
}

// states are the states in which the command may have been decided. There is more than one only where
// lanes or intake race for the line it refers to: a tombstone may have been left on another lane, and
// before a RELEASE or EXPIRE of a line not decided here intake may have been, or not yet. A RESERVE that
// found no lane found no row to lock either: beside it the lane may have been created, and its line given
// back, before the RESERVE's answer was there. Nothing is held by such a line whoever comes first.
func (r *replayer) states(c model.Command) []model.State {
	s := model.State{Lane: r.lane, To: model.Lane{Key: c.ToLane()}, Own: r.lines[c.ID]}
	ref, decided := r.lines[c.Ref]
	s.Ref = ref
	states := []model.State{s}
	line := r.book.commands[c.Ref]
	gives := c.Kind == model.Release || c.Kind == model.Expire
	laneless := line != nil && line.Decision.Outcome == model.Invalid && line.Decision.Seq == 0
	if gives && laneless {
		s.Ref = model.Line{}
		states = append(states, s)
	}
	if gives && (!decided || laneless) && line != nil && line.Kind == model.Reserve {
		s.Ref = model.Line{Command: line.ID, OrderID: line.OrderID, LineNo: line.Line,
			Lane: line.Command.Lane(), Qty: line.Qty, State: model.LinePending, Deadline: line.Deadline}
		states = append(states, s)
	}
	for _, lane := range r.tombs[c.Ref] {
		if lane != r.lane.Key {
			s.Ref = model.Line{Command: c.Ref, Lane: lane, State: model.LineCancelled}
			states = append(states, s)
		}
	}
	return states
}

// elsewhere reports whether the row is the INVALID of a line whose tombstone is on another lane.
func (r *replayer) elsewhere(e entry) bool {
	if e.row.Kind != model.Reserve || e.row.Outcome != model.Invalid {
		return false
	}
	for _, lane := range r.tombs[e.row.Command] {
		if lane != r.lane.Key {
			return true
		}
	}
	return false
}

// keep takes over the state after a decision; lines of other lanes are theirs.
func (r *replayer) keep(s model.State, c model.Command) {
	r.lane = s.Lane
	if c.Kind == model.Reserve && s.Own.State != model.LineAbsent && s.Own.Lane == r.lane.Key {
		r.lines[c.ID] = s.Own
	}
	if !c.Ref.IsZero() && s.Ref.State != model.LineAbsent && s.Ref.Lane == r.lane.Key {
		r.lines[c.Ref] = s.Ref
	}
}

// receive is the second leg of a TRANSFER, decided on the first one's lane.
func (r *replayer) receive(row LedgerRow) {
	r.lane.Seq = row.Seq
	if row.Outcome.Grants() {
		r.lane.OnHand += row.Granted
		r.lane.StockVersion++
	}
	r.lane.Short = r.lane.Avail() < -r.lane.BackorderLimit
}
