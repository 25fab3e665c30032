package clients_test

import (
	"context"
	"fmt"
	"testing"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/clients"
)

// A client whose front is gone goes on at another one.
func TestARetryGoesToAnotherFront(t *testing.T) {
	f, gone := newFixture(), newFixture()
	gone.lose = func(int) error { return fmt.Errorf("gone: %w", port.ErrUnavailable) }
	s, _, err := f.drive(t.Context(), generated(t, nil), func(c *clients.DriveConfig) {
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
		_, l, err := f.drive(t.Context(), entries(t, c.lines...), func(d *clients.DriveConfig) {
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
