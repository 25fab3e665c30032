package redis_test

import (
	"errors"
	"slices"
	"testing"

	"stockproof/adapters/live"
	"stockproof/adapters/memory/redis"
	"stockproof/inventory/port"
	"stockproof/model"
)

// A look reads what a client would, and eviction chooses as if nobody had looked.
func TestALookIsNoUse(t *testing.T) {
	r := redis.New(live.Gate(), redis.Options{})
	doAll(t, r.Client(), &port.SetStock{SKU: "B", Stock: 4}, &port.SetStock{SKU: "A", Stock: 10}, installOf("C"))
	stock, absent := &port.GetStock{SKU: "B"}, &port.GetStock{SKU: "Z"}
	lane := &port.ReadLane{Space: port.SpeedSpace, Lane: model.LaneKey{SKU: "C", Loc: model.MainLocation}}
	for _, op := range []port.SpeedOp{stock, absent, lane} {
		if err := r.Look(op); err != nil {
			t.Errorf("%T: %v", op, err)
		}
	}
	if !stock.Found || stock.Stock != 4 || absent.Found || !lane.Found {
		t.Errorf("seen: %+v, %+v, %+v", stock, absent, lane)
	}
	if got := r.Evict(0, redis.AllKeysLRU, 1); !slices.Equal(got, []string{"stock:{B}"}) {
		t.Errorf("evicted is %q: the look counted as a use", got)
	}
	r.Command("SET", "stock:{A}", "1.5")
	if err := r.Look(&port.GetStock{SKU: "A"}); !errors.Is(err, port.ErrContract) {
		t.Errorf("a foreign value: %v", err)
	}
	if err := r.Look(deductOf("A", "o1", "1")); err == nil {
		t.Error("a script was run by a look")
	}
}
