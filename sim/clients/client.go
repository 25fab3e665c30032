package clients

import (
	"context"
	"fmt"
	"slices"
	"time"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/observe"
	"stockproof/sim/workload"
)

// client carries out steps, one after the other, as a client of the API does: a request that is not
// answered is sent again with the same ids, to the next front.
type client struct {
	*driver
	id      int32
	front   int // of the next request, modulo the number of fronts
	session inventory.Session
}

// pending is a request whose answers may still be undecided.
type pending struct {
	observe.Sent
	answers []inventory.Answer // one per command
	unsure  bool               // it counts as unknown in the tally
	front   int                // where its decisions are looked for, modulo the number of fronts
}

func (p *pending) isOpen() bool {
	return slices.ContainsFunc(p.answers, func(a inventory.Answer) bool { return a.Status == inventory.Pending })
}

func (p *pending) statuses() []inventory.Status {
	all := make([]inventory.Status, len(p.answers))
	for i, a := range p.answers {
		all[i] = a.Status
	}
	return all
}

func (c *client) run(ctx context.Context, a *agenda) error {
	for {
		i, more, err := a.take(ctx)
		if err != nil || !more {
			return err
		}
		if err := c.step(ctx, i, &a.steps[i]); err != nil {
			return fmt.Errorf("%s %s: %w", a.steps[i].Kind, a.steps[i].Name, err)
		}
		a.done(i)
	}
}

func (c *client) step(ctx context.Context, i int, s *workload.Step) error {
	switch s.Kind {
	case workload.StepCheckout:
		return c.checkout(ctx, i, s.Order)
	case workload.StepCancel, workload.StepCommit:
		return c.conclude(ctx, s.Order.ID, s.Kind)
	case workload.StepRestock, workload.StepAdjust:
		_, err := c.submit(ctx, s.Command)
		return err
	case workload.StepReturn:
		return c.comeBack(ctx, i, s.Return)
	case workload.StepRead:
		return c.read(ctx, s.Lanes)
	}
	panic(fmt.Sprintf("clients: step of kind %d", s.Kind))
}

// checkout submits an order and waits for its decisions.
func (c *client) checkout(ctx context.Context, i int, o inventory.Order) error {
	began := c.Runtime.Now()
	ask := func(ctx context.Context, orders *inventory.Orders) ([]inventory.Answer, error) {
		return orders.Checkout(ctx, o)
	}
	p, err := c.send(ctx, workload.OrderCommands(o), ask)
	if err != nil {
		return err
	}
	c.place(i, o, p)
	c.tally.order(p, c.Runtime.Now().Sub(began))
	if c.Progress != nil {
		c.Progress(c.tally.done())
	}
	return nil
}

// submit sends a command that is no order line and waits for its decision.
func (c *client) submit(ctx context.Context, cmd model.Command) (inventory.Answer, error) {
	ask := func(ctx context.Context, orders *inventory.Orders) ([]inventory.Answer, error) {
		a, err := orders.Submit(ctx, cmd)
		return []inventory.Answer{a}, err
	}
	p, err := c.send(ctx, []model.Command{cmd}, ask)
	if err != nil {
		return inventory.Answer{}, err
	}
	c.tally.command(p)
	return p.answers[0], nil
}

// send sends commands until they are answered, and waits for the decisions. What the API refuses for
// good is answered with status 0.
func (c *client) send(ctx context.Context, cs []model.Command,
	ask func(context.Context, *inventory.Orders) ([]inventory.Answer, error)) (*pending, error) {
	p := &pending{}
	err := c.insist(ctx, func(ctx context.Context, f inventory.Front) (again bool, err error) {
		p.Sent, p.front = c.Recorder.Call(c.id, cs), c.front
		p.answers, err = ask(ctx, f.Orders)
		switch {
		case err == nil:
			c.Recorder.Answered(p.Sent, p.answers)
			c.tally.answered(p.answers)
			return shed(p.answers), nil
		case port.Class(err) == port.ErrContract:
			c.Recorder.Refused(p.Sent, err)
			c.tally.refused(err)
			p.answers = make([]inventory.Answer, len(cs))
			return false, nil
		}
		c.Recorder.Unknown(p.Sent, err)
		return false, err
	})
	if err != nil {
		return nil, err
	}
	return p, c.wait(ctx, p)
}

func shed(as []inventory.Answer) bool {
	return slices.ContainsFunc(as, func(a inventory.Answer) bool { return a.Status == inventory.Shed })
}

// wait waits for the decisions of p as long as the client's patience lasts, and reads its own writes
// from then on.
func (c *client) wait(ctx context.Context, p *pending) error {
	within, cancel := c.Within(ctx, c.Patience)
	defer cancel()
	if err := c.await(within, p); err != nil {
		return err
	}
	for _, a := range p.answers {
		if a.Status == inventory.Decided && a.Seq > 0 {
			c.session.Saw(a.Lane, a.Epoch, a.Seq)
		}
	}
	return ctx.Err()
}

// request is made of one front; again: it was answered, and is to be made again all the same.
type request func(ctx context.Context, f inventory.Front) (again bool, err error)

// insist makes a request until it is answered, each time at the next front.
func (c *client) insist(ctx context.Context, r request) error {
	wait := c.Backoff.Base
	for attempt := 1; ; attempt++ {
		again, err := c.attempt(ctx, r)
		if err == nil && !again {
			return nil
		}
		if err != nil && !transient(ctx, err) {
			return err
		}
		if attempt == c.Backoff.Attempts {
			return fmt.Errorf("after %d attempts: %w", attempt, err)
		}
		c.tally.retried()
		c.front++
		half := wait / 2
		if err := c.Runtime.Sleep(ctx, half+time.Duration(c.Runtime.Random()%uint64(half+1))); err != nil {
			return err
		}
		wait = min(2*wait, c.Backoff.Cap)
	}
}

func (c *client) attempt(ctx context.Context, r request) (again bool, err error) {
	within, cancel := c.Within(ctx, c.Timeout)
	defer cancel()
	return r(within, c.Fronts[c.front%len(c.Fronts)])
}

// read looks at stock in the client's own session.
func (c *client) read(ctx context.Context, lanes []model.LaneKey) error {
	return c.insist(ctx, func(ctx context.Context, f inventory.Front) (bool, error) {
		called := c.Recorder.Micros()
		levels, err := f.Stock.Read(ctx, &c.session, lanes...)
		if err != nil {
			return false, err
		}
		c.Recorder.Read(c.id, called, c.Space, levels)
		c.tally.read()
		return false, nil
	})
}
