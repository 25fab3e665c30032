package sim

import (
	"context"
	"fmt"

	"stockproof/adapters/memory"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// remote is the network between clients and an API process: each method is a request that the process
// serves in an actor of its own, so that the death of either is not the death of the other.
type remote struct {
	s     *Simulation
	in    *Instance
	front func() inventory.Front // of the process's present life
}

// errRefused is a connection that nobody accepts.
var errRefused = fmt.Errorf("connection refused: %w", port.ErrUnavailable)

// request carries fn to the API process. serve runs there; what it sets may be read once there is no
// error.
func (r *remote) request(ctx context.Context, what, key string, answer any, serve func(ctx context.Context, f inventory.Front) error) error {
	e := r.s.Engine
	return e.Call(ctx, memory.Call{Server: "api", Op: what, Key: key, Answer: answer}, func() error {
		proc := r.in.proc
		if proc.Dead() {
			return errRefused
		}
		var err error
		answered := false
		client := e.Current()
		proc.Go(what, func() {
			err = serve(r.s.ctx, r.front()) // the client's impatience does not reach the server
			answered = true
			client.Answered()
		})
		w := memory.Wait{Key: "answer to " + what, Poll: true, Until: func() bool { return answered || proc.Dead() }}
		if blocked := e.Block(ctx, w); blocked != nil {
			return fmt.Errorf("%w: %w", port.ErrUnknown, blocked)
		}
		if !answered {
			return fmt.Errorf("the API process died: %w", port.ErrUnknown)
		}
		return err
	})
}

// Admit implements [inventory.Admission].
func (r *remote) Admit(ctx context.Context, sub inventory.Submission) (as []inventory.Answer, err error) {
	err = r.request(ctx, "admit", r.s.name(sub), &as, func(ctx context.Context, f inventory.Front) (err error) {
		if r.s.resubmit > 0 {
			r.s.resubmit--
			r.in.proc.Go("admit again", func() { _, _ = f.Orders.Admission.Admit(ctx, sub) }) // its answer finds nobody
		}
		as, err = f.Orders.Admission.Admit(ctx, sub)
		return err
	})
	return as, err
}

// Conclude implements [inventory.Admission].
func (r *remote) Conclude(ctx context.Context, order model.ID, end inventory.Ending) (saga port.Saga, as []inventory.Answer, err error) {
	err = r.request(ctx, "conclude", r.s.names[order], &as, func(ctx context.Context, f inventory.Front) (err error) {
		saga, as, err = f.Orders.Admission.Conclude(ctx, order, end)
		return err
	})
	return saga, as, err
}

// Lookup implements [inventory.Admission].
func (r *remote) Lookup(ctx context.Context, asked []inventory.Submission) (as []inventory.Answer, err error) {
	err = r.request(ctx, "look up", r.s.name(asked...), &as, func(ctx context.Context, f inventory.Front) (err error) {
		as, err = f.Orders.Admission.Lookup(ctx, asked)
		return err
	})
	return as, err
}

// Speed implements [inventory.StockSource].
func (r *remote) Speed(ctx context.Context, lanes []model.LaneKey) (ls []inventory.Level, err error) {
	err = r.request(ctx, "read stock", "", &ls, func(ctx context.Context, f inventory.Front) (err error) {
		ls, err = f.Stock.Source.Speed(ctx, lanes)
		return err
	})
	return ls, err
}

// Truth implements [inventory.StockSource].
func (r *remote) Truth(ctx context.Context, lanes []model.LaneKey) (ls []inventory.Level, err error) {
	err = r.request(ctx, "read stock from the truth", "", &ls, func(ctx context.Context, f inventory.Front) (err error) {
		ls, err = f.Stock.Source.Truth(ctx, lanes)
		return err
	})
	return ls, err
}

// name is what people call the first order or command of a request.
func (s *Simulation) name(subs ...inventory.Submission) string {
	for _, sub := range subs {
		if len(sub.Commands) == 0 {
			continue
		}
		c := sub.Commands[0]
		if !c.OrderID.IsZero() {
			return s.names[c.OrderID]
		}
		return s.names[c.ID]
	}
	return ""
}
