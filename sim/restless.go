package sim

import (
	"time"

	"stockproof/sim/engine"
)

// restless lets time go by where somebody can always go on. Virtual time moves when nobody can: processes that
// make work for each other for ever would hold it at one instant, in which no client's patience ends and no
// bound is ever reached. Behind that many steps at one instant the clock goes on all the same, until there is
// rest.
type restless struct {
	at     time.Time // what the clock showed at the last look
	looks  int       // that showed the same
	forced int       // seconds that were let go by
}

// The clock is looked at every instantSteps steps; an instant that lasts for more than instantMax looks, which is
// hundreds of orders from request to rest, is one in which nothing rests.
const (
	instantSteps = 1 << 10
	instantMax   = 40
)

// restlessMax is for how many seconds the books may be without rest, when no client wants anything any more.
const restlessMax = 30

func (r *restless) look(e *engine.Engine) {
	if now := e.Now(); !now.Equal(r.at) {
		r.at, r.looks = now, 0
		return
	}
	if r.looks++; r.looks < instantMax {
		return
	}
	e.AdvanceClock(time.Second)
	r.at = e.Now() // rest would show as a clock that moved by itself
	r.forced++
}
