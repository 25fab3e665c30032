package linear

import (
	"fmt"
	"strconv"
	"strings"
)

// Verdict is what a checker concluded. There are three: what could not be judged is never green.
type Verdict uint8

// The verdicts.
const (
	Undecided Verdict = iota // not claimed, not visible, or too large to search
	Pass
	Fail
)

var verdictNames = [...]string{"undecided", "pass", "fail"}

func (v Verdict) String() string {
	if int(v) >= len(verdictNames) {
		return "VERDICT(" + strconv.Itoa(int(v)) + ")"
	}
	return verdictNames[v]
}

// MarshalText writes the name.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the name.
func (v *Verdict) UnmarshalText(b []byte) error {
	for i, n := range verdictNames {
		if n == string(b) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("%q is not a verdict", b)
}

// Rule is what a history broke.
type Rule string

// The rules. A history that keeps all of them is linearizable: see doc.go.
const (
	RuleVersions   Rule = "versions"     // one operation a version, no version left out
	RuleTransition Rule = "transition"   // each stock follows from the one before
	RuleLimit      Rule = "limit"        // stock is not taken below the limit
	RuleRealTime   Rule = "real-time"    // what returned before a call stands before it
	RuleOnce       Rule = "exactly-once" // an id takes effect once, and its answers agree
	RuleAnswer     Rule = "answer"       // what was refused had to be, what was read was there
	RuleUnknown    Rule = "unknown"      // what no answer explains, an unanswered operation must
	RuleLedger     Rule = "ledger"       // the ledger and the answers agree
	RuleBounds     Rule = "bounds"       // within what any order of the operations under way allows
	RuleOrder      Rule = "order"        // a search through every order found none
)

// Role says what a piece of evidence is there for.
type Role string

// The roles.
const (
	Offender Role = "offender" // what should not be
	Witness  Role = "witness"  // what it contradicts
)

// Evidence is one operation of the history.
type Evidence struct {
	Role  Role
	Index int // in the history; -1: it is not of the history (a ledger entry) or the checker keeps none
	Op    Op
	Text  string // what is to be seen
}

// Report is the verdict on one key.
type Report struct {
	Method   string // which checker judged
	Key      int32
	Verdict  Verdict
	Rule     Rule       // that was broken; "" unless it failed
	Why      string     // one line: what was broken, or why it is undecided; empty on a pass
	Evidence []Evidence // usually an offender and what it contradicts
	Slice    *Slice     // where to look, for [Explain]; nil: the evidence is all there is to see
}

// Slice is a stretch of versions.
type Slice struct{ From, To int64 }

// String is the verdict and the evidence, one line each.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "key %d: %s by %s", r.Key, r.Verdict, r.Method)
	if r.Why != "" {
		b.WriteString(": " + r.Why)
	}
	for _, e := range r.Evidence {
		fmt.Fprintf(&b, "\n  %s: %s", e.Role, e.Text)
	}
	return b.String()
}

// failed is the report of a broken rule.
func failed(rule Rule, why string, evidence ...Evidence) Report {
	return Report{Verdict: Fail, Rule: rule, Why: why, Evidence: evidence}
}

// show is evidence from the history.
func show(role Role, ops []Op, index int) Evidence {
	return Evidence{Role: role, Index: index, Op: ops[index], Text: ops[index].String()}
}
