package rowlock_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/inventory/rowlock"
	"stockproof/model"
	"stockproof/sim"
)

// store is the row-lock design on a PostgreSQL in memory.
type store struct {
	*testing.T
	ctx context.Context
	inventory.Front
	truth port.Truth
}

// newStore makes one; lose says which commits of the front lose their answer, and whether they happen.
func newStore(t *testing.T, lose func(n int) (lost, applied bool)) *store {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	w := sim.NewMemoryWorld(sim.WorldOptions{})
	p, done, err := w.Open("front")
	s := &store{T: t, ctx: ctx, truth: p.Truth}
	s.must(err)
	t.Cleanup(done)
	s.must(p.Truth.Do(ctx, &port.SetEpoch{}))
	if lose != nil {
		p.Truth = &lossy{Truth: p.Truth, lose: lose}
	}
	s.Front = rowlock.Design().Front(p, inventory.DefaultOptions())
	return s
}

// lossy is a truth whose COMMITs lose their answers.
type lossy struct {
	port.Truth
	lose func(n int) (lost, applied bool)
	mu   sync.Mutex
	n    int
}

type lossyTx struct {
	port.Tx
	l *lossy
}

func (l *lossy) Begin() port.Tx { return lossyTx{l.Truth.Begin(), l} }

func (t lossyTx) Commit(ctx context.Context, batch ...port.Statement) error {
	t.l.mu.Lock()
	t.l.n++
	lost, applied := t.l.lose(t.l.n)
	t.l.mu.Unlock()
	if lost && !applied {
		t.Rollback(ctx)
	} else if err := t.Tx.Commit(ctx, batch...); err != nil || !lost {
		return err
	}
	return fmt.Errorf("connection lost at COMMIT: %w", port.ErrUnknown)
}

func (s *store) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *store) do(c model.Command) string {
	s.Helper()
	a, err := s.Orders.Submit(s.ctx, c)
	s.must(err)
	return say([]inventory.Answer{a})
}

func (s *store) restock(name string, sku model.SKU, qty int64) string {
	s.Helper()
	return s.do(model.Command{ID: model.NameID(name), Kind: model.Restock, SKU: sku, Qty: qty})
}

func (s *store) order(name string, policy model.Policy, lines ...inventory.OrderLine) string {
	s.Helper()
	as, err := s.Orders.Checkout(s.ctx, inventory.Order{ID: model.NameID(name), Policy: policy, Lines: lines})
	s.must(err)
	return say(as)
}

func (s *store) conclude(do func(context.Context, model.ID) (port.Saga, []inventory.Answer, error), order string) string {
	s.Helper()
	_, as, err := do(s.ctx, model.NameID(order))
	s.must(err)
	return say(as)
}

func (s *store) stock(sku model.SKU) int64 {
	s.Helper()
	levels, err := s.Stock.Read(s.ctx, nil, model.LaneKey{SKU: sku, Loc: model.MainLocation})
	s.must(err)
	return levels[0].Avail
}

func (s *store) want(what, got, want string) {
	s.Helper()
	if got != want {
		s.Errorf("%s: %s, want %s", what, got, want)
	}
}

func line(sku model.SKU, qty int64) inventory.OrderLine {
	return inventory.OrderLine{SKU: sku, Qty: qty}
}

// say is answers in words.
func say(as []inventory.Answer) string {
	words := make([]string, len(as))
	for i, a := range as {
		words[i] = a.String()
	}
	return strings.Join(words, ", ")
}

// The same again is answered alike and has no effect; another body is a mismatch.
func TestIdempotency(t *testing.T) {
	s := newStore(t, nil)
	adjust := model.Command{ID: model.NameID("a"), Kind: model.Adjust, SKU: "A", Delta: model.Some(-1)}
	for range 3 {
		s.want("restock", s.restock("in", "A", 9), "GRANTED 9")
		s.want("adjust", s.do(adjust), "GRANTED -1")
		s.want("order", s.order("o", model.Partial, line("A", 3), line("A", 2)), "GRANTED 3, GRANTED 2")
	}
	s.want("changed order", s.order("o", model.Partial, line("A", 3), line("A", 1)), "mismatch, mismatch")
	s.want("changed restock", s.restock("in", "A", 8), "mismatch")
	adjust.Delta = model.Some(-2)
	s.want("changed adjustment", s.do(adjust), "mismatch")
	if n := s.stock("A"); n != 3 {
		t.Errorf("stock %d, want 3", n)
	}
}

// One short line, and nothing of an all-or-nothing order is granted; lines of one SKU count together.
func TestAllOrNothing(t *testing.T) {
	s := newStore(t, nil)
	s.restock("in-a", "A", 5)
	s.restock("in-b", "B", 1)
	s.want("short", s.order("o1", model.AllOrNothing, line("A", 2), line("B", 2)), "REJECTED_SIBLING, REJECTED_INSUFFICIENT")
	s.want("together", s.order("o2", model.AllOrNothing, line("A", 3), line("A", 3)), "REJECTED_SIBLING, REJECTED_SIBLING")
	s.want("whole", s.order("o3", model.AllOrNothing, line("A", 2), line("B", 1)), "GRANTED 2, GRANTED 1")
	s.want("partial", s.order("o4", model.Partial, line("A", 9), line("B", 1)), "PARTIAL 3, REJECTED_INSUFFICIENT")
	if a, b := s.stock("A"), s.stock("B"); a != 0 || b != 0 {
		t.Errorf("stock %d and %d, want none", a, b)
	}
}

// A line ends once: cancelled units come back once, returns never exceed what was granted.
func TestALineEndsOnce(t *testing.T) {
	s := newStore(t, nil)
	s.restock("in", "A", 9)
	s.order("o", model.Partial, line("A", 3))
	s.order("p", model.Partial, line("A", 4))
	for range 2 {
		s.want("cancel", s.conclude(s.Orders.Cancel, "o"), "GRANTED 3")
		s.want("commit", s.conclude(s.Orders.Commit, "p"), "GRANTED 4")
	}
	s.want("late commit", s.conclude(s.Orders.Commit, "o"), "NOOP_ALREADY")
	s.want("late cancel", s.conclude(s.Orders.Cancel, "p"), "NOOP_ALREADY")
	back := model.Command{ID: model.NameID("r"), Kind: model.Return, SKU: "A", Qty: 3, Ref: inventory.LineID(model.NameID("p"), 1)}
	s.want("return", s.do(back), "GRANTED 3")
	s.want("the same return", s.do(back), "GRANTED 3")
	back.ID = model.NameID("r2")
	s.want("more than was granted", s.do(back), "INVALID")
	if n := s.stock("A"); n != 8 {
		t.Errorf("stock %d, want 8", n)
	}
}

// A COMMIT whose answer is lost is run again, whether it happened or not: nothing twice.
func TestALostCommitIsRunAgain(t *testing.T) {
	for name, applied := range map[string]bool{"it happened": true, "it did not": false} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, func(n int) (bool, bool) { return n%2 == 1, applied })
			s.want("restock", s.restock("in", "A", 9), "GRANTED 9")
			s.want("order", s.order("o", model.AllOrNothing, line("A", 2)), "GRANTED 2")
			s.want("cancel", s.conclude(s.Orders.Cancel, "o"), "GRANTED 2")
			if n := s.stock("A"); n != 9 {
				t.Errorf("stock %d, want 9", n)
			}
		})
	}
}

// Many clients on one row: every unit is sold once.
func TestConcurrentOrdersNeverOversell(t *testing.T) {
	s := newStore(t, nil)
	s.restock("in", "A", 20)
	answers := make(chan string, 48)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 3 {
				as, err := s.Orders.Checkout(s.ctx, inventory.Order{ID: model.NameID(fmt.Sprint("o", i, j)),
					Policy: model.AllOrNothing, Lines: []inventory.OrderLine{line("A", 1)}})
				if err != nil {
					t.Error(err)
					return
				}
				answers <- say(as)
			}
		})
	}
	wg.Wait()
	close(answers)
	seen := map[string]int{}
	for a := range answers {
		seen[a]++
	}
	if seen["GRANTED 1"] != 20 || seen["REJECTED_INSUFFICIENT"] != 28 || s.stock("A") != 0 {
		t.Errorf("%v, stock %d", seen, s.stock("A"))
	}
}
