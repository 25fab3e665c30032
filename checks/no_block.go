package checks

import (
	"fmt"
	"slices"

	"stockproof/model"
)

// noBlock: no record keeps a partition's other SKUs waiting. It is judged when faults have stopped and all
// that could move has moved: of the records that a worker was handed and has not come back from, the first
// whose SKU waits is in the way, and every other SKU behind it that waits is blocked by it. A SKU waits
// while a command of it is undecided, or a read model does not show it as it is. A SKU that waits alone is
// no-loss's to name: it stops nobody.
//
// Why not while faults last: then a partition that pauses, with capped backoff, for a database or a broker that is down
// does what it should, and what is held looks the same as behind a record that is in the way; nothing that is
// observed tells them apart. A poison record stays in the log when faults end, so that a block by one is seen here. Not
// seen is a SKU that keeps others waiting for as long as a fault makes it slow, and lets them go on once that ends.
type noBlock struct{ header *Header }

func (c *noBlock) Observe(int, Event) {}

func (c *noBlock) Finish(a Audit) Report {
	if !a.HeldRead {
		return notChecked(NoBlock, "nobody looked at what workers hold")
	}
	f := findings{unit: Seconds}
	waiting := c.waiting(&a)
	held := slices.Clone(a.Held)
	slices.SortFunc(held, Held.Compare)
	for len(held) > 0 {
		n := 1
		for n < len(held) && held[n].comparePartition(held[0]) == 0 {
			n++
		}
		c.partition(&f, held[:n], waiting)
		held = held[n:]
	}
	return f.report(NoBlock)
}

// waiting says of every SKU that waits what it waits for.
func (c *noBlock) waiting(a *Audit) map[model.SKU]string {
	waiting := map[model.SKU]string{}
	dead := deadIndex(a)
	for i := range a.Commands {
		if row := &a.Commands[i]; !row.Decision.Decided() && !dead.has(row) && waiting[row.SKU] == "" {
			waiting[row.SKU] = c.header.commandText(row.Command) + " is undecided"
		}
	}
	late := convergence{header: c.header}
	var f findings
	late.differences(&f, a)
	for _, found := range f.list {
		for _, e := range found.Evidence {
			if waiting[e.Lane.SKU] == "" {
				waiting[e.Lane.SKU] = found.Why
			}
		}
	}
	return waiting
}

// partition judges the records of one partition, in the order of their offsets.
func (c *noBlock) partition(f *findings, held []Held, waiting map[model.SKU]string) {
	at := slices.IndexFunc(held, func(h Held) bool { return h.Unreadable || waiting[h.SKU] != "" })
	if at < 0 {
		return
	}
	head := held[at]
	named := map[model.SKU]bool{head.SKU: true}
	for _, h := range held[at+1:] {
		if h.Unreadable || named[h.SKU] || waiting[h.SKU] == "" {
			continue
		}
		named[h.SKU] = true
		f.add(seconds(h.Until-h.Since), fmt.Sprintf("%s[%d]: %s at offset %d keeps %q waiting behind it, at offset %d",
			h.Record.Topic, h.Record.Part, head.name(), head.Record.Offset, h.SKU, h.Record.Offset),
			head.evidence(Offender, ""), h.evidence(Witness, waiting[h.SKU]))
	}
}

func (h Held) name() string {
	if h.Unreadable {
		return "an unreadable record"
	}
	return fmt.Sprintf("a record of %q", h.SKU)
}

func (h Held) evidence(role Role, why string) Evidence {
	text := fmt.Sprintf("%s, %s[%d]@%d, was handed to %s %d times in %d s and never left behind", h.name(), h.Record.Topic,
		h.Record.Part, h.Record.Offset, h.Group, h.Times, seconds(h.Until-h.Since))
	if why != "" {
		text += "; " + why
	}
	return Evidence{Role: role, Lane: model.LaneKey{SKU: h.SKU, Loc: model.MainLocation}, Text: text}
}
