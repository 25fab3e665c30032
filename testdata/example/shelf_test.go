package shop

import (
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"stockproof/checks"
	"stockproof/model"
)

// run lets clients buy, each order twice: the second time is a retry whose first answer was lost.
func run(s *Shelf, clients, orders int, qty func(int) int64) checks.History {
	r := checks.NewRecording(checks.Header{Design: "shelf", Capability: checks.StockAfter})
	do := func(client int32, c model.Command) {
		attempt := r.Call(client, c)
		r.Return(attempt, s.Do(c))
	}
	do(0, model.Command{ID: model.NameID("stock"), Kind: model.Restock, SKU: "A", Loc: model.MainLocation, Qty: 10})
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for n := range orders {
				name := fmt.Sprintf("client %d order %d", client, n)
				c := model.Command{ID: model.NameID(name), Kind: model.Reserve, SKU: "A", Loc: model.MainLocation,
					OrderID: model.NameID(name, "order"), Line: 1, Qty: qty(client*orders + n), Policy: model.AllOrNothing}
				do(int32(client)+1, c)
				do(int32(client)+1, c)
			}
		})
	}
	group.Wait()
	return r.History(s.Audit("A"))
}

func TestTheShelfKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		quantities := rapid.SliceOfN(rapid.Int64Range(1, 4), 12, 12).Draw(t, "quantities")
		h := run(NewShelf(), 3, 4, func(n int) int64 { return quantities[n] })
		checks.Keeps(t, h, checks.NoOversell, checks.OneOutcome, checks.ExactlyOnceEffect, checks.NoFalseReject,
			checks.Conservation, checks.NoLoss)
	})
}

func TestAForgetfulShelfIsCaught(t *testing.T) {
	s := NewShelf()
	s.Forgetful = true
	checks.Breaks(t, run(s, 2, 3, func(int) int64 { return 2 }), checks.ExactlyOnceEffect)
}

// With bare answers and nothing else, the question is whether any order of the operations explains them.
func TestTheShelfIsLinearizable(t *testing.T) {
	h := run(NewShelf(), 2, 3, func(int) int64 { return 2 })
	h.Header.Capability, h.Audit = checks.BareAnswers, checks.Audit{}
	checks.Keeps(t, h, checks.Linearizable)
}
