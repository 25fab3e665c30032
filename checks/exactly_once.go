package checks

import (
	"fmt"

	"stockproof/model"
)

// exactlyOnce: a granted command has one ledger row, a TRANSFER one per leg with the same units; with
// StockAfter the effects form one trail; with ScriptReplies a line is deducted (a restock credited) once
// and no more. A line that was never deducted, because the token of its order was there already, was
// never granted either: one-outcome and no-loss name it.
type exactlyOnce struct {
	header *Header
	effects
}

func (c *exactlyOnce) Observe(index int, e Event) { c.observe(index, e) }

func (c *exactlyOnce) Finish(a Audit) Report {
	var f findings
	switch c.header.Capability {
	case LedgerRows:
		c.ledger(&f, &a)
	case StockAfter:
		for _, s := range openShelves(&a) {
			s.explain(c.header, &f)
		}
	case ScriptReplies:
		c.script(&f, openScript(c.seen, &a))
	default:
		return notChecked(ExactlyOnceEffect, "bare answers do not show effects")
	}
	return f.report(ExactlyOnceEffect)
}

func (c *exactlyOnce) ledger(f *findings, a *Audit) {
	b := bookOf(a)
	for i := range a.Commands {
		command := &a.Commands[i]
		legs := [2][]LedgerRow{}
		for _, row := range b.rows[command.ID] {
			legs[min(max(row.Leg, 0), 1)] = append(legs[min(max(row.Leg, 0), 1)], row)
		}
		c.legs(f, command, legs)
	}
}

// legs judges the ledger rows of one command.
func (c *exactlyOnce) legs(f *findings, command *CommandRow, legs [2][]LedgerRow) {
	d := command.Decision
	wanted := [2]int{1, 0}
	if command.Kind == model.Transfer {
		wanted[1] = 1
	}
	for leg, rows := range legs {
		if len(rows) > wanted[leg] && len(rows) > 0 {
			last := rows[len(rows)-1]
			f.add(last.Granted, fmt.Sprintf("%s changed stock %d times", c.header.commandText(command.Command),
				len(rows)), c.header.ledgerEvidence(Offender, last), c.header.ledgerEvidence(Witness, rows[0]))
		}
		if len(rows) < wanted[leg] && d.Outcome.Grants() {
			f.add(d.Granted, fmt.Sprintf("%s was granted %d units and never changed stock (leg %d)",
				c.header.commandText(command.Command), d.Granted, leg), c.header.rowEvidence(Offender, command))
		}
	}
	if wanted[1] == 1 && len(legs[0]) == 1 && len(legs[1]) == 1 && legs[0][0].Granted != legs[1][0].Granted {
		f.add(legs[0][0].Granted-legs[1][0].Granted, fmt.Sprintf("the legs of %s differ",
			c.header.commandText(command.Command)), c.header.ledgerEvidence(Offender, legs[1][0]),
			c.header.ledgerEvidence(Witness, legs[0][0]))
	}
}

func (c *exactlyOnce) script(f *findings, s *script) {
	s.walk(func(st step) {
		if st.Reply != Done || !st.repeated() {
			return
		}
		verb := "deducted"
		if st.Kind == Credit {
			verb = "credited"
		}
		f.add(st.Qty, fmt.Sprintf("order %s: %d units of %q were %s %d times for %d line(s)",
			c.header.name(st.Order), st.Qty, st.SKU, verb, st.nth, max(1, len(st.rows))),
			c.header.effectEvidence(Offender, st.seenEffect), c.header.effectEvidence(Witness, st.first))
	})
	for _, t := range s.tokens {
		c.withoutEffect(f, s, s.rows[t])
	}
}

// withoutEffect names granted rows that the script never did.
func (c *exactlyOnce) withoutEffect(f *findings, s *script, rows []*CommandRow) {
	granted := map[asked]int{}
	for _, row := range rows {
		kind := Credit
		if takes(row) {
			kind = Deduct
		}
		q := asked{line{token{row.OrderID, row.SKU}, scriptUnits(row)}, kind, Done}
		if !row.Decision.Outcome.Grants() {
			continue
		}
		granted[q]++
		if granted[q] > len(s.replies[q]) {
			f.add(scriptUnits(row), fmt.Sprintf("%s was granted and never changed stock",
				c.header.commandText(row.Command)), c.header.rowEvidence(Offender, row))
		}
	}
}
