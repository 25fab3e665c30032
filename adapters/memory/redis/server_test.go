package redis_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"stockproof/adapters/memory"
	"stockproof/adapters/memory/redis"
	"stockproof/adapters/redis/command"
	"stockproof/inventory/port"
	"stockproof/model"
)

// stillGate is a gate without goroutines: it counts calls and steps, and can lose either half of a
// call.
type stillGate struct {
	calls, steps int
	nowMS        int64
	loseRequest  bool
	loseReply    bool
}

func (g *stillGate) Call(_ context.Context, _ memory.Call, exec func() error) error {
	g.calls++
	if g.loseRequest {
		return port.ErrUnknown
	}
	if err := exec(); err != nil || !g.loseReply {
		return err
	}
	return port.ErrUnknown
}
func (g *stillGate) Between()                                 { g.Step() }
func (g *stillGate) Step()                                    { g.steps++ }
func (g *stillGate) Block(context.Context, memory.Wait) error { return errors.New("redis never waits") }
func (g *stillGate) Later(_ string, fn func())                { fn() }
func (g *stillGate) Local(fn func())                          { fn() }
func (g *stillGate) NowMS() int64                             { return g.nowMS }

func deductOf(sku, order, qty string) *port.Deduct {
	return &port.Deduct{SKU: sku, Order: order, Qty: qty, TTL: "86400"}
}

// The scenario of the token that is gone after 25 hours: the order is deducted twice, and the server
// says so, with the order's name.
func TestATokenThatExpiredIsSeenAsTwoDeductions(t *testing.T) {
	gate := &stillGate{nowMS: 1_700_000_000_000}
	r := redis.New(gate, redis.Options{})
	var seen []command.StockChange
	r.OnStockChange(func(c command.StockChange) { seen = append(seen, c) })
	ctx, speed := context.Background(), r.Client()
	do := func(ops ...port.SpeedOp) {
		t.Helper()
		if err := speed.Do(ctx, ops...); err != nil {
			t.Fatal(err)
		}
	}
	do(&port.SetStock{SKU: "A", Stock: 10})
	do(deductOf("A", "o1", "0x2"))
	do(deductOf("A", "o1", "2")) // a duplicate: no change
	r.AdvanceClock(24 * time.Hour)
	last := deductOf("A", "o1", "2")
	do(last)
	if last.Reply != port.DeductAlready {
		t.Errorf("in the token's last millisecond: reply %d", last.Reply)
	}
	r.AdvanceClock(time.Millisecond)
	do(deductOf("A", "o1", "2"))
	do(&port.Credit{SKU: "A", Order: "r1", Qty: "5", TTL: "86400"})
	half := deductOf("A", "o2", "3")
	half.TTL = "0"
	if err := speed.Do(ctx, half); !errors.Is(err, port.ErrContract) {
		t.Fatalf("a token without life: %v", err)
	}
	want := []command.StockChange{
		{Op: "set stock", Key: "stock:{A}", SKU: "A", Before: 0, After: 10},
		{Op: "deduct", Key: "stock:{A}", SKU: "A", Order: "o1", Before: 10, After: 8},
		{Op: "deduct", Key: "stock:{A}", SKU: "A", Order: "o1", Before: 8, After: 6},
		{Op: "credit", Key: "stock:{A}", SKU: "A", Order: "r1", Before: 6, After: 11},
		{Op: "deduct", Key: "stock:{A}", SKU: "A", Order: "o2", Before: 11, After: 8}, // the script failed after it
	}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("seen %+v\nwant %+v", seen, want)
	}
	if got, want := r.Keys(), []string{"idempotent:{A}:o1", "idempotent:{A}:r1", "stock:{A}"}; !reflect.DeepEqual(got, want) {
		t.Errorf("keys %q, want %q", got, want)
	}
	r.AdvanceClock(25 * time.Hour)
	if got, want := r.Keys(), []string{"stock:{A}"}; !reflect.DeepEqual(got, want) {
		t.Errorf("keys a day later %q, want %q", got, want)
	}
}

func TestAPipelineIsOneCallPerMasterAndAStepPerOperation(t *testing.T) {
	ops := func() (all []port.SpeedOp) {
		for i := range 30 {
			lane := model.LaneKey{SKU: model.SKU(fmt.Sprint("SKU-", i)), Loc: model.MainLocation}
			all = append(all, &port.InstallLane{Space: port.SpeedSpace, Lane: lane, Epoch: 1, Seq: 1})
		}
		return all
	}
	for _, c := range []struct{ masters, calls, steps int }{{0, 1, 29}, {1, 1, 29}, {3, 3, 27}} {
		gate := &stillGate{}
		if err := redis.New(gate, redis.Options{Masters: c.masters}).Client().Do(context.Background(), ops()...); err != nil {
			t.Fatal(err)
		}
		if gate.calls != c.calls || gate.steps != c.steps {
			t.Errorf("%d masters: %d calls, %d steps; want %d, %d", c.masters, gate.calls, gate.steps, c.calls, c.steps)
		}
	}
	gate := &stillGate{}
	if err := redis.New(gate, redis.Options{}).Client().Do(context.Background()); err != nil || gate.calls != 0 {
		t.Errorf("no operations: %d calls, %v", gate.calls, err)
	}
}

func TestALostCallIsTheGatesErrorAndFillsNothing(t *testing.T) {
	gate := &stillGate{}
	r := redis.New(gate, redis.Options{Name: "redis-7"})
	r.Command("SET", "stock:{A}", "10")
	for _, c := range []struct {
		loseRequest, loseReply bool
		left                   string
	}{{true, false, "10"}, {false, true, "9"}} {
		gate.loseRequest, gate.loseReply = c.loseRequest, c.loseReply
		op, beat := deductOf("A", "o1", "1"), &port.ReadBeat{Space: port.SpeedSpace}
		err := r.Client().Do(context.Background(), op, beat)
		if !errors.Is(err, port.ErrUnknown) || !errors.Is(op.Err, port.ErrUnknown) || !errors.Is(beat.Err, port.ErrUnknown) {
			t.Errorf("%v, operations %v and %v", err, op.Err, beat.Err)
		}
		for _, word := range []string{"redis-7", "deduct", `"stock:{A}"`} {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("the error does not say %s: %v", word, err)
			}
		}
		if op.Reply != 0 {
			t.Errorf("reply %d of a lost call", op.Reply)
		}
		if got := r.Command("GET", "stock:{A}"); got != c.left {
			t.Errorf("stock %v, want %s", got, c.left)
		}
	}
}

func TestARestartWithoutPersistenceIsEmptyAndHasAnotherIdentity(t *testing.T) {
	r := redis.New(&stillGate{}, redis.Options{Masters: 3})
	lane := model.LaneKey{SKU: "A", Loc: model.MainLocation}
	id := func() string {
		op := &port.ReadReplication{Lane: lane}
		if err := r.Client().Do(context.Background(), op); err != nil {
			t.Fatal(err)
		}
		return op.ReplID
	}
	r.Command("SET", "stock:{A}", "10")
	before := id()
	r.RestartEmpty()
	if len(r.Keys()) != 0 || id() == before {
		t.Errorf("keys %q, identity %q before and %q after", r.Keys(), before, id())
	}
}

// The same calls in the same order leave the same state: listing depends on nothing but that.
func TestTheServerIsDeterministic(t *testing.T) {
	run := func() string {
		r := redis.New(&stillGate{nowMS: 5}, redis.Options{})
		for i := range 200 {
			op := deductOf(fmt.Sprint("S", i%7), fmt.Sprint("o", i), "-1")
			if err := r.Client().Do(context.Background(), op); err != nil {
				t.Fatal(err)
			}
			if i%3 == 0 {
				r.Command("DEL", fmt.Sprint("idempotent:{S", i%7, "}:o", i))
			}
		}
		return fmt.Sprint(r.Keys(), r.Command("GET", "stock:{S3}"))
	}
	if first, second := run(), run(); first != second {
		t.Errorf("two runs differ:\n%s\n%s", first, second)
	}
}

func BenchmarkLuaHost(b *testing.B) {
	r := redis.New(&stillGate{}, redis.Options{})
	r.Command("SET", "stock:{A}", "1000000000")
	speed, ctx := r.Client(), context.Background()
	lane := model.LaneKey{SKU: "A", Loc: model.MainLocation}
	n := int64(0)
	for _, c := range []struct {
		name string
		op   func() port.SpeedOp
	}{
		{"install", func() port.SpeedOp {
			return &port.InstallLane{Space: "inv", Lane: lane, Epoch: 1 << 50, Seq: n, FromSeq: n, Avail: 5, OnHand: 9, At: 1_700_000_000_000}
		}},
		{"install duplicate", func() port.SpeedOp { return &port.InstallLane{Space: "inv", Lane: lane, Epoch: 1, Seq: 1} }},
		{"deduct", func() port.SpeedOp { r.Command("DEL", "idempotent:{A}:o"); return deductOf("A", "o", "1") }},
		{"deduct duplicate", func() port.SpeedOp { return deductOf("A", "o", "1") }},
		{"credit", func() port.SpeedOp {
			r.Command("DEL", "idempotent:{A}:c")
			return &port.Credit{SKU: "A", Order: "c", Qty: "1", TTL: "86400"}
		}},
		{"beat", func() port.SpeedOp { return &port.WriteBeat{Space: "inv", At: n} }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n++
				if err := speed.Do(ctx, c.op()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
