package explore

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"stockproof/inventory"
	"stockproof/sim"
)

// drawnCampaign is a campaign that draws from kinds, over landmarks of its own: nothing but seed, kinds and landmarks decides.
func drawnCampaign(seed uint64, kinds ...string) *campaign {
	return &campaign{Config: Config{Seed: seed, Strategy: Random, MaxFaults: 4}, swarm: swarmKinds(seed, kinds),
		marks: landmarks{length: 60, all: []landmark{{"clients", "insert-orders", 2}, {"worker", "deduct", 2}, {"projection", "settle", 3}}}}
}

// A kind of fault more changes no draw of the others: who draws it is another execution in the faults that it makes, and in
// nothing else, and executions in whose swarm it is not are what they were.
func TestAKindOfFaultMoreLeavesTheDrawsOfTheOthersAlone(t *testing.T) {
	old := []string{"crash", "duplicate", "lost", "pause", "redis-failover"}
	for _, added := range []string{"advance-clock", "evict-keys", "wrong-key"} { // in front of, between and behind the others by name
		kept, same, taken := 0, 0, 0
		for _, kinds := range [][]string{append([]string{added}, old...), append(slices.Clone(old), added)} {
			before, after := drawnCampaign(7, old...), drawnCampaign(7, kinds...)
			for n := range 2000 {
				was, is := before.draw(n).faults, after.draw(n).faults
				met := slices.ContainsFunc(is, func(f sim.Fault) bool { return f.Kind == added })
				if !met && !slices.Equal(was, is) {
					t.Fatalf("%s: execution %d does not use it, and drew %v instead of %v", added, n, is, was)
				}
				if !met && len(is) > 0 {
					same++
				}
				for i, f := range is {
					switch {
					case f.Kind == added:
						taken++
					case i >= len(was) || f != was[i]:
						t.Fatalf("%s: execution %d, fault %d is %v of %v, it was %v", added, n, i, f, is, was)
					default:
						kept++
					}
				}
			}
		}
		if kept < 4000 || same < 1000 || taken < 500 {
			t.Errorf("%s: %d faults of the others, %d executions without it, %d faults of it: too few to compare", added, kept, same, taken)
		}
	}
}

// Every kind of a swarm makes about as many faults as every other, whatever it is called and wherever it stands.
func TestTheKindsOfASwarmAreDrawnAlikeOften(t *testing.T) {
	kinds := []string{"lost", "crash", "pause", "duplicate", "crash"} // twice is once
	k, drawn, faults, none := drawnCampaign(7, kinds...), map[string]int{}, 0, 0
	for n := range 8000 {
		fs := k.draw(n).faults
		for _, f := range fs {
			drawn[f.Kind]++
			faults++
		}
		if len(fs) == 0 {
			none++
		}
	}
	// Two faults an execution, but for one in sixteen that has no kind at all; none: these and one in five of the others.
	if len(drawn) != 4 || faults < 14_600 || faults > 15_400 || none < 1850 || none > 2150 {
		t.Errorf("%d faults of %v, %d executions without any", faults, drawn, none)
	}
	for kind, n := range drawn {
		if n < faults/4*9/10 || n > faults/4*11/10 {
			t.Errorf("%s: %d of %d", kind, n, faults)
		}
	}
}

// Every topic of a design is struck, that of its commands most, and no fault that takes no topic has one.
func TestFaultsOfTopicsStrikeAllOfThem(t *testing.T) {
	k := drawnCampaign(7, "crash", "duplicate", "truncate")
	k.Design.Topics = []inventory.Topic{{Name: "commands"}, {Name: "states"}, {Name: "decisions"}}
	drawn := map[string]int{}
	for n := range 2000 {
		for _, f := range k.draw(n).faults {
			if f.Kind == "crash" && f.Topic != "" {
				t.Fatal(f)
			}
			if f.Kind != "crash" {
				drawn[f.Topic]++
			}
		}
	}
	if drawn[""] < 1000 || drawn["commands"] < 300 || drawn["states"] < 300 || drawn["decisions"] < 300 || len(drawn) != 4 {
		t.Errorf("drawn: %v", drawn)
	}
}

// What a seed draws is fixed for good: recorded campaigns, and figures that were measured, rest on it.
func TestWhatASeedDrawsIsGolden(t *testing.T) {
	k := drawnCampaign(7, "crash", "duplicate", "lost", "pause", "redis-failover", "advance-clock")
	var b strings.Builder
	for n := range 6 {
		for i, f := range k.draw(n).faults {
			fmt.Fprintf(&b, "%d.%d %s\n", n, i, f)
		}
	}
	if b.String() != golden {
		t.Errorf("drawn:\n%s", b.String())
	}
}

const golden = `0.0 crash role=projection after=settle nth=3
0.1 pause role=worker after=deduct by=1s
1.0 lost role=worker before=deduct
1.1 lost role=worker before=deduct nth=3
1.2 redis-failover of=worker before=deduct nth=3 lose=2
2.0 duplicate of=clients before=insert-orders nth=2 n=3
2.1 pause role=projection before=settle nth=2 by=1m
3.0 advance-clock of=worker after=deduct by=1m
3.1 advance-clock of=clients after=insert-orders nth=2 by=1s
5.0 duplicate of=clients before=insert-orders nth=2 n=1
`
