package engine_test

import (
	"fmt"
	"testing"

	"stockproof/inventory/port"
	"stockproof/sim/engine"
	"stockproof/sim/random"
)

// checked fails the test when a chooser picks nobody.
type checked struct {
	t *testing.T
	engine.Chooser
	preempted int
}

func (c *checked) Next(last engine.Point, ready []*engine.Actor, usual int) int {
	i := c.Chooser.Next(last, ready, usual)
	if i < 0 || i >= len(ready) {
		c.t.Fatalf("it chose %d of %d", i, len(ready))
	}
	if i != usual {
		c.preempted++
	}
	return i
}

func TestStrategiesChooseAmongThoseThatCanRun(t *testing.T) {
	for seed := range uint64(50) {
		numbers := random.Stream(seed, "choices")
		for _, c := range []engine.Chooser{&engine.Walk{Numbers: numbers, Stay: 1}, &engine.Walk{Numbers: numbers, Stay: 16},
			&engine.PCT{Numbers: numbers, Length: 100, Changes: 3}, &engine.PCT{Numbers: numbers}} {
			drive(t, &checked{t: t, Chooser: c}, 5)
		}
	}
}

func TestAWalkThatStaysPreemptsSeldom(t *testing.T) {
	often, seldom := &checked{t: t, Chooser: walk(1)}, &checked{t: t, Chooser: &engine.Walk{Numbers: random.Stream(1, "choices"), Stay: 64}}
	drive(t, often, 50)
	drive(t, seldom, 50)
	if seldom.preempted == 0 || often.preempted < 20*seldom.preempted {
		t.Errorf("preempted %d times with Stay 1 and %d times with Stay 64", often.preempted, seldom.preempted)
	}
}

// calls is n processes of three calls each; what the server saw is who ran when.
func calls(t *testing.T, c engine.Chooser, n int) (log []string) {
	w := newWorld(t, engine.Options{Chooser: c})
	for i := range n {
		w.begin(fmt.Sprint(i), func(port.Runtime) {
			for range 3 {
				_ = w.note(fmt.Sprint(i))
			}
		})
	}
	w.run()
	return w.log
}

// switches counts how often somebody else came next.
func switches(log []string) (n int) {
	for i := 1; i < len(log); i++ {
		if log[i] != log[i-1] {
			n++
		}
	}
	return n
}

// Without changes of priority PCT is a random order in which everybody runs to the end; each change
// interrupts once more at most.
func TestPCTInterruptsAsOftenAsItMay(t *testing.T) {
	orders, most := map[string]bool{}, 0
	for seed := range uint64(300) {
		for changes := range 3 {
			log := calls(t, &engine.PCT{Numbers: random.Stream(seed, "choices"), Length: 21, Changes: changes}, 3)
			n := switches(log)
			if n > 2+changes {
				t.Fatalf("%d switches with %d changes: %v", n, changes, log)
			}
			if changes == 0 {
				orders[fmt.Sprint(log)] = true
			}
			most = max(most, n)
		}
	}
	if len(orders) != 6 || most != 4 {
		t.Errorf("%d orders of 3 processes, at most %d switches; want 6 and 4", len(orders), most)
	}
}

// Walks reach every interleaving of a small program: two processes of three calls have 20.
func TestWalksReachEveryInterleaving(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(2000) {
		seen[fmt.Sprint(calls(t, walk(seed), 2))] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d interleavings, want 20", len(seen))
	}
}
