package clients

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
// the last one found undecided is undecided, not unasked. Every request is concluded once: when its last
// answer is there, or when nothing more is waited for.
func (d *driver) settle(ctx context.Context) error {
	open := d.tally.left()
	moved, last, wait := d.Runtime.Now(), int64(-1), lookFirst
	for front := 0; len(open) > 0; front++ {
		var err error
		if open, err = d.round(ctx, d.Fronts[front%len(d.Fronts)], open); err != nil {
			return err
		}
		now, state := d.Runtime.Now(), int64(0)
		for _, o := range open {
			state += int64(len(o.undecided()))
		}
		if d.Moved != nil {
			state -= d.Moved() // one falls, the other grows
		}
		switch {
		case len(open) == 0:
			return nil
		case state != last:
			moved, last, wait = now, state, lookFirst
		case now.Sub(moved) > d.Settle:
			for _, o := range open {
				o.then()
			}
			return nil
		}
		if err := d.Runtime.Sleep(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, lookLast)
	}
	return nil
}

// round looks once for every answer that is open, concludes the requests of which none is any more, and
// returns the others.
func (d *driver) round(ctx context.Context, f inventory.Front, open []openRequest) (left []openRequest, err error) {
	for len(open) > 0 {
		n, asked := 0, []inventory.Submission(nil)
		for n < len(open) && (n == 0 || len(asked)+len(open[n].answers) <= lookMax) {
			asked = append(asked, open[n].undecided()...)
			n++
		}
		if err := d.look(ctx, f, open[:n], asked); err != nil {
			return nil, err
		}
		for _, o := range open[:n] {
			if o.isOpen() {
				left = append(left, o)
			} else {
				o.then()
			}
		}
		open = open[n:]
	}
	return left, nil
}

// look asks one front. Where that fails, all stays open until the next round, at another front.
func (d *driver) look(ctx context.Context, f inventory.Front, open []openRequest, asked []inventory.Submission) error {
	within, cancel := d.Within(ctx, d.Timeout)
	defer cancel()
	found, err := f.Orders.Admission.Lookup(within, asked)
	switch {
	case err == nil:
	case transient(ctx, err):
		return nil
	default:
		return fmt.Errorf("look for decisions: %w", err)
	}
	for _, o := range open {
		before := o.statuses()
		for i := range o.answers {
			a := &o.answers[i]
			if a.Status != inventory.Pending {
				continue
			}
			a.Status, a.Decision, a.Epoch = found[0].Status, found[0].Decision, found[0].Epoch
			found = found[1:]
		}
		d.Recorder.Decided(o.Sent, before, o.answers)
	}
	return nil
}

// undecided are the commands of a request that are still to be looked for, each on its own.
func (p *pending) undecided() (asked []inventory.Submission) {
	for i, a := range p.answers {
		if a.Status == inventory.Pending {
			asked = append(asked, inventory.Submission{Commands: []model.Command{p.Commands[i]}})
		}
	}
	return asked
}
