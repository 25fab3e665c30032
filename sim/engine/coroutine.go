package engine

import (
	"iter"
	"runtime"
)

// coroutine runs bodies one after the other on one goroutine of its own, which runs only while
// somebody is inside resume. A new one costs 1 µs and an allocation or two, so they are used again.
type coroutine struct {
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	body  func()
	idle  bool // the body has returned
}

func newCoroutine() *coroutine {
	c := &coroutine{idle: true}
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		for {
			c.body()
			c.body, c.idle = nil, true
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return c
}

// start gives an idle coroutine a body, which the next resume begins.
func (c *coroutine) start(body func()) { c.body, c.idle = body, false }

// resume runs the body until it parks or returns.
func (c *coroutine) resume() { c.next() }

// park gives control back to whoever resumed. It does not return if the coroutine is being ended: its
// deferred functions run, and nothing behind them.
func (c *coroutine) park() {
	if !c.yield(struct{}{}) {
		runtime.Goexit()
	}
}

// end unwinds the body where it stands. Package iter passes Goexit on to whoever calls stop, so that is
// a goroutine for this purpose alone. The coroutine cannot be used again.
func (c *coroutine) end() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.stop()
	}()
	<-done
}
