package linear

// Spec is the sequential specification of one key: a bounded counter that remembers ids.
type Spec struct {
	Initial State
	// Sequenced: every command that is seen for the first time takes the next version and is
	// remembered by its id, refusals too, so that a refusal is judged on the stock of the version before
	// (PROTOCOL.md, P1). False: a refusal changes nothing, it observes the version that it shows, and its
	// id may come again.
	Sequenced bool
}

// State is a key's state but for the ids it remembers.
type State struct {
	Seq    int64 // version: how many operations took one
	Stock  int64 // units that can be taken, before the limit
	Safety int64 // units kept out of Stock
	Limit  int64 // how far below zero a deduction may take Stock
	Epoch  int64 // how often Stock was changed by other than deductions
}

// memory is what a key remembers of an id.
type memory struct {
	seq, remaining int64 // of its first answer
	units          int64 // it took; 0 unless it is a deduction
	state          memoryState
}

type memoryState uint8

const (
	unseen  memoryState = iota
	seen                // answered, and nothing that could be given back
	held                // a deduction that can be cancelled
	settled             // a deduction that was cancelled, replaced or committed
)

// step is the specification: would op, coming next, get the answer as? If so, state and remembered ids
// become what they are afterwards; else they may be half changed. What the answer did not show is not
// compared. An [Unknown] op may be stepped as [OK] or, where refusals have versions, as [NoEffect].
func (s *Spec) step(st *State, ids []memory, op *Op, as Outcome) bool {
	known := op.ID >= 0 && ids[op.ID].state != unseen
	switch {
	case op.Kind == Read:
		return as == OK && op.shows(st.Seq, st.Stock, st.Epoch)
	case as == Duplicate:
		return known && op.shows(ids[op.ID].seq, ids[op.ID].remaining, int64(NoEpoch))
	case known:
		return false
	}
	took := int64(0) // by a deduction
	free := st.Stock
	switch as {
	case OK, Partial:
		if !s.apply(st, ids, op, as) {
			return false
		}
		if op.Kind == Deduct {
			took = op.Qty
		}
		st.Seq++
		if raises(op.Kind) {
			st.Epoch++
		}
	case Rejected, NoEffect:
		if as == Rejected && !s.short(st, ids, op, free) || as == NoEffect && op.Outcome != Unknown && !s.idle(ids, op) {
			return false
		}
		if !s.Sequenced {
			return op.shows(st.Seq, st.Stock, st.Epoch)
		}
		st.Seq++
	}
	if op.ID >= 0 {
		ids[op.ID] = memory{st.Seq, st.Stock, took, seen}
		if op.Kind == Deduct && as != Rejected && as != NoEffect {
			ids[op.ID].state = held
		}
	}
	return op.shows(st.Seq, st.Stock, st.Epoch)
}

// apply carries out what was granted.
func (s *Spec) apply(st *State, ids []memory, op *Op, as Outcome) bool {
	switch op.Kind {
	case Deduct:
		free, ok := st.Stock, true
		if op.Arg >= 0 { // it gives back what it replaces
			ok = ids[op.Arg].state == held
			free += ids[op.Arg].units
			ids[op.Arg].state = settled
		}
		st.Stock = free - op.Qty
		return ok && (as == OK && st.Stock >= -st.Limit || as == Partial && st.Stock == -st.Limit)
	case Withdraw:
		st.Stock -= op.Qty
		return st.Stock >= 0
	case Cancel, Commit:
		if ids[op.Arg].state != held {
			return false
		}
		ids[op.Arg].state = settled
		if op.Kind == Cancel {
			st.Stock += ids[op.Arg].units
			return op.Qty == Absent || op.Qty == ids[op.Arg].units
		}
	case Restock, Adjust:
		st.Stock += op.Qty
	case Reconcile:
		st.Stock = op.Qty
	case SetLimit:
		if op.Qty != Absent {
			st.Stock -= op.Qty - st.Safety
			st.Safety = op.Qty
		}
		if op.Arg != Absent {
			st.Limit = op.Arg
		}
	}
	return true
}

// short reports whether stock was too short for a deduction that was rejected.
func (s *Spec) short(st *State, ids []memory, op *Op, free int64) bool {
	if op.Kind != Deduct && op.Kind != Withdraw {
		return false
	}
	if op.Ref() != Absent && ids[op.Arg].state == held {
		free += ids[op.Arg].units
	}
	return op.tooMuch(free, st.Limit)
}

// idle reports whether an operation could have had nothing to do: the deduction that it names is not
// there, or no longer. Where refusals have versions, a deduction may also have been refused for a reason
// that the counter does not know.
func (s *Spec) idle(ids []memory, op *Op) bool {
	if op.Kind == Cancel || op.Kind == Commit || op.Ref() != Absent && !s.Sequenced {
		return ids[op.Arg].state != held
	}
	return s.Sequenced
}

// raises reports whether a kind changes the stock otherwise than by taking units, which is what an epoch
// counts.
func raises(k Kind) bool {
	return k == Restock || k == Cancel || k == Adjust || k == Reconcile || k == SetLimit
}

// shows compares an answer with the state, as far as the answer showed it.
func (o *Op) shows(seq, stock, epoch int64) bool {
	return (o.Seq == Absent || o.Seq == seq) && (o.Remaining == Absent || o.Remaining == stock) &&
		(o.Epoch == NoEpoch || epoch == int64(NoEpoch) || int64(o.Epoch) == epoch)
}
