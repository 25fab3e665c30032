package sim

import (
	"testing"
	"time"

	"stockproof/adapters/redis/command"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/engine"
	"stockproof/sim/workload"
)

// A worker is done with what is before the position that it fetches from; what it never came back from stays.
func TestHoldingsAreWhatAWorkerNeverCameBackFrom(t *testing.T) {
	var h holdings
	who := holder{"workers", model.CommandTopic, 0}
	records := func(offsets ...int64) (rs []port.Record) {
		for _, o := range offsets {
			rs = append(rs, port.Record{Topic: model.CommandTopic, Offset: o, Key: []byte("A")})
		}
		return rs
	}
	offsets := func() (all []int64) {
		for _, held := range h.all(50) {
			all = append(all, held.Record.Offset)
		}
		return all
	}
	want := func(what string, times, since int64, offs ...int64) {
		t.Helper()
		got := h.all(50)
		if len(got) != len(offs) {
			t.Fatalf("%s: holds %v, want %v", what, offsets(), offs)
		}
		for i, held := range got {
			if held.Record.Offset != offs[i] || held.Times != times || held.Since != since || held.Until != 50 || held.SKU != "A" {
				t.Errorf("%s: %+v", what, held)
			}
		}
	}
	want("nothing yet", 0, 0)
	h.asks(who, port.Position{Offset: 3})
	h.handed(who, records(3, 4, 5), 10)
	want("handed out", 1, 10, 3, 4, 5)
	h.asks(who, port.Position{Offset: 3}) // a worker that starts anew
	h.handed(who, records(3, 4, 5, 6), 20)
	want("handed out again", 2, 10, 3, 4, 5, 6)
	h.asks(who, port.Position{Offset: 5})
	want("half of it is done", 0, 10, 5, 6)
	h.handed(who, records(5, 6), 30)
	h.asks(who, port.Position{Offset: 7})
	want("done", 0, 0)
	h.handed(who, records(7), 40)
	h.asks(who, port.Position{Offset: 2}) // a rewind: it will be handed 7 again
	want("it went back", 0, 0)
}

func TestARecordNamesItsSKUByItsKeyWhateverItsValue(t *testing.T) {
	lane := model.LaneKey{SKU: "A}", Loc: "east"}
	for _, c := range []struct {
		topic, key, value string
		sku               model.SKU
		ok                bool
	}{
		{model.CommandTopic, "A}", "garbage", "A}", true},
		{model.StateTopic, model.LaneTopicKey(lane), "", "A}", true},
		{model.StateTopic, "#0", "", "", false}, // a heartbeat
		{model.OrderTopic, `{"sku_id":"A"}`, "garbage", "A", true},
		{model.OrderTopic, `{"id":7}`, "garbage", "", false},
	} {
		sku, ok := recordSKU(port.Record{Topic: c.topic, Key: []byte(c.key), Value: []byte(c.value)})
		if sku != c.sku || ok != c.ok {
			t.Errorf("%s %s: %q %t", c.topic, c.key, sku, ok)
		}
	}
}

// What the speed layer keeps is counted alike in memory and in the fake that the real client talks to: keys by
// SKU, and the rest apart.
func TestFootprintsAreCountedBySKUOnEveryTier(t *testing.T) {
	wire, err := NewWireWorld(WorldOptions{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer wire.Close()
	for _, w := range []World{NewMemoryWorld(WorldOptions{}), wire} {
		p, done, err := w.Open("test")
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		lane := func(space string, loc model.Location) port.SpeedOp {
			return &port.InstallLane{Space: space, Lane: model.LaneKey{SKU: "A:1", Loc: loc}, Epoch: 1, Seq: 1, Avail: 5}
		}
		ops := []port.SpeedOp{lane(port.SpeedSpace, "main"), lane(port.SpeedSpace, "east"), lane(port.FeedSpace("web"), "main"),
			&port.WriteBeat{Space: port.SpeedSpace, Partition: 3, At: 7}, &port.SetStock{SKU: "B", Stock: 5},
			&port.Deduct{SKU: "B", Order: "o1", Qty: "1", TTL: "60"}}
		if err := p.Speed.Do(t.Context(), ops...); err != nil {
			t.Fatal(err)
		}
		all, err := footprints(w.Sizes)
		if err != nil {
			t.Fatal(err)
		}
		keys, bytes := map[model.SKU]int64{}, map[model.SKU]int64{}
		for _, f := range all {
			if f.Shared != (f.SKU == "") {
				t.Errorf("%+v", f)
			}
			keys[f.SKU], bytes[f.SKU] = f.Keys, f.Bytes
		}
		if len(all) != 3 || keys["A:1"] != 3 || keys["B"] != 2 || keys[""] != 1 {
			t.Errorf("%s: %+v", w.About(), all)
		}
		stock, token := command.StockKey("B", 0), command.TokenKey("B", "o1")
		if want := int64(len(stock) + len(token) + len("4") + len("1")); bytes["B"] != want {
			t.Errorf("%s: %d bytes of B, want %d", w.About(), bytes["B"], want)
		}
	}
}

// A search tells states apart in which workers hold different records, and no others: how often they were handed out
// decides nothing.
func TestWhatWorkersHoldIsPartOfAState(t *testing.T) {
	w, err := simpleScenario(t).Build(workload.DefaultParams(), 1)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSimulation(engine.New(engine.Options{}), SimulationConfig{Options: CoreOptions(), Workload: w, Search: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Engine.Close()
	h, who, rs := &s.Watch.holdings, holder{"workers", model.CommandTopic, 0}, []port.Record{{Topic: model.CommandTopic, Offset: 3}}
	state := func() uint64 { return s.StateDigest(0) }
	nothing := state()
	h.handed(who, rs, 10)
	held := state()
	h.handed(who, rs, 20)
	again := state()
	h.asks(who, port.Position{Offset: 4})
	done := state()
	h.handed(holder{"workers", model.CommandTopic, 1}, rs, 10)
	elsewhere := state()
	if held == nothing || again != held || done != nothing || elsewhere == held {
		t.Errorf("nothing %x, held %x, again %x, done %x, of another partition %x", nothing, held, again, done, elsewhere)
	}
}

func simpleScenario(t *testing.T) *Scenario {
	t.Helper()
	s, err := ParseScenario("one", "one", "stockproof scenario 1\nworkload stock sku=A qty=1\nworkload order=o1 sku=A qty=1\nexpect holds\n")
	if err != nil {
		t.Fatal(err)
	}
	return s
}
