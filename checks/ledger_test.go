package checks

import (
	"slices"
	"strings"
	"testing"

	"stockproof/model"
)

// sample is a clean history with every kind of command and outcome on two SKUs.
func sample() *world {
	w := newWorld()
	w.send(w.restock("delivery-1", "A", 10))
	o1 := w.reserve("o1", 1, "A", 3, model.AllOrNothing)
	o2 := w.reserve("o2", 1, "A", 4, model.Partial)
	w.send(o1)
	w.send(o2)
	w.send(w.reserve("o3", 1, "A", 5, model.AllOrNothing)) // rejected: 3 left
	w.send(o1)                                             // a duplicate
	w.send(w.refer("commit o1", model.Commit, o1))
	back := w.refer("return o1", model.Return, o1)
	back.Qty = 1
	w.send(back)
	w.send(w.refer("cancel o2", model.Release, o2))
	limits := w.command("limits", model.SetLimit, "A")
	limits.Safety, limits.BackorderLimit = model.Some(1), model.Some(5)
	w.send(limits)
	w.send(w.reserve("o4", 1, "A", 20, model.Partial)) // 7 on hand + 5 backorder = 12
	late := w.reserve("o5", 1, "A", 1, model.Partial)
	w.send(w.refer("cancel o5", model.Release, late))
	w.send(late) // rejected: cancelled
	move := w.restock("move", "A", 1)
	move.Kind, move.ToLoc = model.Transfer, "east"
	w.send(move) // nothing free
	w.send(w.restock("delivery-2", "A", 9))
	again := move
	again.ID = w.id("move again")
	w.send(again)
	count := w.command("count", model.Adjust, "A")
	count.Delta = model.Some(-2)
	w.send(count)
	lost := w.command("loss", model.Adjust, "A")
	lost.Delta = model.Some(-100)
	w.send(lost) // rejected
	w.send(w.restock("delivery-3", "B", 5))
	w.order(w.reserve("o6", 1, "A", 1, model.AllOrNothing), w.reserve("o6", 2, "A", 1, model.AllOrNothing),
		w.reserve("o6", 3, "B", 9, model.AllOrNothing))
	w.order(w.reserve("o7", 1, "B", 3, model.AllOrNothing), w.reserve("o7", 2, "B", 3, model.AllOrNothing))
	w.send(w.reserve("o8", 1, "unknown", 1, model.Partial)) // INVALID, no seq
	return w
}

func TestACleanLedgerPassesEveryGuarantee(t *testing.T) {
	w := sample()
	reports := Check(w.history())
	wantClean(t, reports)
	if len(reports) != len(Guarantees()) {
		t.Fatalf("%d reports, want %d", len(reports), len(Guarantees()))
	}
	seen := map[model.Outcome]bool{}
	for _, c := range w.commands {
		seen[c.Decision.Outcome] = true
	}
	for _, o := range []model.Outcome{model.Granted, model.PartiallyGranted, model.RejectedInsufficient,
		model.RejectedCancelled, model.RejectedSibling, model.Invalid} {
		if !seen[o] {
			t.Errorf("the sample has no %s", o)
		}
	}
}

// What looks like a breakage and is none.
func TestWhatALedgerMayShowIsNotAccused(t *testing.T) {
	for name, build := range map[string]func(w *world) History{
		"a lane that is short takes what is sent to it": func(w *world) History {
			w.send(w.restock("in", "A", 5))
			east := w.restock("in east", "A", 2)
			east.Loc = "east"
			w.send(east)
			o := w.reserve("o1", 1, "A", 2, model.AllOrNothing)
			o.Loc = "east"
			w.send(o)
			lost := w.command("lost", model.Adjust, "A")
			lost.Loc, lost.Delta = "east", model.Some(int64(-2))
			w.send(lost)
			move := w.restock("move", "A", 1)
			move.Kind, move.ToLoc = model.Transfer, "east"
			w.send(move)
			return w.history()
		},
		"a line that takes what there is, and there is nothing": func(w *world) History {
			w.send(w.restock("in", "A", 2))
			w.send(w.reserve("o1", 1, "A", 2, model.Partial))
			w.send(w.reserve("o2", 1, "A", 2, model.Partial))
			return w.history()
		},
		"a cancellation that a letter answers for": func(w *world) History {
			w.send(w.restock("in", "A", 2))
			o := w.reserve("o1", 1, "A", 2, model.Partial)
			w.record(o, model.Decision{}, false)
			h := w.history()
			h.Audit.Dead = []DeadLetter{{Command: o.ID, Class: "contract"}}
			return h
		},
		"a topic whose decisions have no place": func(w *world) History {
			o := w.reserve("o1", 1, "A", 2, model.AllOrNothing)
			w.send(w.restock("in", "A", 5))
			w.send(o)
			h := w.history()
			h.Events = append(h.Events, Answer{Command: o.ID, From: "order.decision",
				Decision: model.Decision{Outcome: model.Granted, Granted: 2}})
			return h
		},
	} {
		t.Run(name, func(t *testing.T) { wantClean(t, Check(build(newWorld()))) })
	}
}

// Who asks for exactly what there is gets it.
func TestExactlyWhatThereIsIsNotRefused(t *testing.T) {
	all := func(w *world) model.Command { return w.reserve("o1", 1, "A", 5, model.AllOrNothing) }
	lost := func(w *world) model.Command {
		c := w.command("lost", model.Adjust, "A")
		c.Delta = model.Some(int64(-5))
		return c
	}
	for name, ask := range map[string]func(w *world) model.Command{"an order": all, "a count": lost} {
		w := newWorld()
		w.send(w.restock("in", "A", 5))
		c := ask(w)
		w.send(c)
		h := w.history()
		h.Audit.Ledger[1].Outcome, h.Audit.Ledger[1].Granted = model.RejectedInsufficient, 0
		if r := reportOn(t, Check(h), NoFalseReject); r.Verdict != Fail || !strings.Contains(r.Why, "although 5 of 5 units could be had") {
			t.Errorf("%s: %s: %s", name, r.Verdict, r.Why)
		}
	}
}

// A record has its fate, or a letter, or is of a topic whose fates nobody recorded.
func TestRecordsOfWhichSomethingBecameAreNotLost(t *testing.T) {
	w := newWorld()
	w.send(w.restock("in", "A", 5))
	h := w.history()
	record := func(topic string, offset int64) Record { return Record{Topic: topic, Part: 3, Offset: offset} }
	for _, d := range []Delivery{{Record: record("c", 1), Fate: Fetched}, {Record: record("c", 1), Fate: Applied},
		{Record: record("c", 2), Fate: Fetched}, {Record: record("c", 2), Fate: Fetched}, {Record: record("c", 2), Fate: Absorbed},
		{Record: record("c", 3), Fate: Fetched}, {Record: record("unrecorded", 1), Fate: Fetched}} {
		h.Events = append(h.Events, d)
	}
	h.Audit.Dead = []DeadLetter{{Record: record("c", 3), Class: "contract"}}
	if r := reportOn(t, Check(h), NoLoss); r.Verdict != Pass {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
	h.Audit.Dead = nil
	wantFail(t, Check(h), NoLoss, 0, "record c[3]@3 was received and nothing became of it (severity 0 units)")
}

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

// Two lines of one SKU that fit alone and not together may both be given up as siblings.
func TestSiblingsThatTogetherAreTooManyAreNoFalseReject(t *testing.T) {
	w := newWorld()
	w.ownReason = true
	w.send(w.restock("delivery", "A", 5))
	w.order(w.reserve("o1", 1, "A", 3, model.AllOrNothing), w.reserve("o1", 2, "A", 3, model.AllOrNothing))
	wantClean(t, Check(w.history()))
	for _, c := range w.commands[1:] {
		if c.Decision.Outcome != model.RejectedSibling {
			t.Errorf("%s", c.Decision.Outcome)
		}
	}
	w.send(w.restock("more", "A", 1))
	h := w.history()
	for i := range h.Audit.Ledger { // as if there had been 6 before
		h.Audit.Ledger[i].Seq = []int64{1, 3, 4, 2}[i]
	}
	wantFail(t, Check(h), NoFalseReject, 3, "order o1 line 1", "there was enough for all")
}

func TestADeadLetterAnswersForItsCommandUntilItIsRedriven(t *testing.T) {
	w := sample()
	h := w.history()
	d := damage{w, &h}
	d.commandOf("reserve o3").Decision = model.Decision{}
	h.Audit.Dead = []DeadLetter{{Command: w.id("reserve o3"), Class: "contract"}}
	if r := reportOn(t, Check(h), NoLoss); r.Verdict != Pass {
		t.Fatalf("dead letter: %s", r.Why)
	}
	h.Audit.Dead[0].Redriven = true
	wantFail(t, Check(h), NoLoss, 5, "o3")
}

// A dead letter is for what cannot be read or breaks the contract, for what a failover lost, and for what waits behind such
// a one. What stock or a server had to say is no reason, and neither is none.
func TestADeadLetterOfAnotherClassAnswersForNothing(t *testing.T) {
	w := sample()
	h := w.history()
	damage{w, &h}.commandOf("reserve o3").Decision = model.Decision{}
	for class, fine := range map[string]bool{"undecodable": true, "contract": true, "void": true, "parked": true,
		"rejected": false, "unavailable": false, "timeout": false, "": false} {
		h.Audit.Dead = []DeadLetter{{Command: w.id("reserve o3"), Class: class, Parks: w.id("reserve o3")}}
		if !fine {
			wantFail(t, Check(h), NoLoss, 5, "o3", "was accepted and never decided")
		} else if r := reportOn(t, Check(h), NoLoss); r.Verdict != Pass {
			t.Errorf("class %q: %s", class, r.Why)
		}
	}
}

// A cancellation whose own record was lost waits behind the letter of its order, as one that arrived does: the
// sweeper leaves alone what an open letter parks. A closed letter parks nothing.
func TestWhatIsParkedBehindADeadLetterIsNotLost(t *testing.T) {
	w := sample()
	h := w.history()
	damage{w, &h}.commandOf("cancel o2").Decision = model.Decision{}
	h.Audit.Dead = []DeadLetter{{Command: w.id("reserve o2"), Class: "contract", Parks: w.id("reserve o2")}, {Class: "undecodable"}}
	if r := reportOn(t, Check(h), NoLoss); r.Verdict != Pass {
		t.Fatalf("parked: %s", r.Why)
	}
	h.Audit.Dead[0].Parks = model.ID{}
	wantFail(t, Check(h), NoLoss, 0, "RELEASE", "was accepted and never decided")
	h.Audit.Dead[0] = DeadLetter{Command: w.id("reserve o3"), Class: "contract", Parks: w.id("reserve o3")}
	wantFail(t, Check(h), NoLoss, 0, "RELEASE", "was accepted and never decided")
}

// The other way round: a cancellation is a dead letter, so that its chain waits, and the order whose record was
// lost with it is not sent again either.
func TestWhatWaitsBehindTheLetterOfItsCancellationIsNotLost(t *testing.T) {
	w := sample()
	h := w.history()
	damage{w, &h}.commandOf("reserve o3").Decision = model.Decision{}
	h.Audit.Dead = []DeadLetter{{Command: w.id("cancel o3"), Class: "contract", Parks: w.id("reserve o3")}}
	if r := reportOn(t, Check(h), NoLoss); r.Verdict != Pass {
		t.Fatalf("parked: %s", r.Why)
	}
	h.Audit.Dead[0].Parks = model.ID{}
	wantFail(t, Check(h), NoLoss, 5, "o3", "was accepted and never decided")
}

func TestWhatIsNotClaimedIsListedAndDoesNotCount(t *testing.T) {
	w := sample()
	h := w.history()
	h.Header.Claims = []Guarantee{NoOversell}
	h.Audit.Speed = nil
	for _, r := range Check(h) {
		switch {
		case r.Guarantee == NoOversell && (r.Verdict != Pass || !r.Claimed):
			t.Errorf("%s: %s", r.Guarantee, r.Verdict)
		case r.Guarantee != NoOversell && (r.Verdict != Undecided || r.Why != "not claimed" || r.Claimed):
			t.Errorf("%s: %s %q", r.Guarantee, r.Verdict, r.Why)
		}
	}
	if got := Judge(Check(h), Conditions{Decisions: 1}); got != Holds {
		t.Errorf("result %s, want holds", got)
	}
}

func TestWhatBareAnswersCannotShowIsNotCheckedAndDoesNotCount(t *testing.T) {
	w := sample()
	h := w.history()
	h.Header.Capability, h.Audit.SpeedRead = BareAnswers, false
	h.Header.Claims = slices.DeleteFunc(Guarantees(), func(g Guarantee) bool { return g == Linearizable }) // which is searched
	reports := Check(h)
	for _, g := range []Guarantee{NoOversell, ExactlyOnceEffect, NoFalseReject, Conservation, Convergence} {
		if r := reportOn(t, reports, g); r.Verdict != Undecided || !r.NotChecked || r.Why == "" {
			t.Errorf("%s: %s %q", g, r.Verdict, r.Why)
		}
	}
	if got := Judge(reports, Conditions{Decisions: 1}); got != Holds {
		t.Errorf("result %s, want holds: what can be seen passes", got)
	}
}
