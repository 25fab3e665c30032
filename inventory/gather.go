package inventory

import (
	"context"
	"fmt"
	"time"

	"stockproof/inventory/port"
)

// Gather is group commit: callers ask one by one, Flush answers many at once. Under load a batch is
// what arrived during the last flush; when idle nothing waits.
type Gather[Q, A any] struct {
	Name    string
	Runtime port.Runtime
	Max     int           // questions per flush
	Linger  time.Duration // 0 adds no latency; 2-5 ms trade it for fuller batches
	Loops   int           // flushes that may overlap
	// Flush answers every question, in order, or fails as a whole. It retries by itself what another
	// attempt can mend. It calls next, as often as it likes, when another loop may close its batch: one
	// that is closed before it can get anywhere only leaves out who asks meanwhile. The end of a flush
	// says so too.
	Flush func(ctx context.Context, qs []Q, next func()) ([]Answered[A], error)

	questions port.Queue[question[Q, A]]
	turn      port.Queue[struct{}] // whoever has taken it out may close a batch
}

// Answered is an answer to one question, or why there is none.
type Answered[A any] struct {
	Answer A
	Err    error
}

type question[Q, A any] struct {
	q     Q
	reply port.Queue[Answered[A]]
}

// Open makes the queue, at most capacity questions long: full means back pressure.
func (g *Gather[Q, A]) Open(capacity int) *Gather[Q, A] {
	g.questions = port.NewQueue[question[Q, A]](g.Runtime, capacity)
	return g
}

// Ask waits for room in the queue, then for the answer to q. If ctx ends first the outcome is unknown.
func (g *Gather[Q, A]) Ask(ctx context.Context, q Q) (A, error) {
	reply := port.NewQueue[Answered[A]](g.Runtime, 1)
	if err := g.questions.Send(ctx, question[Q, A]{q, reply}); err != nil {
		var none A
		return none, fmt.Errorf("%s: queue is full: %w: %w", g.Name, port.ErrUnavailable, err)
	}
	return g.await(ctx, reply)
}

// AskNow is Ask that does not wait for room: where there is none, taken is false and nothing was asked.
func (g *Gather[Q, A]) AskNow(ctx context.Context, q Q) (a A, taken bool, err error) {
	reply := port.NewQueue[Answered[A]](g.Runtime, 1)
	if !g.questions.Offer(question[Q, A]{q, reply}) {
		return a, false, nil
	}
	a, err = g.await(ctx, reply)
	return a, true, err
}

func (g *Gather[Q, A]) await(ctx context.Context, reply port.Queue[Answered[A]]) (A, error) {
	as, err := reply.Receive(ctx, 1, 0)
	if err != nil {
		var none A
		return none, fmt.Errorf("%s: no answer: %w: %w", g.Name, port.ErrUnknown, err)
	}
	return as[0].Answer, as[0].Err
}

// Run implements [port.Process].
func (g *Gather[Q, A]) Run(ctx context.Context) error {
	loops := g.Runtime.Group(ctx)
	g.turn = port.NewQueue[struct{}](g.Runtime, 1)
	g.turn.Offer(struct{}{})
	for i := range max(g.Loops, 1) {
		loops.Go(fmt.Sprintf("%s-%d", g.Name, i), g.loop)
	}
	return loops.Wait()
}

func (g *Gather[Q, A]) loop(ctx context.Context) error {
	for {
		next, err := g.take(ctx)
		if err != nil {
			return err
		}
		waiting, err := g.questions.Receive(ctx, g.Max, g.Linger)
		if err != nil {
			return err
		}
		qs := make([]Q, len(waiting))
		for i, w := range waiting {
			qs[i] = w.q
		}
		as, err := g.Flush(ctx, qs, next)
		next()
		for i, w := range waiting {
			if err != nil {
				w.reply.Offer(Answered[A]{Err: err})
			} else {
				w.reply.Offer(as[i])
			}
		}
	}
}

// take waits for the turn to close a batch; next passes it on. A loop that is alone always has it.
func (g *Gather[Q, A]) take(ctx context.Context) (next func(), err error) {
	if g.Loops <= 1 {
		return func() {}, nil
	}
	if _, err := g.turn.Receive(ctx, 1, 0); err != nil {
		return nil, err
	}
	held := true
	return func() {
		if held {
			held = false
			g.turn.Offer(struct{}{})
		}
	}, nil
}

// Halves runs do on all of qs; where that fails with what no attempt can mend, or with a conflict
// that five attempts did not, on each half, down to the one question that is to blame. The others are
// answered as if it had never come.
func Halves[Q, A any](qs []Q, do func(qs []Q) ([]Answered[A], error)) ([]Answered[A], error) {
	as, err := do(qs)
	class := port.Class(err)
	if err == nil || class != port.ErrContract && class != port.ErrConflict {
		return as, err
	}
	if len(qs) == 1 {
		return []Answered[A]{{Err: err}}, nil
	}
	left, err := Halves(qs[:len(qs)/2], do)
	if err != nil {
		return nil, err
	}
	right, err := Halves(qs[len(qs)/2:], do)
	return append(left, right...), err
}
