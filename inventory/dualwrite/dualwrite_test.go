package dualwrite_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"stockproof/inventory"
	"stockproof/inventory/dualwrite"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim"
)

// store is the dual-write design on servers in memory, with a Redis that can be unreachable and a
// truth whose COMMITs can be refused.
type store struct {
	*testing.T
	ctx context.Context
	inventory.Front
	p      inventory.Ports
	redis  atomic.Bool // unreachable
	commit atomic.Bool // refused
}

func newStore(t *testing.T) *store {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	p, done, err := sim.NewMemoryWorld(sim.WorldOptions{}).Open("front")
	s := &store{T: t, ctx: ctx, p: p}
	s.must(err)
	t.Cleanup(done)
	o := inventory.DefaultOptions()
	o.Backoff = inventory.Backoff{Base: time.Millisecond, Cap: time.Millisecond}
	p.Speed, p.Truth = speed{p.Speed, &s.redis}, truth{p.Truth, &s.commit}
	s.Front = dualwrite.Design().Front(p, o)
	return s
}

type speed struct {
	port.Speed
	down *atomic.Bool
}

func (s speed) Do(ctx context.Context, ops ...port.SpeedOp) error {
	if s.down.Load() {
		return fmt.Errorf("redis is unreachable: %w", port.ErrUnavailable)
	}
	return s.Speed.Do(ctx, ops...)
}

type truth struct {
	port.Truth
	down *atomic.Bool
}

func (t truth) Begin() port.Tx { return tx{t.Truth.Begin(), t.down} }

type tx struct {
	port.Tx
	down *atomic.Bool
}

func (t tx) Commit(ctx context.Context, batch ...port.Statement) error {
	if t.down.Load() {
		t.Rollback(ctx)
		return fmt.Errorf("connection refused: %w", port.ErrUnavailable)
	}
	return t.Tx.Commit(ctx, batch...)
}

func (s *store) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *store) restock(name string, qty int64) {
	s.Helper()
	a, err := s.Orders.Submit(s.ctx, model.Command{ID: model.NameID(name), Kind: model.Restock, SKU: "A", Qty: qty})
	s.must(err)
	if a.Status != inventory.Decided || a.Granted != qty {
		s.Fatalf("restock: %+v", a)
	}
}

func (s *store) order(name string, qty int64) ([]inventory.Answer, error) {
	return s.Orders.Checkout(s.ctx, inventory.Order{ID: model.NameID(name), Policy: model.AllOrNothing,
		Lines: []inventory.OrderLine{{SKU: "A", Qty: qty}}})
}

// stocks are the counter in Redis and the stock row.
func (s *store) stocks() (redis, books int64) {
	s.Helper()
	counter := &port.GetStock{SKU: "A"}
	row := &port.ReadShopStock{Schema: port.DualWriteSchema, SKUs: []model.SKU{"A"}}
	s.must(s.p.Speed.Do(s.ctx, counter))
	s.must(s.p.Truth.Do(s.ctx, row))
	return counter.Stock, row.Found[0].Stock
}

func (s *store) status(order string) port.ShopStatus {
	s.Helper()
	find := &port.FindShopOrders{Schema: port.DualWriteSchema, Orders: []model.ID{model.NameID(order)}}
	s.must(s.p.Truth.Do(s.ctx, find))
	if len(find.Rows) != 1 {
		s.Fatalf("order %s has %d rows", order, len(find.Rows))
	}
	return find.Rows[0].Status
}

// As long as nothing fails both stores say the same.
func TestBothStoresAgreeWhenNothingFails(t *testing.T) {
	s := newStore(t)
	s.restock("in", 5)
	for i, want := range []model.Outcome{model.Granted, model.Granted, model.RejectedInsufficient} {
		as, err := s.order(fmt.Sprint("o", i), 2)
		if s.must(err); as[0].Outcome != want {
			t.Errorf("order %d: %+v, want %s", i, as[0], want)
		}
	}
	_, as, err := s.Orders.Cancel(s.ctx, model.NameID("o0"))
	if s.must(err); len(as) != 1 || as[0].Granted != 2 {
		t.Errorf("cancel: %+v", as)
	}
	if r, b := s.stocks(); r != 3 || b != 3 {
		t.Errorf("Redis %d, books %d, want 3", r, b)
	}
}

// Redis fails between the two writes: the order stays undecided for ever.
func TestAFailureBetweenTheWritesLeavesTheOrderUndecided(t *testing.T) {
	s := newStore(t)
	s.restock("in", 5)
	s.redis.Store(true)
	if _, err := s.order("o", 2); !errors.Is(err, port.ErrUnavailable) {
		t.Fatalf("error %v, want unavailable", err)
	}
	s.redis.Store(false)
	if r, b := s.stocks(); s.status("o") != port.ShopPending || r != 5 || b != 5 {
		t.Errorf("order is %s, Redis %d, books %d", s.status("o"), r, b)
	}
}

// The truth fails behind Redis: units are gone in one store and not in the other, and the client who
// asks again is taken for a duplicate.
func TestAFailureBehindRedisMakesTheStoresDiverge(t *testing.T) {
	s := newStore(t)
	s.restock("in", 5)
	s.commit.Store(true)
	if _, err := s.order("o", 2); !errors.Is(err, port.ErrUnavailable) {
		t.Fatalf("error %v, want unavailable", err)
	}
	s.commit.Store(false)
	as, err := s.order("o", 2)
	s.must(err)
	if as[0].Status != inventory.Pending {
		t.Errorf("asked again: %+v", as[0])
	}
	if r, b := s.stocks(); r != 3 || b != 5 {
		t.Errorf("Redis %d, books %d, want them to differ by the lost order", r, b)
	}
}
