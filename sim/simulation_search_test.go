package sim

import (
	"testing"

	"stockproof/adapters/memory/redis"
	"stockproof/checks"
	"stockproof/inventory/port"
	"stockproof/sim/engine"
	"stockproof/sim/workload"
)

// In a search the clock stands still, and yet an answer comes before the calls that follow it: a checker that took the
// two for concurrent would let a later call be decided first. Which came first is part of the state, too.
func TestInASearchAnAnswerComesBeforeTheCallsThatFollowIt(t *testing.T) {
	w, err := simpleScenario(t).Build(workload.DefaultParams(), 1)
	if err != nil {
		t.Fatal(err)
	}
	state := func(events ...checks.Event) uint64 {
		s, err := NewSimulation(engine.New(engine.Options{}), SimulationConfig{Options: CoreOptions(), Workload: w, Search: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Engine.Close()
		for _, e := range events {
			before := s.instant()
			s.told(e)
			_, answers := e.(checks.Return)
			if s.instant().After(before) != answers {
				t.Errorf("%T at %v: the next event is at %v", e, before, s.instant())
			}
		}
		return s.StateDigest(0)
	}
	call, answer := checks.Call{Client: 1}, checks.Return{Attempt: 1}
	if state(call, answer) == state(answer, call) {
		t.Error("a call before an answer and one behind it are one state")
	}
	other := checks.Call{Client: 2}
	if state(call, other) != state(other, call) {
		t.Error("the order of two calls, which are concurrent either way, makes two states")
	}
}

// What a search chooses loses one write at most, and a scenario's own failover in a search what the scenario says.
func TestASearchKeepsWhatItsFailoversLose(t *testing.T) {
	w, err := simpleScenario(t).Build(workload.DefaultParams(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		own  []Fault
		kept int
	}{{nil, SearchLoses}, {[]Fault{{Kind: "redis-failover", Lose: 3}}, 3}, {[]Fault{{Kind: "replica-reads", N: 2}}, 2}} {
		s, err := NewSimulation(engine.New(engine.Options{}), SimulationConfig{Options: CoreOptions(), Workload: w, Search: true,
			Kinds: []string{"redis-failover"}, Faults: x.own})
		if err != nil {
			t.Fatal(err)
		}
		for n := range int64(5) {
			if err := s.Redis.Client().Do(t.Context(), &port.SetStock{SKU: "A", Stock: n}); err != nil {
				t.Fatal(err)
			}
		}
		if lost := s.Redis.Failover(0, redis.Promotion{Lose: 5}); len(lost) != x.kept {
			t.Errorf("%v: a failover loses %d writes, not %d", x.own, len(lost), x.kept)
		}
		s.Engine.Close()
	}
}
