package sim_test

import (
	"testing"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/model"
	"stockproof/sim"
	"stockproof/sim/observe"
	"stockproof/sim/random"
	"stockproof/sim/workload"
)

// scarce is a workload of all-or-nothing orders of several lines that want twice what there is.
func scarce(t *testing.T, orders int) workload.Workload {
	t.Helper()
	p := workload.DefaultParams()
	p.Orders, p.SKUs, p.Clients = orders, 10, 4
	p.Policy, p.Multi, p.Supply = model.AllOrNothing, random.Ratio{Num: 1, Den: 1}, random.Ratio{Num: 1, Den: 2}
	p.Cancels, p.Restocks = random.Ratio{}, random.Ratio{}
	w, err := workload.Generate(p, 7)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Lines that were granted and given back because of their siblings count as cancelled, and their units
// not at all: what counts as granted is what the books still promise, in both admission modes.
func TestOrderLinesCountOnceByTheirFinalOutcome(t *testing.T) {
	for _, mode := range []inventory.AdmissionMode{inventory.Async, inventory.Sync} {
		t.Run(string(mode), func(t *testing.T) {
			w := scarce(t, 60)
			c := simulated(t, ledger.Design(), "tiny")
			c.Workload, c.Options.Admission = w, mode
			out, err := sim.Simulate(c)
			if err != nil {
				t.Fatal(err)
			}
			units, lines := int64(0), 0
			for _, l := range out.Audit.Lines {
				if l.State == model.LineReserved {
					units, lines = units+l.Granted, lines+1
				}
			}
			s := out.Summary
			if s.Granted != lines || s.UnitsGranted != units || s.UnitsGranted > s.UnitsSupplied || lines == 0 {
				t.Errorf("books: %d lines of %d units; counted: %d of %d, of %d supplied", lines, units, s.Granted,
					s.UnitsGranted, s.UnitsSupplied)
			}
			if s.Granted+s.Rejected+s.Cancelled != s.Lines || s.Undecided+s.Refused != 0 || (s.Cancelled > 0) != (mode == inventory.Async) {
				t.Errorf("%d granted, %d rejected, %d cancelled of %d lines", s.Granted, s.Rejected, s.Cancelled, s.Lines)
			}
		})
	}
}

// A run does not read its books before every broken order has given back what it held.
func TestARunCountsWhatItsCoordinatorGaveBack(t *testing.T) {
	run := runConfig(t, ledger.Design(), 1)
	run.Workload = scarce(t, 60)
	r, err := sim.Run(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	s := r.Summary
	if r.Result != checks.Holds || s.Cancelled == 0 || s.UnitsGranted > s.UnitsSupplied || s.Granted+s.Rejected+s.Cancelled != s.Lines {
		t.Errorf("%s: %d units of %d, %d granted, %d rejected, %d cancelled of %d", r.Result, s.UnitsGranted,
			s.UnitsSupplied, s.Granted, s.Rejected, s.Cancelled, s.Lines)
	}
}

// A reserved line whose order lost another is unrest, unless an operator must look at its release.
func TestABrokenOrderIsUnrest(t *testing.T) {
	order, kept, lost, release := model.NameID("o"), model.NameID("kept"), model.NameID("lost"), model.NameID("release")
	reserve := func(id model.ID, o model.Outcome) checks.CommandRow {
		return checks.CommandRow{Command: model.Command{ID: id, Kind: model.Reserve, OrderID: order, Policy: model.AllOrNothing},
			Decision: model.Decision{Outcome: o}}
	}
	a := checks.Audit{Commands: []checks.CommandRow{reserve(kept, model.Granted), reserve(lost, model.Granted)},
		Lines: []model.Line{{Command: kept, OrderID: order, State: model.LineReserved}}}
	if !observe.Quiet(a) {
		t.Error("a whole order is unrest")
	}
	a.Commands[1] = reserve(lost, model.RejectedInsufficient)
	if observe.Quiet(a) {
		t.Error("a broken order is at rest")
	}
	a.Commands = append(a.Commands, checks.CommandRow{Command: model.Command{ID: release, Kind: model.Release, Ref: kept}})
	a.Dead = []checks.DeadLetter{{Command: release}}
	if !observe.Quiet(a) {
		t.Error("a line whose release is a dead letter is waited for")
	}
}

// A command that an open letter parks is at rest, and one that a closed letter parked is not; what refers to
// nothing is not parked by what cannot be read.
func TestWhatALetterParksIsAtRest(t *testing.T) {
	reserve, release, restock := model.NameID("reserve"), model.NameID("release"), model.NameID("restock")
	a := checks.Audit{Commands: []checks.CommandRow{{Command: model.Command{ID: release, Kind: model.Release, Ref: reserve}}},
		Dead: []checks.DeadLetter{{Command: reserve, Parks: reserve}, {}}}
	if !observe.Quiet(a) {
		t.Error("what is parked is unrest")
	}
	a.Commands = append(a.Commands, checks.CommandRow{Command: model.Command{ID: restock, Kind: model.Restock}})
	if observe.Quiet(a) {
		t.Error("an undecided command is at rest")
	}
	a.Commands[1].ID, a.Dead[0] = reserve, checks.DeadLetter{Command: release, Parks: reserve}
	if !observe.Quiet(a) {
		t.Error("what waits behind the letter of its cancellation is unrest")
	}
	a.Commands, a.Dead[0] = a.Commands[:1], checks.DeadLetter{Command: reserve}
	if observe.Quiet(a) {
		t.Error("what a closed letter parked is at rest")
	}
}
