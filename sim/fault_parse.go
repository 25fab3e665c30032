package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"stockproof/inventory"
	"stockproof/model"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// triggerKeys are the keys of every fault's trigger.
var triggerKeys = []string{"of", "before", "after", "order", "sku", "nth"}

// CoreFaults reads the faults of a scenario for the core tier and a design as it is deployed. What is wrong, a
// kind among it that cannot strike this design, is a [checks.InputError] that names the line.
func CoreFaults(s *scenario.Scenario, w *workload.Workload, d inventory.Design, o scenario.DesignOptions) ([]Fault, error) {
	var fs []Fault
	for i := range s.Faults {
		f, err := readCoreFault(&s.Faults[i], w, d, o)
		if err != nil {
			return nil, s.Errorf(s.Faults[i].Line, "fault %s: %v", s.Faults[i].Subject, err)
		}
		fs = append(fs, f)
	}
	return fs, nil
}

func readCoreFault(e *scenario.Entry, w *workload.Workload, d inventory.Design, o scenario.DesignOptions) (f Fault, err error) {
	k, ok := FindFaultKind(e.Subject)
	if !ok {
		var names []string
		for _, k := range FaultKinds() {
			names = append(names, k.Name)
		}
		return f, fmt.Errorf("there is no such kind of fault; there are %s", strings.Join(names, ", "))
	}
	if err := k.CheckApplies(d, o); err != nil {
		return f, err
	}
	f = Fault{Kind: k.Name, Line: e.Line}
	keys := slices.Concat(k.Keys, triggerKeys)
	for _, x := range e.Settings {
		if !slices.Contains(keys, x.Key) {
			return f, fmt.Errorf("unknown key %s, it takes %s", x.Key, strings.Join(keys, ", "))
		}
		if err := f.set(x, w, d); err != nil {
			return f, err
		}
	}
	about := slices.Contains(k.Keys, "order") || slices.Contains(k.Keys, "sku")
	if f.When.Point == "" && (!about && (f.When.Order != "" || f.When.SKU != "") || f.When.Nth != 0 || f.When.Role != "") {
		return f, fmt.Errorf("a trigger needs before=POINT or after=POINT")
	}
	if err := f.complete(k); err != nil {
		return f, err
	}
	if f.When.Role == "" {
		f.When.Role = f.Role
	}
	if slices.Contains(k.Keys, "role") && f.Role == "" {
		return f, fmt.Errorf("it needs role=ROLE")
	}
	return f, nil
}

// complete gives the settings that the line does not have their defaults, and refuses what has none.
func (f *Fault) complete(k FaultKind) error {
	if f.By == 0 && slices.Contains(k.Keys, "by") {
		if k.NeedsBy {
			return fmt.Errorf("it needs by=TIME, such as by=25h")
		}
		f.By = lasting
	}
	if len(k.Forms) > 0 && f.Form == "" {
		f.Form = k.Forms[0]
	}
	if len(k.Forms) > 0 && !slices.Contains(k.Forms, f.Form) {
		return fmt.Errorf("there is no form %q, there are %s", f.Form, strings.Join(k.Forms, ", "))
	}
	return nil
}

func (f *Fault) set(x scenario.Setting, w *workload.Workload, d inventory.Design) (err error) {
	n := int64(0)
	switch x.Key {
	case "role":
		f.Role, err = x.Value, knownRole(d, x.Value)
	case "of":
		if f.When.Role = x.Value; x.Value != "clients" { // they pass points, and no fault strikes them
			err = knownRole(d, x.Value)
		}
	case "before", "after":
		if f.When.Point != "" {
			return fmt.Errorf("before and after exclude each other")
		}
		f.When.Point, f.When.Before = x.Value, x.Key == "before"
		err = knownPoint(x.Value)
	case "order":
		if _, ok := w.Order(x.Value); !ok {
			return fmt.Errorf("the workload has no order %q", x.Value)
		}
		f.When.Order = x.Value
	case "sku":
		f.When.SKU = model.SKU(x.Value)
		if !slices.Contains(w.SKUs(), f.When.SKU) {
			return fmt.Errorf("the workload has no SKU %q", x.Value)
		}
	case "nth":
		n, err = workload.ParseNumber(x.Value, 1, 1<<31)
		f.When.Nth = int(n)
	case "n":
		n, err = workload.ParseNumber(x.Value, 1, 1<<31)
		f.N = int(n)
	case "lose":
		n, err = workload.ParseNumber(x.Value, 0, 1<<31)
		f.Lose = int(n)
	case "skew":
		if f.Skew, err = time.ParseDuration(x.Value); err != nil || f.Skew <= 0 {
			return fmt.Errorf("skew=%q is no time such as 25h", x.Value)
		}
	case "form", "policy":
		f.Form = x.Value
	case "topic":
		if f.Topic = x.Value; !slices.ContainsFunc(Topics(d), func(t inventory.Topic) bool { return t.Name == x.Value }) {
			return fmt.Errorf("design %s has no topic %q", d.Name, x.Value)
		}
	case "by":
		if f.By, err = time.ParseDuration(x.Value); err != nil || f.By <= 0 {
			return fmt.Errorf("by=%q is no time such as 25h", x.Value)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", x.Key, err)
	}
	return nil
}

func knownRole(d inventory.Design, role string) error {
	if role != "clients" && slices.Contains(processRoles(d), role) {
		return nil
	}
	return fmt.Errorf("design %s has no process %q", d.Name, role)
}

// processRoles are the roles of everything that may run under a design: its own, and what stands around them.
func processRoles(d inventory.Design) []string {
	roles := []string{"clients", "api", "operator"}
	if d.Connector != nil {
		roles = append(roles, "connector")
	}
	if d.Redrive != nil {
		roles = append(roles, "redriver")
	}
	for _, r := range d.Roles {
		roles = append(roles, r.Name)
	}
	return roles
}
