package redis_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"stockproof/adapters/live"
	"stockproof/adapters/memory"
	"stockproof/adapters/memory/redis"
	"stockproof/adapters/redis/command"
	"stockproof/inventory/port"
)

// The whole life of a slot that moves, as adapters/redis sees it on a real Cluster (reshard_test.go).
func TestAMovingSlotIsFollowedInMemory(t *testing.T) {
	gate := &traceGate{}
	r := redis.New(gate, redis.Options{Masters: 3})
	s, other := r.Client(), r.Client()
	slot := redis.Slot("{A}")
	if owner := slot * 3 / command.Slots; owner != 1 {
		t.Fatalf("the test wants {A} at node 1, it is at %d", owner)
	}
	refused := func(what string) {
		t.Helper()
		op := deductOf("A", "o1", "1")
		err := s.Do(context.Background(), op)
		if !errors.Is(err, port.ErrUnavailable) || !strings.Contains(err.Error(), "TRYAGAIN") || !errors.Is(op.Err, port.ErrUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	neighbour := "B" // at the same master, in another slot
	if redis.Slot("{B}")*3/command.Slots != 1 {
		t.Fatal("the test wants {B} at node 1")
	}
	doAll(t, s, installOf("A"), &port.SetStock{SKU: "A", Stock: 9}, &port.SetStock{SKU: neighbour, Stock: 3})
	gate.took(t, "redis/1 install")
	if r.BeginMove(slot, 1) || r.BeginMove(slot, 3) || !r.BeginMove(slot, 2) || r.BeginMove(slot, 0) {
		t.Error("a slot moves to another master, one at a time")
	}

	doAll(t, s, installOf("A")) // still there
	gate.took(t, "redis/1 install")
	refused("a token that does not exist yet")
	gate.took(t, "redis/1 deduct")
	if !r.MoveKey("stock:{A}") || r.MoveKey("stock:{A}") || r.MoveKey("stock:{B}") {
		t.Error("a key of the slot moves, once")
	}
	refused("both keys absent here, one of them there")
	gate.took(t, "redis/1 deduct", "redis/2 deduct")
	read := &port.GetStock{SKU: "A"}
	doAll(t, s, read, installOf("A"))
	gate.took(t, "redis/1 get stock", "redis/2 get stock") // ASK for one of the two
	if !read.Found || read.Stock != 9 {
		t.Errorf("read %+v", *read)
	}
	if got := r.Command("GET", "stock:{A}"); got != "9" {
		t.Errorf("an audit finds %v", got)
	}
	doAll(t, s, &port.SetStock{SKU: "A", Shard: 1, Stock: 4}) // of a key that nobody has: to the new owner
	gate.took(t, "redis/1 set stock", "redis/2 set stock")

	if !r.EndMove(slot) || r.EndMove(slot) {
		t.Error("the move ends, once")
	}
	for _, client := range []port.Speed{s, other} {
		again := installOf("A")
		doAll(t, client, again)
		if again.Code != port.AlreadyInstalled {
			t.Errorf("code %d: EndMove left a key behind", again.Code)
		}
		gate.took(t, "redis/1 install", "redis/2 install") // MOVED: each client learns it once
		deductOp := deductOf("A", "o1", "1")
		doAll(t, client, deductOp)
		gate.took(t, "redis/2 deduct")
	}
	left := &port.GetStock{SKU: neighbour}
	doAll(t, s, left)
	gate.took(t, "redis/1 get stock")
	if left.Stock != 3 {
		t.Errorf("a key of another slot: %+v", *left)
	}
	if got := r.Command("EXISTS", "stock:{A}", "stock:{A}_1", "nothing"); got != int64(2) {
		t.Errorf("EXISTS counts %v", got)
	}
}

// A master that is about to get a slot back serves nobody who was not sent by its owner.
func TestAnImportingMasterWantsAsking(t *testing.T) {
	gate := &traceGate{}
	r := redis.New(gate, redis.Options{Masters: 3})
	slot := redis.Slot("{A}")
	r.BeginMove(slot, 2)
	r.EndMove(slot)
	r.BeginMove(slot, 1)
	doAll(t, r.Client(), &port.SetStock{SKU: "A", Stock: 9}) // its client still takes 1 for the owner
	gate.took(t, "redis/1 set stock", "redis/2 set stock", "redis/1 set stock")
}

// A script that the new owner does not know costs four round trips, as with go-redis: ASK, NOSCRIPT
// there, then the source to the old owner again, and ASK.
func TestAMovingSlotAndAnUnknownScript(t *testing.T) {
	gate := &traceGate{}
	r := redis.New(gate, redis.Options{Masters: 3})
	r.FlushScripts()
	r.BeginMove(redis.Slot("{A}"), 0)
	op := installOf("A")
	doAll(t, r.Client(), op)
	if op.Code != port.InstalledMissing {
		t.Errorf("code %d", op.Code)
	}
	gate.took(t, "redis/1 install", "redis/0 install", "redis/1 install", "redis/0 install")
}

// Redirections end: a client that is sent around more than three times is told that it was.
func TestRedirectionsAreBounded(t *testing.T) {
	gate := &traceGate{}
	r := redis.New(gate, redis.Options{Masters: 3})
	slot := redis.Slot("{A}")
	to := 1
	pursue := &pursuit{traceGate: gate, before: func() { // whoever is asked has just lost the slot
		to = 3 - to
		r.BeginMove(slot, to)
		r.EndMove(slot)
	}}
	r = redis.New(pursue, redis.Options{Masters: 3})
	err := r.Client().Do(context.Background(), installOf("A"))
	if !errors.Is(err, port.ErrUnavailable) || !strings.Contains(err.Error(), "MOVED") {
		t.Errorf("%v", err)
	}
	if len(gate.trace) != 4 {
		t.Errorf("round trips %q", gate.trace)
	}
}

type pursuit struct {
	*traceGate
	before func()
}

func (g *pursuit) Call(ctx context.Context, c memory.Call, exec func() error) error {
	g.before()
	return g.traceGate.Call(ctx, c, exec)
}

// An empty hash tag puts an order's two keys into two slots (F36).
func TestTwoSlotsAreRefused(t *testing.T) {
	r := redis.New(live.Gate(), redis.Options{Masters: 3})
	op := deductOf("", "o1", "1")
	err := r.Client().Do(context.Background(), op)
	if !errors.Is(err, port.ErrContract) || !strings.Contains(err.Error(), "CROSSSLOT") {
		t.Errorf("reply %d, %v", op.Reply, err)
	}
	for _, sku := range []string{"A", "C"} { // an audit's command goes to each key's own master
		doAll(t, r.Client(), &port.SetStock{SKU: sku, Stock: 1})
	}
	if n := r.Command("DEL", "stock:{A}", "stock:{C}"); n != int64(2) || len(r.Keys()) != 0 {
		t.Errorf("%v deleted, left %q", n, r.Keys())
	}
}
