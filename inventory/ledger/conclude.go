package ledger

import (
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// conclusion is what it takes to end an order.
type conclusion struct {
	saga     port.Saga         // who holds the order once advance has happened
	advance  *port.AdvanceSaga // nil: nothing moves
	commands []model.Command   // to be accepted with the move, or those that an earlier move emitted
}

// conclude plans the end of an order. The order's row is the commit point of its saga: COMMITs of all
// lines are emitted by the transaction that moves it from open to committing, RELEASEs by the one
// that moves it to releasing, and nobody else commits, releases or expires a line of an order.
func conclude(o port.OrderRow, lines []model.Line, end inventory.Ending) conclusion {
	switch {
	case o.Saga == port.SagaReleasing:
		return conclusion{saga: o.Saga, commands: lineCommands(lines, model.Release, o, every)}
	case o.Saga == port.SagaCommitting:
		return conclusion{saga: o.Saga, commands: lineCommands(lines, model.Commit, o, every)}
	case end == inventory.EndRelease:
		return move(o, port.SagaReleasing, lineCommands(lines, model.Release, o, holding))
	}
	reserved := 0
	for _, l := range lines {
		if l.Undecided() {
			return conclusion{saga: o.Saga}
		}
		if l.State == model.LineReserved {
			reserved++
		}
	}
	if reserved == 0 || o.Policy == model.AllOrNothing && reserved < len(lines) {
		return conclusion{saga: o.Saga}
	}
	return move(o, port.SagaCommitting, lineCommands(lines, model.Commit, o, reservedLine))
}

// due plans what the coordinator does with an order, at the truth's time nowMS.
func due(o port.OrderRow, lines []model.Line, nowMS int64) conclusion {
	switch o.Saga {
	case port.SagaOpen:
		if o.Deadline != 0 && o.Deadline <= nowMS {
			return move(o, port.SagaReleasing, lineCommands(lines, model.Expire, o, holding))
		}
		return move(o, port.SagaReleasing, lineCommands(lines, model.Release, o, holding))
	case port.SagaCommitting: // a COMMIT was refused for stock: ask again under a new id
		o.Attempt++
		c := move(o, port.SagaCommitting, lineCommands(lines, model.Commit, o, reservedLine))
		c.advance.FromAttempt--
		return c
	}
	return conclusion{saga: o.Saga}
}

func move(o port.OrderRow, to port.Saga, cs []model.Command) conclusion {
	return conclusion{saga: to, commands: cs, advance: &port.AdvanceSaga{Order: o.ID, From: o.Saga, To: to,
		FromAttempt: o.Attempt, ToAttempt: o.Attempt}}
}

func every(model.Line) bool { return true }

func holding(l model.Line) bool { return l.Undecided() || l.State == model.LineReserved }

func reservedLine(l model.Line) bool { return l.State == model.LineReserved }

func lineCommands(lines []model.Line, k model.Kind, o port.OrderRow, which func(model.Line) bool) []model.Command {
	var cs []model.Command
	for _, l := range lines {
		if !which(l) {
			continue
		}
		c := model.Command{Kind: k, SKU: l.Lane.SKU, Loc: l.Lane.Loc, Ref: l.Command}
		if k == model.Expire {
			c.Deadline = l.Deadline
		}
		c.ID = internalID(l.Command, k, c.Deadline, o.Attempt)
		cs = append(cs, c)
	}
	return cs
}

// internalID names a command that the system gives itself: the same intention has the same id.
func internalID(ref model.ID, k model.Kind, deadline int64, attempt int32) model.ID {
	return model.NameID(k.String(), ref.String(), fmt.Sprint(deadline), fmt.Sprint(attempt)).Beside(ref)
}
