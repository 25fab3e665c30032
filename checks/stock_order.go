package checks

import (
	"fmt"
	"slices"

	"stockproof/checks/linear"
	"stockproof/model"
)

// A design with [StockAfter] shows what each decision left and not where it stands. While stock only falls, that is an
// order all the same; else the operations that are under way at one time are searched, which ends undecided where too
// many are (linear/doc.go).

// mostConfigurations bounds that search, between two returns.
const mostConfigurations = 50_000

// searched is the verdict on a design with [StockAfter].
func (c *operations) searched(a *Audit) Report {
	c.together()
	rows := commandIndex(a)
	for i := range a.Commands {
		c.resolve(&a.Commands[i])
	}
	initial := map[model.LaneKey]int64{}
	for _, s := range a.Stock {
		initial[model.LaneKey{SKU: s.SKU, Loc: model.MainLocation}] = s.Initial
	}
	var f findings
	unsettled := ""
	for _, k := range judgedLanes(c.lanes, &book{}) {
		l := c.lane(k)
		l.drop(rows)
		spec := linear.Spec{Initial: linear.State{Stock: initial[k]}}
		o := linear.Options{Capability: linear.Remaining, Configurations: mostConfigurations}
		switch r, _ := linear.Linearizable(l.ops, spec, o); r.Verdict {
		case linear.Fail:
			found(&f, c.header, k, l.ids, r, l.event)
		case linear.Undecided:
			unsettled = fmt.Sprintf("lane %s: %s", laneName(k), r.Why)
		}
	}
	return settled(f, unsettled)
}

// resolve takes from the truth what nobody was answered, and what the design itself asked for, at any time.
func (c *operations) resolve(row *CommandRow) {
	if !row.Decision.Decided() {
		return
	}
	l := c.lane(row.Command.Lane())
	op := l.find(row.ID)
	if op == nil {
		l.add(0, row.Command, 0, 0, 0)
		op = l.find(row.ID)
	}
	if op.Outcome == linear.Unknown {
		l.told(op, row.Command, 0, row.Decision, true)
		op.Return = linear.Open
	}
}

// drop leaves out what never happened, what the counter knows nothing of, and COMMITs of a lane on which nothing is
// given back: they forbid what nobody asks for.
func (l *laneOperations) drop(rows map[model.ID]*CommandRow) {
	gives := slices.ContainsFunc(l.ops, func(op linear.Op) bool { return op.Kind == linear.Cancel })
	kept, from := l.ops[:0], l.from[:0]
	for i, op := range l.ops {
		unknown := op.Outcome == linear.Unknown && rows[l.from[i].command] == nil
		if unknown || op.Kind == linear.Note || op.Kind == linear.Commit && !gives {
			continue
		}
		kept, from = append(kept, op), append(from, l.from[i])
	}
	l.ops, l.from = kept, from
}
