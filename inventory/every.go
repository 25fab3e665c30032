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
