package sim

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"stockproof/adapters/live"
	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/workload"
)

// Steps are taken in the workload's order among those that are ready: what an order's end makes ready
// comes before what stands behind it.
func TestAgendaHandsOutTheFirstReadyStep(t *testing.T) {
	steps := []workload.Step{{}, {After: []int{0}}, {}, {After: []int{0}}, {}, {After: []int{1, 2}}}
	a := newAgenda(live.Runtime{}, steps, 2)
	var took []int
	take := func() int {
		i, more, err := a.take(t.Context())
		if err != nil || !more {
			t.Fatalf("step %d, %t, %v", i, more, err)
		}
		took = append(took, i)
		return i
	}
	first := take()
	take() // 2: 1 is not ready
	a.done(first)
	for range 4 {
		a.done(take())
		if len(took) == 4 {
			a.done(2)
		}
	}
	if want := []int{0, 2, 1, 3, 4, 5}; !slices.Equal(took, want) {
		t.Errorf("took %v, want %v", took, want)
	}
	for range 2 { // each client is sent home
		if _, more, err := a.take(t.Context()); more || err != nil {
			t.Errorf("%t, %v", more, err)
		}
	}
}

// A client whose front is gone goes on at another one.
func TestARetryGoesToAnotherFront(t *testing.T) {
	f, gone := newFixture(), newFixture()
	gone.lose = func(int) error { return fmt.Errorf("gone: %w", port.ErrUnavailable) }
	s, _, err := f.drive(t.Context(), generated(t, nil), func(c *DriveConfig) {
		c.Fronts = []inventory.Front{gone.front(), f.front()}
		c.Backoff.Attempts = 3
	})
	if err != nil || s.Retries == 0 || s.Undecided > 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// A decision that came later than the acceptance is recorded as a second answer to the same call, each
// decision once.
func TestALaterDecisionAnswersTheSameCall(t *testing.T) {
	f := newFixture()
	f.async = true
	_, l, err := f.drive(t.Context(), generated(t, nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	called := map[uint64]model.ID{}
	for _, c := range ofKind[checks.Call](l) {
		called[c.Attempt] = c.Command.ID
	}
	accepted, decided := map[uint64]bool{}, map[model.ID]model.Decision{}
	for _, r := range ofKind[checks.Return](l) {
		id := called[r.Attempt]
		if !r.Decision.Decided() {
			accepted[r.Attempt] = true
			continue
		}
		if _, twice := decided[id]; twice || !accepted[r.Attempt] {
			t.Fatalf("%s is answered by %+v", id, r)
		}
		decided[id] = r.Decision
	}
	for id, row := range f.rows {
		if decided[id] != row.Decision {
			t.Errorf("%+v, recorded %+v", row, decided[id])
		}
	}
}

// stale is a speed layer that never moves.
type stale struct{ *fixture }

func (s stale) Speed(_ context.Context, lanes []model.LaneKey) ([]inventory.Level, error) {
	levels := make([]inventory.Level, len(lanes))
	for i, k := range lanes {
		levels[i] = inventory.Level{Lane: k, Known: true, Avail: 99, Seq: 1}
	}
	return levels, nil
}

// A client reads its own writes: behind its own decision it is not shown the speed layer's older view.
// A client that decided nothing is.
func TestAClientReadsItsOwnWrites(t *testing.T) {
	for _, c := range []struct {
		lines     []string
		fromTruth bool
	}{
		{[]string{"workload stock sku=A qty=5", "workload order=o1 sku=A qty=2", "workload read sku=A"}, true},
		{[]string{"workload read sku=A"}, false},
	} {
		f := newFixture()
		front := f.front()
		front.Stock.Source = stale{f}
		_, l, err := f.drive(t.Context(), entries(t, c.lines...), func(d *DriveConfig) {
			d.Fronts = []inventory.Front{front}
		})
		if err != nil {
			t.Fatal(err)
		}
		reads := ofKind[checks.Read](l)
		if len(reads) != 1 || reads[0].FromTruth != c.fromTruth || reads[0].Space != port.SpeedSpace ||
			c.fromTruth && (reads[0].Avail != 3 || reads[0].Seq != 2) {
			t.Errorf("%q: %+v", c.lines, reads)
		}
	}
}

// The answers of a conclusion name their lanes only. They are matched with the lines by what they can
// be, and with none rather than with the wrong one.
func TestConcludesMatchesAnswersWithLines(t *testing.T) {
	o := workload.NewOrder(model.NameID("o"), model.Partial,
		inventory.OrderLine{SKU: "A", Qty: 1}, inventory.OrderLine{SKU: "B", Qty: 1},
		inventory.OrderLine{SKU: "A", Qty: 2}, inventory.OrderLine{SKU: "A", Qty: 3})
	of := &placed{order: o}
	for i, granted := range []bool{false, true, true, true} {
		a := &inventory.Answer{Status: inventory.Decided}
		if a.Outcome = model.RejectedInsufficient; granted {
			a.Outcome, a.Granted = model.Granted, o.Lines[i].Qty
		}
		of.lines = append(of.lines, &soldLine{answer: a, number: o.Lines[i].Number})
	}
	for _, c := range []struct {
		skus string
		want string
	}{
		{"ABAA", "[1 2 3 4]"}, // all lines
		{"BAA", "[2 3 4]"},    // those that were granted
		{"BA", "[2 0]"},       // which of A's cannot be told
		{"C", "[0]"},
	} {
		var as []inventory.Answer
		for _, sku := range c.skus {
			as = append(as, inventory.Answer{Lane: workload.LaneOf(model.SKU(sku))})
		}
		var got []int32
		for _, l := range concludes(of, as) {
			if l == nil {
				got = append(got, 0)
				continue
			}
			got = append(got, l.number)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, want %s", c.skus, got, c.want)
		}
	}
}
