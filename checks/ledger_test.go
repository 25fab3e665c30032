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
