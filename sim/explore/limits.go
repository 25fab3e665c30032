package explore

import (
	"fmt"
	"slices"

	"stockproof/sim"
)

// Limits are known limits of a design, and in how many executions each was met.
type Limits []Limit

// Limit is a known limit as the first of the executions showed it that met it.
type Limit struct {
	sim.KnownLimit
	Executions int
}

func (l Limit) String() string { return fmt.Sprintf("%s (met %d times)", l.KnownLimit, l.Executions) }

// add counts what one execution met.
func (l *Limits) add(met []sim.KnownLimit) {
	for _, k := range met {
		i := slices.IndexFunc(*l, func(old Limit) bool { return old.Guarantee == k.Guarantee && old.Under == k.Under })
		if i < 0 {
			i, *l = len(*l), append(*l, Limit{KnownLimit: k})
		}
		(*l)[i].Executions++
	}
}
