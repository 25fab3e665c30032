package scenario

import (
	"slices"
	"strings"

	"stockproof/checks"
)

// Expected are the scenario's expectations as its file writes them: guarantees that break, or "holds".
// A nil scenario, and one that expects nothing, has none.
func (s *Scenario) Expected() (all []string) {
	if s == nil {
		return nil
	}
	for _, e := range s.Expect {
		all = append(all, e.text())
	}
	return all
}

// Met compares a result with what the scenario expects: "holds" is the result holds, and every
// guarantee that is named must have failed, whatever else broke beside it. got says what came instead.
// Of a scenario that expects nothing it is true.
func (s *Scenario) Met(result checks.Result, reports []checks.Report) (met bool, got string) {
	if len(s.Expected()) == 0 {
		return true, ""
	}
	var broken []string
	for _, report := range reports {
		if report.Verdict == checks.Fail {
			broken = append(broken, report.Guarantee.String())
		}
	}
	got = result.String()
	if len(broken) > 0 {
		got += ", broken: " + strings.Join(broken, ", ")
	}
	if !s.ExpectsViolation() {
		return result == checks.Holds, got
	}
	met = true
	for _, e := range s.Expect {
		met = met && slices.Contains(broken, e.text())
	}
	return met, got
}
