package explore_test

import (
	"context"
	"testing"

	"stockproof/sim/explore"
)

// BenchmarkExhaust is the search of the whole chain for its first 3000 states, on one core.
func BenchmarkExhaust(b *testing.B) {
	c := chain(b, "tiny")
	c.States, c.Cores = 3000, 1
	b.ReportAllocs()
	states, executions, steps := 0, 0, int64(0)
	for range b.N {
		p, err := explore.Exhaust(context.Background(), c)
		if err != nil {
			b.Fatal(err)
		}
		states, executions, steps = states+p.States, executions+p.Executions, steps+p.Steps
	}
	seconds := b.Elapsed().Seconds()
	b.ReportMetric(float64(states)/seconds, "states/s")
	b.ReportMetric(float64(executions)/seconds, "executions/s")
	b.ReportMetric(float64(steps)/seconds, "steps/s")
	b.ReportMetric(seconds*1e9/float64(steps), "ns/step")
}
