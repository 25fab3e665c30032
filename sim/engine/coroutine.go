package engine

import (
	"iter"
	"runtime"
)

// coroutine runs bodies one after the other on one goroutine of its own, which runs only while
// somebody is inside resume. A new one costs a goroutine whose stack has to grow again, so they are used
// for many bodies.
type coroutine struct {
	next   func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	body   func()
	panics func(any) // hears what the body panicked with

	begun   bool // the body runs
	idle    bool // there is none, or it has returned
	leaving bool // the body is being unwound by a panic
	asked   int  // how often it has called a port since
	home    home // the goroutine
}

// unwinding is what park panics with to unwind a body.
type unwinding struct{}

// reluctance is how often a body that is being unwound may call ports. Deferred code does a few times;
// more means that it has recovered and goes on.
const reluctance = 1000

func newCoroutine() *coroutine {
	c := &coroutine{idle: true}
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		c.upon()
	})
	return c
}

// Stacks. A body that is parked uses little of its stack, and the collector halves the stack of whoever uses less
// than a quarter of it, so that it would have to grow again, copied each time, after every collection: a third of
// all the time of a search. So the bodies stand upon so much that is never used that a stack which deepen made
// room on stays as it is.
const (
	stackBelow = 9 << 10  // more than a quarter of the 32 kB that a stack grows to
	stackKept  = 20 << 10 // how much deepen makes room for
)

// upon runs the bodies below a part of the stack that nobody uses.
//
//go:noinline
func (c *coroutine) upon() byte {
	var room [stackBelow]byte
	c.bodies()
	return room[len(room)-1-runtime.GOMAXPROCS(0)]
}

// bodies runs one body after the other.
func (c *coroutine) bodies() {
	deepen()
	c.home.settle()
	for {
		c.run()
		c.body, c.panics, c.idle = nil, nil, true
		if !c.wait() {
			return
		}
	}
}

// deepen lets the stack grow while there is nothing on it to be copied.
//
//go:noinline
func deepen() byte {
	var room [stackKept]byte
	return room[len(room)-1-runtime.GOMAXPROCS(0)]
}

func (c *coroutine) run() {
	defer func() {
		if r := recover(); r != nil && !c.leaving && c.panics != nil {
			c.panics(r)
		}
	}()
	c.body()
}

// start gives an idle coroutine a body, which the next resume begins.
func (c *coroutine) start(body func(), panics func(any)) {
	c.body, c.panics = body, panics
	c.begun, c.idle, c.leaving, c.asked = false, false, false, 0
}

// resume runs the body until it parks or returns.
func (c *coroutine) resume() {
	c.begun = true
	c.next()
}

// wait gives control back to whoever resumed; false: the coroutine is being ended.
func (c *coroutine) wait() bool {
	var here byte
	before := addressOf(&here)
	more := c.yield(struct{}{})
	c.home.follow(before, addressOf(&here))
	return more
}

// park gives control back to whoever resumed. It does not return if the coroutine is being ended: its
// deferred functions run, and nothing behind them.
func (c *coroutine) park() {
	if !c.wait() {
		runtime.Goexit()
	}
	if c.leaving {
		panic(unwinding{})
	}
}

// leave unwinds the body where it stands, so that the coroutine can be used again. A body that recovers
// and goes on instead is ended.
func (c *coroutine) leave() {
	if !c.begun {
		c.body, c.panics, c.idle = nil, nil, true
		return
	}
	c.leaving = true
	if c.next(); !c.idle {
		c.end()
	}
}

// insist is called by the ports of a body that is being unwound.
func (c *coroutine) insist() {
	if c.asked++; c.leaving && c.asked == reluctance {
		c.leaving = false
		c.park() // does not return: leave ends it
	}
}

// end unwinds the body by Goexit, which nothing can recover. Package iter passes Goexit on to whoever calls
// stop, so that is a goroutine for this purpose alone. The coroutine cannot be used again.
func (c *coroutine) end() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.stop()
	}()
	<-done
}
