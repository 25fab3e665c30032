package main

import (
	"fmt"
	"strings"

	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/dualwrite"
	"stockproof/inventory/ledger"
	"stockproof/inventory/rowlock"
	"stockproof/sim/scenario"
)

// designs are all there are: nothing else in the workbench names one.
func designs() []inventory.Design {
	return []inventory.Design{ledger.Design(), article.Design(), dualwrite.Design(), rowlock.Design()}
}

// designFor is the design that a scenario asks for, unless another one was given on the command line.
func designFor(s *scenario.Scenario, name string, given bool) (inventory.Design, error) {
	if s == nil || s.DesignName() == "" || given {
		return findDesign(name)
	}
	d, err := findDesign(s.DesignName())
	if err != nil {
		return d, s.Errorf(s.Design.Line, "%v", err)
	}
	return d, nil
}

func findDesign(name string) (inventory.Design, error) {
	var names []string
	for _, d := range designs() {
		if d.Name == name {
			return d, nil
		}
		names = append(names, d.Name)
	}
	return inventory.Design{}, usage{fmt.Errorf("there is no design %q; there are %s", name, strings.Join(names, ", "))}
}
