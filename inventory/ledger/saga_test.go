package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// A cancel that is decided before its order leaves a mark: the late RESERVE is refused, once, with a
// sequence number of its own.
func TestACancelThatOvertakesItsOrderWins(t *testing.T) {
	h := newHouse(t)
	in, quick := store{h, h.front(inventory.Async)}, store{h, h.front(inventory.Sync)}
	quick.restock("in", "A", 5)
	as, err := in.Orders.Checkout(h.ctx, basket("o", model.AllOrNothing, line("A", 2), line("A", 1)))
	h.must(err)
	h.want("nobody has decided", say(as), "pending, pending")
	h.want("cancel", quick.cancel("o"), "GRANTED, GRANTED")
	h.run("connector", "worker")
	h.must(in.Orders.Await(h.ctx, as))
	h.want("late reserve", say(as), "REJECTED_CANCELLED, REJECTED_CANCELLED")
	if l := h.lane("A"); l.Seq != 5 || l.Reserved != 0 {
		t.Errorf("lane %+v, want five decisions and nothing reserved", l)
	}
	h.booksAgree()
}

// Commit and cancel of one order race from several fronts: one wins, for every line, and everybody
// is told the same.
func TestCommitAndCancelHaveOneWinner(t *testing.T) {
	inBothModes(t, func(s store) {
		s.restock("in-a", "A", 100)
		s.restock("in-b", "B", 100)
		type ending struct {
			saga port.Saga
			says string
		}
		for i := range 8 {
			name := fmt.Sprint("o", i)
			s.checkout(basket(name, model.AllOrNothing, line("A", 2), line("B", 3)))
			ends := make(chan ending, 6)
			for j := range cap(ends) {
				go func() {
					do := s.Orders.Commit
					if j%2 == 0 {
						do = s.Orders.Cancel
					}
					saga, as, err := do(s.ctx, model.NameID(name))
					if err == nil {
						err = s.Orders.Await(s.ctx, as)
					}
					if err != nil {
						ends <- ending{says: err.Error()}
						return
					}
					ends <- ending{saga, say(as)}
				}()
			}
			first := <-ends
			if first.says != "GRANTED 2, GRANTED 3" || first.saga == port.SagaOpen {
				s.Errorf("%s: %+v", name, first)
			}
			for range cap(ends) - 1 {
				if e := <-ends; e != first {
					s.Errorf("%s: one is told %+v, another %+v", name, first, e)
				}
			}
		}
		if a, b := s.lane("A"), s.lane("B"); a.Reserved != 0 || b.Reserved != 0 || (100-a.OnHand)*3 != (100-b.OnHand)*2 {
			s.Errorf("lanes %+v and %+v: orders ended by halves", a, b)
		}
	})
}

// torn is a truth that sends statements one by one, and lets something happen before each.
type torn struct {
	port.Truth
	before func(st port.Statement)
}

func (t torn) Do(ctx context.Context, batch ...port.Statement) error {
	return oneByOne(ctx, t.Truth.Do, t.before, batch)
}

// Begin implements [port.Truth].
func (t torn) Begin() port.Tx { return tornTx{t.Truth.Begin(), t.before} }

type tornTx struct {
	port.Tx
	before func(st port.Statement)
}

func (t tornTx) Do(ctx context.Context, batch ...port.Statement) error {
	return oneByOne(ctx, t.Tx.Do, t.before, batch)
}

func oneByOne(ctx context.Context, do func(context.Context, ...port.Statement) error, before func(port.Statement),
	batch []port.Statement) error {
	for _, st := range batch {
		before(st)
		if err := do(ctx, st); err != nil {
			return err
		}
	}
	return nil
}

// A cancel between the two statements that read an order for its commit: the row is still open, and no
// line is held any more. Who commits is told who won.
func TestACommitThatReadsHalfOfACancelIsToldSo(t *testing.T) {
	inBothModes(t, func(s store) {
		s.restock("in", "A", 100)
		s.want("order", s.checkout(basket("o", model.Partial, line("A", 2))), "GRANTED 2")
		other := s.Orders
		struck := false
		s.truth = func(_ string, t port.Truth) port.Truth {
			return torn{t, func(st port.Statement) {
				if _, ok := st.(*port.ReadOrderLines); !ok || struck {
					return
				}
				struck = true
				_, as, err := other.Cancel(s.ctx, model.NameID("o"))
				s.must(err)
				s.must(other.Await(s.ctx, as))
			}}
		}
		saga, as, err := s.front(inventory.Sync).Orders.Commit(s.ctx, model.NameID("o"))
		if s.must(err); saga != port.SagaReleasing || len(as) != 1 || !struck {
			s.Errorf("the commit was told saga %d and %s", saga, say(as))
		}
		s.wantLane("A", 100, 0)
	})
}

// An all-or-nothing order of which one line was refused is not committed in part, however early its commit
// comes: the coordinator has not seen the order yet.
func TestAnOrderThatIsShortIsNotCommittedInPart(t *testing.T) {
	h := newHouse(t)
	h.run("connector", "worker")
	s := store{h, h.front(inventory.Async)}
	s.restock("in-a", "A", 5)
	s.restock("in-b", "B", 1)
	s.want("order", s.checkout(basket("o", model.AllOrNothing, line("A", 2), line("B", 2))), "GRANTED 2, REJECTED_INSUFFICIENT")
	saga, as, err := s.Orders.Commit(s.ctx, model.NameID("o"))
	if s.must(err); saga != port.SagaOpen || len(as) != 0 {
		t.Errorf("the commit was told saga %d and %s", saga, say(as))
	}
	s.wantLane("A", 5, 2)
	h.run("coordinator")
	s.until("nothing is held", func() bool { return s.lane("A").Reserved == 0 })
	s.wantLane("A", 5, 0)
	h.booksAgree()
}

// An order whose time is up is given back as a whole by the coordinator; a commit then finds it gone.
func TestAnOrderExpires(t *testing.T) {
	inBothModes(t, func(s store) {
		s.restock("in-a", "A", 5)
		s.restock("in-b", "B", 5)
		o := basket("o", model.Partial, line("A", 2), line("B", 3))
		o.TTL = 50 * time.Millisecond
		s.want("order", s.checkout(o), "GRANTED 2, GRANTED 3")
		s.until("the order expires", func() bool { return s.lane("A").Reserved == 0 && s.lane("B").Reserved == 0 })
		read := &port.ReadOrderLines{Orders: []model.ID{o.ID}}
		s.must(s.p.Truth.Do(s.ctx, read))
		for _, l := range read.Lines {
			if l.State != model.LineExpired {
				s.Errorf("line %d is %s", l.LineNo, l.State)
			}
		}
		saga, _, err := s.Orders.Commit(s.ctx, o.ID)
		if s.must(err); saga != port.SagaReleasing {
			s.Errorf("a late commit finds saga %d", saga)
		}
		s.wantLane("A", 5, 0)
		s.want("the order again", s.checkout(o), "GRANTED 2, GRANTED 3")
	})
}

// An order that was committed in time does not expire.
func TestACommittedOrderDoesNotExpire(t *testing.T) {
	inBothModes(t, func(s store) {
		s.restock("in", "A", 5)
		o := basket("o", model.Partial, line("A", 2))
		o.TTL = 40 * time.Millisecond
		s.checkout(o)
		saga, _, err := s.Orders.Commit(s.ctx, o.ID)
		s.must(err)
		s.until("its deadline has passed", func() bool {
			now, row := &port.ReadEpoch{}, &port.KnownOrders{IDs: []model.ID{o.ID}}
			s.must(s.p.Truth.Do(s.ctx, now, row))
			return now.NowMS > row.Rows[0].Deadline+50
		})
		if saga == port.SagaCommitting {
			s.until("the commit is decided", func() bool { return s.lane("A").Reserved == 0 })
			s.wantLane("A", 3, 0)
		} else { // on a slow machine the deadline came first
			s.until("it is given back", func() bool { return s.lane("A").Reserved == 0 })
			s.wantLane("A", 5, 0)
		}
	})
}

// A COMMIT that was refused for stock is asked again by the coordinator, under a new id, until the
// units are in.
func TestARefusedCommitIsAskedAgain(t *testing.T) {
	inBothModes(t, func(s store) {
		s.do(model.Command{ID: model.NameID("l"), Kind: model.SetLimit, SKU: "A", BackorderLimit: model.Some(5)})
		s.want("order", s.checkout(basket("o", model.AllOrNothing, line("A", 2))), "BACKORDERED 2")
		s.want("commit", s.commit("o"), "REJECTED_INSUFFICIENT")
		s.restock("in", "A", 2)
		s.until("the coordinator's commit", func() bool { return s.lane("A").Reserved == 0 })
		s.wantLane("A", 0, 0)
	})
}

// Nobody accepted it: concluding an order that does not exist is an error, not an outcome.
func TestConcludingAnUnknownOrder(t *testing.T) {
	inBothModes(t, func(s store) {
		if _, _, err := s.Orders.Cancel(s.ctx, model.NameID("none")); !errors.Is(err, port.ErrContract) {
			s.Errorf("cancel: %v", err)
		}
	})
}
