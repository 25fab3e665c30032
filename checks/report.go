package checks

import (
	"cmp"
	"fmt"
	"strings"

	"stockproof/checks/linear"
	"stockproof/model"
)

// Verdict is what a checker concluded. There are three: what could not be judged is never green.
type Verdict = linear.Verdict

// The verdicts.
const (
	Undecided = linear.Undecided // not claimed, not visible, or too large to search
	Pass      = linear.Pass
	Fail      = linear.Fail
)

// MaxFindings is how many findings one report spells out; Count goes on.
const MaxFindings = 4096

// Report is the verdict on one guarantee.
type Report struct {
	Guarantee Guarantee
	Verdict   Verdict
	Claimed   bool // the design claims it: only then it is part of the run's result
	// NotChecked: undecided because the history cannot show what it is about, whatever happened; it is no
	// part of the result either.
	NotChecked bool
	Why        string     // one line: the first finding, or why it is undecided; empty on a pass
	Evidence   []Evidence // of the first finding
	Severity   Severity   // of all findings together
	Count      int        // how many findings there are
	Findings   []Finding  // the first MaxFindings of them, in order
}

// Finding is one violation.
type Finding struct {
	Why      string     // one line
	Units    int64      // of stock that it is about, or seconds or keys ([Report.Severity] says which)
	Evidence []Evidence // usually an offender and what it contradicts
}

// Err is nil unless the guarantee failed; then it wraps the guarantee's sentinel.
func (r Report) Err() error {
	if r.Verdict != Fail {
		return nil
	}
	return fmt.Errorf("%w: %s", r.Guarantee.Err(), r.Why)
}

// Severity is how bad it is.
type Severity struct {
	Amount int64
	Unit   Unit
}

// Unit is what a severity counts.
type Unit string

// The units.
const (
	Units   Unit = "units"   // of stock
	Seconds Unit = "seconds" // of waiting
	Keys    Unit = "keys"    // of memory beyond the bound, where neither stock nor time is at stake
)

func (s Severity) String() string { return fmt.Sprintf("%d %s", s.Amount, s.Unit) }

// Role says what a piece of evidence is there for.
type Role string

// The roles.
const (
	Offender Role = "offender" // what should not be
	Witness  Role = "witness"  // what it contradicts
)

// Evidence refers to one event of the history or one row of the audit. Fields that do not apply are
// zero.
type Evidence struct {
	Role    Role
	Event   int // number of the event in the history, from 1; 0: a row of the audit
	Command model.ID
	Order   model.ID
	Lane    model.LaneKey
	Seq     int64 // in the lane's ledger
	Row     int64 // of the design's order table
	Units   int64 // units of stock
	Text    string
}

// String is one line for a reader.
func (e Evidence) String() string {
	var b strings.Builder
	b.WriteString(string(e.Role) + ": ")
	if e.Event > 0 {
		fmt.Fprintf(&b, "event %d: ", e.Event)
	}
	b.WriteString(e.Text)
	return b.String()
}

// findings collects violations of one guarantee.
type findings struct {
	n        int
	units    int64
	unit     Unit // of units; "": of stock
	list     []Finding
	commands map[model.ID]bool // that offended
	lanes    map[model.LaneKey]bool
}

// add records a violation worth that many units.
func (f *findings) add(units int64, why string, evidence ...Evidence) {
	if f.n == 0 {
		f.commands, f.lanes = map[model.ID]bool{}, map[model.LaneKey]bool{}
	}
	f.n++
	f.units += abs(units)
	for _, e := range evidence {
		if e.Role == Offender {
			f.commands[e.Command], f.lanes[e.Lane] = true, true
		}
	}
	if len(f.list) < MaxFindings {
		f.list = append(f.list, Finding{why, abs(units), evidence})
	}
}

// report is Pass if nothing was found.
func (f *findings) report(g Guarantee) Report {
	if f.n == 0 {
		return Report{Guarantee: g, Verdict: Pass}
	}
	r := Report{Guarantee: g, Verdict: Fail, Evidence: f.list[0].Evidence, Count: f.n, Findings: f.list,
		Severity: Severity{f.units, cmp.Or(f.unit, Units)}}
	r.Why = fmt.Sprintf("%s (severity %s)", f.list[0].Why, r.Severity)
	if f.n > 1 {
		r.Why = fmt.Sprintf("%s; %d more (severity %s in all)", f.list[0].Why, f.n-1, r.Severity)
	}
	return r
}

// notChecked is the report where the history cannot show what the guarantee is about.
func notChecked(g Guarantee, why string) Report {
	return Report{Guarantee: g, Verdict: Undecided, NotChecked: true, Why: why}
}

func undecided(g Guarantee, why string) Report {
	return Report{Guarantee: g, Verdict: Undecided, Why: why}
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
