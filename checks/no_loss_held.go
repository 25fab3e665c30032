package checks

import (
	"fmt"

	"stockproof/model"
)

// held names lines that were given up and are still reserved: their order is cancelled or expired, and nobody is left
// who would give its units back. What gives a line up also forbids a RESERVE that comes later, so its decision ends the
// line whichever of the two was first.
func (c *noLoss) held(f *findings, a *Audit) {
	end := map[model.ID]*CommandRow{}
	for i := range a.Commands {
		row := &a.Commands[i]
		// An EXPIRE that did nothing met another deadline than its own.
		if row.Kind == model.Release && row.Decision.Decided() || row.Kind == model.Expire && row.Decision.Outcome.Grants() {
			end[row.Ref] = row
		}
	}
	index := commandIndex(a)
	for _, l := range a.Lines {
		given := end[l.Command]
		if l.State != model.LineReserved || given == nil || given.Lane() != l.Lane {
			continue
		}
		evidence := []Evidence{c.header.rowEvidence(Offender, given)}
		what := fmt.Sprintf("line %s", l.Command)
		if row := index[l.Command]; row != nil {
			what = c.header.commandText(row.Command)
			evidence = append(evidence, c.header.rowEvidence(Witness, row))
		}
		f.add(l.Granted, fmt.Sprintf("%s was given up and still holds %d units", what, l.Granted), evidence...)
	}
}
