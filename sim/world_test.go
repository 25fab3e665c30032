package sim

import (
	"errors"
	"testing"
	"time"

	"stockproof/adapters/redis/command"
	"stockproof/inventory/port"
)

// A speed layer that is slow to answer is waited for, as long as WorldOptions say; behind that it is a
// server of which nothing is known, which is an infrastructure error and no verdict.
func TestAWireWorldWaitsForASlowSpeedLayer(t *testing.T) {
	slow := func(timeout time.Duration, release bool) error {
		w, err := NewWireWorld(WorldOptions{Timeout: timeout})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		p, done, err := w.Open("test")
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		if err := p.Speed.Do(t.Context(), &port.SetStock{SKU: "A", Stock: 5}); err != nil {
			t.Fatal(err)
		}
		stuck, free, answer := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		w.OnStockChange(func(command.StockChange) { // within the server: it answers nobody meanwhile
			close(stuck)
			<-free
		})
		go func() {
			answer <- p.Speed.Do(t.Context(), &port.Deduct{SKU: "A", Order: "o", Qty: "1", TTL: "60"})
		}()
		<-stuck
		if release {
			time.Sleep(100 * time.Millisecond)
			close(free)
			return <-answer
		}
		defer close(free)
		return <-answer
	}
	if err := slow(20*time.Millisecond, false); !errors.Is(err, port.ErrUnknown) {
		t.Errorf("behind the time limit: %v", err)
	}
	if err := slow(0, true); err != nil {
		t.Errorf("the default gave up a server that was slow: %v", err)
	}
}
