package checks

import (
	"testing"

	"stockproof/model"
)

// shelfRun is what a design with StockAfter leaves, its decisions in an order that is not theirs.
func shelfRun(final int64, rows ...CommandRow) History {
	h := History{Header: Header{Design: "shelf", Capability: StockAfter, Claims: []Guarantee{NoOversell,
		OneOutcome, ExactlyOnceEffect, NoFalseReject, Conservation, NoLoss}, Names: map[model.ID]string{}}}
	h.Audit.Stock = []StockRow{{"A", 5, final}}
	for i := range rows {
		c := rows[len(rows)-1-i]
		h.Header.Names[c.ID], h.Header.Names[c.OrderID] = c.ID.String(), c.OrderID.String()
		h.Audit.Commands = append(h.Audit.Commands, c)
	}
	return h
}

func shelfRow(name string, k model.Kind, qty int64, o model.Outcome, granted, after int64) CommandRow {
	c := CommandRow{Command: model.Command{ID: model.NameID(name), Kind: k, SKU: "A",
		Loc: model.MainLocation, Qty: qty}}
	if k == model.Reserve {
		c.OrderID, c.Line, c.Policy = model.NameID("order", name), 1, model.Partial
	}
	if k == model.Adjust {
		c.Qty, c.Delta = 0, model.Some(qty)
	}
	c.Decision = model.Decision{Outcome: o, Granted: granted, Avail: after}
	return c
}

func shelfSample() []CommandRow {
	return []CommandRow{
		shelfRow("a", model.Reserve, 2, model.Granted, 2, 3),
		shelfRow("b", model.Reserve, 9, model.PartiallyGranted, 3, 0),
		shelfRow("c", model.Reserve, 1, model.RejectedInsufficient, 0, 0),
		shelfRow("d", model.Restock, 4, model.Granted, 4, 4),
		shelfRow("e", model.Release, 0, model.Granted, 2, 6),
		shelfRow("f", model.Adjust, -1, model.Granted, -1, 5),
		shelfRow("g", model.Adjust, -9, model.RejectedInsufficient, 0, 5),
	}
}

func TestACleanShelfPassesEveryClaimedGuarantee(t *testing.T) {
	for _, r := range Check(shelfRun(5, shelfSample()...)) {
		if r.Claimed && r.Verdict != Pass {
			t.Errorf("%s: %s: %s", r.Guarantee, r.Verdict, r.Why)
		}
	}
}

// What came in for a shelf is its initial stock, deliveries and counts.
func TestAShelfHoldsWhatCameInForIt(t *testing.T) {
	for units, want := range map[int64]Verdict{8: Pass, 9: Fail} {
		h := shelfRun(5, shelfSample()...)
		h.Audit.Supply = []Supply{{at("A"), units}}
		if r := reportOn(t, Check(h), Conservation); r.Verdict != want {
			t.Errorf("%d units: %s: %s", units, r.Verdict, r.Why)
		}
	}
}

// Who asks for exactly what stands on the shelf gets it.
func TestExactlyWhatIsOnTheShelfIsNotRefused(t *testing.T) {
	row := shelfRow("a", model.Reserve, 5, model.RejectedInsufficient, 0, 5)
	row.Policy = model.AllOrNothing
	wantFail(t, Check(shelfRun(5, row)), NoFalseReject, 5, "REJECTED_INSUFFICIENT although there were 5 units")
}

// What was not decided moved nothing: it is a loss, and stands between no two stocks.
func TestAnUndecidedRowIsNoStepOfTheShelf(t *testing.T) {
	reports := Check(shelfRun(5, shelfRow("a", model.Reserve, 2, 0, 0, 0)))
	for _, g := range []Guarantee{ExactlyOnceEffect, Conservation, NoOversell} {
		if r := reportOn(t, reports, g); r.Verdict != Pass {
			t.Errorf("%s: %s: %s", g, r.Verdict, r.Why)
		}
	}
}

// A count that leaves less than nothing sells nothing.
func TestACountBelowNothingIsNoOversell(t *testing.T) {
	h := shelfRun(-2, shelfRow("a", model.Adjust, -7, model.Granted, -7, -2))
	if r := reportOn(t, Check(h), NoOversell); r.Verdict != Pass {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}

// Lines of one order that fit alone and not together are given up as siblings.
func TestSiblingsThatAreTooManyForAShelfAreNoFalseReject(t *testing.T) {
	a, b := shelfRow("a", model.Reserve, 3, model.RejectedSibling, 0, 5), shelfRow("b", model.Reserve, 3, model.RejectedSibling, 0, 5)
	a.Policy, b.Policy, b.OrderID, b.Line = model.AllOrNothing, model.AllOrNothing, a.OrderID, 2
	if r := reportOn(t, Check(shelfRun(5, a, b)), NoFalseReject); r.Verdict != Pass {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}

func TestEveryBreakageOfAShelfIsNamed(t *testing.T) {
	for _, c := range []struct {
		name      string
		guarantee Guarantee
		units     int64
		history   History
		says      []string
	}{
		{"a grant into the negative", NoOversell, 2, shelfRun(-2,
			shelfRow("a", model.Reserve, 7, model.Granted, 7, -2)),
			[]string{`"A" granted 7 units where there were 5`}},
		{"a lost update", ExactlyOnceEffect, 2, shelfRun(3,
			shelfRow("a", model.Reserve, 2, model.Granted, 2, 3),
			shelfRow("b", model.Reserve, 2, model.Granted, 2, 3)),
			[]string{`stock of "A" was 5 fewer times than decisions started from it`, "(stock 5 -> 3)",
				"witness", "offender"}},
		{"a decision from a stock that never was", ExactlyOnceEffect, 1, shelfRun(3,
			shelfRow("a", model.Reserve, 2, model.Granted, 2, 3),
			shelfRow("b", model.Reserve, 1, model.RejectedInsufficient, 0, 8)),
			[]string{`stock of "A" was never 8`}},
		{"an effect that the stock row lost", Conservation, 2, shelfRun(5,
			shelfRow("a", model.Reserve, 2, model.Granted, 2, 3)),
			[]string{`stock row of "A" says 5; initial 5 and its 1 decided rows make 3`}},
		{"a rejection with stock on the shelf", NoFalseReject, 2, shelfRun(5,
			shelfRow("a", model.Reserve, 2, model.RejectedInsufficient, 0, 5)),
			[]string{"REJECTED_INSUFFICIENT although there were 5 units"}},
		{"a line that takes what there is, refused with units left", NoFalseReject, 9, shelfRun(5,
			shelfRow("a", model.Reserve, 9, model.RejectedInsufficient, 0, 5)),
			[]string{"REJECTED_INSUFFICIENT although there were 5 units"}},
		{"fewer units than there were", NoFalseReject, 6, shelfRun(2,
			shelfRow("a", model.Reserve, 9, model.PartiallyGranted, 3, 2)),
			[]string{"PARTIAL 3 although there were 5 units"}},
		{"siblings given up without need", NoFalseReject, 2, shelfRun(5,
			shelfRow("a", model.Reserve, 2, model.RejectedSibling, 0, 5)),
			[]string{"there was enough for all"}},
		{"an undecided row", NoLoss, 2, shelfRun(5, shelfRow("a", model.Reserve, 2, 0, 0, 0)),
			[]string{"was accepted and never decided"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFail(t, Check(c.history), c.guarantee, c.units, c.says...)
		})
	}
}
