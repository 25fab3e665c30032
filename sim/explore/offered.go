package explore

import (
	"fmt"
	"slices"
	"strings"

	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
)

// ownKinds are the faults that the search knows as choices of its own.
var ownKinds = []string{"crash", "evict", "lost", "lost-response", "late"}

// striking reports whether a kind of fault is one that strikes a server, needs no setting, and leaves nothing behind that
// a state does not tell.
func striking(kind string) bool {
	k, ok := sim.FindFaultKind(kind)
	return ok && !k.OfRequest() && !slices.Contains(ownKinds, kind) && !slices.Contains(k.Keys, "role") &&
		!slices.Contains(k.Keys, "by") && k.Hidden == ""
}

// CheckChoosable refuses a kind of fault that a search cannot offer as a choice.
func CheckChoosable(kind string) error {
	if slices.Contains(ownKinds, kind) || striking(kind) {
		return nil
	}
	if k, _ := sim.FindFaultKind(kind); k.Hidden != "" {
		return untold(k)
	}
	return fmt.Errorf("an exhaustive search knows %s and what strikes a server and needs no setting, such as duplicate",
		strings.Join(ownKinds, ", "))
}

// CheckTold refuses faults of a scenario that leave something behind that no state of a search tells.
func CheckTold(s *scenario.Scenario) error {
	for _, f := range s.Faults {
		if k, _ := sim.FindFaultKind(f.Subject); k.Hidden != "" {
			return fmt.Errorf("fault %s of %s: %w", k.Name, s.Name, untold(k))
		}
	}
	return nil
}

// untold says why a kind is none for a search.
func untold(k sim.FaultKind) error {
	return fmt.Errorf("an exhaustive search cannot offer it: a state does not tell %s, and two that differ in it would count as one",
		k.Hidden)
}

// offered is what a scope's kinds of fault come to.
type offered struct {
	crash    bool
	evict    bool
	fates    []engine.Fate
	striking []strike
	also     []strike // of a second allowance
}

func offer(kinds []string) (o offered) {
	for _, k := range kinds {
		switch {
		case k == "crash":
			o.crash = true
		case k == "evict":
			o.evict = true
		case striking(k):
			o.striking = append(o.striking, strike{kind: k})
			if f, _ := sim.FindFaultKind(k); slices.Contains(f.Keys, "lose") {
				for lose := 1; lose <= maxLose; lose++ {
					o.striking = append(o.striking, strike{k, lose})
				}
			}
		}
	}
	for _, fate := range [...]engine.Fate{engine.Lost, engine.LostResponse, engine.Late} {
		if slices.Contains(kinds, fate.String()) {
			o.fates = append(o.fates, fate)
		}
	}
	return o
}

// strike is a fault that strikes a server, with the one setting that a search varies.
type strike struct {
	kind string
	lose int // how many of the last writes or commits are lost, up to maxLose
}

// maxLose is how many writes or commits a failover of a search loses at most: so much of what a server can undo is part
// of its state.
const maxLose = sim.SearchLoses

func (s strike) String() string {
	if s.lose == 0 {
		return s.kind
	}
	return fmt.Sprintf("%s lose=%d", s.kind, s.lose)
}
