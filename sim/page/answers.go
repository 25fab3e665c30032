package page

import (
	"slices"

	"stockproof/checks"
	"stockproof/model"
	"stockproof/sim/timeline"
)

// answers is what the search of package checks, which is porcupine's, says of the answers that clients were
// given, lane by lane.
type answers struct {
	Lanes []answered
	// Absent says why there is nothing; empty where there is.
	Absent string
	Panel  *panel          // nil: nothing to draw
	keys   []model.LaneKey // of Lanes
}

// answered is the verdict on one lane.
type answered struct {
	Lane, Verdict, Why string
	Operations         int
	Evidence           []string
}

// answersOf judges a run by its clients' answers alone.
func answersOf(r Run) (a answers) {
	ops := checks.Operations(r.Timeline.Events)
	if len(ops) == 0 {
		a.Absent = "No client called anything in this run, so there are no answers to order."
		return a
	}
	operations := map[model.LaneKey]int{}
	for _, op := range ops {
		k := op.Command.Lane()
		if operations[k]++; operations[k] == 1 {
			a.keys = append(a.keys, k)
		}
	}
	slices.SortFunc(a.keys, model.LaneKey.Compare) // the order of the reports
	for i, report := range checks.Bare(ops, checks.BareOptions{Names: r.Timeline.Names()}) {
		x := answered{Lane: timeline.LaneName(a.keys[i]), Operations: operations[a.keys[i]],
			Verdict: report.Verdict.String(), Why: report.Why}
		for _, e := range report.Evidence {
			x.Evidence = append(x.Evidence, e.String())
		}
		a.Lanes = append(a.Lanes, x)
	}
	a.Panel = panelOf(r, ops, a)
	return a
}
