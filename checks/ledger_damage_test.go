package checks

import (
	"slices"
	"testing"

	"stockproof/model"
)

// damage finds rows of the sample by the name of their command.
type damage struct {
	w *world
	*History
}

func (d damage) ledgerOf(name string) *LedgerRow {
	for i := range d.Audit.Ledger {
		if d.Audit.Ledger[i].Command == d.w.id(name) {
			return &d.Audit.Ledger[i]
		}
	}
	panic("no ledger row of " + name)
}

func (d damage) commandOf(name string) *CommandRow {
	i := slices.IndexFunc(d.Audit.Commands, func(c CommandRow) bool { return c.ID == d.w.id(name) })
	return &d.Audit.Commands[i]
}

func (d damage) lineOf(name string) *model.Line {
	i := slices.IndexFunc(d.Audit.Lines, func(l model.Line) bool { return l.Command == d.w.id(name) })
	return &d.Audit.Lines[i]
}

func (d damage) laneOf(k model.LaneKey) *Lane {
	i := slices.IndexFunc(d.Audit.Lanes, func(l Lane) bool { return l.Key == k })
	return &d.Audit.Lanes[i]
}

func (d damage) shown(sku model.SKU) *Shown {
	i := slices.IndexFunc(d.Audit.Speed, func(s Shown) bool { return s.Lane == at(sku) })
	return &d.Audit.Speed[i]
}

// answerTo is the index of the first Return of a command.
func (d damage) answerTo(name string) int {
	attempts := map[uint64]bool{}
	for i, e := range d.Events {
		switch e := e.(type) {
		case Call:
			attempts[e.Attempt] = e.Command.ID == d.w.id(name)
		case Return:
			if attempts[e.Attempt] {
				return i
			}
		}
	}
	panic("no answer to " + name)
}

func (d damage) dropLedger(row *LedgerRow) {
	d.Audit.Ledger = slices.DeleteFunc(d.Audit.Ledger, func(r LedgerRow) bool { return r == *row })
}

// shift changes what the lane holds from a row on.
func (d damage) shift(name string, onHand, reserved int64) {
	row := d.ledgerOf(name)
	for i := range d.Audit.Ledger {
		if r := &d.Audit.Ledger[i]; r.Lane == row.Lane && r.Seq >= row.Seq {
			r.OnHandAfter, r.ReservedAfter = r.OnHandAfter+onHand, r.ReservedAfter+reserved
			r.AvailAfter += onHand - reserved
		}
	}
	d.laneOf(row.Lane).OnHand += onHand
	d.laneOf(row.Lane).Reserved += reserved
}

// grant makes a decision more than it was, consistently: what a decider without a check would write.
func (d damage) grant(name string, units int64) {
	row, command := d.ledgerOf(name), d.commandOf(name)
	extra := units - row.Granted
	row.Outcome, row.Granted = model.Granted, units
	command.Decision.Outcome, command.Decision.Granted = model.Granted, units
	d.shift(name, 0, extra)
	line := d.lineOf(name)
	line.State, line.Granted = model.LineReserved, units
	ret := d.Events[d.answerTo(name)].(Return)
	ret.Decision = command.Decision
	d.Events[d.answerTo(name)] = ret
}

// Every way to break a ledger history, and what must be said of it.
func TestEveryBreakageOfALedgerIsNamed(t *testing.T) {
	A := at("A")
	for _, c := range []struct {
		name      string
		guarantee Guarantee
		units     int64
		damage    func(damage)
		says      []string
	}{
		{"a grant above supply", NoOversell, -1, func(d damage) { d.grant("reserve o3", 5) },
			[]string{`lane "A" granted 5 units at seq 4 where only 3 could be promised`,
				"offender: ledger of \"A\", seq 4: RESERVE reserve o3: GRANTED 5",
				"witness: ledger of \"A\", seq 3"}},
		{"a grant above the backorder limit", NoOversell, 8, func(d damage) { d.grant("reserve o4", 20) },
			[]string{`granted 20 units at seq 9 where only 12`}},
		{"a transfer of units that are promised", NoOversell, 1, func(d damage) {
			row := d.ledgerOf("move")
			row.Outcome, row.Granted = model.Granted, 1
			d.shift("move", -1, 0)
		}, []string{`lane "A" granted 1 units at seq 12 where only 0 could be promised`}},

		{"two different answers to one command", OneOutcome, 3, func(d damage) {
			i := d.answerTo("reserve o1")
			r := d.Events[i].(Return)
			r.Decision = model.Decision{Outcome: model.RejectedInsufficient}
			d.Events[i] = r
		}, []string{`order o1 line 1 (3 of "A") was told REJECTED_INSUFFICIENT and then GRANTED 3`,
			"witness: event 4"}},
		{"an answer that the truth contradicts", OneOutcome, 3, func(d damage) {
			i := d.answerTo("reserve o3")
			r := d.Events[i].(Return)
			r.Decision.Outcome, r.Decision.Granted = model.Granted, 3
			d.Events[i] = r
		}, []string{"o3", "was told GRANTED 3 as seq 4, the truth says REJECTED_INSUFFICIENT"}},
		{"two places in the lane's order for one command", OneOutcome, 0, func(d damage) {
			i := d.answerTo("reserve o1")
			r := d.Events[i].(Return)
			r.Decision.Seq++
			d.Events[i] = r
		}, []string{`order o1 line 1 (3 of "A") was told GRANTED 3 as seq 3 and then GRANTED 3 as seq 2`}},
		{"a decision topic that says otherwise", OneOutcome, 4, func(d damage) {
			d.Events = append(d.Events, Answer{Command: d.w.id("reserve o2"), From: "order.decision",
				Decision: model.Decision{Outcome: model.RejectedExpired}})
		}, []string{"order o2 line 1", "order.decision"}},
		{"a ledger row that differs from its command", OneOutcome, 0, func(d damage) {
			d.commandOf("reserve o3").Decision.Outcome = model.RejectedExpired
		}, []string{"ledger and command row differ", "REJECTED_EXPIRED"}},
		{"another sequence number in the command's row", OneOutcome, 0, func(d damage) {
			d.commandOf("cancel o5").Decision.Seq = 99
		}, []string{"ledger and command row differ", "seq 99"}},
		{"a decided command without a ledger row", OneOutcome, 1, func(d damage) {
			d.Audit.Commands = append(d.Audit.Commands, CommandRow{Command: d.w.restock("ghost", "B", 1),
				Decision: model.Decision{Outcome: model.Granted, Granted: 1, Seq: 77}})
		}, []string{"ghost", "the ledger has no row of it"}},
		{"a ledger row that nobody asked for", OneOutcome, 0, func(d damage) {
			d.Audit.Commands = slices.DeleteFunc(d.Audit.Commands, func(c CommandRow) bool {
				return c.ID == d.w.id("loss")
			})
		}, []string{"the ledger decides loss, which nobody accepted"}},
		{"a command that is granted although it was cancelled before", OneOutcome, 1, func(d damage) {
			d.grant("reserve o5", 1)
		}, []string{"replayed in the ledger's order, RESERVE reserve o5 at seq 11", "is REJECTED_CANCELLED"}},
		{"two rows of one command", OneOutcome, 0, func(d damage) {
			d.Audit.Commands = append(d.Audit.Commands, d.Audit.Commands[0])
		}, []string{`RESTOCK delivery-1 of "A" has more than one row`, "offender: ", "witness: "}},

		{"a command applied twice", ExactlyOnceEffect, 9, func(d damage) {
			row := *d.ledgerOf("delivery-2")
			row.Seq = 99
			d.Audit.Ledger = append(d.Audit.Ledger, row)
		}, []string{`RESTOCK delivery-2 of "A" changed stock 2 times`, "seq 99"}},
		{"a grant without an effect", ExactlyOnceEffect, 9, func(d damage) {
			d.dropLedger(d.ledgerOf("delivery-2"))
		}, []string{"delivery-2", "was granted 9 units and never changed stock"}},
		{"a transfer that arrives nowhere", ExactlyOnceEffect, 1, func(d damage) {
			d.Audit.Ledger = slices.DeleteFunc(d.Audit.Ledger, func(r LedgerRow) bool {
				return r.Command == d.w.id("move again") && r.Leg == 1
			})
		}, []string{"move again", "never changed stock (leg 1)"}},
		{"a transfer whose legs differ", ExactlyOnceEffect, 1, func(d damage) {
			for i := range d.Audit.Ledger {
				if r := &d.Audit.Ledger[i]; r.Command == d.w.id("move again") && r.Leg == 1 {
					r.Granted = 2
				}
			}
		}, []string{"the legs of TRANSFER move again", "differ"}},

		{"a rejection with stock on the shelf", NoFalseReject, -1, func(d damage) {
			row, command := d.ledgerOf("reserve o2"), d.commandOf("reserve o2")
			row.Outcome, row.Granted = model.RejectedInsufficient, 0
			command.Decision = model.Decision{Outcome: model.RejectedInsufficient, Seq: row.Seq}
		}, []string{"RESERVE o2 at seq 3 was answered REJECTED_INSUFFICIENT 0 although 7 of 4 units", "witness: ledger of \"A\", seq 2"}},
		{"fewer units than there were", NoFalseReject, 10, func(d damage) {
			d.ledgerOf("reserve o4").Granted = 10
			d.commandOf("reserve o4").Decision.Granted = 10
		}, []string{"PARTIAL 10 although 12 of 20"}},
		{"a line that takes what there is, refused with units left", NoFalseReject, -1, func(d damage) {
			row, command := d.ledgerOf("reserve o4"), d.commandOf("reserve o4")
			row.Outcome, row.Granted = model.RejectedInsufficient, 0
			command.Decision = model.Decision{Outcome: model.RejectedInsufficient, Seq: row.Seq}
		}, []string{"REJECTED_INSUFFICIENT 0 although 12 of 20 units"}},
		{"units that were found, and not counted for want of stock", NoFalseReject, 100, func(d damage) {
			d.commandOf("count").Delta = model.Some(int64(100))
			d.ledgerOf("count").Outcome, d.ledgerOf("count").Granted = model.RejectedInsufficient, 0
		}, []string{"ADJUST count", "of 100 units could be had"}},
		{"an adjustment refused without need", NoFalseReject, 2, func(d damage) {
			d.ledgerOf("count").Outcome, d.ledgerOf("count").Granted = model.RejectedInsufficient, 0
		}, []string{"ADJUST count"}},
		{"a commit refused without need", NoFalseReject, 3, func(d damage) {
			d.ledgerOf("commit o1").Outcome, d.ledgerOf("commit o1").Granted = model.RejectedInsufficient, 0
		}, []string{"COMMIT commit o1", "3 units"}},
		{"a sibling's rejection beside a line that was granted", NoFalseReject, 1, func(d damage) {
			d.commandOf("reserve o6/3").Decision.Outcome = model.Granted
		}, []string{"order o6 line 1", "no line of the order was rejected for itself"}},
		{"a sibling's rejection beside a line that was not decided", NoFalseReject, 1, func(d damage) {
			d.commandOf("reserve o6/3").Decision = model.Decision{}
		}, []string{"order o6 line 1", "no line of the order was rejected for itself"}},
		{"a sibling's rejection without a culprit", NoFalseReject, 1, func(d damage) {
			d.commandOf("reserve o6/3").Decision.Outcome = model.RejectedSibling
		}, []string{"order o6 line 1", "no line of the order was rejected for itself"}},

		{"a gap in the ledger", Conservation, 0, func(d damage) { d.dropLedger(d.ledgerOf("reserve o3")) },
			[]string{`ledger of "A": after seq 3 comes 5`}},
		{"a counter that does not follow", Conservation, 0, func(d damage) {
			d.ledgerOf("reserve o2").OnHandAfter++
		}, []string{`ledger of "A", seq 3: on hand 11, reserved 7, avail 3 do not follow`,
			`witness: ledger of "A", seq 2`}},
		{"a lane that is not its ledger", Conservation, 1, func(d damage) { d.laneOf(A).OnHand++ },
			[]string{`lane "A" has on hand 15, reserved 12, safety 1, limit 5, its ledger adds up to 14, 12`}},
		{"a committed line that says it was released", Conservation, -1, func(d damage) {
			d.lineOf("reserve o1").State = model.LineReleased
		}, []string{"order o1 line 1: it is RELEASED, by the ledger COMMITTED"}},
		{"a lane behind its ledger", Conservation, 0, func(d damage) { d.laneOf(A).Seq-- },
			[]string{`lane "A" is at seq`}},
		{"reserved units that no line holds", Conservation, 12, func(d damage) {
			d.Audit.Lines = slices.DeleteFunc(d.Audit.Lines, func(l model.Line) bool {
				return l.Command == d.w.id("reserve o4")
			})
		}, []string{"12 units to reserve o4, which has no line"}},
		{"reserved lines that do not add up", Conservation, -1, func(d damage) {
			d.lineOf("reserve o4").Lane.Loc = "east"
		}, []string{"order o4 line 1: its ledger row is on"}},
		{"a line that holds units it was never granted", Conservation, 5, func(d damage) {
			d.lineOf("reserve o3").State, d.lineOf("reserve o3").Granted = model.LineReserved, 5
		}, []string{"order o3 line 1: it is RESERVED, by the ledger REJECTED"}},
		{"a line released without a ledger row", Conservation, 12, func(d damage) {
			d.lineOf("reserve o4").State = model.LineReleased
		}, []string{"order o4 line 1: it is RELEASED, by the ledger RESERVED"}},
		{"a return that the line forgot", Conservation, 1, func(d damage) { d.lineOf("reserve o1").Returned = 0 },
			[]string{"0 units came back, by the ledger 1"}},
		{"supply that the workload knows better", Conservation, 3, func(d damage) {
			for i := range d.Audit.Supply {
				if d.Audit.Supply[i].Lane == A {
					d.Audit.Supply[i].Units += 3
				}
			}
		}, []string{`units came in for "A", the books say`}},
		{"units that are taken from nothing", Conservation, -1, func(d damage) {
			d.ledgerOf("loss").Outcome, d.ledgerOf("loss").Granted = model.Granted, -100
			d.commandOf("loss").Decision.Outcome, d.commandOf("loss").Decision.Granted = model.Granted, -100
			d.shift("loss", -100, 0)
		}, []string{"on hand -86 and reserved 12 cannot be"}},
		{"a ledger without its lane", Conservation, -1, func(d damage) {
			d.Audit.Lanes = slices.DeleteFunc(d.Audit.Lanes, func(l Lane) bool { return l.Key == A })
		}, []string{`lane "A" has a ledger and no row`}},
		{"a lane in an epoch before its ledger's", Conservation, 0, func(d damage) { d.laneOf(A).Epoch-- },
			[]string{`lane "A" is in epoch`}},
		{"a lane that is short, it says", Conservation, 0, func(d damage) { d.laneOf(A).Short = true },
			[]string{`lane "A": short is true with avail 1 and limit 5`}},
		{"a quantity that is not the command's", Conservation, 0, func(d damage) { d.ledgerOf("reserve o2").Qty = 9 },
			[]string{"qty 9, the command asks for 4"}},
		{"a row on another lane than its command", Conservation, 0, func(d damage) { d.commandOf("reserve o2").Loc = "east" },
			[]string{`ledger of "A", seq 3: the command is on "A" at "east"`}},
		{"an epoch that goes back", Conservation, 0, func(d damage) { d.ledgerOf("reserve o2").Epoch-- },
			[]string{"epoch", "comes after"}},
		{"a lane without a ledger", Conservation, 4, func(d damage) {
			d.Audit.Lanes = append(d.Audit.Lanes, Lane{Lane: model.Lane{Key: at("C"), Seq: 1, OnHand: 4}})
		}, []string{`lane "C" is at seq 1 and has no ledger`}},
		{"a commit of fewer units than its line holds", Conservation, 2, func(d damage) {
			d.ledgerOf("commit o1").Granted, d.commandOf("commit o1").Decision.Granted = 2, 2
			d.shift("commit o1", 1, 1)
		}, []string{`lane "A" has 13 units reserved, its reserved lines add up to 12`,
			`lane "A": supply 16, but on hand 15 + committed 3 - returned 1 = 17`}},

		{"speed behind truth", Convergence, 0, func(d damage) { d.shown("A").Seq-- },
			[]string{"speed has \"A\" at"}},
		{"speed with other units", Convergence, 3, func(d damage) {
			d.Events = append(d.Events, Install{Space: "inv", Lane: A, Seq: 1, Avail: 4, Code: 1})
			d.shown("A").Avail += 3
		}, []string{`speed shows 4 units of "A", truth has 1`, "the last install of \"A\" in inv: 4 units"}},
		{"missing is not zero", Convergence, 5, func(d damage) { d.shown("B").Found = false },
			[]string{`speed does not have "B"; truth has 5 units`}},
		{"a feed that fell behind", Convergence, 1, func(d damage) { d.Audit.Feeds[1].Rows[0].Avail-- },
			[]string{`feed erp shows 0 units of "A" at "east", truth has 1`}},
		{"a lane that only speed knows", Convergence, 6, func(d damage) {
			d.Audit.Speed = append(d.Audit.Speed, Shown{Lane: at("Z"), Found: true, Avail: 6})
		}, []string{`speed has 6 units of "Z", which truth does not have`}},

		{"a command that is never decided", NoLoss, 5, func(d damage) {
			d.commandOf("reserve o3").Decision = model.Decision{}
		}, []string{"order o3 line 1 (5 of \"A\") was accepted and never decided"}},
		{"a cancelled line that keeps its units", NoLoss, 12, func(d damage) {
			i := slices.IndexFunc(d.Audit.Commands, func(c CommandRow) bool { return c.Kind == model.Release })
			d.Audit.Commands[i].Ref = d.w.id("reserve o4")
			d.Audit.Commands[i].Decision = model.Decision{Outcome: model.Invalid}
		}, []string{"order o4 line 1", "was given up and still holds 12 units"}},
		{"an accepted command that the truth forgot", NoLoss, 4, func(d damage) {
			d.Audit.Commands = slices.DeleteFunc(d.Audit.Commands, func(c CommandRow) bool {
				return c.ID == d.w.id("reserve o2")
			})
		}, []string{"order o2 line 1", "was accepted and the truth does not know it"}},
		{"a record of which nothing became", NoLoss, 0, func(d damage) {
			d.Events = append(d.Events, Delivery{Record: Record{"inventory.command", 3, 0, 17}, Fate: Fetched},
				Delivery{Record: Record{"inventory.command", 3, 0, 18}, Fate: Applied})
		}, []string{"record inventory.command[3]@17 was received and nothing became of it"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := sample()
			h := w.history()
			c.damage(damage{w, &h})
			wantFail(t, Check(h), c.guarantee, c.units, c.says...)
		})
	}
}
