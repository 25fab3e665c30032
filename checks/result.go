package checks

import (
	"fmt"
	"slices"
)

// Result is the outcome of a run as a whole.
type Result uint8

// The results, the one that wins over all others first.
const (
	InternalError Result = iota
	BadInput
	ServerMissing
	Disagreement     // two checkers differ
	Nondeterministic // the same seed gave another run
	Violated         // a safety guarantee is broken
	NotLinearizable
	Stalled         // a liveness guarantee is broken
	UndecidedResult // a claimed guarantee could not be judged
	Vacuous         // nothing was put to the test
	Holds
)

var resultNames = [...]string{"internal-error", "bad-input", "server-missing", "disagreement",
	"nondeterministic", "violated", "not-linearizable", "stalled", "undecided", "vacuous", "holds"}

var exitCodes = [...]int{70, 64, 69, 7, 4, 1, 3, 2, 6, 5, 0}

func (r Result) String() string {
	if int(r) >= len(resultNames) {
		return fmt.Sprintf("RESULT(%d)", uint8(r))
	}
	return resultNames[r]
}

// MarshalText writes the name.
func (r Result) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// ExitCode is the process's exit code: 0 holds, 1 violated, 2 stalled, 3 not linearizable, 4
// nondeterministic, 5 vacuous, 6 undecided, 7 disagreement, 64 bad input, 69 server missing, 70
// internal error.
func (r Result) ExitCode() int {
	if int(r) >= len(exitCodes) {
		return 70
	}
	return exitCodes[r]
}

// Worst is the result that wins: 70, 64, 69, 7, 4, 1, 3, 2, 6, 5, 0. Of none it is [Holds].
func Worst(results ...Result) Result {
	return slices.Min(append(results, Holds))
}

// Conditions are what a run needs to have had, for its passes to mean something.
type Conditions struct {
	Decisions     int      // how many commands were decided
	NeverHappened []string // faults and events that were asked for and never took place
}

// Judge folds the reports into the run's result. Only claimed guarantees that the history can show count, and
// where it can show none of them the result is undecided. A broken liveness
// guarantee ([Guarantee.Liveness]) stalls the run, any other one violates it; a run in which nothing was
// decided, or whose faults never struck, is vacuous.
func Judge(reports []Report, c Conditions) Result {
	r := Holds
	if c.Decisions == 0 || len(c.NeverHappened) > 0 {
		r = Vacuous
	}
	checked, hidden := 0, 0
	for _, report := range reports {
		switch {
		case report.NotChecked:
			hidden++
		case report.Claimed:
			checked++
		}
		switch {
		case !report.Claimed, report.NotChecked:
		case report.Verdict == Undecided:
			r = Worst(r, UndecidedResult)
		case report.Verdict == Fail && report.Guarantee == Linearizable:
			r = Worst(r, NotLinearizable)
		case report.Verdict == Fail && report.Guarantee.Liveness():
			r = Worst(r, Stalled)
		case report.Verdict == Fail:
			r = Worst(r, Violated)
		}
	}
	if checked == 0 && hidden > 0 {
		r = Worst(r, UndecidedResult)
	}
	return r
}

// Unclaim takes back the claim of every guarantee that failed, if faults struck that the design's claims
// are not said to survive ([End].Outside), and returns those reports.
func Unclaim(reports []Report, outside []string) (limits []Report) {
	if len(outside) == 0 {
		return nil
	}
	for i := range reports {
		if r := &reports[i]; r.Claimed && r.Verdict == Fail {
			r.Claimed = false
			limits = append(limits, *r)
		}
	}
	return limits
}
