package workload

import (
	"cmp"
	"fmt"
	"slices"

	"stockproof/inventory"
	"stockproof/model"
)

// Workload is what clients do in a run. It is plain data: the same parameters and seed, or the same
// file, make the same workload, down to every id.
type Workload struct {
	Text    string // its parameters, as line 1 of a run prints them
	Clients int    // how many clients take steps side by side
	Supply  []Initial
	Steps   []Step
}

// Initial is stock that comes in by RESTOCK before the first step.
type Initial struct {
	Lane  model.LaneKey
	Units int64 // 1 and above; more than model.MaxQuantity comes in several times
}

// StepKind says what a client does.
type StepKind uint8

// The kinds of step.
const (
	StepCheckout StepKind = iota + 1
	StepCancel            // of an earlier order, after its decision, if any of it was granted
	StepCommit            // likewise; skipped where the design has no COMMIT
	StepRestock
	StepAdjust
	StepReturn // of units of a SKU that were sold before: which lines, is known when it runs
	StepRead
)

func (k StepKind) String() string {
	return [...]string{"", "checkout", "cancel", "commit", "restock", "adjust", "return", "read"}[k]
}

// Step is one thing that a client does. A client takes the first step that nobody took and all of
// whose After are done.
type Step struct {
	Kind    StepKind
	Name    string          // what people call it: "o1", "536365"
	Order   inventory.Order // StepCheckout; of StepCancel and StepCommit only the ID
	Command model.Command   // StepRestock, StepAdjust
	Return  Comeback        // StepReturn
	Lanes   []model.LaneKey // StepRead
	After   []int           // indexes of earlier steps
	Line    int             // in the file it comes from; 0: from none
}

// Comeback is Qty units of a SKU that come back: a RETURN against the latest earlier lines that left
// the building (that were granted, where the design has no COMMIT), and an ADJUST for what none of them
// has left to return.
type Comeback struct {
	ID  model.ID // what the ids of its commands are made of
	SKU model.SKU
	Qty int64
}

// LaneOf is the one lane of a SKU in workloads.
func LaneOf(sku model.SKU) model.LaneKey { return model.LaneKey{SKU: sku, Loc: model.MainLocation} }

// OrderID names an order of a workload; a source is a file, a scenario, or a seed.
func OrderID(source, name string) model.ID { return model.NameID("order", source, name) }

// NewOrder builds an order whose lines have the ids that everybody derives for them.
func NewOrder(id model.ID, policy model.Policy, lines ...inventory.OrderLine) inventory.Order {
	o := inventory.Order{ID: id, Policy: policy, Lines: lines}
	for i := range o.Lines {
		l := &o.Lines[i]
		if l.Number == 0 {
			l.Number = int32(i) + 1
		}
		l.Loc, l.Command = model.MainLocation, inventory.LineID(id, l.Number)
	}
	return o
}

// OrderCommands are the commands by which a design knows an order's lines.
func OrderCommands(o inventory.Order) []model.Command {
	cs := make([]model.Command, len(o.Lines))
	for i, l := range o.Lines {
		cs[i] = model.Command{ID: l.Command, Kind: model.Reserve, SKU: l.SKU, Loc: l.Loc, OrderID: o.ID,
			Line: l.Number, Qty: l.Qty, Policy: o.Policy}
	}
	siblings := model.SiblingsID(cs)
	for i := range cs {
		cs[i].Siblings = siblings
	}
	return cs
}

// SupplySteps are the RESTOCKs of the initial stock.
func (w *Workload) SupplySteps() []Step {
	var steps []Step
	for _, s := range w.Supply {
		for part := 0; s.Units > 0; part++ {
			units := min(s.Units, model.MaxQuantity)
			s.Units -= units
			id := model.NameID("supply", string(s.Lane.SKU), string(s.Lane.Loc), fmt.Sprint(part))
			steps = append(steps, Step{Kind: StepRestock, Name: "supply", Command: model.Command{ID: id,
				Kind: model.Restock, SKU: s.Lane.SKU, Loc: s.Lane.Loc, Qty: units}})
		}
	}
	return steps
}

// Check says what is wrong with a workload: a command outside the contract, an id that is used twice, a step that concludes an
// order or waits for a step that does not come before it. What is generated, read and imported has none of these.
func (w *Workload) Check() error {
	ids := map[model.ID]bool{}
	check := func(step int, id model.ID, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("step %d: %w", step, err)
		case ids[id]:
			return fmt.Errorf("step %d: id %s is used twice", step, id)
		}
		ids[id] = true
		return nil
	}
	for i, s := range w.Steps {
		var err error
		switch s.Kind {
		case StepCheckout:
			err = check(i, s.Order.ID, nil)
			for _, c := range OrderCommands(s.Order) {
				err = cmp.Or(err, check(i, c.ID, c.Validate()))
			}
		case StepRestock, StepAdjust:
			err = check(i, s.Command.ID, s.Command.Validate())
		case StepCancel, StepCommit:
			if !ids[s.Order.ID] {
				err = fmt.Errorf("step %d concludes an order that is not there yet", i)
			}
		}
		for _, before := range s.After {
			if before < 0 || before >= i {
				err = cmp.Or(err, fmt.Errorf("step %d waits for step %d", i, before))
			}
		}
		if err != nil {
			return err
		}
	}
	for _, s := range w.SupplySteps() {
		if err := check(-1, s.Command.ID, s.Command.Validate()); err != nil {
			return fmt.Errorf("the initial stock: %w", err)
		}
	}
	return nil
}

// Lines is the number of order lines.
func (w *Workload) Lines() (n int) {
	for i := range w.Steps {
		if w.Steps[i].Kind == StepCheckout {
			n += len(w.Steps[i].Order.Lines)
		}
	}
	return n
}

// Orders is the number of orders.
func (w *Workload) Orders() (n int) {
	for i := range w.Steps {
		if w.Steps[i].Kind == StepCheckout {
			n++
		}
	}
	return n
}

// Order is the id of the order that people call name.
func (w *Workload) Order(name string) (model.ID, bool) {
	for i := range w.Steps {
		if s := &w.Steps[i]; s.Kind == StepCheckout && s.Name == name {
			return s.Order.ID, true
		}
	}
	return model.ID{}, false
}

// Names are what people call orders, their lines and other commands.
func (w *Workload) Names() map[model.ID]string {
	names := make(map[model.ID]string)
	for i := range w.Steps {
		switch s := &w.Steps[i]; s.Kind {
		case StepCheckout:
			names[s.Order.ID] = s.Name
			for _, l := range s.Order.Lines {
				names[l.Command] = fmt.Sprintf("%s/%d", s.Name, l.Number)
			}
		case StepRestock, StepAdjust:
			names[s.Command.ID] = s.Name
		}
	}
	return names
}

// SKUs are the SKUs that the workload touches, sorted.
func (w *Workload) SKUs() []model.SKU {
	var skus []model.SKU
	for _, s := range w.Supply {
		skus = append(skus, s.Lane.SKU)
	}
	for i := range w.Steps {
		s := &w.Steps[i]
		skus = append(skus, s.skus(nil)...)
		for _, k := range s.Lanes {
			skus = append(skus, k.SKU)
		}
	}
	slices.Sort(skus)
	return slices.Compact(skus)
}

// skus are the SKUs whose stock the step moves; ordered gives the lines of a step that names an order.
func (s *Step) skus(ordered map[model.ID]*Step) []model.SKU {
	switch s.Kind {
	case StepCancel, StepCommit:
		if of := ordered[s.Order.ID]; of != nil {
			return of.skus(nil)
		}
	case StepCheckout:
		skus := make([]model.SKU, len(s.Order.Lines))
		for i, l := range s.Order.Lines {
			skus[i] = l.SKU
		}
		slices.Sort(skus)
		return slices.Compact(skus)
	case StepRestock, StepAdjust:
		return []model.SKU{s.Command.SKU}
	case StepReturn:
		return []model.SKU{s.Return.SKU}
	}
	return nil
}
