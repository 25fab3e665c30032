package inventory

import (
	"context"
	"errors"
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
// do must build fresh operations for every attempt.
func Retry(ctx context.Context, rt port.Runtime, b Backoff, do func() error) error {
	wait := b.Base
	for attempt := 1; ; attempt++ {
		err := do()
		if err == nil || !Retryable(err) || attempt == b.Attempts {
			return err
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
