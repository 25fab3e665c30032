package checks

import (
	"fmt"

	"stockproof/model"
)

// conservation: the books of the truth balance. With a ledger: every lane's rows are numbered 1, 2, 3
// without a gap, each row's counters are those of the row before it plus what it says it did, the last
// row is the lane, order lines say what the ledger says of them, reserved lines add up to what is
// reserved, and supply = on hand + committed - returned, with committed and returned taken from the
// lines. Without one: a SKU's stock row is its initial stock plus what its rows say.
//
// A command on an unknown lane is INVALID without a number; it is exempt, having no row to miss.
type conservation struct{ header *Header }

func (c *conservation) Observe(int, Event) {}

func (c *conservation) Finish(a Audit) Report {
	var f findings
	switch c.header.Capability {
	case LedgerRows:
		b := bookOf(&a)
		lanes := map[model.LaneKey]Lane{}
		for _, l := range a.Lanes {
			lanes[l.Key] = l
		}
		for _, lane := range b.lanes {
			c.chain(&f, lane)
			c.close(&f, lane, lanes[lane.key])
			delete(lanes, lane.key)
		}
		for _, l := range a.Lanes {
			if _, unread := lanes[l.Key]; unread && l.Seq > 0 {
				f.add(l.OnHand, fmt.Sprintf("lane %s is at seq %d and has no ledger", laneName(l.Key), l.Seq),
					laneEvidence(Offender, l))
			}
		}
		c.lines(&f, &a, b)
		c.supply(&f, &a, b) // last: sums are named where no row was
	case StockAfter, ScriptReplies:
		c.shelves(&f, &a)
	default:
		return notChecked(Conservation, "bare answers do not show the books")
	}
	return f.report(Conservation)
}

// chain judges the ledger of one lane from row to row.
func (c *conservation) chain(f *findings, lane laneBook) {
	var off stated // by how much the row before misstated: an error is named where it comes in
	for i, e := range lane.entries {
		evidence := func() []Evidence { // most rows are as they should be: nothing is put into words before
			all := []Evidence{c.header.ledgerEvidence(Offender, e.row)}
			if i > 0 {
				all = append(all, c.header.ledgerEvidence(Witness, lane.entries[i-1].row))
			}
			return all
		}
		prior, epoch := int64(0), int64(0)
		if i > 0 {
			prior, epoch = lane.entries[i-1].row.Seq, lane.entries[i-1].row.Epoch
		}
		at := func() string { return fmt.Sprintf("ledger of %s, seq %d: ", laneName(lane.key), e.row.Seq) }
		if e.row.Seq != prior+1 {
			f.add(0, fmt.Sprintf("ledger of %s: after seq %d comes %d", laneName(lane.key), prior, e.row.Seq),
				evidence()...)
		}
		if e.row.Epoch < epoch {
			f.add(0, fmt.Sprintf("%sepoch %d comes after %d", at(), e.row.Epoch, epoch), evidence()...)
		}
		if why := e.misstated(); why != "" {
			f.add(0, at()+why, evidence()...)
		}
		now := stated{e.row.OnHandAfter - e.after.onHand, e.row.ReservedAfter - e.after.reserved,
			e.row.AvailAfter - e.after.avail()}
		if now != off && now != (stated{}) {
			f.add(now.avail-off.avail, fmt.Sprintf("%son hand %d, reserved %d, avail %d do not follow from the "+
				"rows before it (%d, %d, %d)", at(), e.row.OnHandAfter, e.row.ReservedAfter, e.row.AvailAfter,
				e.after.onHand, e.after.reserved, e.after.avail()), evidence()...)
		}
		off = now
		if e.after.onHand < 0 || e.after.reserved < 0 {
			f.add(min(e.after.onHand, e.after.reserved), fmt.Sprintf("%son hand %d and reserved %d cannot be",
				at(), e.after.onHand, e.after.reserved), evidence()...)
		}
	}
}

// stated are the counters that a ledger row states.
type stated struct{ onHand, reserved, avail int64 }

// misstated compares what a row says was asked with the command.
func (e entry) misstated() string {
	c := e.command
	if c == nil {
		return ""
	}
	lane := c.Command.Lane()
	if e.row.Leg == 1 {
		lane = c.ToLane()
	}
	switch {
	case e.row.Kind != c.Kind:
		return fmt.Sprintf("kind %s, the command is a %s", e.row.Kind, c.Kind)
	case e.row.Lane != lane:
		return "the command is on " + laneName(lane)
	case e.row.Qty != 0 && c.Qty != 0 && e.row.Qty != c.Qty:
		return fmt.Sprintf("qty %d, the command asks for %d", e.row.Qty, c.Qty)
	}
	return ""
}

// close compares the end of a lane's ledger with the lane.
func (c *conservation) close(f *findings, lane laneBook, l Lane) {
	last := lane.entries[len(lane.entries)-1].row
	evidence := func() []Evidence {
		return []Evidence{laneEvidence(Offender, l), c.header.ledgerEvidence(Witness, last)}
	}
	is := counters{l.OnHand, l.Reserved, l.Safety, l.BackorderLimit}
	switch {
	case l.Key != lane.key:
		f.add(lane.end.avail(), fmt.Sprintf("lane %s has a ledger and no row", laneName(lane.key)),
			c.header.ledgerEvidence(Offender, last))
	case l.Seq != last.Seq:
		f.add(0, fmt.Sprintf("lane %s is at seq %d, its ledger at %d", laneName(lane.key), l.Seq, last.Seq),
			evidence()...)
	case is != lane.end && !f.lanes[lane.key]:
		f.add(is.onHand-lane.end.onHand+lane.end.reserved-is.reserved, fmt.Sprintf("lane %s has on hand %d, "+
			"reserved %d, safety %d, limit %d, its ledger adds up to %d, %d, %d, %d", laneName(lane.key),
			is.onHand, is.reserved, is.safety, is.limit, lane.end.onHand, lane.end.reserved, lane.end.safety,
			lane.end.limit), evidence()...)
	case l.Epoch < last.Epoch:
		f.add(0, fmt.Sprintf("lane %s is in epoch %d, its ledger in %d", laneName(lane.key), l.Epoch,
			last.Epoch), evidence()...)
	case l.Short != (l.Avail() < -l.BackorderLimit):
		f.add(0, fmt.Sprintf("lane %s: short is %t with avail %d and limit %d", laneName(lane.key), l.Short,
			l.Avail(), l.BackorderLimit), laneEvidence(Offender, l))
	}
}

func laneEvidence(role Role, l Lane) Evidence {
	return Evidence{Role: role, Lane: l.Key, Seq: l.Seq, Units: l.Avail(), Text: fmt.Sprintf(
		"lane %s at seq %d: on hand %d, reserved %d, safety %d, limit %d", laneName(l.Key), l.Seq, l.OnHand,
		l.Reserved, l.Safety, l.BackorderLimit)}
}

// shelves judges the stock rows of a truth without lanes.
func (c *conservation) shelves(f *findings, a *Audit) {
	supplied := map[model.LaneKey]int64{}
	for _, s := range openShelves(a) {
		lane := model.LaneKey{SKU: s.stock.SKU, Loc: model.MainLocation}
		supplied[lane] = s.stock.Initial
		sum := s.stock.Initial
		for _, st := range s.steps {
			sum += stockEffect(st.row)
			if st.row.Kind == model.Restock || st.row.Kind == model.Adjust {
				supplied[lane] += stockEffect(st.row)
			}
		}
		if sum == s.stock.Stock {
			continue
		}
		evidence := []Evidence{{Role: Offender, Units: s.stock.Stock, Lane: lane, Text: fmt.Sprintf(
			"stock row of %q: initial %d, stock %d", s.stock.SKU, s.stock.Initial, s.stock.Stock)}}
		if n := len(s.steps); n > 0 {
			evidence = append(evidence, c.header.rowEvidence(Witness, s.steps[n-1].row))
		}
		f.add(sum-s.stock.Stock, fmt.Sprintf("stock row of %q says %d; initial %d and its %d decided rows "+
			"make %d", s.stock.SKU, s.stock.Stock, s.stock.Initial, len(s.steps), sum), evidence...)
	}
	c.known(f, a, func(k model.LaneKey) int64 { return supplied[k] })
}
