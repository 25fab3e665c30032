package sim

import (
	"fmt"

	"stockproof/checks"
)

// InputError is what is wrong with a file that somebody gave us.
type InputError = checks.InputError

func inputErrorf(file string, line int, format string, args ...any) error {
	return &InputError{File: file, Line: line, Reason: fmt.Sprintf(format, args...)}
}
