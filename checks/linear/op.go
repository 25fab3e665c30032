package linear

import (
	"fmt"
	"math"
	"strconv"
)

// Op is one operation of a client on one key: what it asked, what it was told, and when. It has no
// pointers and 72 bytes, so that a history of ten million is one allocation that the garbage collector
// does not look into. Keys, clients and ids are interned to integers by whoever records; the checkers
// hold tables by id and are quickest and smallest when ids count from 0.
type Op struct {
	ID        int64 // who asks: the same on every attempt; [Absent]: nobody remembers this operation
	Arg       int64 // what else it names, by kind (see [Kind]); [Absent]: nothing
	Qty       int64 // units, by kind (see [Kind])
	Call      int64 // when the request left, in one monotonic clock domain
	Return    int64 // when the answer arrived, not before Call; [Open]: never
	Seq       int64 // the key's version that the answer showed; [Absent]: it showed none
	Remaining int64 // the stock or register value that the answer showed; [Absent] or, of a register, [Nil]
	Key       int32 // lane or SKU: checkers are given the operations of one key
	Client    int32
	Epoch     int32 // rises of the stock so far, as the answer showed; [NoEpoch]: it showed none
	Kind      Kind
	Outcome   Outcome
}

const (
	// Absent is the value of a field that an answer did not show. It is not -1: a lane with backorders
	// has remaining units of -1.
	Absent int64 = math.MinInt64
	// NoEpoch is the Epoch of an answer that showed none.
	NoEpoch int32 = -1
	// Open is the Return of an operation that was never answered: it may take effect at any time after
	// its call, or never.
	Open int64 = math.MaxInt64
	// Nil is the Remaining of a read that found a register without a value.
	Nil int64 = math.MinInt64 + 1
)

// NewOp is an operation at its call: nobody knows its outcome, and it has no id.
func NewOp(kind Kind, qty, call int64) Op {
	return Op{ID: Absent, Arg: Absent, Qty: qty, Call: call, Return: Open, Seq: Absent, Remaining: Absent,
		Epoch: NoEpoch, Kind: kind}
}

// Kind says what an operation asks for.
type Kind uint8

// The kinds. Those of a counter come first, those of a register last; [Read] is of both.
const (
	// Deduct takes Qty units if they are there: stock may fall to -limit. Arg: the id of a deduction
	// that it replaces, whose units it gives back first. [Partial]: Qty is what it got.
	Deduct Kind = iota + 1
	// Withdraw takes Qty units if stock holds them, whatever the limit: the sending leg of a transfer.
	Withdraw
	// Restock adds Qty units.
	Restock
	// Cancel gives back what the deduction Arg took: Qty units, or [Absent] where the answer does not say.
	Cancel
	// Commit ends the life of deduction Arg without touching the stock: it can no longer be cancelled.
	Commit
	// Adjust adds Qty units, negative ones too, and may pass the limit.
	Adjust
	// Reconcile sets the stock to Qty.
	Reconcile
	// SetLimit sets the safety stock to Qty and the backorder limit to Arg, each unless [Absent].
	SetLimit
	// Note changes nothing. Where every command has a version, it has one too.
	Note
	// Read shows the state.
	Read
	// Write sets the register to Qty.
	Write
	// CompareAndSet sets the register to Qty if it is Arg.
	CompareAndSet
	// Append adds value Qty at the end of the register's ([Values] knows their texts).
	Append
)

var kindNames = [...]string{"", "deduct", "withdraw", "restock", "cancel", "commit", "adjust", "reconcile",
	"set-limit", "note", "read", "write", "cas", "append"}

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
	return 0, fmt.Errorf("%q is not a kind of operation", s)
}

// Outcome is what an operation was told.
type Outcome uint8

// The outcomes.
const (
	// Unknown: no answer came. The operation may have happened, may still, or never will.
	Unknown Outcome = iota
	// OK: done, all of it.
	OK
	// Partial: a deduction got fewer units than it asked for, and all there were.
	Partial
	// Rejected: stock was short; a CompareAndSet found another value.
	Rejected
	// Duplicate: the id had been answered before; Seq and Remaining are those of the first answer.
	Duplicate
	// NoEffect: nothing to do (a cancel of what is not there or already undone), or refused for another
	// reason than stock.
	NoEffect
	// Never: no answer came, and the ledger shows that the operation did not happen ([Resolve]).
	Never
)

var outcomeNames = [...]string{"unknown", "ok", "partial", "rejected", "duplicate", "no-effect", "never"}

func (o Outcome) String() string {
	if int(o) >= len(outcomeNames) {
		return "OUTCOME(" + strconv.Itoa(int(o)) + ")"
	}
	return outcomeNames[o]
}

// ParseOutcome is the inverse of String.
func ParseOutcome(s string) (Outcome, error) {
	for i, n := range outcomeNames {
		if n == s {
			return Outcome(i), nil
		}
	}
	return 0, fmt.Errorf("%q is not an outcome of an operation", s)
}

// String is one line: what was asked, what was told, and when.
func (o Op) String() string {
	if o.Return == Open {
		return fmt.Sprintf("client %d: %s [%d, open)", o.Client, o.what(), o.Call)
	}
	return fmt.Sprintf("client %d: %s [%d, %d]", o.Client, o.what(), o.Call, o.Return)
}

// what was asked and told.
func (o *Op) what() string {
	b := []byte(o.Kind.String())
	if o.Kind != Read && o.Kind != Note && o.Kind != Commit && o.Qty != Absent {
		b = fmt.Appendf(b, " %d", o.Qty)
	}
	if o.Arg != Absent {
		b = fmt.Appendf(b, " %s %d", [...]string{Deduct: "for", Cancel: "of", Commit: "of", SetLimit: "limit",
			CompareAndSet: "if"}[min(o.Kind, CompareAndSet)], o.Arg)
	}
	if o.ID != Absent {
		b = fmt.Appendf(b, " (id %d)", o.ID)
	}
	b = fmt.Appendf(b, " -> %s", o.Outcome)
	if o.Seq != Absent {
		b = fmt.Appendf(b, " seq %d", o.Seq)
	}
	if o.Epoch != NoEpoch {
		b = fmt.Appendf(b, " epoch %d", o.Epoch)
	}
	switch o.Remaining {
	case Absent:
	case Nil:
		b = append(b, " nil"...)
	default:
		b = fmt.Appendf(b, " remaining %d", o.Remaining)
	}
	return string(b)
}

// answered reports whether the client was told something that the operation did or saw.
func (o *Op) answered() bool { return o.Outcome != Unknown && o.Outcome != Never }

// Ref is the id of the deduction that the operation names; [Absent] if it names none.
func (o *Op) Ref() int64 {
	if o.Kind == Deduct || o.Kind == Cancel || o.Kind == Commit {
		return o.Arg
	}
	return Absent
}

// Intern renumbers ids in place, so that they count from 0 in the order of their first mention.
func Intern(ops []Op) {
	numbers := map[int64]int64{}
	number := func(id int64) int64 {
		if id == Absent {
			return id
		}
		n, known := numbers[id]
		if !known {
			n = int64(len(numbers))
			numbers[id] = n
		}
		return n
	}
	for i := range ops {
		ops[i].ID = number(ops[i].ID)
		if ops[i].Ref() != Absent {
			ops[i].Arg = number(ops[i].Arg)
		}
	}
}
