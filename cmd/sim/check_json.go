package main

import (
	"encoding/json"
	"fmt"
	"io"

	"stockproof/checks"
	"stockproof/model"
)

// checkResult is the last line of sim check --json. Its first fields are those of jsonResult; fields are added,
// never renamed.
type checkResult struct {
	Result     checks.Result   `json:"result"`
	Design     string          `json:"design"`
	Tier       string          `json:"tier"`
	Scenario   string          `json:"scenario"` // a history names none
	Seed       string          `json:"seed"`
	Orders     jsonOrders      `json:"orders"`
	Guarantees []jsonGuarantee `json:"guarantees"`
	Executions int             `json:"executions"`
	Steps      int             `json:"steps"` // events
	ElapsedMS  int64           `json:"elapsed_ms"`
	Reproduce  string          `json:"reproduce"`

	History       string   `json:"history"`
	Capability    string   `json:"capability"`
	NeverHappened []string `json:"never_happened"`
	KnownLimits   []string `json:"known_limits"`
	Disagreements []string `json:"disagreements,omitempty"` // lanes about which two checkers differ

	Format     string `json:"format"`               // jsonl, edn or log
	Model      string `json:"model,omitempty"`      // register or counter; of a history of Jepsen's
	Keys       int    `json:"keys,omitempty"`       // likewise
	Operations int    `json:"operations,omitempty"` // likewise
}

// write prints the last line.
func (j checkResult) write(w io.Writer) error {
	b, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}

func (c *checked) json(w io.Writer) error {
	h := c.in.Header
	j := checkResult{Result: c.result(), Design: h.Design, Tier: h.Tier, Seed: fmt.Sprintf("0x%x", h.Seed), Orders: c.orders(),
		Guarantees: guaranteeRows(c.reports), Executions: 1, Steps: c.events, ElapsedMS: c.elapsed.Milliseconds(),
		Reproduce: c.again(), History: c.file, Capability: h.Capability.String(), NeverHappened: orEmpty(c.end.NeverHappened),
		KnownLimits: []string{}, Format: "jsonl", Disagreements: c.differ}
	for _, r := range c.limits {
		j.KnownLimits = append(j.KnownLimits, r.Guarantee.String()+": "+r.Why)
	}
	return j.write(w)
}

// answers are the outcomes that clients were told, by command.
type answers struct {
	open     map[uint64]model.Command
	outcomes map[model.ID]answerOfLine
	again    int64 // answers that were remembered
}

type answerOfLine struct {
	kind    model.Kind
	outcome model.Outcome
	ref     model.ID
}

func newAnswers() answers {
	return answers{open: map[uint64]model.Command{}, outcomes: map[model.ID]answerOfLine{}}
}

func (a *answers) observe(e checks.Event) {
	switch e := e.(type) {
	case checks.Call:
		a.open[e.Attempt] = e.Command
	case checks.Return:
		if !e.Decision.Decided() && e.Refused == "" {
			return
		}
		c := a.open[e.Attempt]
		delete(a.open, e.Attempt)
		if e.Duplicate {
			a.again++
		}
		if e.Decision.Decided() {
			a.outcomes[c.ID] = answerOfLine{c.Kind, e.Decision.Outcome, c.Ref}
		}
	}
}

// orders count order lines, each once, by what became of it: in the truth, or where nobody looked there by what
// clients were told.
func (c *checked) orders() jsonOrders {
	o := jsonOrders{Duplicates: c.tally.again, DeadLetters: int64(len(c.audit.Dead))}
	line := func(outcome model.Outcome, gone bool) {
		o.Submitted++
		switch {
		case outcome == 0:
		case !outcome.Grants():
			o.Rejected++
		case gone:
			o.Cancelled++
		default:
			o.Granted++
		}
	}
	if len(c.audit.Commands) > 0 {
		gone := c.cancelled()
		for _, row := range c.audit.Commands {
			if row.Kind == model.Reserve {
				line(row.Decision.Outcome, gone[row.ID] || row.ID.IsZero() && gone[row.OrderID])
			}
		}
		return o
	}
	gone := map[model.ID]bool{}
	for _, a := range c.tally.outcomes {
		gone[a.ref] = gone[a.ref] || (a.kind == model.Release || a.kind == model.Expire) && a.outcome.Grants()
	}
	for id, a := range c.tally.outcomes {
		if a.kind == model.Reserve {
			line(a.outcome, gone[id])
		}
	}
	return o
}

// cancelled are the lines of the truth that were given back: by their command, or by their order where commands have
// no ids.
func (c *checked) cancelled() map[model.ID]bool {
	gone := map[model.ID]bool{}
	for _, l := range c.audit.Lines {
		gone[l.Command] = l.State == model.LineReleased || l.State == model.LineExpired
	}
	if len(c.audit.Lines) > 0 {
		return gone
	}
	for _, row := range c.audit.Commands {
		if row.Kind == model.Release && row.Decision.Outcome.Grants() {
			gone[row.Ref] = true
		}
	}
	return gone
}
