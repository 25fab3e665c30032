package engine

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// heartbeat is what the watchdog looks at. A step that does not end is production code that blocks outside
// of its ports: on a channel, a lock, a real sleep, or in a loop. Nothing can take control from it, so the
// watchdog prints where every goroutine stands, the file and the line, and ends the program.
type heartbeat struct {
	beat atomic.Uint64 // steps begun, of all runs

	mu       sync.Mutex
	running  bool
	seen     uint64 // the beat when the watchdog last looked
	timer    *time.Timer
	patience time.Duration
}

// begin starts the watchdog for a run, end stops it.
func (h *heartbeat) begin(patience time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running, h.patience = true, patience
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
		h.timer.Reset(h.patience)
		return
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	abort(fmt.Sprintf("engine: an actor has not come back for %s; it blocks outside of its ports:\n%s", h.patience, stacks))
}
