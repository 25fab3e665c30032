package checks

import (
	"fmt"

	"stockproof/model"
)

// noOversell: in a lane's order, no RESERVE or TRANSFER leaves less than -limit to promise. Judged at
// the decision, not at the end: units that come back later do not excuse a grant. An ADJUST or
// SET_LIMIT may take a lane below that (it is short then), because it grants nothing.
type noOversell struct {
	header *Header
	effects
}

func (c *noOversell) Observe(index int, e Event) { c.observe(index, e) }

func (c *noOversell) Finish(a Audit) Report {
	var f findings
	switch c.header.Capability {
	case LedgerRows:
		c.ledger(&f, bookOf(&a))
	case StockAfter:
		c.shelves(&f, openShelves(&a))
	case ScriptReplies:
		c.script(&f, openScript(c.seen, &a))
	default:
		return notChecked(NoOversell, "bare answers do not say what the decisions left")
	}
	return f.report(NoOversell)
}

func (c *noOversell) ledger(f *findings, b *book) {
	for _, lane := range b.lanes {
		for i, e := range lane.entries {
			promises := e.row.Kind == model.Reserve || e.row.Kind == model.Transfer && e.row.Leg == 0
			if !promises || !e.row.Outcome.Grants() || e.after.room() >= 0 {
				continue
			}
			over := min(-e.after.room(), e.row.Granted)
			evidence := []Evidence{c.header.ledgerEvidence(Offender, e.row)}
			if i > 0 {
				evidence = append(evidence, c.header.ledgerEvidence(Witness, lane.entries[i-1].row))
			}
			f.add(over, fmt.Sprintf("lane %s granted %d units at seq %d where only %d could be promised",
				laneName(lane.key), e.row.Granted, e.row.Seq, max(0, e.before.room()+e.ref)), evidence...)
		}
	}
}

func (c *noOversell) shelves(f *findings, shelves []shelf) {
	for _, s := range shelves {
		for _, st := range s.steps {
			if st.row.Kind != model.Reserve || !st.row.Decision.Outcome.Grants() || st.after >= 0 {
				continue
			}
			f.add(min(-st.after, st.row.Decision.Granted), fmt.Sprintf(
				"%q granted %d units where there were %d", s.stock.SKU, st.row.Decision.Granted, st.before),
				c.header.rowEvidence(Offender, st.row))
		}
	}
}

func (c *noOversell) script(f *findings, s *script) {
	var last = map[model.SKU]seenEffect{}
	s.walk(func(st step) {
		if st.Kind != Deduct || st.Reply != Done || st.repeated() || !purchase(st.rows) {
			return
		}
		if st.high < st.Qty {
			evidence := []Evidence{c.header.effectEvidence(Offender, st.seenEffect)}
			if before, ok := last[st.SKU]; ok {
				evidence = append(evidence, c.header.effectEvidence(Witness, before))
			}
			f.add(min(st.Qty, st.Qty-st.high), fmt.Sprintf(
				"order %s was granted %d units of %q when supply had %d left",
				c.header.name(st.Order), st.Qty, st.SKU, max(0, st.high)), evidence...)
		}
		last[st.SKU] = st.seenEffect
	})
}

// purchase reports whether the rows are order lines, or unknown.
func purchase(rows []*CommandRow) bool {
	return len(rows) == 0 || rows[0].Kind == model.Reserve
}
