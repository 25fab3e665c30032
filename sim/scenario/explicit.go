package scenario

import (
	"fmt"

	"stockproof/model"
	"stockproof/sim/workload"
)

// AsEntries is the scenario with its workload as a list of entries: what a generated one comes to from a seed.
// Entries can be taken out one by one, and a schedule file that has them does not depend on the generator. A
// scenario that is a list already is returned as it is.
func (s *Scenario) AsEntries(base workload.Params, seed uint64) (*Scenario, error) {
	if s.Explicit() {
		return s, nil
	}
	w, err := s.Build(base, seed)
	if err != nil {
		return nil, err
	}
	x := *s
	x.Workload = []Entry{{Settings: []Setting{{"clients", fmt.Sprint(w.Clients)}}}}
	for _, in := range w.Supply {
		x.Workload = append(x.Workload, entryOf("stock", "sku", in.Lane.SKU, "qty", in.Units))
	}
	names := map[model.ID]string{}
	for i := range w.Steps {
		x.Workload = append(x.Workload, entriesOf(&w.Steps[i], names)...)
	}
	return &x, nil
}

// entriesOf are the step as lines of a file; names has the orders of the steps before it.
func entriesOf(st *workload.Step, names map[model.ID]string) (es []Entry) {
	switch st.Kind {
	case workload.StepCheckout:
		names[st.Order.ID] = st.Name
		for _, l := range st.Order.Lines {
			e := entryOf("order", "order", st.Name, "sku", l.SKU, "qty", l.Qty)
			if len(st.Order.Lines) > 1 {
				e.Settings = append(e.Settings, Setting{"line", fmt.Sprint(l.Number)})
			}
			if st.Order.Policy == model.AllOrNothing {
				e.Settings = append(e.Settings, Setting{"policy", st.Order.Policy.String()})
			}
			es = append(es, e)
		}
	case workload.StepCancel:
		es = append(es, entryOf("cancel", "order", names[st.Order.ID]))
	case workload.StepCommit:
		es = append(es, entryOf("commit", "order", names[st.Order.ID]))
	case workload.StepRestock:
		es = append(es, entryOf("restock", "sku", st.Command.SKU, "qty", st.Command.Qty))
	case workload.StepAdjust:
		es = append(es, entryOf("adjust", "sku", st.Command.SKU, "delta", st.Command.Delta.Value))
	case workload.StepReturn:
		es = append(es, entryOf("return", "sku", st.Return.SKU, "qty", st.Return.Qty))
	case workload.StepRead:
		for _, k := range st.Lanes {
			es = append(es, entryOf("read", "sku", k.SKU))
		}
	}
	return es
}

// entryOf is an entry of keys and values by turns.
func entryOf(subject string, settings ...any) Entry {
	e := Entry{Subject: subject}
	for i := 0; i+1 < len(settings); i += 2 {
		e.Settings = append(e.Settings, Setting{settings[i].(string), fmt.Sprint(settings[i+1])})
	}
	return e
}
