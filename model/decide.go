package model

// State is everything that one decision reads and writes.
type State struct {
	Lane Lane // the command's lane
	To   Lane // the receiving lane of a TRANSFER
	Own  Line // the line of a RESERVE: absent, pending, or the tombstone that came before it
	Ref  Line // the line of Command.Ref
}

// Decide answers one valid command (see [Command.Validate]) that was never decided before.
//
// Every command on a known lane, rejections included, takes the lane's next sequence number (a
// TRANSFER one on each lane). A command that may not create a lane and meets an unknown one is
// INVALID and takes none. No answer breaks an invariant that the truth's CHECKs state: stock never
// falls below zero, and what can be promised never below -BackorderLimit, except by an ADJUST or
// SET_LIMIT, which then marks the lane Short.
//
// A lane that has used up its numbers (2^53-1) answers INVALID to everything and does not change.
func Decide(s State, c Command) (State, Decision) {
	next, d := s, Decision{Outcome: Invalid}
	if s.exhausted(c) {
		d.Avail = s.Lane.Avail()
		return s, d
	}
	if s.Lane.Known() || c.Kind.CreatesLane() {
		next, d = decide(s, c)
		if !next.sane() {
			next, d = s, Decision{Outcome: Invalid}
			next.Own = rejected(s.Own, c)
		}
		return next.number(c, d)
	}
	next.Own = rejected(s.Own, c)
	d.Avail = s.Lane.Avail()
	return next, d
}

// Refuse gives a first-seen command of a known lane the outcome o without looking at stock: what
// happens to the siblings of a rejected line. The RESERVE's line becomes rejected.
func Refuse(s State, c Command, o Outcome) (State, Decision) {
	if s.exhausted(c) {
		return s, Decision{Outcome: Invalid, Avail: s.Lane.Avail()}
	}
	s.Own = rejected(s.Own, c)
	return s.number(c, Decision{Outcome: o})
}

// number hands out the next sequence number and derives what follows from the lane's counters.
func (s State) number(c Command, d Decision) (State, Decision) {
	s.Lane.Seq++
	s.Lane.Short = s.Lane.Avail() < -s.Lane.BackorderLimit
	d.Seq, d.Avail = s.Lane.Seq, s.Lane.Avail()
	if c.Kind == Transfer {
		s.To.Seq++
		s.To.Short = s.To.Avail() < -s.To.BackorderLimit
		d.ToSeq = s.To.Seq
	}
	return s, d
}

func (s State) exhausted(c Command) bool {
	return s.Lane.Seq >= MaxNumber || c.Kind == Transfer && s.To.Seq >= MaxNumber
}

func (s State) sane() bool { return s.Lane.sane() && s.To.sane() }

func (l Lane) sane() bool {
	return l.OnHand >= 0 && l.OnHand <= MaxNumber && l.Reserved >= 0 && l.Reserved <= MaxNumber &&
		l.Safety <= MaxNumber && l.BackorderLimit <= MaxNumber && inRange(l.Avail()) &&
		l.StockVersion <= MaxNumber
}

func decide(s State, c Command) (State, Decision) {
	switch c.Kind {
	case Reserve:
		return reserve(s, c)
	case Commit:
		return commit(s, c)
	case Release:
		return giveBack(s, c, LineCancelled, LineReleased)
	case Expire:
		return giveBack(s, c, LineLapsed, LineExpired)
	case Restock:
		s.Lane = s.Lane.move(c.Qty)
		return s, Decision{Outcome: Granted, Granted: c.Qty}
	case Adjust:
		return adjust(s, c)
	case Return:
		return giveReturn(s, c)
	case Transfer:
		return transfer(s, c)
	case SetLimit:
		if c.Safety.Present {
			s.Lane.Safety = c.Safety.Value
		}
		if c.BackorderLimit.Present {
			s.Lane.BackorderLimit = c.BackorderLimit.Value
		}
		return s, Decision{Outcome: Granted}
	}
	return s, Decision{Outcome: Invalid}
}

// move changes the units in the building.
func (l Lane) move(delta int64) Lane {
	l.OnHand += delta
	l.StockVersion++
	return l
}

func reserve(s State, c Command) (State, Decision) {
	switch {
	case s.Own.State != LineAbsent && s.Own.Lane != c.Lane():
		// Only the holder of a line's own lane may write it: the line stays as it is.
		return s, Decision{Outcome: Invalid}
	case s.Own.State == LineCancelled:
		s.Own = rejected(s.Own, c)
		return s, Decision{Outcome: RejectedCancelled}
	case s.Own.State == LineLapsed:
		s.Own = rejected(s.Own, c)
		return s, Decision{Outcome: RejectedExpired}
	}
	free := s.Lane.Avail()
	if !c.Ref.IsZero() { // an amendment gives back what it replaces, if it is granted
		if o := refusal(s.Ref, c); o != 0 {
			s.Own = rejected(s.Own, c)
			return s, Decision{Outcome: o}
		}
		free += s.Ref.Granted
	}
	room := free + s.Lane.BackorderLimit
	d := Decision{Outcome: Granted, Granted: c.Qty}
	switch {
	case room <= 0 || room < c.Qty && c.Policy != Partial:
		s.Own = rejected(s.Own, c)
		return s, Decision{Outcome: RejectedInsufficient}
	case room < c.Qty:
		d = Decision{Outcome: PartiallyGranted, Granted: room}
	}
	if after := free - d.Granted; after < 0 {
		d.Backordered = min(d.Granted, -after)
		if d.Outcome == Granted {
			d.Outcome = Backordered
		}
	}
	if !c.Ref.IsZero() {
		s.Lane.Reserved -= s.Ref.Granted
		s.Ref.State = LineReleased
	}
	s.Lane.Reserved += d.Granted
	s.Own = filled(s.Own, c)
	s.Own.State, s.Own.Granted = LineReserved, d.Granted
	return s, d
}

// refusal is why a line that a command refers to cannot be used as a reservation; 0 if it can.
func refusal(ref Line, c Command) Outcome {
	switch {
	case ref.State == LineAbsent || ref.State == LinePending || ref.Lane != c.Lane():
		return Invalid
	case ref.State == LineReserved:
		return 0
	case ref.State == LineExpired || ref.State == LineLapsed:
		return RejectedExpired
	}
	return RejectedCancelled
}

func commit(s State, c Command) (State, Decision) {
	if s.Ref.State == LineCommitted && s.Ref.Lane == c.Lane() {
		return s, Decision{Outcome: NoopAlready}
	}
	if o := refusal(s.Ref, c); o != 0 {
		return s, Decision{Outcome: o}
	}
	if s.Ref.Granted > s.Lane.OnHand { // the backordered units have not come in yet
		return s, Decision{Outcome: RejectedInsufficient}
	}
	s.Lane = s.Lane.move(-s.Ref.Granted)
	s.Lane.Reserved -= s.Ref.Granted
	s.Ref.State = LineCommitted
	return s, Decision{Outcome: Granted, Granted: s.Ref.Granted}
}

// giveBack is RELEASE and EXPIRE: after a grant the units go back once; before the decision the line
// is marked, or a tombstone is left where intake has not been yet.
func giveBack(s State, c Command, before, after LineState) (State, Decision) {
	if s.Ref.State != LineAbsent && s.Ref.Lane != c.Lane() {
		return s, Decision{Outcome: Invalid}
	}
	if c.Kind == Expire && s.Ref.State != LineAbsent && s.Ref.Deadline != c.Deadline {
		return s, Decision{Outcome: NoopAlready} // the deadline was moved, or there is none
	}
	switch s.Ref.State {
	case LineAbsent:
		s.Ref = Line{Command: c.Ref, Lane: c.Lane(), State: before, Deadline: c.Deadline}
		return s, Decision{Outcome: Granted}
	case LinePending:
		s.Ref.State = before
		return s, Decision{Outcome: Granted}
	case LineReserved:
		s.Lane.Reserved -= s.Ref.Granted
		s.Ref.State = after
		return s, Decision{Outcome: Granted, Granted: s.Ref.Granted}
	}
	return s, Decision{Outcome: NoopAlready}
}

func adjust(s State, c Command) (State, Decision) {
	delta := c.Delta.Value
	if c.Set.Present {
		if s.Lane.StockVersion != c.ExpectedVersion.Value {
			return s, Decision{Outcome: Invalid}
		}
		delta = c.Set.Value - s.Lane.OnHand
	}
	if s.Lane.OnHand+delta < 0 {
		return s, Decision{Outcome: RejectedInsufficient}
	}
	s.Lane = s.Lane.move(delta)
	return s, Decision{Outcome: Granted, Granted: delta}
}

func giveReturn(s State, c Command) (State, Decision) {
	if s.Ref.State != LineCommitted || s.Ref.Lane != c.Lane() || s.Ref.Returned+c.Qty > s.Ref.Granted {
		return s, Decision{Outcome: Invalid}
	}
	s.Ref.Returned += c.Qty
	s.Lane = s.Lane.move(c.Qty)
	return s, Decision{Outcome: Granted, Granted: c.Qty}
}

// transfer moves free units only: what is promised, or kept for safety, stays where it is.
func transfer(s State, c Command) (State, Decision) {
	if s.Lane.Avail() < c.Qty {
		return s, Decision{Outcome: RejectedInsufficient}
	}
	s.Lane = s.Lane.move(-c.Qty)
	s.To = s.To.move(c.Qty)
	return s, Decision{Outcome: Granted, Granted: c.Qty}
}

// filled is the RESERVE's line with what the command says of it; a tombstone has only its lane.
func filled(l Line, c Command) Line {
	if l.State != LineAbsent && l.Lane != c.Lane() {
		return l
	}
	l.Command, l.OrderID, l.LineNo, l.Lane = c.ID, c.OrderID, c.Line, c.Lane()
	l.Qty = c.Qty
	if l.Deadline == 0 {
		l.Deadline = c.Deadline
	}
	return l
}

func rejected(l Line, c Command) Line {
	if c.Kind != Reserve || l.State != LineAbsent && l.Lane != c.Lane() {
		return l
	}
	l = filled(l, c)
	l.State, l.Granted = LineRejected, 0
	return l
}
