package explore

// Reductions leave out what makes no difference, each under a condition of its own. A search without any of them
// comes to the same ends, in more states.
type Reductions uint8

const (
	// PrivateSteps are taken at once: nobody else can see or hinder them ([walker.alone]).
	PrivateSteps Reductions = 1 << iota
	// AlikeOrders are sent in one order ([alike]).
	AlikeOrders
	// SleepSets let one order stand for all of what commutes ([sleeper]).
	SleepSets
	// Regrouping goes before everything else once no fault may strike any more ([sim.Simulation.Regrouping]).
	Regrouping

	AllReductions = PrivateSteps | AlikeOrders | SleepSets | Regrouping
)

func (r Reductions) has(one Reductions) bool { return r&one != 0 }

// Names are the reductions for people, those first that are part of what a state is and always on.
func (r Reductions) Names() []string {
	names := []string{"checkpoints", "void attempts", "repeated rounds"}
	for _, x := range []struct {
		one  Reductions
		name string
	}{{PrivateSteps, "private steps"}, {AlikeOrders, "alike orders"}, {SleepSets, "sleep sets"},
		{Regrouping, "regrouping first"}} {
		if r.has(x.one) {
			names = append(names, x.name)
		}
	}
	return names
}
