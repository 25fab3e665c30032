package inventory

import (
	"context"
	"time"

	"stockproof/inventory/port"
)

// Every is a process that runs round, then waits for Period, for ever. A round that fails raises an
// alarm and comes again: a periodic round never ends its process.
type Every struct {
	Name    string
	Period  time.Duration
	Runtime port.Runtime
	Monitor port.Monitor
	Round   func(ctx context.Context) error
}

// Run implements [port.Process].
func (e Every) Run(ctx context.Context) error {
	for {
		if err := e.Round(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			e.Monitor.Alarm(e.Name, err)
		}
		if err := e.Runtime.Sleep(ctx, e.Period); err != nil {
			return err
		}
	}
}

// Together runs several processes as one: they live and die together.
type Together struct {
	Runtime   port.Runtime
	Names     []string
	Processes []port.Process
}

// Run implements [port.Process].
func (t Together) Run(ctx context.Context) error {
	g := t.Runtime.Group(ctx)
	for i, p := range t.Processes {
		g.Go(t.Names[i], p.Run)
	}
	return g.Wait()
}

// Once is a process that does one thing, as often as it takes, and ends.
type Once struct {
	Name    string // what it does, in alarms
	Runtime port.Runtime
	Monitor port.Monitor // hears of a server that stays away; nil: nobody does
	Backoff Backoff
	Do      func(ctx context.Context) error
}

// Run implements [port.Process].
func (o Once) Run(ctx context.Context) error {
	return Retry(ctx, o.Runtime, o.Backoff.Alarming(o.Monitor, o.Name), func() error { return o.Do(ctx) })
}

// Idle is a process that waits for its end: a front whose callers do all the work.
type Idle struct{ Runtime port.Runtime }

// Run implements [port.Process].
func (i Idle) Run(ctx context.Context) error {
	_, err := i.Runtime.Mailbox(1).Receive(ctx, 1, 0)
	return err
}
