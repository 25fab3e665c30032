package model

import "strconv"

// Outcome is what was decided. Every outcome is terminal, a value, and remembered.
type Outcome uint8

// The outcomes. Their numbers are stored in the truth: never renumber.
const (
	Granted              Outcome = iota + 1 // Granted units, all that was asked
	PartiallyGranted                        // fewer than asked, more than none
	Backordered                             // all that was asked, Backordered of them not in stock
	RejectedInsufficient                    // stock was short at this place in the lane's order
	RejectedCancelled                       // cancelled before it was decided, or Ref is not reserved
	RejectedExpired                         // expired before it was decided, or Ref has expired
	RejectedSibling                         // another line of its all-or-nothing order was rejected
	NoopAlready                             // Ref is already in the state asked for, or beyond it
	Invalid                                 // contradicts what is known: unknown lane, other lane, ...
)

var outcomeNames = [...]string{"", "GRANTED", "PARTIAL", "BACKORDERED", "REJECTED_INSUFFICIENT",
	"REJECTED_CANCELLED", "REJECTED_EXPIRED", "REJECTED_SIBLING", "NOOP_ALREADY", "INVALID"}

func (o Outcome) String() string {
	if int(o) >= len(outcomeNames) {
		return "OUTCOME(" + strconv.Itoa(int(o)) + ")"
	}
	return outcomeNames[o]
}

// ParseOutcome is the inverse of String; the empty string is "undecided".
func ParseOutcome(s string) (Outcome, error) {
	for i, n := range outcomeNames {
		if n == s {
			return Outcome(i), nil
		}
	}
	return 0, Contractf("outcome", "%q is not an outcome", s)
}

// MarshalText writes the name on the wire.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the name on the wire.
func (o *Outcome) UnmarshalText(b []byte) (err error) { *o, err = ParseOutcome(string(b)); return err }

// Grants reports whether the outcome lets the command have its effect.
func (o Outcome) Grants() bool { return o >= Granted && o <= Backordered }

// Decision is the answer to one command.
type Decision struct {
	Outcome     Outcome
	Granted     int64 // units; 0 unless the outcome grants
	Backordered int64 // units of Granted that are not in stock
	Seq         int64 // the lane's sequence number; 0 on an unknown lane
	ToSeq       int64 // TRANSFER: the receiving lane's
	Avail       int64 // of the lane, after the decision
}

// Decided reports whether there is a decision at all.
func (d Decision) Decided() bool { return d.Outcome != 0 }
