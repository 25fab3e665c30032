package workload

import (
	"cmp"
	"fmt"
	"slices"

	"stockproof/inventory"
	"stockproof/model"
	"stockproof/sim/random"
)

// Generate makes the workload of the parameters and a seed. Every kind of decision draws from a stream
// of its own: more reads do not change the orders.
func Generate(p Params, seed uint64) (Workload, error) {
	if err := p.Validate(); err != nil {
		return Workload{}, err
	}
	g := newGenerator(p, seed)
	for i := range p.Orders {
		g.checkout(i)
		g.cancel(i)
		g.restock(i)
		g.read(i)
	}
	// A step stands where it falls due; at one place, in the order in which it was drawn.
	slices.SortStableFunc(g.due, func(x, y dueStep) int { return cmp.Compare(x.at, y.at) })
	w := Workload{Text: p.String(), Clients: p.Clients, Supply: g.supply()}
	w.Steps = make([]Step, len(g.due))
	for i, d := range g.due {
		w.Steps[i] = d.Step
	}
	Sequence(w.Steps)
	return w, nil
}

type generator struct {
	Params
	source                           string // of ids
	orders, cancels, restocks, reads *random.Rand
	zipf                             random.Zipf
	demand                           []int64 // units per SKU
	due                              []dueStep
}

// dueStep is a step and behind which order it comes.
type dueStep struct {
	at int
	Step
}

func newGenerator(p Params, seed uint64) *generator {
	g := &generator{Params: p, source: fmt.Sprintf("seed %d", seed), demand: make([]int64, p.SKUs),
		orders: random.Stream(seed, "orders"), cancels: random.Stream(seed, "cancels"),
		restocks: random.Stream(seed, "restocks"), reads: random.Stream(seed, "reads")}
	g.zipf = random.NewZipf(max(p.SKUs-1, 1))
	return g
}

func skuName(rank int) model.SKU { return model.SKU(fmt.Sprintf("SKU-%d", rank+1)) }

// pick draws the rank of a SKU: the hot one, or by Zipf one of the others.
func (g *generator) pick(r *random.Rand) int {
	hot, other := r.Chance(g.Hot), g.zipf.Pick(r)
	if hot || g.SKUs == 1 {
		return 0
	}
	return other + 1
}

func (g *generator) checkout(i int) {
	n := 1
	if multi, more := g.orders.Chance(g.Multi), g.orders.Intn(max(g.MaxLines-1, 1)); multi && g.MaxLines > 1 {
		n = 2 + more
	}
	var ranks []int
	for len(ranks) < n {
		rank, repeats := g.pick(g.orders), g.orders.Chance(g.Repeat)
		switch {
		case repeats && len(ranks) > 0:
			rank = ranks[g.orders.Intn(len(ranks))]
		case len(ranks) >= g.SKUs:
			n = len(ranks) // there are no other SKUs left
			continue
		default:
			for slices.Contains(ranks, rank) {
				rank = (rank + 1) % g.SKUs
			}
		}
		ranks = append(ranks, rank)
	}
	lines := make([]inventory.OrderLine, len(ranks))
	for j, rank := range ranks {
		qty := 1 + int64(g.orders.Below(uint64(g.Qty)))
		lines[j] = inventory.OrderLine{SKU: skuName(rank), Qty: qty}
		g.demand[rank] += qty
	}
	name := fmt.Sprintf("o%d", i+1)
	g.due = append(g.due, dueStep{i, Step{Kind: StepCheckout, Name: name,
		Order: NewOrder(OrderID(g.source, name), g.Policy, lines...)}})
}

// cancel comes a little later than its order, so that it meets other orders' commands.
func (g *generator) cancel(i int) {
	wanted, later := g.cancels.Chance(g.Cancels), 1+g.cancels.Intn(2*g.Clients)
	if !wanted {
		return
	}
	name := fmt.Sprintf("o%d", i+1)
	g.due = append(g.due, dueStep{i + later, Step{Kind: StepCancel, Name: "cancel " + name,
		Order: inventory.Order{ID: OrderID(g.source, name)}}})
}

func (g *generator) restock(i int) {
	wanted, rank := g.restocks.Chance(g.Restocks), g.pick(g.restocks)
	qty := 1 + int64(g.restocks.Below(uint64(g.Qty)))
	if !wanted {
		return
	}
	name := fmt.Sprintf("restock %d", i+1)
	g.due = append(g.due, dueStep{i, Step{Kind: StepRestock, Name: name,
		Command: model.Command{ID: model.NameID(g.source, name), Kind: model.Restock, SKU: skuName(rank),
			Loc: model.MainLocation, Qty: qty}}})
}

// read looks at one SKU or, as often, at several.
func (g *generator) read(i int) {
	wanted, rank := g.reads.Chance(g.Reads), g.pick(g.reads)
	many := g.reads.Intn(2) * min(9, g.SKUs-1)
	if !wanted {
		return
	}
	lanes := make([]model.LaneKey, 1+many)
	for j := range lanes {
		lanes[j] = LaneOf(skuName((rank + j) % g.SKUs))
	}
	g.due = append(g.due, dueStep{i, Step{Kind: StepRead, Name: fmt.Sprintf("read %d", i+1), Lanes: lanes}})
}

// supply is the stock before the run: a share of the demand for each SKU, rounded up.
func (g *generator) supply() []Initial {
	var all []Initial
	for rank, units := range g.demand {
		// Validate keeps the product far below 63 bits.
		if n, _ := g.Supply.OfUp(units); n > 0 {
			all = append(all, Initial{LaneOf(skuName(rank)), n})
		}
	}
	return all
}
