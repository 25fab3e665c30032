package checks

import (
	"fmt"
	"strings"
	"testing"

	"stockproof/model"
)

// shop is what a run of a design with script replies leaves: rows of orders, stock rows, effects.
type shop struct {
	h     History
	stock map[model.SKU]int64 // in the speed layer
}

func newShop() *shop {
	s := &shop{stock: map[model.SKU]int64{}}
	s.h.Header = Header{Design: "script", Claims: Guarantees(), Capability: ScriptReplies,
		Names: map[model.ID]string{}}
	s.h.Audit.SpeedRead = true
	return s
}

func (s *shop) id(name string) model.ID {
	id := model.NameID("shop", name)
	s.h.Header.Names[id] = name
	return id
}

// initial puts stock on the shelf of truth and speed.
func (s *shop) initial(sku model.SKU, units int64) {
	s.h.Audit.Stock = append(s.h.Audit.Stock, StockRow{sku, units, units})
	s.stock[sku] = units
}

// row adds an order's row to the truth, decided or not, and moves the stock row.
func (s *shop) row(order string, k model.Kind, sku model.SKU, qty int64, o model.Outcome) *CommandRow {
	c := CommandRow{Row: int64(len(s.h.Audit.Commands) + 1)}
	c.Kind, c.SKU, c.Loc, c.OrderID = k, sku, model.MainLocation, s.id(order)
	c.Line, c.Policy, c.Qty = int32(c.Row), model.AllOrNothing, qty
	if k == model.Adjust {
		c.Qty, c.Delta = 0, model.Some(qty)
	}
	c.Decision.Outcome = o
	if o.Grants() {
		c.Decision.Granted = qty
	}
	s.h.Audit.Commands = append(s.h.Audit.Commands, c)
	added := &s.h.Audit.Commands[len(s.h.Audit.Commands)-1]
	s.settle(added)
	return added
}

func (s *shop) settle(c *CommandRow) {
	for i := range s.h.Audit.Stock {
		if s.h.Audit.Stock[i].SKU == c.SKU {
			s.h.Audit.Stock[i].Stock += stockEffect(c)
		}
	}
}

// effect runs the script, which believes what it is told.
func (s *shop) effect(k EffectKind, order string, sku model.SKU, qty int64, r Reply) {
	e := Effect{Kind: k, SKU: sku, Order: s.id(order), Qty: qty, Reply: r, Before: s.stock[sku]}
	if r == Done && k == Deduct {
		s.stock[sku] -= qty
	} else if r == Done {
		s.stock[sku] += qty
	} else if k == Set {
		s.stock[sku] = qty
	}
	e.After = s.stock[sku]
	s.h.Events = append(s.h.Events, e)
}

// buy is a purchase that everybody agrees on.
func (s *shop) buy(order string, sku model.SKU, qty int64) {
	if s.stock[sku] < qty {
		s.row(order, model.Reserve, sku, qty, model.RejectedInsufficient)
		s.effect(Deduct, order, sku, qty, Insufficient)
		return
	}
	s.row(order, model.Reserve, sku, qty, model.Granted)
	s.effect(Deduct, order, sku, qty, Done)
}

// check judges with the speed layer showing what the effects left.
func (s *shop) check() []Report {
	s.h.Audit.Speed = nil
	for _, row := range s.h.Audit.Stock {
		s.h.Audit.Speed = append(s.h.Audit.Speed, Shown{Lane: at(row.SKU), Found: true,
			Avail: s.stock[row.SKU]})
	}
	return Check(s.h)
}

func (s *shop) call(order string, sku model.SKU, qty int64, d model.Decision) {
	n := uint64(len(s.h.Events) + 1)
	c := model.Command{ID: s.id(fmt.Sprintf("%s %s %d", order, sku, n)), Kind: model.Reserve, SKU: sku,
		Loc: model.MainLocation, OrderID: s.id(order), Line: 1, Qty: qty}
	s.h.Events = append(s.h.Events, Call{Attempt: n, Command: c}, Return{Attempt: n, Decision: d})
}

func shopSample() *shop {
	s := newShop()
	s.initial("A", 5)
	s.initial("B", 2)
	s.call("o1", "A", 2, model.Decision{Outcome: model.Granted, Granted: 2})
	s.buy("o1", "A", 2)
	s.effect(Deduct, "o1", "A", 2, Already) // redelivered
	s.buy("o2", "A", 4)                     // refused
	s.effect(Deduct, "o2", "A", 4, Insufficient)
	s.row("delivery", model.Restock, "A", 6, model.Granted)
	s.effect(Credit, "delivery", "A", 6, Done)
	s.effect(Credit, "delivery", "A", 6, Already)
	s.buy("o3", "A", 9)
	s.row("cancel o3", model.Release, "A", 9, model.Granted)
	s.effect(Credit, "cancel o3", "A", 9, Done)
	s.row("count", model.Adjust, "A", -3, model.Granted)
	s.effect(Deduct, "count", "A", 3, Done)
	s.buy("o4", "B", 1) // two lines of one order, different SKUs
	s.buy("o4", "A", 1)
	return s
}

func TestACleanScriptRunPassesEveryGuarantee(t *testing.T) {
	wantClean(t, shopSample().check())
}

func TestEveryBreakageOfAScriptRunIsNamed(t *testing.T) {
	for _, c := range []struct {
		name      string
		guarantee Guarantee
		units     int64
		damage    func(*shop)
		says      []string
	}{
		{"a line deducted again after its token expired", ExactlyOnceEffect, 2, func(s *shop) {
			s.effect(Deduct, "o1", "A", 2, Done)
		}, []string{"order o1: 2 units of \"A\" were deducted 2 times for 1 line(s)",
			"offender: event 14: deduct 2 of \"A\" for order o1: done (stock 5 -> 3)",
			"witness: event 3: deduct 2 of \"A\" for order o1: done (stock 5 -> 3)"}},
		{"a line deducted again, of another shard", ExactlyOnceEffect, 1, func(s *shop) {
			s.row("o9", model.Reserve, "B", 1, model.Granted)
			for shard := range 2 {
				s.h.Events = append(s.h.Events, Effect{Kind: Deduct, SKU: "B", Shard: shard + 1, Order: s.id("o9"), Qty: 1, Reply: Done})
			}
		}, []string{`order o9: 1 units of "B" were deducted 2 times`}},
		{"a restock credited twice", ExactlyOnceEffect, 6, func(s *shop) {
			s.effect(Credit, "delivery", "A", 6, Done)
		}, []string{"order delivery: 6 units of \"A\" were credited 2 times"}},
		{"a grant that was never deducted", ExactlyOnceEffect, 1, func(s *shop) {
			s.row("o9", model.Reserve, "B", 1, model.Granted)
		}, []string{"order o9", "was granted and never changed stock"}},
		{"phantom units sold", NoOversell, 5, func(s *shop) {
			s.effect(Credit, "delivery", "A", 6, Done)
			s.buy("o9", "A", 10)
		}, []string{`order o9 was granted 10 units of "A" when supply had 5 left`, `witness: event 13: deduct 1 of "A" for order o4`}},
		{"a blind SET sold twice", NoOversell, 2, func(s *shop) {
			s.effect(Set, "", "B", 3, 0)
			s.buy("o9", "B", 3)
		}, []string{`order o9 was granted 3 units of "B" when supply had 1 left`}},
		{"a missing key taken as zero", NoFalseReject, 1, func(s *shop) {
			s.stock["B"] = 0
			s.buy("o9", "B", 1)
		}, []string{`order o9 was refused 1 units of "B" when 1 were left`, `witness: event 12: deduct 1 of "B" for order o4`}},
		{"shards that are dry while others are not", NoFalseReject, 1, func(s *shop) {
			s.row("o9", model.Reserve, "B", 1, model.RejectedInsufficient)
			s.effect(Deduct, "o9", "B", 1, Insufficient)
			s.h.Events[len(s.h.Events)-1] = Effect{Kind: Deduct, SKU: "B", Shard: 1, Order: s.id("o9"), Qty: 1,
				Reply: Insufficient}
		}, []string{"order o9 was refused"}},
		{"refused, then granted on redelivery", OneOutcome, 4, func(s *shop) {
			s.effect(Deduct, "o2", "A", 4, Done)
		}, []string{"order o2", "was both refused and granted", "INSUFFICIENT_STOCK"}},
		{"a rejected row that the script granted", OneOutcome, 1, func(s *shop) {
			s.row("o9", model.Reserve, "B", 1, model.RejectedInsufficient)
			s.effect(Deduct, "o9", "B", 1, Done)
		}, []string{"order o9", "granted by the script and is rejected in the truth"}},
		{"granted by the script, refused by the CHECK", OneOutcome, 1, func(s *shop) {
			s.buy("o9", "B", 1)
			row := &s.h.Audit.Commands[len(s.h.Audit.Commands)-1]
			row.Withdrawn = true
			s.h.Audit.Stock[1].Stock++
		}, []string{"order o9", "granted by the script and refused by the truth"}},
		{"a client told otherwise", OneOutcome, 1, func(s *shop) {
			s.buy("o9", "B", 1)
			s.call("o9", "B", 1, model.Decision{Outcome: model.RejectedInsufficient})
		}, []string{"order o9", "was told REJECTED_INSUFFICIENT, the truth says otherwise"}},
		{"a client told of a grant that was refused", OneOutcome, 9, func(s *shop) {
			s.buy("o9", "B", 9)
			s.call("o9", "B", 9, model.Decision{Outcome: model.Granted, Granted: 9})
		}, []string{"order o9", "was told GRANTED 9, the truth says otherwise"}},
		{"a second line that the order's token dropped", OneOutcome, 3, func(s *shop) {
			s.initial("C", 9)
			s.buy("o9", "C", 2)
			s.row("o9", model.Reserve, "C", 3, 0)
			s.effect(Deduct, "o9", "C", 3, Already)
		}, []string{`order o9: line of 3 units of "C" was dropped as ALREADY_PROCESSED`,
			"the order's other line of that SKU (2 units) answered for it",
			"offender: row 10: order o9 line 10 (3 of \"C\") is undecided in the truth",
			"offender: event 15: deduct 3 of \"C\" for order o9: ALREADY_PROCESSED",
			"witness: row 9: order o9 line 9 (2 of \"C\") is GRANTED 2", "witness: event 14: deduct 2"}},
		{"the same, with the other line deducted twice", OneOutcome, 3, func(s *shop) {
			s.initial("C", 9)
			s.buy("o9", "C", 2)
			s.row("o9", model.Reserve, "C", 3, 0)
			s.effect(Deduct, "o9", "C", 3, Already)
			s.effect(Deduct, "o9", "C", 2, Done)
		}, []string{`order o9: line of 3 units of "C" was dropped as ALREADY_PROCESSED`}},
		{"the same, as a loss", NoLoss, 3, func(s *shop) {
			s.initial("C", 9)
			s.buy("o9", "C", 3)
			s.row("o9", model.Reserve, "C", 3, 0)
			s.effect(Deduct, "o9", "C", 3, Already)
		}, []string{"order o9", "was accepted and never decided", "ALREADY_PROCESSED"}},
		{"a deduction whose row never heard of it", NoLoss, 1, func(s *shop) {
			s.row("o9", model.Reserve, "B", 1, 0)
			s.effect(Deduct, "o9", "B", 1, Done)
		}, []string{"order o9", "never decided", "deduct 1 of \"B\""}},
		{"a deduction for an order without a row", NoLoss, 1, func(s *shop) {
			s.effect(Deduct, "o9", "B", 1, Done)
		}, []string{"the script did 1 units of \"B\" for order o9, of which the truth has no row"}},
		{"an accepted order without a row", NoLoss, 1, func(s *shop) {
			s.call("o9", "B", 1, model.Decision{})
		}, []string{"order o9", "was accepted and the truth has no row of it"}},
		{"a granted order without a row", NoLoss, 1, func(s *shop) {
			s.call("o9", "B", 1, model.Decision{Outcome: model.Granted, Granted: 1})
		}, []string{"order o9", "was accepted and the truth has no row of it"}},
		{"a stock row that is not its orders", Conservation, 2, func(s *shop) {
			s.h.Audit.Stock[0].Stock += 2
		}, []string{`stock row of "A" says 7; initial 5`, "make 5", "witness: "}},
		{"speed that is not the stock row", Convergence, 4, func(s *shop) { s.stock["B"] = 5 },
			[]string{`speed shows 5 units of "B", truth has 1`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := shopSample()
			c.damage(s)
			wantFail(t, s.check(), c.guarantee, c.units, c.says...)
		})
	}
}

// What a script does too often, or too much of, is no sale: units that are deducted again were sold once, and a count
// that takes more than there is sells nothing.
func TestWhatIsNotSoldIsNotOversold(t *testing.T) {
	for name, do := range map[string]func(s *shop){
		"a line deducted again": func(s *shop) {
			s.buy("o9", "B", 1)
			s.effect(Deduct, "o9", "B", 1, Done)
		},
		"a count that takes more than there is": func(s *shop) {
			s.row("lost", model.Adjust, "B", -3, model.Granted)
			s.effect(Deduct, "lost", "B", 3, Done)
		},
		"a delivery that the truth does not know": func(s *shop) { s.effect(Credit, "delivery of B", "B", 4, Done) },
	} {
		s := shopSample()
		do(s)
		if r := reportOn(t, s.check(), NoOversell); r.Verdict != Pass {
			t.Errorf("%s: %s: %s", name, r.Verdict, r.Why)
		}
	}
}

// A worker that crashed between the script and the status leaves one line undecided and its token in
// place: a loss, but nobody's outcome was mixed up.
func TestARedeliveredLineIsNotASwallowedOne(t *testing.T) {
	s := shopSample()
	s.row("o9", model.Reserve, "B", 1, 0)
	s.effect(Deduct, "o9", "B", 1, Done)
	s.effect(Deduct, "o9", "B", 1, Already)
	reports := s.check()
	if r := reportOn(t, reports, OneOutcome); r.Verdict != Pass {
		t.Errorf("one-outcome: %s", r.Why)
	}
	wantFail(t, reports, NoLoss, 1, "o9")
	if got := Judge(reports, Conditions{Decisions: 1}); got != Stalled {
		t.Errorf("result %s, want stalled:\n%s", got, allText(reports))
	}
}

// A dead letter answers for its row, or where it names none for all rows of its order, also one that has none.
func TestADeadLetterAnswersForItsRows(t *testing.T) {
	for _, c := range []struct {
		name   string
		letter func(s *shop, first *CommandRow) DeadLetter
		lost   string // "": nothing
	}{
		{"of the order", func(s *shop, _ *CommandRow) DeadLetter { return DeadLetter{Order: s.id("o9"), Class: "contract"} }, ""},
		{"of one row", func(s *shop, first *CommandRow) DeadLetter {
			return DeadLetter{Order: s.id("o9"), Row: first.Row, Class: "contract"}
		},
			`order o9 line 10 (1 of "B") was accepted and never decided (severity 1 units)`},
		{"of another order", func(s *shop, _ *CommandRow) DeadLetter { return DeadLetter{Order: s.id("o8"), Class: "contract"} }, "; 1 more"},
	} {
		s := shopSample()
		first := *s.row("o9", model.Reserve, "B", 2, 0)
		s.row("o9", model.Reserve, "B", 1, 0)
		s.h.Audit.Dead = []DeadLetter{c.letter(s, &first)}
		if r := reportOn(t, s.check(), NoLoss); (r.Verdict == Pass) != (c.lost == "") || !strings.Contains(r.Why, c.lost) {
			t.Errorf("%s: %s: %s", c.name, r.Verdict, r.Why)
		}
	}
	s := shopSample()
	s.call("o9", "B", 1, model.Decision{})
	s.h.Audit.Dead = []DeadLetter{{Order: s.id("o9"), Class: "contract"}}
	if r := reportOn(t, s.check(), NoLoss); r.Verdict != Pass {
		t.Errorf("without a row: %s", r.Why)
	}
}

// What the truth refused, after the script had granted it, took nothing from the stock row.
func TestAWithdrawnGrantTakesNothing(t *testing.T) {
	s := shopSample()
	s.buy("o9", "B", 1)
	s.h.Audit.Commands[len(s.h.Audit.Commands)-1].Withdrawn = true
	s.h.Audit.Stock[1].Stock++
	if r := reportOn(t, s.check(), Conservation); r.Verdict != Pass {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}

// An order whose lines were all deducted lost none to its token, whatever is redelivered.
func TestARedeliveryOfTwoLinesSwallowsNone(t *testing.T) {
	s := shopSample()
	s.initial("C", 9)
	for _, qty := range []int64{2, 3} {
		s.row("o9", model.Reserve, "C", qty, 0)
		s.effect(Deduct, "o9", "C", qty, Done)
	}
	s.effect(Deduct, "o9", "C", 2, Already)
	if r := reportOn(t, s.check(), OneOutcome); r.Verdict != Pass {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}

// Where effects name their row, only a row that was itself told ALREADY_PROCESSED was swallowed.
func TestAnEffectThatNamesItsRowSettlesWhichLineWasSwallowed(t *testing.T) {
	s := shopSample()
	s.initial("C", 9)
	s.buy("o9", "C", 2)
	granted := s.h.Audit.Commands[len(s.h.Audit.Commands)-1].Row
	s.row("o9", model.Reserve, "C", 3, 0)
	s.h.Events = append(s.h.Events, Effect{Kind: Deduct, SKU: "C", Order: s.id("o9"), Row: granted, Qty: 2,
		Reply: Already})
	if r := reportOn(t, s.check(), OneOutcome); r.Verdict != Pass {
		t.Errorf("the redelivery of the other line was blamed: %s", r.Why)
	}
}

// Shards that were dry and passed over are no refusals.
func TestADryShardThatWasPassedOverIsNoDecision(t *testing.T) {
	s := shopSample()
	s.row("o9", model.Reserve, "B", 1, model.Granted)
	s.stock["B"]--
	for shard, r := range []Reply{Insufficient, Insufficient, Done} {
		s.h.Events = append(s.h.Events, Effect{Kind: Deduct, SKU: "B", Shard: shard + 1, Order: s.id("o9"),
			Qty: 1, Reply: r})
	}
	wantClean(t, s.check())
}

// Where the caller reports a refusal, units may have come in between its request and its report.
func TestARefusalReportedLateIsJudgedByTheLeastThatWasFree(t *testing.T) {
	s := shopSample()
	s.buy("o8", "B", 1) // the last one
	since := len(s.h.Events)
	s.row("delivery of B", model.Restock, "B", 5, model.Granted)
	s.effect(Credit, "delivery of B", "B", 5, Done)
	s.row("o9", model.Reserve, "B", 2, model.RejectedInsufficient)
	s.effect(Deduct, "o9", "B", 2, Insufficient)
	wantFail(t, s.check(), NoFalseReject, 2, "order o9")
	e := s.h.Events[len(s.h.Events)-1].(Effect)
	e.Since = since
	s.h.Events[len(s.h.Events)-1] = e
	if r := reportOn(t, s.check(), NoFalseReject); r.Verdict != Pass {
		t.Errorf("no-false-reject: %s", r.Why)
	}
}

// A blind SET may bring a restock before its own event: selling it is no oversell.
func TestARestockThatASetBroughtEarlyMayBeSold(t *testing.T) {
	s := shopSample()
	s.row("early", model.Restock, "B", 4, model.Granted)
	s.effect(Set, "", "B", 5, 0)
	s.buy("o9", "B", 5)
	s.effect(Credit, "early", "B", 4, Done)
	if r := reportOn(t, s.check(), NoOversell); r.Verdict != Pass {
		t.Errorf("no-oversell: %s", r.Why)
	}
	s.buy("o10", "B", 4) // phantom: the SET had counted them
	wantFail(t, s.check(), NoOversell, 4, "order o10 was granted 4 units")
}
