package model

import (
	"crypto/sha256"
	"strconv"
)

// Kind says what a command asks for.
type Kind uint8

// The kinds of command. Their numbers are stored in the truth: never renumber.
const (
	Reserve  Kind = iota + 1 // promise Qty units to an order line; with Ref, replaces that reservation
	Commit                   // the units of Ref leave the building
	Release                  // give back what Ref reserved; before its decision, forbid it
	Expire                   // like Release, if the line's deadline is still the command's
	Restock                  // Qty units came in
	Adjust                   // on-hand by Delta, or to Set if stock_version is still ExpectedVersion
	Return                   // Qty units of the committed line Ref came back
	Transfer                 // Qty units from Loc to ToLoc: two legs, one decision
	SetLimit                 // Safety and BackorderLimit, each where present
)

var kindNames = [...]string{"", "RESERVE", "COMMIT", "RELEASE", "EXPIRE", "RESTOCK", "ADJUST",
	"RETURN", "TRANSFER", "SET_LIMIT"}

func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return "KIND(" + strconv.Itoa(int(k)) + ")"
	}
	return kindNames[k]
}

// ParseKind is the inverse of String.
func ParseKind(s string) (Kind, error) {
	for i := 1; i < len(kindNames); i++ {
		if kindNames[i] == s {
			return Kind(i), nil
		}
	}
	return 0, Contractf("kind", "%q is not a kind of command", s)
}

// MarshalText writes the name on the wire.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the name on the wire.
func (k *Kind) UnmarshalText(b []byte) (err error) { *k, err = ParseKind(string(b)); return err }

// CreatesLane reports whether the kind may be the first command of a lane. (The receiving leg of a
// TRANSFER may be too.) A RELEASE or EXPIRE must be able to: it forbids a RESERVE that comes later, when the
// lane may have been stocked, and it can only mark that line under the lane's lock.
func (k Kind) CreatesLane() bool {
	switch k {
	case Restock, Adjust, SetLimit, Release, Expire:
		return true
	}
	return false
}

// Policy says how the lines of one order are decided.
type Policy uint8

const (
	// AllOrNothing grants every line of the order whole, or none.
	AllOrNothing Policy = iota + 1
	// Partial decides line by line, and a line takes what there is.
	Partial
)

var policyNames = [...]string{"", "all-or-nothing", "partial"}

func (p Policy) String() string {
	if int(p) >= len(policyNames) {
		return "POLICY(" + strconv.Itoa(int(p)) + ")"
	}
	return policyNames[p]
}

// ParsePolicy is the inverse of String; the empty string is "no policy".
func ParsePolicy(s string) (Policy, error) {
	for i, n := range policyNames {
		if n == s {
			return Policy(i), nil
		}
	}
	return 0, Contractf("policy", "%q is not a policy", s)
}

// MarshalText writes the name on the wire.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the name on the wire.
func (p *Policy) UnmarshalText(b []byte) (err error) { *p, err = ParsePolicy(string(b)); return err }

// Optional is an integer that may be absent.
type Optional struct {
	Value   int64
	Present bool
}

// Some is a present value.
func Some(v int64) Optional { return Optional{Value: v, Present: true} }

// Command is one instruction on one lane. Which fields a kind uses is checked by Validate; a field
// that the kind has no use for must be zero, so that a fingerprint has one meaning.
type Command struct {
	ID              ID
	Kind            Kind
	SKU             SKU
	Loc             Location
	ToLoc           Location // TRANSFER
	OrderID         ID       // RESERVE
	Line            int32    // RESERVE: 1..MaxLines, unique within its order
	Qty             int64    // RESERVE, RESTOCK, RETURN, TRANSFER: units
	Delta           Optional // ADJUST: units, signed, not zero
	Set             Optional // ADJUST: absolute units, with ExpectedVersion
	ExpectedVersion Optional // ADJUST with Set: the stock_version it was computed from
	Safety          Optional // SET_LIMIT: units never promised
	BackorderLimit  Optional // SET_LIMIT: units promised beyond stock
	Ref             ID       // COMMIT, RELEASE, EXPIRE, RETURN: a line's command; RESERVE: the amended
	Policy          Policy   // RESERVE
	Siblings        ID       // RESERVE: uuid5 of the order's list of lines (see [SiblingsID])
	Deadline        int64    // RESERVE: 0 or when it expires; EXPIRE: the deadline that passed (ms)
	SubmittedAt     int64    // when intake took it, ms since 1970; informative
}

// MaxLines is the largest number of lines of one order.
const MaxLines = 1000

// Lane is the lane that decides the command.
func (c Command) Lane() LaneKey { return LaneKey{c.SKU, c.Loc} }

// ToLane is the receiving lane of a TRANSFER.
func (c Command) ToLane() LaneKey { return LaneKey{c.SKU, c.ToLoc} }

// Validate refuses a command outside the contract with a [ContractError] that names the field.
func (c Command) Validate() error {
	if c.ID.IsZero() {
		return Contractf("command_id", "is absent")
	}
	if err := c.SKU.Validate(); err != nil {
		return err
	}
	if err := c.Loc.Validate(); err != nil {
		return err
	}
	if err := c.validateUse(); err != nil {
		return err
	}
	switch c.Kind {
	case Reserve:
		return c.validateReserve()
	case Adjust:
		return c.validateAdjust()
	case SetLimit:
		return c.validateSetLimit()
	case Transfer:
		if err := c.ToLoc.Validate(); err != nil {
			return err
		}
		if c.ToLoc == c.Loc {
			return Contractf("to_loc", "%q is where the units already are", c.ToLoc)
		}
	case Expire:
		if c.Deadline <= 0 {
			return Contractf("deadline", "EXPIRE needs the deadline that passed")
		}
	}
	return nil
}

// validateUse checks which fields are present, for all kinds alike.
func (c Command) validateUse() error {
	if c.Kind < Reserve || c.Kind > SetLimit {
		return Contractf("kind", "%d is not a kind of command", c.Kind)
	}
	takesQty := c.Kind == Reserve || c.Kind == Restock || c.Kind == Return || c.Kind == Transfer
	if takesQty {
		if err := CheckQuantity("qty", c.Qty); err != nil {
			return err
		}
	}
	needsRef := c.Kind == Commit || c.Kind == Release || c.Kind == Expire || c.Kind == Return
	for _, f := range []struct {
		name    string
		present bool
		allowed bool
	}{
		{"qty", c.Qty != 0, takesQty},
		{"ref", !c.Ref.IsZero(), needsRef || c.Kind == Reserve},
		{"order_id", !c.OrderID.IsZero(), c.Kind == Reserve},
		{"line", c.Line != 0, c.Kind == Reserve},
		{"policy", c.Policy != 0, c.Kind == Reserve},
		{"siblings", !c.Siblings.IsZero(), c.Kind == Reserve},
		{"deadline", c.Deadline != 0, c.Kind == Reserve || c.Kind == Expire},
		{"to_loc", c.ToLoc != "", c.Kind == Transfer},
		{"delta", c.Delta.Present, c.Kind == Adjust},
		{"set", c.Set.Present, c.Kind == Adjust},
		{"expected_version", c.ExpectedVersion.Present, c.Kind == Adjust},
		{"safety", c.Safety.Present, c.Kind == SetLimit},
		{"backorder_limit", c.BackorderLimit.Present, c.Kind == SetLimit},
	} {
		if f.present && !f.allowed {
			return Contractf(f.name, "%s has no use for it", c.Kind)
		}
	}
	if needsRef && c.Ref.IsZero() {
		return Contractf("ref", "%s needs the command it refers to", c.Kind)
	}
	if c.Ref == c.ID {
		return Contractf("ref", "refers to the command itself")
	}
	if c.SubmittedAt < 0 || c.SubmittedAt > MaxNumber {
		return Contractf("submitted_at", "%d is outside 0..%d", c.SubmittedAt, MaxNumber)
	}
	return nil
}

func (c Command) validateReserve() error {
	if c.OrderID.IsZero() {
		return Contractf("order_id", "RESERVE needs its order")
	}
	if c.Line < 1 || c.Line > MaxLines {
		return Contractf("line", "%d is outside 1..%d", c.Line, MaxLines)
	}
	if c.Policy != AllOrNothing && c.Policy != Partial {
		return Contractf("policy", "RESERVE needs %s or %s", AllOrNothing, Partial)
	}
	return CheckNumber("deadline", c.Deadline, 0)
}

func (c Command) validateAdjust() error {
	switch {
	case c.Delta.Present == c.Set.Present:
		return Contractf("delta", "ADJUST needs either delta or set")
	case c.Set.Present != c.ExpectedVersion.Present:
		return Contractf("expected_version", "goes with set, and set with it")
	case c.Delta.Present && (c.Delta.Value == 0 || c.Delta.Value < -MaxQuantity || c.Delta.Value > MaxQuantity):
		return Contractf("delta", "%d is zero or outside %d..%d", c.Delta.Value, -MaxQuantity, MaxQuantity)
	case c.Set.Present:
		if err := CheckNumber("set", c.Set.Value, 0); err != nil {
			return err
		}
		return CheckNumber("expected_version", c.ExpectedVersion.Value, 0)
	}
	return nil
}

func (c Command) validateSetLimit() error {
	if !c.Safety.Present && !c.BackorderLimit.Present {
		return Contractf("safety", "SET_LIMIT needs safety or backorder_limit")
	}
	if err := CheckNumber("safety", c.Safety.Value, 0); err != nil {
		return err
	}
	return CheckNumber("backorder_limit", c.BackorderLimit.Value, 0)
}

// Fingerprint is a digest of what the client sent, and of nothing that the server added: not
// Deadline of a RESERVE, not SubmittedAt. An id that comes again with another fingerprint is a
// mismatch, not a duplicate.
type Fingerprint [sha256.Size]byte

// Fingerprint digests the command.
func (c Command) Fingerprint() Fingerprint {
	b := make([]byte, 0, 256)
	b = append(b, byte(c.Kind), byte(c.Policy))
	b = appendPart(b, string(c.SKU))
	b = appendPart(b, string(c.Loc))
	b = appendPart(b, string(c.ToLoc))
	b = append(b, c.OrderID[:]...)
	b = append(b, c.Ref[:]...)
	b = append(b, c.Siblings[:]...)
	b = appendInt(b, int64(c.Line))
	b = appendInt(b, c.Qty)
	for _, o := range [...]Optional{c.Delta, c.Set, c.ExpectedVersion, c.Safety, c.BackorderLimit} {
		if o.Present {
			b = appendInt(append(b, 1), o.Value)
		} else {
			b = appendInt(append(b, 0), 0) // whatever an absent value holds
		}
	}
	if c.Kind == Expire {
		b = appendInt(b, c.Deadline)
	}
	return sha256.Sum256(b)
}

// SiblingsID names the list of an order's lines, in order, so that a line that comes again among
// other siblings is told apart.
func SiblingsID(lines []Command) ID {
	b := make([]byte, 0, 128*len(lines))
	for _, c := range lines {
		b = append(b, c.ID[:]...)
		b = appendPart(b, string(c.SKU))
		b = appendPart(b, string(c.Loc))
		b = appendInt(b, int64(c.Line))
		b = appendInt(b, c.Qty)
	}
	return NameID("siblings", string(b))
}

func appendInt(b []byte, n int64) []byte {
	for s := 56; s >= 0; s -= 8 {
		b = append(b, byte(uint64(n)>>s))
	}
	return b
}
