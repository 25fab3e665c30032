package explore

import (
	"fmt"
	"slices"

	"stockproof/checks"
	"stockproof/sim"
)

// Doubt is an execution that ended well and shows less than it should: a claim that its history can show stayed
// undecided. A campaign with a doubt does not hold, whatever its other executions show.
type Doubt struct {
	Execution int
	Guarantee checks.Guarantee // 0: there is none that its history can show
	Why       string
}

func (d Doubt) String() string { return fmt.Sprintf("execution %d: %s", d.Execution, d.what()) }

// what is the guarantee, and why it is undecided.
func (d Doubt) what() string {
	if d.Guarantee == 0 {
		return d.Why
	}
	return fmt.Sprintf("%s: %s", d.Guarantee, d.Why)
}

// doubtOf is the first doubt about an execution, as far as wanted guarantees go; none wanted: all. nil: there is none.
// One that was cut short is counted as that, and one that breaks a claim is a finding.
func doubtOf(n int, out sim.Outcome, want []checks.Guarantee) *Doubt {
	if out.Cut || checks.Judge(out.Reports, checks.Conditions{Decisions: 1}) != checks.UndecidedResult {
		return nil
	}
	shows := false
	for _, r := range out.Reports {
		if !r.Claimed || r.NotChecked {
			continue
		}
		shows = true
		if r.Verdict == checks.Undecided && (len(want) == 0 || slices.Contains(want, r.Guarantee)) {
			return &Doubt{n, r.Guarantee, r.Why}
		}
	}
	if !shows {
		return &Doubt{n, 0, "its history can show none of the claimed guarantees"}
	}
	return nil
}
