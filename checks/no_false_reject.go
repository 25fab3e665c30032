package checks

import (
	"fmt"

	"stockproof/model"
)

// noFalseReject: who was refused for stock, or given less than asked, could not have had more at that
// place in the lane's order. A line of an all-or-nothing order is judged with the siblings before it:
// they would have taken their units first.
type noFalseReject struct {
	header *Header
	effects
}

func (c *noFalseReject) Observe(index int, e Event) { c.observe(index, e) }

func (c *noFalseReject) Finish(a Audit) Report {
	var f findings
	switch c.header.Capability {
	case LedgerRows:
		b := bookOf(&a)
		c.ledger(&f, b)
		c.siblings(&f, &a, b.tooLarge())
	case StockAfter:
		shelves := openShelves(&a)
		c.shelves(&f, shelves)
		c.siblings(&f, &a, tooLarge(shelves))
	case ScriptReplies:
		c.script(&f, openScript(c.seen, &a))
	default:
		return notChecked(NoFalseReject, "bare answers do not say what stock a rejection saw")
	}
	return f.report(NoFalseReject)
}

func (c *noFalseReject) ledger(f *findings, b *book) {
	for _, lane := range b.lanes {
		for i, e := range lane.entries {
			if e.command == nil || e.row.Leg != 0 {
				continue // one-outcome names a row that nobody asked for; a second leg decides nothing
			}
			could := e.couldGrant() - siblingUnits(lane.entries[:i], e)
			short := e.row.Outcome == model.RejectedInsufficient && e.refusable(could)
			partial := e.row.Kind == model.Reserve && e.row.Outcome.Grants() &&
				e.row.Granted >= min(e.command.Qty, could)
			if e.row.Outcome != model.RejectedInsufficient && (e.row.Kind != model.Reserve ||
				!e.row.Outcome.Grants()) || short || partial {
				continue
			}
			evidence := []Evidence{c.header.ledgerEvidence(Offender, e.row)}
			if i > 0 {
				evidence = append(evidence, c.header.ledgerEvidence(Witness, lane.entries[i-1].row))
			}
			f.add(e.wanted()-e.row.Granted, fmt.Sprintf(
				"lane %s: %s %s at seq %d was answered %s %d although %d of %d units could be had",
				laneName(lane.key), e.row.Kind, c.header.commandName(e.command), e.row.Seq, e.row.Outcome,
				e.row.Granted, could, e.wanted()), evidence...)
		}
	}
}

// couldGrant is how many units the command could have had.
func (e entry) couldGrant() int64 {
	switch e.row.Kind {
	case model.Reserve:
		return e.before.room() + e.ref
	case model.Transfer:
		return min(e.before.avail(), e.before.onHand)
	}
	return e.before.onHand // COMMIT and ADJUST take what is in the building
}

// wanted is how many units it asked for.
func (e entry) wanted() int64 {
	switch {
	case e.row.Kind == model.Commit:
		return e.ref
	case e.row.Kind == model.Adjust:
		return abs(e.command.Delta.Value)
	}
	return e.command.Qty
}

// refusable reports whether a rejection for stock was right.
func (e entry) refusable(could int64) bool {
	switch {
	case e.row.Kind == model.Reserve && e.command.Policy == model.Partial:
		return could <= 0
	case e.row.Kind == model.Adjust:
		return e.before.onHand+e.command.Delta.Value < 0
	}
	return could < e.wanted()
}

// siblingUnits are the units of the lines of the same all-or-nothing order that were evaluated just
// before e and given up with it.
func siblingUnits(before []entry, e entry) (units int64) {
	if e.row.Kind != model.Reserve || e.command.Policy != model.AllOrNothing {
		return 0
	}
	for i := len(before) - 1; i >= 0; i-- {
		p := before[i]
		if p.command == nil || p.row.Kind != model.Reserve || p.command.OrderID != e.command.OrderID {
			break
		}
		if p.row.Outcome == model.RejectedSibling {
			units += p.command.Qty - p.ref
		}
	}
	return units
}

// tooLarge are the orders whose given-up lines needed more together, on one lane, than there was.
func (b *book) tooLarge() map[model.ID]bool {
	large := map[model.ID]bool{}
	for _, lane := range b.lanes {
		for i := 0; i < len(lane.entries); i++ {
			var need int64
			n := siblingRun(lane.entries[i:])
			for _, e := range lane.entries[i : i+n] {
				need += e.command.Qty - e.ref
			}
			if n > 0 && need > lane.entries[i].before.room() {
				large[lane.entries[i].command.OrderID] = true
			}
			i += max(0, n-1)
		}
	}
	return large
}

// tooLarge are the same, of a truth without lanes.
func tooLarge(shelves []shelf) map[model.ID]bool {
	large := map[model.ID]bool{}
	for _, s := range shelves {
		need := map[model.ID]int64{}
		for _, st := range s.steps {
			if st.row.Decision.Outcome == model.RejectedSibling {
				need[st.row.OrderID] += st.row.Qty
				large[st.row.OrderID] = large[st.row.OrderID] || need[st.row.OrderID] > st.before
			}
		}
	}
	return large
}

// siblings: the lines of an order are given up together only if one was refused for a reason of its
// own, or if there was too little for all of them.
func (c *noFalseReject) siblings(f *findings, a *Audit, refused map[model.ID]bool) {
	for _, row := range a.Commands {
		o := row.Decision.Outcome
		if row.Kind == model.Reserve && o != 0 && !o.Grants() && o != model.RejectedSibling {
			refused[row.OrderID] = true
		}
	}
	for i := range a.Commands {
		row := &a.Commands[i]
		if row.Decision.Outcome == model.RejectedSibling && !refused[row.OrderID] {
			refused[row.OrderID] = true // named once an order
			f.add(row.Qty, fmt.Sprintf("%s was rejected for a sibling, but no line of the order was rejected "+
				"for itself and there was enough for all", c.header.commandText(row.Command)), c.header.rowEvidence(Offender, row))
		}
	}
}

func (c *noFalseReject) shelves(f *findings, shelves []shelf) {
	for _, s := range shelves {
		for _, st := range s.steps {
			d := st.row.Decision
			wanted := st.row.Qty
			if st.row.Kind == model.Adjust {
				wanted = -st.row.Delta.Value
			}
			least := wanted // what had to be there for a grant
			if st.row.Kind == model.Reserve && st.row.Policy == model.Partial {
				least = 1
			}
			refused := d.Outcome == model.RejectedInsufficient && st.before >= least
			less := d.Outcome == model.PartiallyGranted && d.Granted < min(wanted, st.before)
			if refused || less {
				f.add(wanted-d.Granted, fmt.Sprintf("%q: %s was answered %s although there were %d units",
					s.stock.SKU, c.header.commandText(st.row.Command), decisionText(d), st.before),
					c.header.rowEvidence(Offender, st.row))
			}
		}
	}
}

func (c *noFalseReject) script(f *findings, s *script) {
	last := map[model.SKU]seenEffect{}
	s.walk(func(st step) {
		if st.Kind == Deduct && st.Reply == Insufficient && st.free >= st.Qty {
			evidence := []Evidence{c.header.effectEvidence(Offender, st.seenEffect)}
			if before, ok := last[st.SKU]; ok {
				evidence = append(evidence, c.header.effectEvidence(Witness, before))
			}
			f.add(st.Qty, fmt.Sprintf("order %s was refused %d units of %q when %d were left",
				c.header.name(st.Order), st.Qty, st.SKU, st.free), evidence...)
		}
		if st.Reply == Done {
			last[st.SKU] = st.seenEffect
		}
	})
}

// commandName is the name of a command for a reader: its order's where it has one.
func (h *Header) commandName(c *CommandRow) string {
	if c.Kind == model.Reserve {
		return h.name(c.OrderID)
	}
	return h.name(c.ID)
}
