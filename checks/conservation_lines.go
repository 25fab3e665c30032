package checks

import (
	"fmt"

	"stockproof/model"
)

// lines compares every order line with what the ledger says of it, and both ways round: a line that
// holds units without a ledger row is as wrong as a grant without a line.
func (c *conservation) lines(f *findings, a *Audit, b *book) {
	seen := map[model.ID]bool{}
	for i := range a.Lines {
		l := &a.Lines[i]
		seen[l.Command] = true
		said := b.lines[l.Command]
		if said == nil {
			if l.State == model.LineReserved || l.State == model.LineCommitted || l.Granted != 0 ||
				l.Returned != 0 {
				f.add(l.Granted, fmt.Sprintf("%s holds %d units and the ledger never granted any",
					c.lineText(*l), l.Granted), c.lineEvidence(Offender, *l))
			}
			continue
		}
		if why := differs(*l, said); why != "" {
			units := max(abs(l.Granted-said.granted), abs(l.Returned-said.returned))
			if l.State != said.state {
				units = max(units, holds(l.State, l.Granted), holds(said.state, said.granted))
			}
			f.add(units, fmt.Sprintf("%s: %s", c.lineText(*l), why),
				c.lineEvidence(Offender, *l), c.header.ledgerEvidence(Witness, said.row))
		}
	}
	for _, lane := range b.lanes {
		for _, e := range lane.entries {
			if l := b.lines[e.row.Command]; l != nil && l.granted > 0 && e.row.Kind == model.Reserve &&
				!seen[e.row.Command] {
				f.add(l.granted, fmt.Sprintf("the ledger grants %d units to %s, which has no line", l.granted,
					c.header.name(e.row.Command)), c.header.ledgerEvidence(Offender, e.row))
			}
		}
	}
}

// holds is how many units a line in that state stands for.
func holds(s model.LineState, granted int64) int64 {
	if s == model.LineReserved || s == model.LineCommitted {
		return granted
	}
	return 0
}

// differs says how a line and its ledger disagree; "" if they do not. A line that was never granted may
// also still be the tombstone that forbade it.
func differs(l model.Line, said *lineBook) string {
	never := said.state == model.LineRejected &&
		(l.State == model.LineCancelled || l.State == model.LineLapsed)
	switch {
	case l.Returned > l.Granted:
		return fmt.Sprintf("%d units returned of %d", l.Returned, l.Granted)
	case l.State != said.state && !never:
		return fmt.Sprintf("it is %s, by the ledger %s", l.State, said.state)
	case l.Granted != said.granted:
		return fmt.Sprintf("it was granted %d units, by the ledger %d", l.Granted, said.granted)
	case l.Returned != said.returned:
		return fmt.Sprintf("%d units came back, by the ledger %d", l.Returned, said.returned)
	case l.Lane != said.row.Lane && !never:
		return "its ledger row is on " + laneName(said.row.Lane)
	}
	return ""
}

// supply adds up the lines per lane, and what came in by the ledger, against the lane.
func (c *conservation) supply(f *findings, a *Audit, b *book) {
	type sums struct{ reserved, committed, returned int64 }
	lines := map[model.LaneKey]sums{}
	for _, l := range a.Lines {
		s := lines[l.Lane]
		switch l.State {
		case model.LineReserved:
			s.reserved += l.Granted
		case model.LineCommitted:
			s.committed += l.Granted
		}
		s.returned += l.Returned
		lines[l.Lane] = s
	}
	supplied := map[model.LaneKey]int64{}
	for _, lane := range b.lanes {
		for _, e := range lane.entries {
			came := e.row.Kind == model.Restock || e.row.Kind == model.Adjust || e.row.Kind == model.Transfer
			if came {
				supplied[lane.key] += e.after.onHand - e.before.onHand
			}
		}
	}
	for _, l := range a.Lanes {
		s := lines[l.Key]
		if f.lanes[l.Key] {
			continue
		}
		if s.reserved != l.Reserved {
			f.add(s.reserved-l.Reserved, fmt.Sprintf("lane %s has %d units reserved, its reserved lines add up "+
				"to %d", laneName(l.Key), l.Reserved, s.reserved), laneEvidence(Offender, l))
		}
		if got := l.OnHand + s.committed - s.returned; got != supplied[l.Key] {
			f.add(got-supplied[l.Key], fmt.Sprintf("lane %s: supply %d, but on hand %d + committed %d - "+
				"returned %d = %d", laneName(l.Key), supplied[l.Key], l.OnHand, s.committed, s.returned, got),
				laneEvidence(Offender, l))
		}
	}
	c.known(f, a, func(k model.LaneKey) int64 { return supplied[k] })
}

// known compares with what the workload knows to have come in.
func (c *conservation) known(f *findings, a *Audit, supplied func(model.LaneKey) int64) {
	for _, s := range a.Supply {
		if got := supplied(s.Lane); got != s.Units {
			f.add(got-s.Units, fmt.Sprintf("%d units came in for %s, the books say %d", s.Units,
				laneName(s.Lane), got), Evidence{Role: Offender, Lane: s.Lane, Units: got,
				Text: fmt.Sprintf("supply of %s by the books: %d", laneName(s.Lane), got)})
		}
	}
}

func (c *conservation) lineText(l model.Line) string {
	if l.OrderID.IsZero() {
		return "line " + c.header.name(l.Command)
	}
	return fmt.Sprintf("order %s line %d", c.header.name(l.OrderID), l.LineNo)
}

func (c *conservation) lineEvidence(role Role, l model.Line) Evidence {
	return Evidence{Role: role, Command: l.Command, Order: l.OrderID, Lane: l.Lane, Units: l.Granted,
		Text: fmt.Sprintf("%s of %s is %s: granted %d, returned %d", c.lineText(l), laneName(l.Lane), l.State,
			l.Granted, l.Returned)}
}
