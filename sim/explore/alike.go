package explore

import (
	"slices"

	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/workload"
)

// alike is an order that others are like: the same lines under the same policy, sent by nobody twice, never concluded, and
// no fault waits for it. Which of them is sent first is a matter of names, and no design looks at those but to tell them apart
// and to take locks in one order. So they are sent first in the workload's order.
type alike struct {
	name  string
	class int
}

// alikes are the orders of a workload that others are like, at most 32.
func alikes(w *workload.Workload, faults []sim.Fault) (as []alike) {
	steps := w.Steps
	classes := 0
	for i := range steps {
		awaited := slices.ContainsFunc(faults, func(f sim.Fault) bool { return f.When.Order == steps[i].Name })
		if !lone(steps, i) || awaited || len(as) == 32 {
			continue
		}
		class := slices.IndexFunc(as, func(a alike) bool {
			return same(steps[indexOf(steps, a.name)].Order, steps[i].Order)
		})
		if class >= 0 {
			class = as[class].class
		} else {
			classes++
			class = classes
		}
		as = append(as, alike{steps[i].Name, class})
	}
	return as
}

func indexOf(steps []workload.Step, name string) int {
	return slices.IndexFunc(steps, func(s workload.Step) bool { return s.Name == name })
}

// lone reports whether a step sends an order that no other step speaks of or waits for.
func lone(steps []workload.Step, i int) bool {
	s := &steps[i]
	if s.Kind != workload.StepCheckout || len(s.After) > 0 {
		return false
	}
	for j := range steps {
		if j != i && (steps[j].Order.ID == s.Order.ID || slices.Contains(steps[j].After, i)) {
			return false
		}
	}
	return true
}

func same(a, b inventory.Order) bool {
	return a.Policy == b.Policy && a.TTL == b.TTL && a.Customer == b.Customer && slices.EqualFunc(a.Lines, b.Lines,
		func(x, y inventory.OrderLine) bool {
			return x.Number == y.Number && x.SKU == y.SKU && x.Loc == y.Loc && x.Qty == y.Qty
		})
}

// sends is the place of the order that an actor is about to send for the first time, -1 if it is not.
func (w *walker) sends(a *engine.Actor) int {
	if len(w.alike) == 0 || a.Proc.Role != "clients" {
		return -1
	}
	p := a.Point()
	if p.Phase != engine.Request || p.Call.Op != "admit" {
		return -1
	}
	i := slices.IndexFunc(w.alike, func(o alike) bool { return o.name == p.Call.Key })
	if i < 0 || w.moved&(1<<i) != 0 {
		return -1
	}
	return i
}

// held reports whether an actor has to wait until an order like its own has been sent.
func (w *walker) held(a *engine.Actor, ready []*engine.Actor) bool {
	i := w.sends(a)
	return i >= 0 && slices.ContainsFunc(ready, func(b *engine.Actor) bool {
		j := w.sends(b)
		return j >= 0 && j < i && w.alike[j].class == w.alike[i].class
	})
}

// sent notes that an actor goes on.
func (w *walker) sent(a *engine.Actor) {
	if i := w.sends(a); i >= 0 {
		w.moved |= 1 << i
	}
}
