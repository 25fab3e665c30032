package main

import (
	"fmt"
	"io"
	"strings"

	"stockproof/checks"
)

// verdicts are reports by what they say.
type verdicts struct {
	passed, failed, undecided, notChecked, notClaimed []checks.Report
}

func sorted(reports []checks.Report) (v verdicts) {
	for _, r := range reports {
		into := &v.undecided
		switch {
		case !r.Claimed:
			into = &v.notClaimed
		case r.NotChecked:
			into = &v.notChecked
		case r.Verdict == checks.Pass:
			into = &v.passed
		case r.Verdict == checks.Fail:
			into = &v.failed
		}
		*into = append(*into, r)
	}
	return v
}

// guaranteeLine is one line with the names of reports that say the same; none for none. With why, each says it.
func guaranteeLine(w io.Writer, what string, reports []checks.Report, why bool) {
	var names []string
	for _, r := range reports {
		name := r.Guarantee.String()
		if why {
			name += " (" + r.Why + ")"
		}
		names = append(names, name)
	}
	if len(names) > 0 {
		fmt.Fprintf(w, "%10s %s: %s\n", "", what, strings.Join(names, ", "))
	}
}

// disagreements are lanes about which two checkers say the opposite: one of them is wrong.
func disagreements(w io.Writer, lanes []string) {
	for _, lane := range lanes {
		fmt.Fprintf(w, "%10s DISAGREEMENT: %s\n", "", lane)
	}
}

// text writes what passed, what did not with its evidence, and what is no part of the result.
func (v verdicts) text(w io.Writer) {
	guaranteeLine(w, "pass", v.passed, false)
	for _, reports := range [][]checks.Report{v.failed, v.undecided} {
		for _, r := range reports {
			fmt.Fprintf(w, "%10s %s: %s: %s\n", "", strings.ToUpper(r.Verdict.String()), r.Guarantee, r.Why)
			findings(w, r)
		}
	}
	guaranteeLine(w, "not checked", v.notChecked, true)
	guaranteeLine(w, "not claimed", v.notClaimed, false)
}
