package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
)

// ErrLost is what a caller sees of a request that was lost or is late, or whose response was lost: its
// connection broke.
var ErrLost = errors.New("connection lost")

// errLostUnknown is ErrLost of a server whose client cannot know more; PostgreSQL's knows whether a
// COMMIT was on the wire, and says so itself.
var errLostUnknown = fmt.Errorf("%w: %w", port.ErrUnknown, ErrLost)

func lost(c *memory.Call) error {
	if c.Server == "postgres" {
		return ErrLost
	}
	return errLostUnknown
}

// errDead is what the ports answer a dead process, while its deferred code runs.
var errDead = errors.New("the process is dead")

// Call implements [memory.Gate].
func (e *Engine) Call(ctx context.Context, c memory.Call, exec func() error) error {
	a := e.caller(c.Op)
	if a == nil {
		return exec()
	}
	if a.gone() {
		return errDead
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !(c.Poll && e.o.Search) {
		if e.o.Search {
			a.begin(&c)
		}
		a.park(Point{Phase: Request, Call: c}, wait{})
		if err := ctx.Err(); err != nil {
			return err
		}
	} else {
		a.point = Point{Actor: a, Phase: Request, Call: c}
		a.checkpoint(&c)
	}
	fate := Delivered
	if e.o.Fate != nil && !e.draining && !(c.Poll && e.o.Search) {
		fate = e.o.Fate(a.point)
	}
	var err error
	var underway wait
	a.fate = fate
	switch fate {
	case Delayed:
		d := time.Second
		if e.o.Delay != nil {
			d = e.o.Delay(a.point)
		}
		healed := e.healed
		err = e.serve(c.Server, exec)
		if healed == e.healed { // else the network is as it should be again: the server took longer than its fault
			underway = wait{deadline: e.now + int64(d), ctx: ctx}
		} else {
			fate = Delivered
		}
	case Lost:
		err = lost(&c)
	case Late:
		server := c.Server
		e.servers.Go("late "+c.Op+" of "+a.Name, func() { e.serve(server, exec) }).point.Call = c
		err = lost(&c)
	case LostResponse:
		e.serve(c.Server, exec)
		err = lost(&c)
	default:
		err = e.serve(c.Server, exec)
	}
	a.fate = Delivered
	if e.o.Search {
		a.observe(&c, err)
		if a.Proc.dead && a.serving == 0 {
			a.park(Point{Phase: Response, Call: c, Fate: fate, Err: err}, wait{}) // nobody is there to see it
		}
		return err
	}
	a.park(Point{Phase: Response, Call: c, Fate: fate, Err: err}, underway)
	if fate == Delayed && e.now < underway.deadline && ctx.Err() != nil {
		return ctx.Err() // the caller did not wait so long
	}
	return err
}

// serve runs exec as a server does: the death of the caller does not stop it.
func (e *Engine) serve(server string, exec func() error) error {
	a := e.current
	if a.serving == 0 {
		a.within = partOf(server)
		e.changes.to(a.within)
	}
	a.serving++
	err := exec()
	a.serving--
	return err
}

// Step implements [memory.Gate].
func (e *Engine) Step() {
	if a := e.current; a != nil && a.serving > 0 && !a.gone() {
		a.park(Point{Phase: Inside, Call: a.point.Call}, wait{})
	}
}

// Between implements [memory.Gate]: a search takes a pipelined request as one step, unless it waits.
func (e *Engine) Between() {
	if !e.o.Search {
		e.Step()
	}
}

// Block implements [memory.Gate].
func (e *Engine) Block(ctx context.Context, w memory.Wait) error {
	a := e.current
	if w.Until() && !(w.Poll && e.o.Search && a != nil && a.Proc != e.servers && !a.gone()) {
		return nil
	}
	if a == nil {
		return errors.New("engine: a wait for " + w.Key + " outside of any actor would never end")
	}
	if a.gone() {
		return errDead
	}
	if a.Proc == e.servers {
		if w.Poll {
			return ErrLost // its caller has given up
		}
		ctx = nil
	}
	call := a.point.Call
	call.Op += " waits"
	call.Key = w.Key
	a.park(Point{Phase: Inside, Call: call},
		wait{until: w.Until, of: a.within, deadline: w.DeadlineMS * 1e6, ctx: ctx, poll: w.Poll})
	switch {
	case w.Poll && a.Proc.dead: // whatever there is to be had now: a poll ends with its caller
		return errDead
	case w.Until():
		return nil
	case ctx != nil && ctx.Err() != nil:
		return ctx.Err()
	}
	return memory.ErrWaitTimeout
}

// Later implements [memory.Gate].
func (e *Engine) Later(what string, fn func()) {
	if a := e.current; a != nil && a.gone() {
		return
	}
	e.servers.later(what, 0, fn)
}

// Local implements [memory.Gate].
func (e *Engine) Local(fn func()) {
	if a := e.caller("a call without a round trip"); a != nil && a.gone() {
		return
	}
	e.changes.everywhere()
	fn()
}

// Caller implements [memory.Identified].
func (e *Engine) Caller() uint64 {
	if e.current == nil {
		return 0
	}
	return e.current.identity
}

// NowMS implements [memory.Gate].
func (e *Engine) NowMS() int64 { return e.now / 1e6 }
