package fakepg_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	fakepg "stockproof/adapters/fakes/postgres"
	"stockproof/adapters/memory/postgres"
	"stockproof/inventory/port"
	"stockproof/model"
)

// TestRandomLossesLoseNothingAndDoNothingTwice lets deciders of one lane lose their connections at
// random points. Each retries its command until it knows the answer: the ledger must have every
// command once, without a gap.
func TestRandomLossesLoseNothingAndDoNothingTwice(t *testing.T) {
	const clients, commands = 4, 40
	w := newWorld(t, postgres.Options{})
	w.do(t, &port.CreateLanes{Lanes: []model.LaneKey{lane("hot")}})
	met := w.randomFates(20)
	g, ctx := errgroup.WithContext(context.Background())
	for c := range clients {
		truth := w.client(t)
		g.Go(func() error {
			for i := range commands {
				if err := decide(ctx, truth, model.NameID(fmt.Sprint(c, i))); err != nil {
					return fmt.Errorf("client %d command %d: %w", c, i, err)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	w.server.SetFaults(nil)
	w.Pool().Reset()
	ledger, seen := &port.ScanLedger{Max: 2 * clients * commands}, map[model.ID]bool{}
	w.do(t, ledger)
	for i, r := range ledger.Rows {
		if r.Seq != int64(i+1) || seen[r.Command] {
			t.Fatalf("row %d has seq %d, command again: %v", i+1, r.Seq, seen[r.Command])
		}
		seen[r.Command] = true
	}
	if len(seen) != clients*commands {
		t.Fatalf("%d of %d commands are in the ledger", len(seen), clients*commands)
	}
	for _, fate := range []fakepg.Fate{fakepg.LoseRequest, fakepg.LoseResponse, fakepg.Late,
		fakepg.TerminateBefore, fakepg.TerminateAfter} {
		if met()[fate] == 0 {
			t.Errorf("no request met fate %d", fate)
		}
	}
}

// randomFates lets one request in n be lost, in one of all ways; met counts them.
func (w *world) randomFates(n int) (met func() map[fakepg.Fate]int) {
	var mu sync.Mutex
	counts, rnd := map[fakepg.Fate]int{}, rand.New(rand.NewPCG(1, 2))
	w.server.SetFaults(func(fakepg.Request) fakepg.Fate {
		mu.Lock()
		defer mu.Unlock()
		if rnd.IntN(n) > 0 {
			return fakepg.Deliver
		}
		fate := fakepg.LoseRequest + fakepg.Fate(rnd.IntN(5))
		counts[fate]++
		return fate
	})
	return func() map[fakepg.Fate]int { mu.Lock(); defer mu.Unlock(); return counts }
}

// decide gives a command its place on the hot lane, once, however often it has to be tried.
func decide(ctx context.Context, truth port.Truth, id model.ID) error {
	for {
		err := tryDecide(ctx, truth, id)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, port.ErrUnavailable), errors.Is(err, port.ErrUnknown), errors.Is(err, port.ErrConflict):
		default:
			return err
		}
	}
}

func tryDecide(ctx context.Context, truth port.Truth, id model.ID) error {
	tx := truth.Begin()
	defer tx.Rollback(ctx)
	lock := &port.LockLanes{Lanes: []model.LaneKey{lane("hot")}}
	known := &port.KnownCommands{IDs: []model.ID{id}}
	if err := tx.Do(ctx, lock, known); err != nil {
		return err
	}
	if len(known.Rows) > 0 {
		return nil
	}
	l := &lock.Found[0]
	l.Seq++
	l.OnHand++
	d := model.Decision{Outcome: model.Granted, Granted: 1, Seq: l.Seq, Avail: l.Avail()}
	return tx.Commit(ctx,
		&port.AcceptCommands{Rows: []port.CommandRow{{ID: id, Kind: model.Restock, Lane: l.Key,
			Body: []byte("{}"), IntakeEpoch: 1, Decision: d, Epoch: 1, DecidedAt: 1}}},
		&port.InsertLedger{Rows: []port.LedgerRow{{Lane: l.Key, Seq: l.Seq, Epoch: 1, Command: id,
			Kind: model.Restock, Qty: 1, Outcome: model.Granted, Granted: 1, OnHandAfter: l.OnHand, DecidedAt: 1}}},
		&port.WriteLanes{Lanes: lock.Found})
}
