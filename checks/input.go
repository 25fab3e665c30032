package checks

import (
	"errors"
	"fmt"
)

// InputError says what is wrong with a file that somebody gave us, and where: bad input, never a
// failure of ours.
type InputError struct {
	File   string
	Line   int // from 1; 0: the file as a whole
	Reason string
}

func (e *InputError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Reason
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
}

// ReadError is what kept a reader of a file from going on at a line: the line where an archive was damaged or cut short, which
// is bad input, or the error of a disk.
func ReadError(file string, line int, err error) error {
	var input *InputError
	if errors.As(err, &input) && input.Line == 0 {
		return &InputError{File: input.File, Line: line, Reason: input.Reason}
	}
	return fmt.Errorf("read %s: %w", file, err)
}

// InputErrorf is the error of a line of a file (0: of the whole file), whose reason is formatted as by [fmt.Sprintf].
func InputErrorf(file string, line int, format string, args ...any) error {
	return &InputError{File: file, Line: line, Reason: fmt.Sprintf(format, args...)}
}
