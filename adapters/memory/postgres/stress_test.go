package postgres_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"stockproof/adapters/live"
	"stockproof/adapters/memory/postgres"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Goroutines move units between lanes, reading under the lock and writing what they computed, in an
// order of locks that deadlocks; others kill them. No unit appears or is lost, each committed move is
// in the ledger once, and the log shows the lanes in the order of their sequence numbers.
func TestConcurrentMovesKeepEveryUnit(t *testing.T) {
	const lanes, movers, moves = 4, 8, 200
	pg := postgres.New(live.Gate(), postgres.Options{})
	admin := pg.Client()
	skus := []model.SKU{"A", "B", "C", "D"}
	must(t, admin.Do(ctx, &port.SetEpoch{}, createLanes(skus...)))
	for _, s := range skus {
		must(t, admin.Do(ctx, writeLane(s, 1000)))
	}
	slot := pg.Slot("s", "ledger.sku_lane")
	var seen int
	pg.OnLedger(func(port.LedgerRow) { seen++ })

	clients := make([]port.Truth, movers)
	counts := make([]struct{ committed, conflicts, lost int }, movers)
	var wg sync.WaitGroup
	for m := range movers {
		clients[m] = pg.Client()
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(m)))
			for range moves {
				from, to := rng.IntN(lanes), rng.IntN(lanes-1)
				if to >= from {
					to++
				}
				switch err := move(clients[m], skus[from], skus[to], rng.Int64N(5)); {
				case err == nil:
					counts[m].committed++
				case errors.Is(err, port.ErrConflict):
					counts[m].conflicts++
				case errors.Is(err, port.ErrUnavailable), errors.Is(err, port.ErrUnknown):
					counts[m].lost++
				default:
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for i := range 100 {
			pg.Kill(clients[i%movers])
		}
	})
	wg.Wait()

	committed, lost, conflicts := 0, 0, 0
	for _, c := range counts {
		committed, lost, conflicts = committed+c.committed, lost+c.lost, conflicts+c.conflicts
	}
	t.Logf("%d committed, %d conflicts, %d lost", committed, conflicts, lost)
	audit(t, admin, slot, skus, seen)
	if legs := seen / 2; legs < committed || legs > committed+lost {
		t.Errorf("%d moves are in the ledger, %d were committed and %d lost", legs, committed, lost)
	}
}

// move locks the lanes in the order given, which is not the one that production keeps.
func move(truth port.Truth, from, to model.SKU, qty int64) error {
	tx := truth.Begin()
	defer tx.Rollback(ctx)
	a, b := lockLanes(from), lockLanes(to)
	if err := tx.Do(ctx, a, b); err != nil {
		return err
	}
	x, y := a.Found[0], b.Found[0]
	x.Seq, x.OnHand = x.Seq+1, x.OnHand-qty
	y.Seq, y.OnHand = y.Seq+1, y.OnHand+qty
	return tx.Commit(ctx, &port.InsertLedger{Rows: []port.LedgerRow{
		{Lane: x.Key, Seq: x.Seq, Granted: -qty, OnHandAfter: x.OnHand},
		{Lane: y.Key, Seq: y.Seq, Granted: qty, OnHandAfter: y.OnHand}}},
		&port.WriteLanes{Lanes: []model.Lane{x}}, &port.WriteLanes{Lanes: []model.Lane{y}})
}

func audit(t *testing.T, truth port.Truth, slot port.Slot, skus []model.SKU, seen int) {
	t.Helper()
	lanes, ledger := &port.ScanLanes{Max: 100}, &port.ScanLedger{Max: 1 << 20}
	must(t, truth.Do(ctx, lanes, ledger))
	sum, rows := int64(0), 0
	for _, l := range lanes.Lanes {
		on := int64(1000)
		for _, r := range ledger.Rows {
			if r.Lane != l.Key {
				continue
			}
			if on += r.Granted; r.OnHandAfter != on {
				t.Fatalf("%+v, the legs before it make %d", r, on)
			}
			rows++
		}
		if sum += l.OnHand; l.OnHand != on || l.Seq != int64(1+count(ledger.Rows, l.Key)) {
			t.Errorf("%+v, the ledger makes %d", l, on)
		}
	}
	if want := int64(1000 * len(skus)); sum != want || rows != len(ledger.Rows) || rows != seen {
		t.Errorf("%d units of %d, %d ledger rows, %d seen", sum, want, rows, seen)
	}
	last := map[any]int64{}
	for range rows { // each leg updated its lane once
		cs, err := slot.Read(ctx, 1)
		must(t, err)
		sku, seq := cs[0].After[0].Value, cs[0].After[3].Value.(int64)
		if before, ok := last[sku]; ok && seq != before+1 {
			t.Fatalf("%v: %d behind %d in the log", sku, seq, before)
		}
		last[sku] = seq
	}
}

func count(rows []port.LedgerRow, lane model.LaneKey) (n int) {
	for _, r := range rows {
		if r.Lane == lane {
			n++
		}
	}
	return n
}
