package checks

import (
	"fmt"
	"slices"

	"stockproof/model"
)

// noLoss: what was accepted ends decided, or as a dead letter, or parked behind one; what was given up ends
// without units; what a worker received ends applied, absorbed as a duplicate, ignored for not being a
// command, or as a dead letter. Records are judged as far as they were recorded: a topic without any final
// fate is not.
type noLoss struct {
	header *Header
	calls  *calls
	effects
	accepted []answered // the first of each command
	known    map[model.ID]bool
	records  []Record // in order of first delivery
	fates    map[Record]delivered
	judged   map[string]bool // topics with a final fate
}

type delivered struct {
	event   int // of the first delivery
	settled bool
}

func (c *noLoss) Observe(index int, e Event) {
	c.observe(index, e)
	if a, ok := c.calls.answer(index, e); ok && !c.known[a.command.ID] {
		if c.known == nil {
			c.known = map[model.ID]bool{}
		}
		c.known[a.command.ID] = true
		c.accepted = append(c.accepted, a)
	}
	if d, ok := e.(Delivery); ok {
		c.delivery(index, d)
	}
}

func (c *noLoss) delivery(index int, d Delivery) {
	if c.fates == nil {
		c.fates, c.judged = map[Record]delivered{}, map[string]bool{}
	}
	known, ok := c.fates[d.Record]
	if !ok {
		c.records = append(c.records, d.Record)
		known.event = index
	}
	if d.Fate != Fetched {
		known.settled = true
		c.judged[d.Record.Topic] = true
	}
	c.fates[d.Record] = known
}

func (c *noLoss) Finish(a Audit) Report {
	var f findings
	dead := deadIndex(&a)
	for i := range a.Commands {
		row := &a.Commands[i]
		if !row.Decision.Decided() && !dead.has(row) {
			f.add(row.Qty, fmt.Sprintf("%s was accepted and never decided",
				c.header.commandText(row.Command)), c.undecided(row)...)
		}
	}
	if c.header.Capability == ScriptReplies {
		c.rowless(&f, openScript(c.seen, &a), dead)
	} else {
		c.missing(&f, &a, dead)
		c.held(&f, &a)
	}
	for _, r := range c.records {
		if d := c.fates[r]; c.judged[r.Topic] && !d.settled && !dead.records[r] {
			f.add(0, fmt.Sprintf("record %s[%d]@%d was received and nothing became of it", r.Topic, r.Part,
				r.Offset), Evidence{Role: Offender, Event: d.event,
				Text: fmt.Sprintf("record %s[%d]@%d was received", r.Topic, r.Part, r.Offset)})
		}
	}
	return f.report(NoLoss)
}

// undecided is what is known of a row without a decision: itself, and what the script said to it.
func (c *noLoss) undecided(row *CommandRow) []Evidence {
	evidence := []Evidence{c.header.rowEvidence(Offender, row)}
	for _, e := range c.seen {
		if c.header.Capability == ScriptReplies && e.Order == row.OrderID && e.SKU == row.SKU &&
			(e.Row == 0 || e.Row == row.Row) {
			evidence = append(evidence, c.header.effectEvidence(Witness, e))
		}
	}
	return evidence
}

// missing names accepted commands that the truth does not know.
func (c *noLoss) missing(f *findings, a *Audit, dead dead) {
	index := commandIndex(a)
	for _, told := range c.accepted {
		if index[told.command.ID] == nil && !dead.commands[told.command.ID] {
			f.add(told.command.Qty, fmt.Sprintf("%s was accepted and the truth does not know it",
				c.header.commandText(told.command)), c.header.answerEvidence(Offender, told))
		}
	}
}

// rowless names orders that were accepted, or granted by the script, and have no row. Rows do not name
// commands: accepted lines of one order and SKU are counted.
func (c *noLoss) rowless(f *findings, s *script, dead dead) {
	lines := map[token]int{}
	named := map[token]bool{}
	for _, told := range c.accepted {
		t := token{told.command.OrderID, told.command.SKU}
		if told.command.Kind != model.Reserve || dead.orders[t.order] {
			continue
		}
		if lines[t]++; lines[t] > len(s.rows[t]) {
			named[t] = true
			f.add(told.command.Qty, fmt.Sprintf("%s was accepted and the truth has no row of it",
				c.header.commandText(told.command)), c.header.answerEvidence(Offender, told))
		}
	}
	for _, e := range s.effects {
		t := e.token()
		if e.Kind != Set && e.Reply == Done && len(s.rows[t]) == 0 && !named[t] && !dead.orders[t.order] {
			named[t] = true
			f.add(e.Qty, fmt.Sprintf("the script did %d units of %q for order %s, of which the truth has no row",
				e.Qty, e.SKU, c.header.name(e.Order)), c.header.effectEvidence(Offender, e))
		}
	}
}

// deadClasses are why something may be a dead letter: it cannot be read, it breaks the contract, a failover lost what it
// was accepted under, or it waits behind such a one. Business outcomes are decisions, and infrastructure failures are
// waited for: a letter that says one of these is a loss, and it does not answer for its command.
var deadClasses = [...]string{"undecodable", "contract", "void", "parked"}

// dead is what the dead letters answer for.
type dead struct {
	commands map[model.ID]bool
	orders   map[model.ID]bool // all rows of them
	rows     map[int64]bool
	records  map[Record]bool
	chains   map[model.ID]bool // these commands, and what refers to them, are parked
}

func deadIndex(a *Audit) dead {
	d := dead{map[model.ID]bool{}, map[model.ID]bool{}, map[int64]bool{}, map[Record]bool{}, map[model.ID]bool{}}
	for _, l := range a.Dead {
		d.records[l.Record] = true
		if !slices.Contains(deadClasses[:], l.Class) {
			continue
		}
		if !l.Parks.IsZero() {
			d.chains[l.Parks] = true
		}
		if l.Redriven {
			continue
		}
		if !l.Command.IsZero() {
			d.commands[l.Command] = true
		}
		if l.Row > 0 {
			d.rows[l.Row] = true
		} else if !l.Order.IsZero() {
			d.orders[l.Order] = true
		}
	}
	return d
}

func (d dead) has(row *CommandRow) bool {
	return !row.ID.IsZero() && (d.commands[row.ID] || d.chains[row.ID]) || row.Row > 0 && d.rows[row.Row] ||
		!row.OrderID.IsZero() && d.orders[row.OrderID] || !row.Ref.IsZero() && d.chains[row.Ref]
}
