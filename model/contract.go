package model

import "fmt"

// ContractError says that an input breaks the contract of this system: a field outside its limits, a
// record that does not decode, a command that contradicts itself. Sending it again cannot help; in
// the pipeline it becomes a dead letter, at the API a refusal.
type ContractError struct {
	Field  string // which field or part of the record, in its name on the wire
	Reason string // what is wrong with it, with the offending value
}

func (e *ContractError) Error() string { return e.Field + ": " + e.Reason }

// Contractf builds a [ContractError] for field.
func Contractf(field, format string, args ...any) error {
	return &ContractError{Field: field, Reason: fmt.Sprintf(format, args...)}
}
