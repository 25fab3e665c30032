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

	monitor port.Monitor
	doing   string
}

// Alarming is b for work that nobody else would hear of: once the wait has reached Cap, every attempt
// that fails is an alarm that says what is being done, to which partition or row; the error says which
// server keeps it from happening.
func (b Backoff) Alarming(m port.Monitor, doing string) Backoff {
	b.monitor, b.doing = m, doing
	return b
}

// failed raises the alarm of an attempt behind which wait comes. The end of ctx is nobody's failure.
func (b Backoff) failed(ctx context.Context, wait time.Duration, err error) {
	if b.monitor != nil && wait >= b.Cap && ctx.Err() == nil {
		b.monitor.Alarm(b.doing, err)
	}
}

// DefaultBackoff is for servers on the same network.
var DefaultBackoff = Backoff{Base: 5 * time.Millisecond, Cap: 2 * time.Second}

// Retry runs do until it succeeds or fails with what another attempt cannot mend. It looks only at
// the class of the error: unavailable, unknown and conflict are tried again. Work without a limit of
// attempts belongs under [Backoff.Alarming]: a server that stays away is then heard of.
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
		b.failed(ctx, wait, err)
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
