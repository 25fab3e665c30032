package inventory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stockproof/inventory/port"
)

// Backoff says how long to wait between attempts: Base, doubled each time up to Cap, with jitter of
// a half.
type Backoff struct {
	Base     time.Duration
	Cap      time.Duration
	Attempts int // 0: until it works or ctx ends
}

// DefaultBackoff is for servers on the same network.
var DefaultBackoff = Backoff{Base: 5 * time.Millisecond, Cap: 2 * time.Second}

// Retry runs do until it succeeds or fails with what another attempt cannot mend. It looks only at
// the class of the error: unavailable, unknown and conflict are tried again.
//
// What is given up is ErrUnknown if any attempt was: the last one may have failed cleanly, and an
// earlier one still have happened. do must build fresh operations for every attempt.
func Retry(ctx context.Context, rt port.Runtime, b Backoff, do func() error) error {
	wait, unknown := b.Base, false
	for attempt := 1; ; attempt++ {
		err := do()
		if err == nil || !Retryable(err) {
			return err
		}
		if unknown = unknown || errors.Is(err, port.ErrUnknown); unknown && !errors.Is(err, port.ErrUnknown) {
			err = fmt.Errorf("%w: an earlier attempt may have happened; the last: %w", port.ErrUnknown, err)
		}
		if attempt == b.Attempts {
			return fmt.Errorf("given up after %d attempts: %w", attempt, err)
		}
		if sleepErr := rt.Sleep(ctx, jitter(rt, wait)); sleepErr != nil {
			return errors.Join(sleepErr, err)
		}
		wait = min(2*wait, b.Cap)
	}
}

// Retryable reports whether the same thing may succeed later.
func Retryable(err error) bool {
	switch port.Class(err) {
	case port.ErrUnavailable, port.ErrUnknown, port.ErrConflict:
		return true
	}
	return false
}

func jitter(rt port.Runtime, d time.Duration) time.Duration {
	half := d / 2
	if half <= 0 {
		return d
	}
	return half + time.Duration(rt.Random()%uint64(half)) + 1
}
