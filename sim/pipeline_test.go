package sim_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/dualwrite"
	"stockproof/inventory/ledger"
	"stockproof/inventory/rowlock"
	"stockproof/model"
	"stockproof/sim"
	"stockproof/sim/observe"
)

func memoryWorld(t *testing.T, o sim.WorldOptions) sim.World { return sim.NewMemoryWorld(o) }

func wireWorld(t *testing.T, o sim.WorldOptions) sim.World {
	w, err := sim.NewWireWorld(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// One order goes all the way, in every design and mode, on the servers in memory and through the real
// clients.
func TestOneOrderGoesAllTheWay(t *testing.T) {
	for _, d := range []inventory.Design{ledger.Design(), article.Design(), dualwrite.Design(), rowlock.Design()} {
		for _, mode := range []inventory.AdmissionMode{inventory.Async, inventory.Sync} {
			t.Run(fmt.Sprint("memory ", d.Name, " ", mode), func(t *testing.T) { oneOrder(t, memoryWorld, d, mode) })
			t.Run(fmt.Sprint("wire ", d.Name, " ", mode), func(t *testing.T) { oneOrder(t, wireWorld, d, mode) })
		}
	}
}

func oneOrder(t *testing.T, world func(*testing.T, sim.WorldOptions) sim.World, d inventory.Design, mode inventory.AdmissionMode) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	o := inventory.DefaultOptions()
	o.Admission = mode
	w := world(t, sim.WorldOptions{Topics: sim.Topics(d), Partitions: o.Partitions})
	defer w.Close()
	dep, err := sim.Deploy(ctx, w, d, sim.DeployOptions{Options: o}, observe.NewWatch(checks.New(checks.Header{}), time.Now))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := dep.Stop(); err != nil {
			t.Error(err)
		}
	}()
	front := dep.Fronts()[0]
	restock := model.Command{ID: model.NameID("restock"), Kind: model.Restock, SKU: "A", Qty: 5}
	stocked, err := front.Orders.Submit(ctx, restock)
	if err != nil {
		t.Fatal(err)
	}
	if err := front.Orders.Await(ctx, []inventory.Answer{stocked}); err != nil {
		t.Fatal(err)
	}
	as, err := front.Orders.Checkout(ctx, inventory.Order{ID: model.NameID("o1"), Policy: model.AllOrNothing,
		Lines: []inventory.OrderLine{{SKU: "A", Qty: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := front.Orders.Await(ctx, as); err != nil {
		t.Fatal(err)
	}
	if as[0].Outcome != model.Granted || as[0].Granted != 2 {
		t.Fatalf("answer %+v", as[0])
	}
	lane := model.LaneKey{SKU: "A", Loc: model.MainLocation}
	for {
		levels, err := front.Stock.Read(ctx, nil, lane)
		if err != nil {
			t.Fatal(err)
		}
		if levels[0].Known && levels[0].Avail == 3 && (!levels[0].FromTruth || d.Name == "rowlock") {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("stock reads %+v", levels[0])
		}
		time.Sleep(time.Millisecond)
	}
}
