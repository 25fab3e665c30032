package sim

import (
	"context"
	"testing"
	"time"

	"stockproof/adapters/redis/command"
	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/engine"
	"stockproof/sim/observe"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

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
		var a checks.Audit
		if err := observe.NewWatch(checks.New(checks.Header{}), time.Now).Final(&a, w.Sizes); err != nil {
			t.Fatal(err)
		}
		all := a.State
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
	tap := observe.NewTap(s.Watch, func(observe.Point) bool { return false })
	fetch := func(part int32, from int64, rs ...port.Record) uint64 {
		t.Helper()
		p := tap.Wrap(inventory.Ports{Broker: oneClaim{part: part, rs: rs}})
		m, err := p.Broker.Join(t.Context(), "workers", model.CommandTopic)
		if err != nil {
			t.Fatal(err)
		}
		c, err := m.Claim(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Fetch(t.Context(), port.Position{Offset: from}, 1, 0); err != nil {
			t.Fatal(err)
		}
		return s.StateDigest(0)
	}
	record := port.Record{Topic: model.CommandTopic, Offset: 3}
	nothing := s.StateDigest(0)
	held := fetch(0, 3, record)
	again := fetch(0, 3, record)
	done := fetch(0, 4)
	elsewhere := fetch(1, 3, record)
	if held == nothing || again != held || done != nothing || elsewhere == held {
		t.Errorf("nothing %x, held %x, again %x, done %x, of another partition %x", nothing, held, again, done, elsewhere)
	}
}

// oneClaim is a broker whose members have one partition, where these records are next.
type oneClaim struct {
	port.Broker
	part int32
	rs   []port.Record
}

func (c oneClaim) Join(context.Context, string, string) (port.Member, error) {
	return claiming{claim: c}, nil
}

type claiming struct {
	port.Member
	claim oneClaim
}

func (m claiming) Claim(context.Context) (port.Claim, error) { return claimed{oneClaim: m.claim}, nil }

type claimed struct {
	port.Claim
	oneClaim
}

func (c claimed) Topic() string    { return model.CommandTopic }
func (c claimed) Partition() int32 { return c.part }
func (c claimed) Fetch(context.Context, port.Position, int, time.Duration) ([]port.Record, error) {
	return c.rs, nil
}

func simpleScenario(t *testing.T) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("one", "one", "stockproof scenario 1\nworkload stock sku=A qty=1\nworkload order=o1 sku=A qty=1\nexpect holds\n")
	if err != nil {
		t.Fatal(err)
	}
	return s
}
