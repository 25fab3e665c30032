package checks_test

import (
	"fmt"
	"runtime"
	"testing"

	"stockproof/checks/linear"
)

// BenchmarkFlashSale10M judges ten million operations of one hot SKU at 512 clients, each time a history made anew, which
// is not part of what is measured.
func BenchmarkFlashSale10M(b *testing.B) {
	const operations, clients = 10_000_000, 512
	for _, lost := range []int{0, 1, 5} {
		b.Run(fmt.Sprintf("versions/lost=%d%%", lost), func(b *testing.B) {
			judgeSale(b, operations, clients, lost, linear.Version)
		})
	}
	b.Run("versions+ledger/lost=5%", func(b *testing.B) { judgeSale(b, operations, clients, 5, linear.Ledger) })
}

// judgeSale measures one batch judgement; the allocated bytes are what the checker asked for in all.
func judgeSale(b *testing.B, operations, clients, lost int, shows linear.Capability) {
	for b.Loop() {
		b.StopTimer()
		s := flashSale(operations, clients, lost)
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		b.StartTimer()
		r, _ := linear.Linearizable(s.ops, s.spec, linear.Options{Capability: shows, Ledger: s.ledger})
		b.StopTimer()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/1e6, "MB/check")
		b.Log(r)
		if r.Verdict == linear.Fail || r.Verdict == linear.Undecided && (lost == 0 || shows == linear.Ledger) {
			b.Errorf("a clean history: %v", r)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(operations), "ns/operation")
}
