package checks

import (
	"fmt"

	"stockproof/model"
)

// calls remembers what was sent and not answered, so that an answer can be read with its question. The checkers of a
// suite share one: it notes an event before they see it, and forgets what was answered behind them.
type calls struct {
	open map[uint64]Call // by attempt; what was given up stays: an answer may come after all
}

func newCalls() *calls { return &calls{open: map[uint64]Call{}} }

func (c *calls) note(e Event) {
	if call, ok := e.(Call); ok {
		c.open[call.Attempt] = call
	}
}

// forget drops what was answered for good.
func (c *calls) forget(e Event) {
	if r, ok := e.(Return); ok && (r.Decision.Decided() || r.Refused != "") {
		delete(c.open, r.Attempt)
	}
}

// answered is a decision that somebody was told.
type answered struct {
	event    int
	command  model.Command // with an [Answer] only its ID
	decision model.Decision
	from     string
}

// answer returns what a Return or an Answer told, with outcome 0 for "accepted", and false for every
// other event and for calls that were not accepted.
func (c *calls) answer(index int, e Event) (answered, bool) {
	switch e := e.(type) {
	case Return:
		if sent, ok := c.open[e.Attempt]; ok && e.Refused == "" {
			return answered{index, sent.Command, e.Decision, "the answer to a call"}, true
		}
	case Answer:
		return answered{index, model.Command{ID: e.Command}, e.Decision, e.From}, true
	}
	return answered{}, false
}

// decisionText prints what was decided.
func decisionText(d model.Decision) string {
	s := d.Outcome.String()
	if d.Outcome.Grants() {
		s += fmt.Sprintf(" %d", d.Granted)
	}
	if d.Seq > 0 {
		s += fmt.Sprintf(" as seq %d", d.Seq)
	}
	return s
}

// commandText names a command by its kind, its order where it has one, and its lane.
func (h *Header) commandText(c model.Command) string {
	if c.Kind == model.Reserve {
		line := ""
		if c.Line > 0 {
			line = fmt.Sprintf(" line %d", c.Line)
		}
		return fmt.Sprintf("order %s%s (%d of %s)", h.name(c.OrderID), line, c.Qty, laneName(c.Lane()))
	}
	id := c.ID
	if id.IsZero() {
		id = c.OrderID
	}
	if c.SKU == "" && c.Kind == 0 {
		return "command " + h.name(id)
	}
	return fmt.Sprintf("%s %s of %s", c.Kind, h.name(id), laneName(c.Lane()))
}

// answerEvidence refers to an answer.
func (h *Header) answerEvidence(role Role, a answered) Evidence {
	return Evidence{Role: role, Event: a.event, Command: a.command.ID, Order: a.command.OrderID,
		Lane: a.command.Lane(), Seq: a.decision.Seq, Units: a.decision.Granted,
		Text: fmt.Sprintf("%s: %s was told %s", a.from, h.commandText(a.command), decisionText(a.decision))}
}

// rowEvidence refers to a command's row in the truth.
func (h *Header) rowEvidence(role Role, c *CommandRow) Evidence {
	what := "undecided"
	if c.Decision.Decided() {
		what = decisionText(c.Decision)
	}
	if c.Withdrawn {
		what += ", withdrawn by the truth"
	}
	text := fmt.Sprintf("%s is %s in the truth", h.commandText(c.Command), what)
	if c.Row > 0 {
		text = fmt.Sprintf("row %d: %s", c.Row, text)
	}
	return Evidence{Role: role, Command: c.ID, Order: c.OrderID, Lane: c.Lane(), Seq: c.Decision.Seq,
		Row: c.Row, Units: c.Qty, Text: text}
}

// ledgerEvidence refers to a ledger row.
func (h *Header) ledgerEvidence(role Role, r LedgerRow) Evidence {
	return Evidence{Role: role, Command: r.Command, Lane: r.Lane, Seq: r.Seq, Units: r.Granted,
		Text: fmt.Sprintf("ledger of %s, seq %d: %s %s: %s %d, then on hand %d, reserved %d, avail %d",
			laneName(r.Lane), r.Seq, r.Kind, h.name(r.Command), r.Outcome, r.Granted, r.OnHandAfter,
			r.ReservedAfter, r.AvailAfter)}
}
