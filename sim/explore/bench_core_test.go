package explore_test

import (
	"bytes"
	"cmp"
	"fmt"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/pprof/profile"

	"stockproof/adapters/memory/luahost"
	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/rowlock"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/random"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// BenchmarkCore is whole executions as a campaign runs them, with checks, production codecs and scripts in the
// path: a world is built, the stock is brought in, clients work under a random walk, the books are audited and
// judged. Per execution: the chain of ledger (intake, connector, 2 workers, projection) with 3 orders, and a
// scenario of few steps; on one core, and on two with an engine each.
func BenchmarkCore(b *testing.B) {
	for _, c := range []struct {
		name string
		of   sim.SimulationConfig
	}{
		{"ledger, 3 orders", chainOf(b, ledger.Design(), 3)},
		{"rowlock, 1 order", chainOf(b, rowlock.Design(), 1)},
	} {
		for _, cores := range []int{1, 2} {
			name := fmt.Sprintf("%s, %d core", c.name, cores)
			if cores > 1 {
				name += "s"
			}
			var spent costs
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				stop := spent.measure()
				steps := executions(b, c.of, cores)
				stop(b)
				seconds := b.Elapsed().Seconds()
				b.ReportMetric(float64(b.N)/seconds, "executions/s")
				b.ReportMetric(float64(steps)/seconds, "steps/s")
				b.ReportMetric(float64(steps)/float64(b.N), "steps/op")
				b.ReportMetric(seconds*1e9*float64(cores)/float64(steps), "ns/step")
			})
			spent.print(name)
		}
	}
}

// chainOf is n orders that want more of one SKU than there is, without the roles that watch and repair.
func chainOf(b *testing.B, d inventory.Design, n int) sim.SimulationConfig {
	text := fmt.Sprintf("stockproof scenario 1\n# Orders of one SKU.\nworkload clients=%d\nworkload stock sku=A qty=%d\n",
		min(n, 2), 2*n-1)
	for i := range n {
		text += fmt.Sprintf("workload order=o%d sku=A qty=2 policy=all-or-nothing\n", i+1)
	}
	s, err := scenario.Parse("orders", "orders.scenario", text+"expect holds\n")
	if err != nil {
		b.Fatal(err)
	}
	c := sim.SimulationConfig{Design: d, Options: sim.CoreOptions(),
		Without: []string{"sweeper", "coordinator", "heart", "feed", "bootstrap", "reconciler"}}
	c.Options.Channels = nil
	if c.Workload, err = s.Build(workload.DefaultParams(), 1); err != nil {
		b.Fatal(err)
	}
	return c
}

// executions runs b.N of them and counts their steps.
func executions(b *testing.B, c sim.SimulationConfig, cores int) int64 {
	var next, steps atomic.Int64
	var all sync.WaitGroup
	for range cores {
		all.Go(func() {
			c := c
			c.Lua = luahost.New()
			e := engine.New(engine.Options{})
			defer e.Close()
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				c.Chooser = &engine.Walk{Numbers: random.Stream(uint64(n), "choices"), Stay: 4}
				s, err := sim.NewSimulation(e, c)
				if err != nil {
					b.Error(err)
					return
				}
				out, err := s.Run()
				if err != nil || out.Result != checks.Holds {
					b.Error(err, out.Result)
					return
				}
				steps.Add(int64(out.Steps))
			}
		})
	}
	all.Wait()
	return steps.Load()
}

// costs are where the processor's time went.
type costs struct {
	whole int64 // ns
	parts map[string]int64
}

// enough is how much of the processor's time has to be in a profile that says where it went, ns.
const enough = 500e6

// measure takes a profile until it is told to stop. Where somebody takes one already there is none.
func (c *costs) measure() (stop func(b *testing.B)) {
	var taken bytes.Buffer
	if pprof.StartCPUProfile(&taken) != nil {
		return func(*testing.B) {}
	}
	return func(b *testing.B) {
		pprof.StopCPUProfile()
		p, err := profile.Parse(&taken)
		if err != nil {
			b.Fatalf("parse the profile: %v", err)
		}
		*c = costs{parts: map[string]int64{}}
		for _, s := range p.Sample {
			ns := s.Value[len(s.Value)-1]
			c.whole += ns
			c.parts[part(s)] += ns
		}
	}
}

// part is what a sample was taken in: the innermost frame that says so.
func part(s *profile.Sample) string {
	for _, at := range s.Location {
		for _, line := range at.Line {
			name := line.Function.Name
			switch {
			case strings.HasPrefix(name, "runtime.mallocgc"), strings.HasPrefix(name, "runtime.gc"),
				strings.HasPrefix(name, "runtime.bg"):
				return "allocation and collection"
			case strings.HasPrefix(name, "runtime.coro"), strings.HasPrefix(name, "iter.Pull"):
				return "switching coroutines"
			case strings.HasPrefix(name, "github.com/yuin/gopher-lua"):
				return "the Lua interpreter"
			case strings.HasPrefix(name, "stockproof/"):
				return packageOf(strings.TrimPrefix(name, "stockproof/"))
			}
		}
	}
	return "the rest of the runtime"
}

// packageOf is the package of a function: what stands before the first dot behind the last slash of its path.
func packageOf(function string) string {
	function, _, _ = strings.Cut(function, "[")
	function, _, _ = strings.Cut(function, "(")
	slash := strings.LastIndexByte(function, '/') + 1
	name, _, _ := strings.Cut(function[slash:], ".")
	return function[:slash] + name
}

// print prints the five largest, in the form that scripts/bench.awk reads.
func (c *costs) print(of string) {
	if c.whole < enough {
		return
	}
	var names []string
	for name := range c.parts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(c.parts[b], c.parts[a]), cmp.Compare(a, b))
	})
	for _, name := range names[:min(5, len(names))] {
		fmt.Printf("Cost\t%s\t%.0f\t%s\n", strings.ReplaceAll(of, " ", "_"), 100*float64(c.parts[name])/float64(c.whole), name)
	}
}
