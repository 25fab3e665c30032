package checks

import (
	"fmt"

	"stockproof/model"
)

// History is everything that was recorded of one run.
type History struct {
	Header Header
	Events []Event // in the order of observation; the first is number 1
	Audit  Audit
	End    End
}

// End is what a run says of itself when it is over.
type End struct {
	NeverHappened []string // faults and events that were asked for and never took place
	Outside       []string // faults that struck and that the design's claims are not said to survive
}

// Header says what ran.
type Header struct {
	Design     string
	Claims     []Guarantee
	Capability Capability
	Tier       string
	Seed       uint64
	Names      map[model.ID]string // what clients call orders and commands; may be nil
}

// Capability is how much of a decision the design writes down where it can be seen.
type Capability uint8

// The capabilities, the least first.
const (
	// BareAnswers: only what clients were told.
	BareAnswers Capability = iota
	// ScriptReplies: the decision is a script's reply in the speed layer, recorded as an [Effect]. The
	// truth has a row per order line ([Audit.Commands], identified by order, SKU and row) and a stock
	// row per SKU ([Audit.Stock]).
	ScriptReplies
	// StockAfter: the truth has a row per decided command whose Decision.Avail is the stock it left
	// ([Audit.Commands]) and a stock row per SKU. The order of the decisions is not recorded.
	StockAfter
	// LedgerRows: the truth has a ledger: a row per decision, numbered per lane without gaps.
	LedgerRows
)

var capabilityNames = [...]string{"bare answers", "script replies", "stock after", "ledger rows"}

func (c Capability) String() string {
	if int(c) >= len(capabilityNames) {
		return fmt.Sprintf("CAPABILITY(%d)", uint8(c))
	}
	return capabilityNames[c]
}

// MarshalText writes the name.
func (c Capability) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the name.
func (c *Capability) UnmarshalText(b []byte) (err error) {
	*c, err = named[Capability](capabilityNames[:], b, "capability")
	return err
}

// name is what a reader knows an order or command by.
func (h *Header) name(id model.ID) string {
	if n, ok := h.Names[id]; ok {
		return n
	}
	return id.String()
}

// laneName prints the location only where it is not the usual one.
func laneName(k model.LaneKey) string {
	if k.Loc == model.MainLocation {
		return fmt.Sprintf("%q", k.SKU)
	}
	return fmt.Sprintf("%q at %q", k.SKU, k.Loc)
}
