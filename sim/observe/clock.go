package observe

import "time"

// clock is the one domain of a run's times: microseconds, counted by the monotonic reading where there is
// one, so that a step of the wall clock moves none of them.
type clock struct {
	now   func() time.Time
	began time.Time
}

func newClock(now func() time.Time) clock { return clock{now, now()} }

// Micros is the present time, microseconds since 1970.
func (c clock) Micros() int64 { return c.began.UnixMicro() + c.now().Sub(c.began).Microseconds() }
