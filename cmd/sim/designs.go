package main

import (
	"fmt"
	"strings"

	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/dualwrite"
	"stockproof/inventory/ledger"
	"stockproof/inventory/rowlock"
)

// designs are all there are: nothing else in the workbench names one.
func designs() []inventory.Design {
	return []inventory.Design{ledger.Design(), article.Design(), dualwrite.Design(), rowlock.Design()}
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
