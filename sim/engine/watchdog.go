package engine

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long one step may take on the wall clock. A step takes microseconds: what takes this
// long waits for something that the engine does not know.
const patience = 20 * time.Second

// heartbeat is what the watchdog looks at. A step that does not end is production code that blocks outside
// of its ports: on a channel, a lock, a real sleep, or in a loop. Nothing can take control from it, so the
// watchdog prints where every goroutine stands, the file and the line, and ends the program.
type heartbeat struct {
	beat atomic.Uint64 // steps begun, of all runs

	mu      sync.Mutex
	running bool
	seen    uint64 // the beat when the watchdog last looked
	timer   *time.Timer
}

// begin starts the watchdog for a run, end stops it.
func (h *heartbeat) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = true
	h.beat.Add(1)
	if h.timer == nil {
		h.timer = time.AfterFunc(patience, h.look)
		return
	}
	h.timer.Reset(patience)
}

func (h *heartbeat) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = false
	h.timer.Stop()
}

// look is called once in a while as long as a run lasts.
func (h *heartbeat) look() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.running {
		return
	}
	if now := h.beat.Load(); now != h.seen {
		h.seen = now
		h.timer.Reset(patience)
		return
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	fmt.Fprintf(os.Stderr, "engine: an actor has not come back for %s; it blocks outside of its ports:\n%s\n",
		patience, stacks)
	os.Exit(70)
}
