package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"stockproof/checks"
)

// jsonResult is the last line of --json. Fields are added, never renamed.
type jsonResult struct {
	Result     checks.Result   `json:"result"`
	Design     string          `json:"design"`
	Tier       string          `json:"tier"`
	Scenario   string          `json:"scenario"`
	Seed       string          `json:"seed"`
	Orders     jsonOrders      `json:"orders"`
	Guarantees []jsonGuarantee `json:"guarantees"`
	Executions int             `json:"executions"`
	Steps      int             `json:"steps"`
	ElapsedMS  int64           `json:"elapsed_ms"`
	Reproduce  string          `json:"reproduce"`

	Workload      string   `json:"workload"`
	Admission     string   `json:"admission"` // "": the design has one way only
	Checkouts     int      `json:"checkouts"` // orders, where Orders counts their lines
	Undecided     int      `json:"undecided"`
	Refused       int      `json:"refused"`
	UnitsGranted  int64    `json:"units_granted"`
	UnitsSupplied int64    `json:"units_supplied"`
	ConvergedMS   *int64   `json:"converged_ms"` // null: never
	OrdersPerSec  int64    `json:"orders_per_s"`
	LinesPerSec   int64    `json:"lines_per_s"`
	P50US         int64    `json:"p50_us"`
	P99US         int64    `json:"p99_us"`
	PeakBytes     int64    `json:"peak_memory_bytes"`
	Faults        []string `json:"faults"`
	NeverHappened []string `json:"never_happened"`
	NotYetJudged  []string `json:"not_yet_judged"` // empty: every guarantee has a checker
	KnownLimits   []string `json:"known_limits"`
	Disagreements []string `json:"disagreements,omitempty"` // lanes about which two checkers differ

	Expected   []string  `json:"expected"`       // by the scenario: guarantees that break, or "holds"
	AsExpected *bool     `json:"as_expected"`    // null: nothing was expected
	SpeedRead  bool      `json:"speed_compared"` // false: the design has no speed layer, converged_ms is truth's rest
	Bare       *jsonBare `json:"bare"`           // null: not searched
}

// jsonBare is porcupine's verdict on what clients were told alone. It is beside the result.
type jsonBare struct {
	Verdict    string   `json:"verdict"`
	Keys       int      `json:"keys"` // SKUs that were searched, each on its own
	Operations int      `json:"operations"`
	Why        []string `json:"why,omitempty"` // of every key that does not pass
}

type jsonOrders struct {
	Submitted   int   `json:"submitted"`
	Granted     int   `json:"granted"`
	Rejected    int   `json:"rejected"`
	Cancelled   int   `json:"cancelled"`
	Duplicates  int64 `json:"duplicates"`
	DeadLetters int64 `json:"dead_letters"`
}

type jsonGuarantee struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"`
	Why     string `json:"why"`
	Claimed bool   `json:"claimed"`
	// NotChecked: undecided because nothing that was recorded can show it; it does not count.
	NotChecked bool     `json:"not_checked,omitempty"`
	Count      int      `json:"count"`
	Severity   string   `json:"severity,omitempty"`
	Evidence   []string `json:"evidence,omitempty"` // of the first finding
	Findings   []string `json:"findings,omitempty"`
}

func (p *report) json(w io.Writer) error {
	r, s := p.result, p.result.Summary
	j := jsonResult{Result: r.Result, Design: p.config.Design.Name, Tier: "wire", Seed: fmt.Sprintf("0x%x", p.config.Seed),
		Orders:     jsonOrders{s.Lines, s.Granted, s.Rejected, s.Cancelled, r.Duplicates, r.DeadLetters},
		Executions: 1, Steps: len(p.config.Workload.Steps), ElapsedMS: p.elapsed.Milliseconds(),
		Reproduce: p.flags.reproduce(p.config.Seed), Workload: p.config.Workload.Text,
		Admission: p.admission(), Checkouts: s.Orders, Undecided: s.Undecided, Refused: s.Refused,
		UnitsGranted: s.UnitsGranted, UnitsSupplied: s.UnitsSupplied, OrdersPerSec: p.rate(s.Orders),
		LinesPerSec: p.rate(s.Lines), P50US: s.P50.Microseconds(), P99US: s.P99.Microseconds(), PeakBytes: p.peak,
		Faults: orEmpty(r.Receipts), NeverHappened: orEmpty(r.Missing), KnownLimits: []string{}, NotYetJudged: []string{},
		Expected: orEmpty(p.config.Scenario.Expected()), SpeedRead: r.SpeedRead, Disagreements: r.Disagreements}
	if sc := p.config.Scenario; sc != nil {
		j.Scenario = sc.Name
		if len(sc.Expect) > 0 {
			met, _ := sc.Met(r.Result, r.Reports)
			j.AsExpected = &met
		}
	}
	if b := r.Bare; b != nil {
		j.Bare = &jsonBare{Verdict: b.Verdict().String(), Keys: len(b.Reports), Operations: b.Operations}
		for _, r := range b.Reports {
			if r.Verdict != checks.Pass {
				j.Bare.Why = append(j.Bare.Why, r.Why)
			}
		}
	}
	if r.Converged >= 0 {
		ms := r.Converged.Milliseconds()
		j.ConvergedMS = &ms
	}
	j.Guarantees = guaranteeRows(r.Reports)
	b, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}

// admission is the mode that ran, where the design has a choice.
func (p *report) admission() string {
	if !slices.Contains(p.config.Design.Options, "admission") {
		return ""
	}
	return string(p.config.Options.Admission)
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
