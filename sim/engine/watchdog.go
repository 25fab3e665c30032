package engine

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"
)

// patience is how long one step may take on the wall clock. A step takes microseconds: what takes this
// long waits for something that the engine does not know.
const patience = 20 * time.Second

// heartbeat is what the watchdog looks at.
type heartbeat struct{ beat atomic.Uint64 }

// guard starts the watchdog. A step that does not end is production code that blocks outside of its
// ports: on a channel, a lock, a real sleep, or in a loop. Nothing can take control from it, so the
// watchdog prints where every goroutine stands, the file and the line, and ends the program.
func (e *Engine) guard() (stop func()) {
	ended := make(chan struct{})
	go func() {
		ticker := time.NewTicker(patience)
		defer ticker.Stop()
		last := uint64(0)
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
			}
			now := e.watch.beat.Load()
			if now == last && now != 0 {
				stacks := make([]byte, 1<<20)
				stacks = stacks[:runtime.Stack(stacks, true)]
				fmt.Fprintf(os.Stderr, "engine: an actor has not come back for %s; it blocks outside of its ports:\n%s\n",
					patience, stacks)
				os.Exit(70)
			}
			last = now
		}
	}()
	return func() { close(ended) }
}
