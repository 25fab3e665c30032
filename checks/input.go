package checks

import "fmt"

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
