package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"stockproof/adapters/memory"
	"stockproof/adapters/memory/kafka"
	"stockproof/inventory/port"
)

// stepGate is a gate for one goroutine: what would wait fails instead.
type stepGate struct{}

var errWouldWait = errors.New("would wait")

func (stepGate) Call(_ context.Context, _ memory.Call, exec func() error) error { return exec() }

func (stepGate) Step() {}

func (stepGate) Between() {}

func (stepGate) Block(_ context.Context, w memory.Wait) error {
	if w.Until() {
		return nil
	}
	return errWouldWait
}

func (stepGate) Later(_ string, fn func()) { fn() }

func (stepGate) Local(fn func()) { fn() }

func (stepGate) NowMS() int64 { return 1_700_000_000_000 }

// groupWorld is a group on a topic of parts partitions, and what its members hold.
type groupWorld struct {
	k       *kafka.Server
	parts   int32
	joins   int
	members []worldMember
	claims  []worldClaim // taken and not released
}

type worldMember struct {
	id string
	m  port.Member
}

type worldClaim struct {
	port.Claim
	id string // of the member
}

func newGroupWorld(parts int32) *groupWorld {
	w := &groupWorld{k: kafka.New(stepGate{}, kafka.Options{}), parts: parts}
	w.k.CreateTopic(topicName, parts)
	return w
}

func (w *groupWorld) join() {
	w.joins++
	id := fmt.Sprint("m", w.joins)
	m, err := w.k.Client(id).Join(context.Background(), groupName, topicName)
	if err != nil {
		panic(err)
	}
	w.members = append(w.members, worldMember{id, m})
}

func (w *groupWorld) leave(m worldMember) {
	if err := m.m.Leave(context.Background()); err != nil {
		panic(err)
	}
	w.members = slices.DeleteFunc(w.members, func(o worldMember) bool { return o.id == m.id })
}

// take takes what is offered to a member.
func (w *groupWorld) take(m worldMember) (n int) {
	for {
		c, err := m.m.Claim(context.Background())
		if err != nil {
			return n
		}
		w.claims = append(w.claims, worldClaim{c, m.id})
		n++
	}
}

// release gives back what is revoked.
func (w *groupWorld) release() (n int) {
	w.claims = slices.DeleteFunc(w.claims, func(c worldClaim) bool {
		_, err := c.Fetch(context.Background(), port.Position{LeaderEpoch: -1}, 1, 0)
		if !errors.Is(err, port.ErrFenced) {
			return false
		}
		c.Release()
		n++
		return true
	})
	return n
}

// settle lets every member do what it has to until nothing changes, and returns how many claims had
// to be given back.
func (w *groupWorld) settle() (moved int) {
	for {
		n := 0
		for _, m := range w.members {
			w.k.Heartbeat(groupName, m.id)
			n += w.take(m) // or joins again, whereupon others must release
		}
		released := w.release()
		moved += released
		if n+released == 0 {
			return moved
		}
	}
}

// owners are, per partition, the members whose claims may commit.
func (w *groupWorld) owners() [][]string {
	by := make([][]string, w.parts)
	for _, c := range w.claims {
		if c.Commit(context.Background(), port.Position{}) == nil {
			by[c.Partition()] = append(by[c.Partition()], c.id)
		}
	}
	return by
}

// TestGroupInvariants: members join, leave, are evicted, claim and release at random. No
// partition is ever in two hands that may both commit; and once all is quiet every partition is in
// some hand, and no member has two more than another.
func TestGroupInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newGroupWorld(rapid.Int32Range(1, 7).Draw(t, "partitions"))
		one := func(fn func(worldMember)) func(*rapid.T) {
			return func(t *rapid.T) {
				if len(w.members) > 0 {
					fn(rapid.SampledFrom(w.members).Draw(t, "member"))
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"join":      func(*rapid.T) { w.join() },
			"leave":     one(w.leave),
			"evict":     one(func(m worldMember) { w.k.Evict(groupName, m.id) }),
			"heartbeat": one(func(m worldMember) { w.k.Heartbeat(groupName, m.id) }),
			"claim":     one(func(m worldMember) { w.take(m) }),
			"release": func(t *rapid.T) {
				if len(w.claims) > 0 {
					i := rapid.IntRange(0, len(w.claims)-1).Draw(t, "claim")
					w.claims[i].Release()
					w.claims = slices.Delete(w.claims, i, i+1)
				}
			},
			"": func(t *rapid.T) {
				for p, ids := range w.owners() {
					if len(ids) > 1 {
						t.Fatalf("partition %d is in the hands of %v", p, ids)
					}
				}
			},
		})
		if len(w.members) == 0 {
			return
		}
		w.settle()
		share := map[string]int{}
		for p, ids := range w.owners() {
			if len(ids) != 1 {
				t.Fatalf("at rest partition %d is in the hands of %v", p, ids)
			}
			share[ids[0]]++
		}
		for _, m := range w.members {
			if n, even := share[m.id], int(w.parts)/len(w.members); n < even || n > even+1 {
				t.Fatalf("%s holds %d of %d partitions of %d members", m.id, n, w.parts, len(w.members))
			}
		}
	})
}

func TestRebalanceMovesNoMoreThanItMust(t *testing.T) {
	w := newGroupWorld(7)
	for _, want := range []int{0, 3, 2, 1} { // 7; 4+3; 3+2+2; 2+2+2+1
		w.join()
		if moved := w.settle(); moved != want {
			t.Errorf("%d members: %d partitions moved, want %d", len(w.members), moved, want)
		}
	}
	w.leave(w.members[0])
	// What the leaver held is fenced, and nothing else moves.
	held := 0
	for _, c := range w.claims {
		if c.id == "m1" {
			held++
		}
	}
	if moved := w.settle(); moved != held {
		t.Errorf("after a leave %d partitions moved, want the leaver's %d", moved, held)
	}
}

func TestTheServerDoesTheSameEveryTime(t *testing.T) {
	history := func() (h []string) {
		w := newGroupWorld(5)
		for range 3 {
			w.join()
			w.settle()
		}
		w.k.Evict(groupName, "m2")
		w.settle()
		for p, ids := range w.owners() {
			h = append(h, fmt.Sprint(p, ids))
		}
		return append(h, w.k.TopicID(topicName).String())
	}
	if a, b := history(), history(); !slices.Equal(a, b) {
		t.Errorf("%v, then %v", a, b)
	}
}
