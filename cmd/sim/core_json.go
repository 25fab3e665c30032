package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/observe"
)

// coreResult is the last line of --json of what runs on the core tier. Its first fields are those of
// jsonResult; fields are added, never renamed.
type coreResult struct {
	Result     checks.Result   `json:"result"`
	Design     string          `json:"design"`
	Tier       string          `json:"tier"`
	Scenario   string          `json:"scenario"`
	Seed       string          `json:"seed"`
	Orders     jsonOrders      `json:"orders"` // of a campaign: over all executions; of a search: over all of its ends
	Guarantees []jsonGuarantee `json:"guarantees"`
	Executions int             `json:"executions"`
	Steps      int             `json:"steps"`
	ElapsedMS  int64           `json:"elapsed_ms"`
	Reproduce  string          `json:"reproduce"`

	Digest        string         `json:"digest"`
	Struck        map[string]int `json:"struck"` // executions in which a kind of fault struck
	Faults        []string       `json:"faults"`
	NeverHappened []string       `json:"never_happened"`
	KnownLimits   []string       `json:"known_limits"`
	Drift         []string       `json:"drift,omitempty"`
	Disagreements []string       `json:"disagreements,omitempty"` // lanes about which two checkers differ
	Expected      []string       `json:"expected"`
	AsExpected    *bool          `json:"as_expected"`  // null: nothing was expected, or the run says nothing of it
	NotComplete   int            `json:"not_complete"` // executions that the step limit ended
	Undecided     int            `json:"undecided"`    // executions of which a claim stayed undecided
	Strategy      string         `json:"strategy,omitempty"`
	Deepest       int            `json:"deepest,omitempty"` // steps of the longest execution
	Twice         int            `json:"run_twice,omitempty"`
	Divergence    string         `json:"divergence,omitempty"`
	Schedule      string         `json:"schedule,omitempty"` // the smallest one, as a file holds it
	ScheduleFile  string         `json:"schedule_file,omitempty"`
	Shrink        *jsonShrink    `json:"shrink,omitempty"`
	FoundIn       int            `json:"found_in,omitempty"` // the execution that showed it, from 1
	States        int            `json:"states,omitempty"`   // of an exhaustive search
	Complete      *bool          `json:"complete,omitempty"` // it visited all of them
	Searched      int            `json:"searched,omitempty"` // executions of it, where a portfolio drew Executions before
	Without       []string       `json:"without,omitempty"`  // roles that did not run
	AtRest        []string       `json:"at_rest,omitempty"`  // those of them that did once everybody rested
}

// jsonShrink is how a schedule became small.
type jsonShrink struct {
	Before          jsonSize         `json:"before"`
	After           jsonSize         `json:"after"`
	Runs            int              `json:"runs"`
	CertificateRuns int              `json:"certificate_runs"`
	Unrunnable      []jsonUnrunnable `json:"unrunnable"` // entries without which there was nothing to run
}

type jsonUnrunnable struct {
	Without string `json:"without"`
	Why     string `json:"why"`
}

type jsonSize struct {
	Workload   int `json:"workload"`
	Faults     int `json:"faults"`
	Deviations int `json:"deviations"`
}

// outcome fills in what one run came to.
func (j *coreResult) outcome(o sim.Outcome) {
	s := o.Summary
	j.Orders = jsonOrders{s.Lines, s.Granted, s.Rejected, s.Cancelled, o.Duplicates, o.DeadLetters}
	j.Guarantees = guaranteeRows(o.Reports)
	j.Executions, j.Steps, j.Digest = 1, o.Steps, fmt.Sprintf("%x", o.Digest)
	j.Struck = map[string]int{}
	for _, k := range o.Struck {
		j.Struck[k] = 1
	}
	j.Faults, j.NeverHappened, j.Disagreements, j.KnownLimits = o.Receipts, o.Missing, o.Disagreements, texts(o.KnownLimits)
	if o.Cut {
		j.NotComplete = 1
	}
}

// guaranteeRows are reports as JSON has them.
func guaranteeRows(reports []checks.Report) (rows []jsonGuarantee) {
	for _, g := range reports {
		row := jsonGuarantee{Name: g.Guarantee.String(), Verdict: g.Verdict.String(), Why: g.Why, Claimed: g.Claimed,
			NotChecked: g.NotChecked, Count: g.Count}
		if g.Verdict == checks.Fail {
			row.Severity = g.Severity.String()
			for _, e := range g.Evidence {
				row.Evidence = append(row.Evidence, e.String())
			}
			for _, f := range g.Findings {
				row.Findings = append(row.Findings, f.Why)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// summed is what became of order lines in many executions, each of so many lines.
func summed(c explore.Counts, executions, lines int) jsonOrders {
	return jsonOrders{executions * lines, c.Granted, c.Rejected, c.Cancelled, c.Duplicates, c.DeadLetters}
}

// unbroken are the guarantees of many executions without a finding: none of them broke a claimed one. doubt is why one of them
// is undecided; nil: none is.
func unbroken(d inventory.Design, result checks.Result, doubt *explore.Doubt) (rows []jsonGuarantee) {
	claims := observe.Claims(d)
	for _, g := range checks.Guarantees() {
		row := jsonGuarantee{Name: g.String(), Verdict: checks.Undecided.String(), Why: "not claimed"}
		if slices.Contains(claims, g) {
			row.Claimed, row.Verdict, row.Why = true, checks.Pass.String(), ""
			if result != checks.Holds {
				row.Verdict, row.Why = checks.Undecided.String(), "all together is "+result.String()
			}
			if doubt != nil && doubt.Guarantee == g {
				row.Why = doubt.String()
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// texts are values as they say themselves.
func texts[S fmt.Stringer](values []S) (all []string) {
	for _, v := range values {
		all = append(all, v.String())
	}
	return all
}

func (j *coreResult) write(w io.Writer) error {
	j.Tier = "core"
	j.Faults, j.NeverHappened, j.Expected = orEmpty(j.Faults), orEmpty(j.NeverHappened), orEmpty(j.Expected)
	j.KnownLimits = orEmpty(j.KnownLimits)
	b, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}
