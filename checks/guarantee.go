package checks

import (
	"errors"
	"fmt"
	"strings"

	"stockproof/inventory"
)

// Guarantee is one of the eleven things a design may claim.
type Guarantee uint8

// The guarantees, by the numbers that designs claim them under.
const (
	NoOversell        = Guarantee(inventory.NoOversell)
	OneOutcome        = Guarantee(inventory.OneOutcome)
	ExactlyOnceEffect = Guarantee(inventory.ExactlyOnceEffect)
	Linearizable      = Guarantee(inventory.Linearizable)
	NoFalseReject     = Guarantee(inventory.NoFalseReject)
	Conservation      = Guarantee(inventory.Conservation)
	Convergence       = Guarantee(inventory.Convergence)
	NoLoss            = Guarantee(inventory.NoLoss)
	MonotoneReads     = Guarantee(inventory.MonotoneReads)
	NoBlock           = Guarantee(inventory.NoBlock)
	BoundedMemory     = Guarantee(inventory.BoundedMemory)
)

// The guarantees as sentinel errors: the text of each is the guarantee. A failed [Report] wraps its
// own.
var (
	ErrNoOversell = errors.New("no-oversell: no grant is made when it would take granted units " +
		"above supply plus the backorder limit, per lane")
	ErrOneOutcome = errors.New("one-outcome: a command has exactly one terminal outcome, the same " +
		"on every retry and replay")
	ErrExactlyOnceEffect = errors.New("exactly-once-effect: each granted command changes stock " +
		"exactly once")
	ErrLinearizable = errors.New("linearizable: per lane, outcomes and reads are linearizable " +
		"against model.Decide")
	ErrNoFalseReject = errors.New("no-false-reject: a command is rejected for stock only if stock " +
		"was short at its linearization point")
	ErrConservation = errors.New("conservation: supply = on hand + committed - returned, and " +
		"ledger, lanes and lines agree; ledger gapless")
	ErrConvergence = errors.New("convergence: after faults stop, speed equals truth for every SKU " +
		"within a stated time")
	ErrNoLoss = errors.New("no-loss: every accepted order reaches a terminal outcome; every record " +
		"is applied, a duplicate, or a dead letter")
	ErrMonotoneReads = errors.New("monotone-reads: a session is never shown older than it saw, and " +
		"the reported age is never understated")
	ErrNoBlock = errors.New("no-block: a poison record or a slow SKU does not stop other SKUs of " +
		"the partition")
	ErrBoundedMemory = errors.New("bounded-memory: state per SKU is O(1), independent of orders seen")
)

var sentinels = [...]error{NoOversell: ErrNoOversell, OneOutcome: ErrOneOutcome,
	ExactlyOnceEffect: ErrExactlyOnceEffect, Linearizable: ErrLinearizable,
	NoFalseReject: ErrNoFalseReject, Conservation: ErrConservation, Convergence: ErrConvergence,
	NoLoss: ErrNoLoss, MonotoneReads: ErrMonotoneReads, NoBlock: ErrNoBlock,
	BoundedMemory: ErrBoundedMemory}

// Guarantees are all eleven, in order.
func Guarantees() []Guarantee {
	all := make([]Guarantee, 0, len(sentinels)-1)
	for g := NoOversell; g <= BoundedMemory; g++ {
		all = append(all, g)
	}
	return all
}

// Err is the guarantee's sentinel.
func (g Guarantee) Err() error {
	if g == 0 || int(g) >= len(sentinels) {
		return fmt.Errorf("guarantee %d", uint8(g))
	}
	return sentinels[g]
}

// String is the guarantee's name: what stands before the colon of its text.
func (g Guarantee) String() string {
	name, _, _ := strings.Cut(g.Err().Error(), ":")
	return name
}

// ParseGuarantee is the inverse of String.
func ParseGuarantee(name string) (Guarantee, error) {
	for _, g := range Guarantees() {
		if g.String() == name {
			return g, nil
		}
	}
	return 0, fmt.Errorf("%q is not a guarantee", name)
}

// MarshalText writes the name.
func (g Guarantee) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText reads the name.
func (g *Guarantee) UnmarshalText(b []byte) (err error) {
	*g, err = ParseGuarantee(string(b))
	return err
}

// Liveness reports whether a violation means that something did not happen in time: convergence,
// no-loss, no-block. Conservation is judged at the end, like those, but it is safety: every
// transaction must keep the books, and no waiting repairs books that are wrong.
func (g Guarantee) Liveness() bool { return g == Convergence || g == NoLoss || g == NoBlock }
