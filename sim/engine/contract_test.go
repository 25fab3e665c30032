package engine

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"stockproof/adapters/contract"
	"stockproof/inventory/port"
)

// numbers is a generator for a random walk.
type numbers struct{ *rand.Rand }

func (n numbers) Below(limit uint64) uint64 { return n.Uint64N(limit) }

// The runtime of a simulated process keeps the port's contract in the usual order of actors and in any
// other.
func TestRuntimeContract(t *testing.T) {
	for name, chooser := range map[string]func() Chooser{
		"usual order": func() Chooser { return nil },
		"random walk": func() Chooser { return &Walk{Numbers: numbers{rand.New(rand.NewPCG(1, 2))}, Stay: 1} },
	} {
		t.Run(name, func(t *testing.T) {
			contract.Runtime(t, func(t *testing.T, body func(ctx context.Context, rt port.Runtime)) {
				e := New(Options{Chooser: chooser()})
				defer e.Close()
				p := e.NewProcess("p", "p")
				p.Go("main", func() { body(context.Background(), p.Runtime()) })
				if end := e.Run(e.Now().Add(1000*time.Hour), nil); end != Quiet {
					t.Errorf("the run ended by %d: %v", end, e.Failures())
				}
				e.Stop()
			})
		})
	}
}
