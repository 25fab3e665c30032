package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// replicated is a truth whose commits wait for a synchronous standby. While the standby does not
// answer, a commit's row is in the books; one backend is killed in that wait, so its row is visible,
// not replicated, and its client knows nothing. A transaction that wrote nothing waits for nobody.
type replicated struct {
	port.Truth
	standby *standby
}

// standby acknowledges once acks is closed.
type standby struct {
	mu      sync.Mutex
	acks    chan struct{}
	kill    atomic.Bool   // the next wait ends with its backend
	killed  chan struct{} // it did
	waiting chan struct{} // a commit waits
}

func newStandby() *standby {
	s := &standby{acks: make(chan struct{}), killed: make(chan struct{}, 1), waiting: make(chan struct{}, 100)}
	close(s.acks)
	return s
}

// hang makes the standby silent until the returned function is called.
func (s *standby) hang() (resume func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	acks := make(chan struct{})
	s.acks = acks
	return sync.OnceFunc(func() { close(acks) })
}

func (s *standby) wait(ctx context.Context) error {
	s.mu.Lock()
	acks := s.acks
	s.mu.Unlock()
	if s.kill.CompareAndSwap(true, false) {
		s.killed <- struct{}{}
		return fmt.Errorf("terminated while it waited for the standby: %w", port.ErrUnknown)
	}
	select {
	case <-acks:
		return nil
	default:
	}
	s.waiting <- struct{}{}
	select {
	case <-acks:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("given up: %w: %w", port.ErrUnknown, ctx.Err())
	}
}

// writesLog reports whether any statement writes the log.
func writesLog(batch []port.Statement) bool {
	for _, st := range batch {
		switch st.(type) {
		case *port.CheckEpoch, *port.ReadEpoch, *port.KnownCommands, *port.KnownOrders, *port.ReadLines,
			*port.ReadOrderLines, *port.ReadLanes, *port.ReadMarks, *port.LockLanes, *port.CreateLanes:
		default:
			return true
		}
	}
	return false
}

func (r replicated) Begin() port.Tx { return &replicatedTx{Tx: r.Truth.Begin(), standby: r.standby} }

func (r replicated) Do(ctx context.Context, batch ...port.Statement) error {
	if err := r.Truth.Do(ctx, batch...); err != nil || !writesLog(batch) {
		return err
	}
	return r.standby.wait(ctx)
}

type replicatedTx struct {
	port.Tx
	standby *standby
	wrote   bool
}

func (t *replicatedTx) Do(ctx context.Context, batch ...port.Statement) error {
	t.wrote = t.wrote || writesLog(batch)
	return t.Tx.Do(ctx, batch...)
}

func (t *replicatedTx) Commit(ctx context.Context, batch ...port.Statement) error {
	if err := t.Tx.Commit(ctx, batch...); err != nil || !t.wrote && !writesLog(batch) {
		return err
	}
	return t.standby.wait(ctx)
}

// withStandby is a house whose front sees a truth with a synchronous standby.
func withStandby(t *testing.T, mode inventory.AdmissionMode) (store, *standby) {
	h := newHouse(t, func(o *inventory.Options) { o.Standby = true })
	by := newStandby()
	h.truth = func(role string, t port.Truth) port.Truth {
		if role != "front-"+string(mode) {
			return t
		}
		return replicated{t, by}
	}
	h.run("connector", "worker")
	return store{h, h.front(mode)}, by
}

// heldBack checks that ask gives no answer before the standby has acknowledged a barrier.
func (s store) heldBack(by *standby, what string, ask func() string, want string) {
	s.Helper()
	resume := by.hang()
	defer resume()
	for len(by.waiting) > 0 {
		<-by.waiting
	}
	answer := make(chan string, 1)
	go func() { answer <- ask() }()
	select {
	case got := <-answer:
		s.Errorf("%s: answered %s before the standby had it", what, got)
		return
	case <-by.waiting:
	}
	resume()
	s.want(what, <-answer, want)
}

// A backend that is killed in its wait leaves a row that is visible and not replicated. Whoever asks
// again finds it known, and is told so only when the standby has it.
func TestAKnownAnswerWaitsForTheStandby(t *testing.T) {
	for _, mode := range []inventory.AdmissionMode{inventory.Sync, inventory.Async} {
		t.Run(string(mode), func(t *testing.T) {
			s, by := withStandby(t, mode)
			s.restock("in", "A", 5)
			order := basket("o", model.AllOrNothing, line("A", 2))
			ask := func() string {
				as, err := s.Orders.Checkout(s.ctx, order)
				if err != nil {
					return err.Error()
				}
				if !as[0].Duplicate {
					return "as new"
				}
				return as[0].Status.String()
			}
			by.kill.Store(true)
			want := "decided"
			s.heldBack(by, "the order whose backend was killed", func() string {
				got := ask()
				<-by.killed
				if mode == inventory.Async && got == "decided" {
					got = "pending" // the worker was faster than the retry
				}
				return got
			}, map[inventory.AdmissionMode]string{inventory.Sync: "decided", inventory.Async: "pending"}[mode])
			s.want("its outcome", s.outcome(lineOf("o", 1)), "GRANTED 2")
			s.heldBack(by, "the order again", ask, want)
			s.heldBack(by, "a look-up", func() string {
				as := []inventory.Answer{{Command: lineOf("o", 1), Status: inventory.Pending}}
				if err := s.Orders.Await(s.ctx, as); err != nil {
					return err.Error()
				}
				return say(as)
			}, "GRANTED 2")
			s.want("commit", s.commit("o"), "GRANTED 2")
			s.heldBack(by, "the end of an order that has ended", func() string {
				saga, as, err := s.Orders.Cancel(s.ctx, order.ID)
				return fmt.Sprintln(saga, say(as), err)
			}, fmt.Sprintln(port.SagaCommitting, "GRANTED 2", nil))
			s.booksAgree()
		})
	}
}

// Without the option a look-up reads and answers: nothing is behind the standby's back then, because
// there is none.
func TestWithoutAStandbyNothingWaits(t *testing.T) {
	h := newHouse(t)
	by := newStandby()
	h.truth = func(_ string, t port.Truth) port.Truth { return replicated{t, by} }
	s := store{h, h.front(inventory.Sync)}
	s.restock("in", "A", 5)
	defer by.hang()()
	as, err := s.Orders.Admission.Lookup(s.ctx, []inventory.Submission{{Commands: []model.Command{{ID: model.NameID("in")}}}})
	s.must(err)
	s.want("look-up", say(as), "GRANTED 5")
}
