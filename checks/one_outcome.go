package checks

import (
	"fmt"

	"stockproof/model"
)

// oneOutcome: whatever a client was ever told of a command, what its row says, what the ledger says
// and what the script replied is one and the same outcome. The ledger is also replayed through
// model.Decide, in its own order: the same outcome on every replay.
//
// Having none yet is not this guarantee's business but no-loss's. Being told another command's is: of
// two lines of an order under one token the second is answered ALREADY_PROCESSED although nothing was
// ever decided for it.
type oneOutcome struct {
	header *Header
	calls  *calls
	effects
	answers []answered
}

func (c *oneOutcome) Observe(index int, e Event) {
	c.observe(index, e)
	if a, ok := c.calls.answer(index, e); ok && a.decision.Decided() {
		c.answers = append(c.answers, a)
	}
}

func (c *oneOutcome) Finish(a Audit) Report {
	var f findings
	first := c.among(&f)
	switch c.header.Capability {
	case LedgerRows:
		b := bookOf(&a)
		c.rows(&f, &a, first)
		c.ledger(&f, &a, b)
		c.replay(&f, b)
	case StockAfter:
		c.rows(&f, &a, first)
	case ScriptReplies:
		s := openScript(c.seen, &a)
		c.told(&f, s, first)
		c.script(&f, s)
	}
	return f.report(OneOutcome)
}

// among compares all answers about one command and returns the first of each, in order.
func (c *oneOutcome) among(f *findings) []answered {
	at := map[model.ID]int{}
	var first []answered
	for _, a := range c.answers {
		i, known := at[a.command.ID]
		if !known {
			at[a.command.ID] = len(first)
			first = append(first, a)
			continue
		}
		if first[i].command.Kind == 0 {
			first[i].command = a.command
		}
		if !same(first[i].decision, a.decision) {
			f.add(a.decision.Granted-first[i].decision.Granted, fmt.Sprintf("%s was told %s and then %s",
				c.header.commandText(first[i].command), decisionText(first[i].decision),
				decisionText(a.decision)), c.header.answerEvidence(Offender, a),
				c.header.answerEvidence(Witness, first[i]))
		}
	}
	return first
}

// same compares what both decisions state.
func same(x, y model.Decision) bool {
	return x.Outcome == y.Outcome && x.Granted == y.Granted &&
		(x.Seq == y.Seq || x.Seq == 0 || y.Seq == 0)
}

// rows compares the answers with the commands' rows.
func (c *oneOutcome) rows(f *findings, a *Audit, first []answered) {
	index := commandIndex(a)
	if len(index) != len(a.Commands) {
		c.twice(f, a)
	}
	for _, told := range first {
		row := index[told.command.ID]
		if row == nil || !row.Decision.Decided() || same(told.decision, row.Decision) ||
			f.commands[row.ID] {
			continue // a missing row or decision is a loss
		}
		f.add(told.decision.Granted-row.Decision.Granted, fmt.Sprintf("%s was told %s, the truth says %s",
			c.header.commandText(row.Command), decisionText(told.decision), decisionText(row.Decision)),
			c.header.answerEvidence(Offender, told), c.header.rowEvidence(Witness, row))
	}
}

// twice names commands that have more than one row.
func (c *oneOutcome) twice(f *findings, a *Audit) {
	first := map[model.ID]*CommandRow{}
	for i := range a.Commands {
		row := &a.Commands[i]
		before := first[row.ID]
		if before == nil {
			first[row.ID] = row
			continue
		}
		f.add(row.Decision.Granted-before.Decision.Granted, fmt.Sprintf("%s has more than one row",
			c.header.commandText(row.Command)), c.header.rowEvidence(Offender, row), c.header.rowEvidence(Witness, before))
	}
}

// ledger compares the commands' rows with the ledger's.
func (c *oneOutcome) ledger(f *findings, a *Audit, b *book) {
	numbered := map[model.ID]bool{}
	for _, lane := range b.lanes {
		for _, e := range lane.entries {
			numbered[e.row.Command] = true
			if e.command == nil {
				f.add(e.row.Granted, fmt.Sprintf("the ledger decides %s, which nobody accepted",
					c.header.name(e.row.Command)), c.header.ledgerEvidence(Offender, e.row))
				continue
			}
			said := model.Decision{Outcome: e.row.Outcome, Granted: e.row.Granted, Seq: e.row.Seq}
			if e.row.Leg != 0 {
				said.Seq = 0
			}
			if !same(said, e.command.Decision) || e.row.Leg == 0 && said.Seq != e.command.Decision.Seq {
				f.add(said.Granted-e.command.Decision.Granted, fmt.Sprintf("%s: ledger and command row differ",
					c.header.commandText(e.command.Command)), c.header.ledgerEvidence(Offender, e.row),
					c.header.rowEvidence(Witness, e.command))
			}
		}
	}
	for i := range a.Commands {
		command := &a.Commands[i]
		if command.Decision.Seq > 0 && !numbered[command.ID] {
			f.add(command.Decision.Granted, fmt.Sprintf("%s was decided and the ledger has no row of it",
				c.header.commandText(command.Command)), c.header.rowEvidence(Offender, command))
		}
	}
}

// replay decides the ledger again.
func (c *oneOutcome) replay(f *findings, b *book) {
	for _, m := range b.replay() {
		f.add(m.expected.Granted-m.row.Granted, fmt.Sprintf("replayed in the ledger's order, %s %s at seq %d "+
			"of %s is %s, and was decided %s %d", m.row.Kind, c.header.name(m.row.Command), m.row.Seq,
			laneName(m.row.Lane), decisionText(m.expected), m.row.Outcome, m.row.Granted),
			c.header.ledgerEvidence(Offender, m.row))
	}
}
