package ledger

import (
	"context"
	"errors"
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/port"
)

// NewRedriver is an operator's "re-drive everything": it goes once through the open letters, oldest
// first, and ends. A letter that has to be repaired first, or that breaks the contract whatever is done,
// stays open; that one of them does so keeps no other from being decided.
func NewRedriver(p inventory.Ports, o inventory.Options) port.Process {
	r := &redriver{letters: NewDeadLetters(p, o), max: o.ScanMax, monitor: p.Monitor}
	return inventory.Once{Name: "re-drive all", Runtime: p.Runtime, Monitor: p.Monitor, Backoff: o.Backoff, Do: r.all}
}

type redriver struct {
	letters *DeadLetters
	max     int
	monitor port.Monitor
}

func (r *redriver) all(ctx context.Context) error {
	var after *port.DeadKey
	for {
		rows, err := r.letters.List(ctx, after, r.max)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			key := deadKey(row)
			as, err := r.letters.Redrive(ctx, key, false)
			switch {
			case errors.Is(err, port.ErrContract):
				r.monitor.Alarm(fmt.Sprintf("letter %v stays", key), err)
			case err != nil:
				return err
			}
			r.monitor.Count("redriven", int64(len(as)))
			after = &key
		}
	}
}
