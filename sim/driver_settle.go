package sim

import (
	"context"
	"fmt"
	"time"

	"stockproof/inventory"
	"stockproof/model"
)

// Rounds of the wait at the end.
const (
	lookMax   = 500                   // commands per look-up: one answer never grows with the run
	lookFirst = 10 * time.Millisecond // between two rounds, doubled while nothing moves
	lookLast  = time.Second
)

// settle waits for everything that was still undecided when its client went on, until all of it is
// decided or nothing has moved for Settle. It looks in rounds, and a round is never cut short: what
// the last one found undecided is undecided, not unasked.
func (d *driver) settle(ctx context.Context) error {
	open := d.tally.left()
	if len(open) == 0 {
		return nil
	}
	moved, last, wait := d.Runtime.Now(), int64(-1), lookFirst
	for front := 0; ; front++ {
		left, err := d.round(ctx, front, open)
		if err != nil {
			return err
		}
		now := d.Runtime.Now()
		state := int64(left)
		if d.Moved != nil {
			state -= d.Moved() // one falls, the other grows
		}
		switch {
		case left == 0:
			return nil
		case state != last:
			moved, last, wait = now, state, lookFirst
		case now.Sub(moved) > d.Settle:
			return nil
		}
		if err := d.Runtime.Sleep(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, lookLast)
	}
}

// round looks once for every answer that is open, and returns how many still are.
func (d *driver) round(ctx context.Context, front int, open []openRequest) (left int, err error) {
	for len(open) > 0 {
		n, asked := 0, []inventory.Submission(nil)
		for n < len(open) && (n == 0 || len(asked)+len(open[n].answers) <= lookMax) {
			asked = append(asked, open[n].undecided()...)
			n++
		}
		some, err := d.look(ctx, d.Fronts[front%len(d.Fronts)], open[:n], asked)
		if err != nil {
			return 0, err
		}
		left, open = left+some, open[n:]
	}
	return left, nil
}

// look asks one front. Where that fails, all stays open until the next round, at another front.
func (d *driver) look(ctx context.Context, f inventory.Front, open []openRequest, asked []inventory.Submission) (left int, err error) {
	if len(asked) == 0 {
		return 0, nil
	}
	within, cancel := d.Within(ctx, d.Timeout)
	defer cancel()
	found, err := f.Orders.Admission.Lookup(within, asked)
	switch {
	case err == nil:
	case transient(ctx, err):
		return len(asked), nil
	default:
		return 0, fmt.Errorf("look for decisions: %w", err)
	}
	for _, o := range open {
		if len(o.undecided()) == 0 {
			continue // an earlier round decided it, and counted it
		}
		before := o.statuses()
		for i := range o.answers {
			a := &o.answers[i]
			if a.Status != inventory.Pending {
				continue
			}
			a.Status, a.Decision, a.Epoch = found[0].Status, found[0].Decision, found[0].Epoch
			found = found[1:]
			if a.Status == inventory.Pending {
				left++
			}
		}
		d.Recorder.decided(o.sent, before, o.answers)
		o.then()
	}
	return left, nil
}

// undecided are the commands of a request that are still to be looked for, each on its own.
func (p *pending) undecided() (asked []inventory.Submission) {
	for i, a := range p.answers {
		if a.Status == inventory.Pending {
			asked = append(asked, inventory.Submission{Commands: []model.Command{p.commands[i]}})
		}
	}
	return asked
}
