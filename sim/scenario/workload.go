package scenario

import (
	"fmt"
	"slices"
	"time"

	"stockproof/inventory"
	"stockproof/model"
	"stockproof/sim/workload"
)

// An explicit workload is a list of entries:
//
//	workload clients=2                     how many clients; 1 unless said: one step after the other
//	workload stock sku=A qty=5             comes in before the first step
//	workload order=o1 sku=A qty=2 [line=1] [policy=partial] [hold=10s]
//	workload cancel order=o1
//	workload commit order=o1
//	workload restock sku=A qty=3
//	workload adjust sku=A delta=-1
//	workload return sku=A qty=1
//	workload read sku=A
//
// hold is for how long an order is held that nobody concludes; a design without EXPIRE holds all for ever.
//
// Lines of one order stand in one entry each and form one checkout, at the place of the first. They do
// not mix with generator parameters other than clients.

// explicitKeys are the keys of an explicit entry, those that it needs first.
func explicitKeys(subject string) (needs int, keys []string) {
	switch subject {
	case "stock", "restock", "return":
		return 2, []string{"sku", "qty"}
	case "order":
		return 3, []string{"order", "sku", "qty", "line", "policy", "hold"}
	case "cancel", "commit":
		return 1, []string{"order"}
	case "adjust":
		return 2, []string{"sku", "delta"}
	case "read":
		return 1, []string{"sku"}
	}
	return 0, nil
}

// Explicit reports whether the workload is a list of entries rather than generator parameters.
func (s *Scenario) Explicit() bool {
	return slices.ContainsFunc(s.Workload, func(e Entry) bool { return e.Subject != "" })
}

// Params are base with the scenario's generator parameters put over it.
func (s *Scenario) Params(base workload.Params) (workload.Params, error) {
	for _, e := range s.Workload {
		if e.Subject != "" {
			continue
		}
		for _, setting := range e.Settings {
			if err := base.Set(setting.Key, setting.Value); err != nil {
				return base, s.Errorf(e.Line, "%v", err)
			}
		}
	}
	if err := base.Validate(); err != nil {
		return base, s.Errorf(0, "workload: %v", err)
	}
	return base, nil
}

// Build makes the scenario's workload: its entries, or what base with its parameters over it generates
// from the seed.
func (s *Scenario) Build(base workload.Params, seed uint64) (workload.Workload, error) {
	if s.Explicit() {
		return s.entries()
	}
	p, err := s.Params(base)
	if err != nil {
		return workload.Workload{}, err
	}
	return workload.Generate(p, seed)
}

// check finds what only the lines together, or their directive, can show to be wrong.
func (s *Scenario) check() error {
	if err := s.DesignOptions(&DesignOptions{}); err != nil {
		return err
	}
	if len(s.Workload) == 0 {
		return s.Errorf(0, "no workload line: it does not say what clients do")
	}
	parameters := map[string]int{}
	for i := range s.Workload {
		e := &s.Workload[i]
		if e.Subject != "" {
			if err := s.checkExplicit(e); err != nil {
				return err
			}
			continue
		}
		if len(e.Settings) == 0 {
			return s.Errorf(e.Line, "workload needs parameters or an entry")
		}
		for _, setting := range e.Settings {
			if !workload.IsParam(setting.Key) {
				return s.Errorf(e.Line, "unknown key %s of workload", setting.Key)
			}
			if s.Explicit() && setting.Key != "clients" {
				return s.Errorf(e.Line, "%s is for a generated workload, and there are explicit entries", setting.Key)
			}
			if first, twice := parameters[setting.Key]; twice {
				return s.Errorf(e.Line, "%s stands on line %d already", setting.Key, first)
			}
			parameters[setting.Key] = e.Line
		}
	}
	if _, err := s.Params(workload.DefaultParams()); err != nil {
		return err
	}
	_, err := s.entries()
	return err
}

func (s *Scenario) checkExplicit(e *Entry) error {
	needs, keys := explicitKeys(e.Subject)
	if keys == nil {
		return s.Errorf(e.Line, "unknown workload entry %q", e.Subject)
	}
	for _, setting := range e.Settings {
		if !slices.Contains(keys, setting.Key) {
			return s.Errorf(e.Line, "unknown key %s of workload %s", setting.Key, e.Subject)
		}
	}
	for _, key := range keys[:needs] {
		if _, there := e.Get(key); !there {
			return s.Errorf(e.Line, "workload %s needs %s", e.Subject, key)
		}
	}
	return nil
}

// entries builds the explicit workload.
func (s *Scenario) entries() (workload.Workload, error) {
	b := builder{scenario: s, orders: map[string]int{}, stock: map[model.SKU]int{}, count: map[string]int{}}
	b.Clients = 1
	for i := range s.Workload {
		e := &s.Workload[i]
		if err := b.entry(e); err != nil {
			return workload.Workload{}, s.Errorf(e.Line, "%v", err)
		}
	}
	for i := range b.Steps {
		if st := &b.Steps[i]; st.Kind == workload.StepCheckout {
			hold := st.Order.TTL
			st.Order = workload.NewOrder(st.Order.ID, st.Order.Policy, st.Order.Lines...)
			st.Order.TTL = hold
		}
	}
	b.Text = fmt.Sprintf("%d orders  clients %d", b.Orders(), b.Clients)
	workload.Sequence(b.Steps, workload.StepReturn)
	return b.Workload, nil
}

// builder makes a workload of entries.
type builder struct {
	workload.Workload
	scenario *Scenario
	orders   map[string]int    // by name: the step
	stock    map[model.SKU]int // in Supply
	count    map[string]int    // entries so far, by subject
}

func (b *builder) entry(e *Entry) error {
	var sku model.SKU
	if v, there := e.Get("sku"); there {
		if sku = model.SKU(v); sku.Validate() != nil {
			return sku.Validate()
		}
	}
	var qty int64
	if v, there := e.Get("qty"); there {
		var err error
		if qty, err = workload.ParseNumber(v, 1, model.MaxQuantity); err != nil {
			return fmt.Errorf("qty: %w", err)
		}
	}
	b.count[e.Subject]++
	step := workload.Step{Line: e.Line, Name: fmt.Sprintf("%s-%d", e.Subject, b.count[e.Subject])}
	command := model.Command{ID: model.NameID(b.scenario.Name, step.Name), SKU: sku, Loc: model.MainLocation}
	switch e.Subject {
	case "":
		if v, there := e.Get("clients"); there {
			n, err := workload.ParseNumber(v, 1, workload.MaxClients)
			b.Clients = int(n)
			return err
		}
		return nil
	case "stock":
		if _, twice := b.stock[sku]; twice {
			return fmt.Errorf("stock of %q stands twice", sku)
		}
		b.stock[sku] = len(b.Supply)
		b.Supply = append(b.Supply, workload.Initial{Lane: workload.LaneOf(sku), Units: qty})
		return nil
	case "order":
		return b.line(e, sku, qty)
	case "cancel", "commit":
		name, _ := e.Get("order")
		if _, there := b.orders[name]; !there {
			return fmt.Errorf("no line before this one has order %s", name)
		}
		step.Kind, step.Order.ID = workload.StepCancel, workload.OrderID(b.scenario.Name, name)
		if e.Subject == "commit" {
			step.Kind = workload.StepCommit
		}
	case "restock":
		step.Kind, command.Kind, command.Qty = workload.StepRestock, model.Restock, qty
		step.Command = command
	case "adjust":
		v, _ := e.Get("delta")
		delta, err := workload.ParseNumber(v, -model.MaxQuantity, model.MaxQuantity)
		if err != nil || delta == 0 {
			return fmt.Errorf("delta: %q is not a whole number other than 0 within ±%d", v, model.MaxQuantity)
		}
		step.Kind, command.Kind, command.Delta = workload.StepAdjust, model.Adjust, model.Some(delta)
		step.Command = command
	case "return":
		step.Kind, step.Return = workload.StepReturn, workload.Comeback{ID: command.ID, SKU: sku, Qty: qty}
	case "read":
		step.Kind, step.Lanes = workload.StepRead, []model.LaneKey{workload.LaneOf(sku)}
	}
	b.Steps = append(b.Steps, step)
	return nil
}

// line adds a line to its order, and the order at its first line.
func (b *builder) line(e *Entry, sku model.SKU, qty int64) error {
	name, _ := e.Get("order")
	l := inventory.OrderLine{SKU: sku, Qty: qty}
	if v, there := e.Get("line"); there {
		n, err := workload.ParseNumber(v, 1, model.MaxLines)
		if err != nil {
			return fmt.Errorf("line: %w", err)
		}
		l.Number = int32(n)
	}
	policy := model.Policy(0)
	if v, there := e.Get("policy"); there {
		var err error
		if policy, err = workload.ParsePolicy(v); err != nil {
			return fmt.Errorf("policy: %w", err)
		}
	}
	at, there := b.orders[name]
	if !there {
		at = len(b.Steps)
		b.orders[name] = at
		b.Steps = append(b.Steps, workload.Step{Kind: workload.StepCheckout, Name: name, Line: e.Line,
			Order: inventory.Order{ID: workload.OrderID(b.scenario.Name, name), Policy: model.Partial}})
		if policy != 0 {
			b.Steps[at].Order.Policy = policy
		}
	}
	o := &b.Steps[at].Order
	if v, said := e.Get("hold"); said {
		hold, err := time.ParseDuration(v)
		switch {
		case err != nil || hold < time.Millisecond:
			return fmt.Errorf("hold=%q is no time such as 10s", v)
		case there && hold != o.TTL:
			return fmt.Errorf("hold: it is said on the order's first line, line %d", b.Steps[at].Line)
		}
		o.TTL = hold
	}
	if policy != 0 && policy != o.Policy {
		return fmt.Errorf("order %s is %s on line %d", name, o.Policy, b.Steps[at].Line)
	}
	if l.Number == 0 {
		l.Number = int32(len(o.Lines)) + 1
	}
	for _, other := range o.Lines {
		if other.Number == l.Number {
			return fmt.Errorf("order %s has two lines %d", name, l.Number)
		}
	}
	if len(o.Lines) == model.MaxLines {
		return fmt.Errorf("order %s has more than %d lines", name, model.MaxLines)
	}
	o.Lines = append(o.Lines, l)
	return nil
}
