package explore_test

import (
	"context"
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/port"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

// forgetful is a deductor that saves memory: it remembers for a second which orders it has deducted.
type forgetful struct{ port.Speed }

// Do implements [port.Speed].
func (f forgetful) Do(ctx context.Context, ops ...port.SpeedOp) error {
	for _, op := range ops {
		if d, ok := op.(*port.Deduct); ok {
			d.TTL = "1"
		}
	}
	return f.Speed.Do(ctx, ops...)
}

// A deductor of one's own, wired into a design of one's own, is explored like every other: the workload is a
// scenario, the guarantees are those that the design claims, and the first execution that breaks one is a
// schedule that can be replayed and shrunk.
func ExampleRun() {
	shop := article.Design()
	shop.Name = "forgetful"
	shop.Roles = []inventory.Role{{Name: "worker", Always: true, New: func(p inventory.Ports, o inventory.Options) port.Process {
		p.Speed = forgetful{p.Speed}
		return article.NewWorker(p, o)
	}}}
	tiny, err := scenario.Load("tiny") // two orders want 2 each, and there are 3
	if err != nil {
		panic(err)
	}
	result, err := explore.Run(context.Background(), explore.Config{Design: shop, Options: sim.CoreOptions(),
		Scenario: tiny, Kinds: []string{"crash"}, Seed: 1, Executions: 200})
	if err != nil {
		panic(err)
	}
	fmt.Println(result.Finding.Guarantee, "is violated")
	// Output: one-outcome is violated
}
