package checks

import (
	"fmt"

	"stockproof/model"
)

// script compares what the script replied to a line with itself and with the line's row.
func (c *oneOutcome) script(f *findings, s *script) {
	for _, t := range s.tokens {
		judged := map[asked]bool{}
		for _, row := range s.rows[t] {
			if row.Withdrawn {
				f.add(row.Qty, fmt.Sprintf("%s was granted by the script and refused by the truth",
					c.header.commandText(row.Command)), c.header.rowEvidence(Offender, row))
			}
			q := asked{line{t, scriptUnits(row)}, Deduct, Done}
			if takes(row) && !judged[q] {
				judged[q] = true
				c.flips(f, s, q)
			}
		}
		c.swallowed(f, s, t)
	}
}

// flips: of m lines that are alike, each has one reply. If all m were done, none can have been refused
// as well; and a line that was done is not a rejected row.
func (c *oneOutcome) flips(f *findings, s *script, q asked) {
	rows := s.alike(q.line, Deduct)
	done := s.replies[q]
	refused := s.replies[asked{q.line, Deduct, Insufficient}]
	if len(done) < len(rows) {
		return
	}
	if len(refused) > 0 {
		f.add(q.qty, fmt.Sprintf("%s was both refused and granted", c.header.commandText(rows[0].Command)),
			c.header.effectEvidence(Offender, done[len(done)-1]),
			c.header.effectEvidence(Witness, refused[0]))
		return
	}
	for _, row := range rows {
		if row.Decision.Outcome == model.RejectedInsufficient {
			f.add(q.qty, fmt.Sprintf("%s was granted by the script and is rejected in the truth",
				c.header.commandText(row.Command)), c.header.rowEvidence(Offender, row),
				c.header.effectEvidence(Witness, done[0]))
		}
	}
}

// swallowed: an order's token answers for all its lines of the SKU. Where the script said
// ALREADY_PROCESSED and there are fewer deductions and refusals than lines, the lines that are left
// were told the outcome of another line. Where the effects name their rows, a row counts only if it
// was told so itself.
func (c *oneOutcome) swallowed(f *findings, s *script, t token) {
	var lines, pending []*CommandRow
	outcomes := 0
	for _, row := range s.rows[t] {
		if row.Kind != model.Reserve {
			continue
		}
		lines = append(lines, row)
		if row.Decision.Outcome == model.RejectedInsufficient {
			outcomes++
		}
		if !row.Decision.Decided() {
			pending = append(pending, row)
		}
	}
	if len(lines) < 2 || len(pending) == 0 {
		return
	}
	told := map[int64]seenEffect{} // ALREADY_PROCESSED by row, 0: not known which
	done := map[line]int{}
	var witness *seenEffect
	for i, e := range s.byToken[t] {
		switch {
		case e.Kind == Deduct && e.Reply == Already:
			told[e.Row] = e
		case e.Kind == Deduct && e.Reply == Done:
			if done[e.line()]++; done[e.line()] <= len(s.alike(e.line(), Deduct)) {
				outcomes++
			}
			if witness == nil {
				witness = &s.byToken[t][i]
			}
		}
	}
	for i := len(pending) - 1; i >= 0 && outcomes < len(lines) && witness != nil; i-- {
		row := pending[i]
		already, ok := told[row.Row]
		if !ok {
			already, ok = told[0]
		}
		if !ok {
			continue
		}
		outcomes++
		other := lines[0]
		if other == row {
			other = lines[1]
		}
		f.add(row.Qty, fmt.Sprintf("order %s: line of %d units of %q was dropped as ALREADY_PROCESSED: the "+
			"token of the order's other line of that SKU (%d units) answered for it",
			c.header.name(row.OrderID), row.Qty, row.SKU, other.Qty),
			c.header.rowEvidence(Offender, row), c.header.effectEvidence(Offender, already),
			c.header.rowEvidence(Witness, other), c.header.effectEvidence(Witness, *witness))
	}
}

// told compares answers to clients with the rows. Rows do not name commands, so lines that are alike
// are counted: no more of them may have been told granted (or rejected) than could be.
func (c *oneOutcome) told(f *findings, s *script, first []answered) {
	type tally struct {
		granted, rejected int
		last              answered
	}
	at := map[line]int{}
	var lines []line
	var tallies []tally
	for _, a := range first {
		if a.command.Kind != model.Reserve {
			continue
		}
		l := line{token{a.command.OrderID, a.command.SKU}, a.command.Qty}
		i, ok := at[l]
		if !ok {
			i = len(lines)
			at[l], lines, tallies = i, append(lines, l), append(tallies, tally{})
		}
		tallies[i].last = a
		if a.decision.Outcome.Grants() {
			tallies[i].granted++
		} else {
			tallies[i].rejected++
		}
	}
	for i, l := range lines {
		rows := s.alike(l, Deduct)
		granted, rejected := 0, 0
		for _, row := range rows {
			switch {
			case row.Decision.Outcome.Grants() && !row.Withdrawn:
				granted++
			case row.Decision.Decided():
				rejected++
			}
		}
		if t := tallies[i]; t.granted > len(rows)-rejected || t.rejected > len(rows)-granted {
			if len(rows) == 0 {
				continue // no row at all is a loss
			}
			f.add(l.qty, fmt.Sprintf("%s was told %s, the truth says otherwise",
				c.header.commandText(t.last.command), decisionText(t.last.decision)),
				c.header.answerEvidence(Offender, t.last), c.header.rowEvidence(Witness, rows[0]))
		}
	}
}
