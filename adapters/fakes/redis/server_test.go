package fakeredis_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	fakeredis "stockproof/adapters/fakes/redis"
	"stockproof/adapters/redis"
	"stockproof/adapters/redis/command"
	"stockproof/inventory/port"
	"stockproof/model"
)

func TestMain(m *testing.M) {
	redis.DiscardClientLog()
	m.Run()
}

func start(t testing.TB) (*fakeredis.Server, *redis.Speed) {
	server, err := fakeredis.Start(time.Unix(1_760_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	speed := redis.New(redis.Options{Addrs: []string{fakeredis.Addr}, Dialer: server.Dial})
	t.Cleanup(func() { _ = speed.Close() })
	return server, speed
}

// do runs an operation that must succeed.
func do(t testing.TB, speed *redis.Speed, ops ...port.SpeedOp) {
	t.Helper()
	if err := speed.Do(t.Context(), ops...); err != nil {
		t.Fatal(err)
	}
}

func deduct(order, qty string) *port.Deduct {
	return &port.Deduct{SKU: "A", Order: order, Qty: qty, TTL: "86400"}
}

func TestTheObserverSeesWhatTheArticleDeducts(t *testing.T) {
	server, speed := start(t)
	var seen []command.StockChange
	server.OnStockChange(func(c command.StockChange) { seen = append(seen, c) })
	do(t, speed, &port.SetStock{SKU: "A", Stock: 10})
	do(t, speed, deduct("o1", "0x2"))
	do(t, speed, deduct("o1", "2")) // a duplicate
	server.AdvanceClock(25 * time.Hour)
	do(t, speed, deduct("o1", "2"))
	do(t, speed, &port.Credit{SKU: "A", Order: "r1", Qty: "5", TTL: "86400"})
	half := deduct("o2", "3")
	half.TTL = "0"
	if err := speed.Do(t.Context(), half); !errors.Is(err, port.ErrContract) {
		t.Fatalf("a token without life: %v", err)
	}
	do(t, speed, &port.SetStock{SKU: "A", Stock: 1})
	want := []command.StockChange{
		{Op: "set stock", Key: "stock:{A}", SKU: "A", Before: 0, After: 10},
		{Op: "deduct", Key: "stock:{A}", SKU: "A", Order: "o1", Before: 10, After: 8},
		{Op: "deduct", Key: "stock:{A}", SKU: "A", Order: "o1", Before: 8, After: 6},
		{Op: "credit", Key: "stock:{A}", SKU: "A", Order: "r1", Before: 6, After: 11},
		{Op: "deduct", Key: "stock:{A}", SKU: "A", Order: "o2", Before: 11, After: 8}, // the script failed after it
		{Op: "set stock", Key: "stock:{A}", SKU: "A", Before: 8, After: 1},
	}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("seen %+v\nwant %+v", seen, want)
	}
}

func TestAKilledServerRefusesUntilItRestarts(t *testing.T) {
	server, speed := start(t)
	do(t, speed, &port.SetStock{SKU: "A", Stock: 10})
	id := func() string {
		t.Helper()
		op := &port.ReadReplication{Lane: model.LaneKey{SKU: "A"}}
		do(t, speed, op)
		return op.ReplID
	}
	before := id()
	for _, empty := range []bool{false, true} {
		server.Kill()
		server.Kill() // twice is once
		for i := 0; ; i++ {
			err := speed.Do(t.Context(), &port.GetStock{SKU: "A"})
			if errors.Is(err, port.ErrUnavailable) {
				break
			}
			if !errors.Is(err, port.ErrUnknown) || i > 100 { // at first the connection that broke
				t.Fatalf("a killed server: %v", err)
			}
		}
		if err := server.Restart(empty); err != nil {
			t.Fatal(err)
		}
		stock := &port.GetStock{SKU: "A"}
		for speed.Do(t.Context(), stock) != nil {
			time.Sleep(5 * time.Millisecond) // the pool dials again within a second
			stock = &port.GetStock{SKU: "A"}
		}
		if stock.Found == empty {
			t.Errorf("restarted empty=%v: stock %+v", empty, *stock)
		}
		if changed := id() != before; changed != empty {
			t.Errorf("restarted empty=%v: replication id changed=%v", empty, changed)
		}
	}
	do(t, speed, &port.SetStock{SKU: "A", Stock: 1}, deduct("o", "1")) // the scripts are sent again
}

// A pipeline far longer than any buffer: with net.Pipe client and server would wait for each other.
func TestALongPipelineDoesNotDeadlock(t *testing.T) {
	_, speed := start(t)
	ops := make([]port.SpeedOp, 2000)
	for i := range ops {
		ops[i] = &port.SetStock{SKU: fmt.Sprint("a SKU with a rather long name ", i), Stock: int64(i)}
	}
	do(t, speed, ops...)
	last := &port.GetStock{SKU: "a SKU with a rather long name 1999"}
	do(t, speed, last)
	if last.Stock != 1999 {
		t.Errorf("read %+v", *last)
	}
}

func BenchmarkMiniredis(b *testing.B) {
	_, speed := start(b)
	n := int64(0)
	install := func() port.SpeedOp {
		n++
		return &port.InstallLane{Space: "inv", Lane: model.LaneKey{SKU: "A"}, Epoch: 1, Seq: n, FromSeq: n}
	}
	b.Run("install/single", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			do(b, speed, install())
		}
	})
	b.Run("install/pipelined by 32", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ops := make([]port.SpeedOp, 32)
			for i := range ops {
				ops[i] = install()
			}
			do(b, speed, ops...)
		}
	})
	b.Run("deduct/single", func(b *testing.B) {
		do(b, speed, &port.SetStock{SKU: "A", Stock: 1 << 40})
		for b.Loop() {
			n++
			do(b, speed, deduct(fmt.Sprint("o", n), "1"))
		}
	})
}
