package clients

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/observe"
	"stockproof/sim/workload"
)

// DriveConfig says who drives what.
type DriveConfig struct {
	Fronts   []inventory.Front // a client goes on to the next one after an error
	Workload workload.Workload
	Clients  int          // 0: the workload's
	Runtime  port.Runtime // the clients' own world
	Recorder *observe.Recorder
	// Space is what reads are recorded as having been shown by; default port.SpeedSpace.
	Space string
	// Timeout is how long a client waits for the answer to one request before it sends it again;
	// default 10 s.
	Timeout time.Duration
	// Patience is how long a client waits for the decisions of one request before it goes on without
	// them; default 30 s. A design that loses decisions costs its clients this much each time.
	Patience time.Duration
	// SupplyPatience is how long the decision on an initial RESTOCK is waited for, at least; default 2
	// minutes.
	SupplyPatience time.Duration
	// Settle is how long nothing may be decided, and nothing may move, before the clients stop waiting at
	// the end for the decisions that are left; default Patience.
	Settle time.Duration
	// Moved counts what the design does; as long as it grows there is something to wait for. May be nil.
	Moved func() int64
	// Within bounds a context; default context.WithTimeout. A simulation has a clock of its own.
	Within  func(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
	Backoff inventory.Backoff // between attempts; default inventory.DefaultBackoff without its limit
	// Supplied is called when the initial stock is in and before the first step; may be nil.
	Supplied func()
	// Progress is called after each order with the number of orders done. It must not block, and is
	// called by several clients at once; may be nil.
	Progress func(orders int)
}

// Drive lets clients carry out the workload, and sums up what they were told. It ends when every step
// is done, when ctx ends, or with the first error that is none of the port's classes: of those that are,
// a client sees an error page and sends the same again.
func Drive(ctx context.Context, c DriveConfig) (Summary, error) {
	d := newDriver(c)
	// The run stands on the initial stock: it is waited for, however slow the machine.
	patience := d.Patience
	d.Patience = max(patience, d.SupplyPatience)
	if err := d.phase(ctx, d.Workload.SupplySteps()); err != nil {
		return Summary{}, fmt.Errorf("bring in the initial stock: %w", err)
	}
	if err := d.tally.supplied(d.Workload.Supply); err != nil {
		return Summary{}, fmt.Errorf("bring in the initial stock: %w", err)
	}
	d.Patience = patience
	if d.Supplied != nil {
		d.Supplied()
	}
	d.tally.start(d.Runtime.Now())
	err := d.phase(ctx, d.Workload.Steps)
	if err == nil {
		err = d.settle(ctx)
	}
	return d.tally.summary(d.Runtime.Now()), err
}

// driver is one run of Drive.
type driver struct {
	DriveConfig
	tally *tally

	mu     sync.Mutex
	orders map[model.ID]*placed
	sold   map[model.SKU][]*soldLine
}

func newDriver(c DriveConfig) *driver {
	if c.Clients == 0 {
		c.Clients = max(c.Workload.Clients, 1)
	}
	if c.Space == "" {
		c.Space = port.SpeedSpace
	}
	if c.SupplyPatience == 0 {
		c.SupplyPatience = 2 * time.Minute
	}
	if c.Within == nil {
		c.Within = context.WithTimeout
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Patience == 0 {
		c.Patience = 30 * time.Second
	}
	if c.Backoff == (inventory.Backoff{}) {
		c.Backoff = inventory.DefaultBackoff
	}
	if c.Settle == 0 {
		c.Settle = c.Patience
	}
	return &driver{DriveConfig: c, tally: newTally(), orders: map[model.ID]*placed{},
		sold: map[model.SKU][]*soldLine{}}
}

// supports reports whether the design has the command.
func (d *driver) supports(k model.Kind) bool {
	return slices.Contains(d.Fronts[0].Orders.Supports, k)
}

// phase lets all clients carry out the steps.
func (d *driver) phase(ctx context.Context, steps []workload.Step) error {
	a := newAgenda(d.Runtime, steps, d.Clients)
	g := d.Runtime.Group(ctx)
	for i := range d.Clients {
		c := &client{driver: d, id: int32(i) + 1, front: i}
		g.Go(fmt.Sprintf("client-%d", c.id), func(ctx context.Context) error { return c.run(ctx, a) })
	}
	return g.Wait()
}

// await waits until every answer of p is decided or ctx ends, and records the decisions that came.
func (d *driver) await(ctx context.Context, p *pending) error {
	before := p.statuses()
	err := d.poll(ctx, p)
	d.Recorder.Decided(p.Sent, before, p.answers)
	return err
}

// poll looks for decisions until they are all there or ctx ends. A look-up that fails is made again, at
// another front.
func (d *driver) poll(ctx context.Context, p *pending) error {
	for p.isOpen() && ctx.Err() == nil {
		front := d.Fronts[p.front%len(d.Fronts)]
		err := front.Orders.Await(ctx, p.answers)
		if err != nil && ctx.Err() == nil {
			if port.Class(err) == nil {
				return fmt.Errorf("wait for decisions: %w", err)
			}
			p.front++
			if err := d.Runtime.Sleep(ctx, d.Backoff.Base); err != nil {
				return nil // out of patience
			}
		}
	}
	return nil
}

// transient reports whether a client that sees err sends the same again. ctx is the run's: a request
// that ran into its own time limit, or whose front ended, is just another lost answer.
func transient(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	switch port.Class(err) {
	case port.ErrUnavailable, port.ErrUnknown, port.ErrConflict, port.ErrFenced:
		return true
	}
	return false
}
