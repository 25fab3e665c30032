package port

import (
	"errors"
	"fmt"
)

// The five classes of failure. Adapters wrap them with what was being done to what; callers use
// errors.Is.
var (
	// ErrUnavailable: it did not happen. Refused, or the connection was lost with no COMMIT on the
	// wire. Back off, do it again.
	ErrUnavailable = errors.New("unavailable")
	// ErrUnknown: it happened, did not, or will happen later. Run the same thing again, idempotently.
	ErrUnknown = errors.New("outcome unknown")
	// ErrConflict: it did not happen, because of somebody else: deadlock, serialization failure, lock
	// timeout, a unique identity taken. Run it again, a bounded number of times, with jitter.
	ErrConflict = errors.New("conflict")
	// ErrFenced: the claim, generation, position or epoch is not ours any more. Read the position
	// again, or stop.
	ErrFenced = errors.New("fenced")
	// ErrContract: it did not happen and never will: a constraint, a wrong type, something
	// undecodable. Bisect the batch, then dead letter.
	ErrContract = errors.New("contract violated")
)

// Class is the class an error belongs to, nil for none of them (a cancelled context, a bug).
func Class(err error) error {
	for _, c := range [...]error{ErrUnknown, ErrFenced, ErrContract, ErrConflict, ErrUnavailable} {
		if errors.Is(err, c) {
			return c
		}
	}
	return nil
}

// OutOfRangeError: the position does not exist in the log any more (retention) or was cut off
// (truncation). It is not retried: the consumer's Start decides where to go on.
type OutOfRangeError struct {
	Topic            string
	Partition        int32
	Asked            int64
	Earliest, Latest int64 // what the log holds: [Earliest, Latest)
	LeaderEpoch      int32
}

func (e *OutOfRangeError) Error() string {
	return fmt.Sprintf("%s[%d]: offset %d is outside [%d,%d)", e.Topic, e.Partition, e.Asked, e.Earliest, e.Latest)
}

// ConstraintError is an ErrContract or ErrConflict that the truth raised by a constraint.
type ConstraintError struct {
	Class      error  // ErrContract (CHECK, type) or ErrConflict (unique)
	SQLState   string // PostgreSQL's five characters
	Table      string // without its schema
	Constraint string
	Message    string
}

func (e *ConstraintError) Error() string {
	return fmt.Sprintf("%s (SQLSTATE %s, table %s, constraint %s)", e.Message, e.SQLState, e.Table, e.Constraint)
}

// Unwrap makes errors.Is see the class.
func (e *ConstraintError) Unwrap() error { return e.Class }
