package checks

import (
	"sync"
	"testing"
)

// Observe may be called from anywhere: every event gets a number of its own.
func TestEventsMayComeFromSeveralGoroutines(t *testing.T) {
	s := New(Header{Claims: Guarantees(), Capability: LedgerRows})
	const clients, each = 8, 100
	numbers := make(chan int, clients*each)
	var group sync.WaitGroup
	for range clients {
		group.Add(1)
		go func() {
			defer group.Done()
			for range each {
				numbers <- s.Observe(Delivery{Record: Record{Topic: "t"}, Fate: Fetched})
			}
		}()
	}
	group.Wait()
	close(numbers)
	seen := map[int]bool{}
	for n := range numbers {
		if n < 1 || n > clients*each || seen[n] {
			t.Fatalf("number %d", n)
		}
		seen[n] = true
	}
	if s.Events() != clients*each {
		t.Errorf("%d events, want %d", s.Events(), clients*each)
	}
}
