package checks_test

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"stockproof/checks/linear"
)

// BenchmarkFlashSale10M judges ten million operations of one hot SKU at 512 clients, each time a history made anew, which
// is not part of what is measured; beside it, how far porcupine gets.
func BenchmarkFlashSale10M(b *testing.B) {
	const operations, clients = 10_000_000, 512
	for _, lost := range []int{0, 1, 5} {
		b.Run(fmt.Sprintf("versions/lost=%d%%", lost), func(b *testing.B) {
			judgeSale(b, operations, clients, lost, linear.Version)
		})
	}
	b.Run("versions+ledger/lost=5%", func(b *testing.B) { judgeSale(b, operations, clients, 5, linear.Ledger) })
	b.Run("streaming/lost=0%", func(b *testing.B) { streamSale(b, operations, clients, 0, streamed) })
	b.Run("streaming+ledger/lost=5%", func(b *testing.B) { streamSale(b, operations, clients, 5, certified) })
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("porcupine/operations=%d", n), func(b *testing.B) { besidePorcupine(b, n, clients) })
	}
}

// streamSale feeds a sale to a streaming checker, event by event.
func streamSale(b *testing.B, operations, clients, lost int, feed func(s sale, events []int32) linear.Report) {
	used := time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		s := flashSale(operations, clients, lost, lost > 0)
		events := inOrder(s.ops, int64(clients)*gap)
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		b.StartTimer()
		began := processorTime()
		r := feed(s, events)
		b.StopTimer()
		used += processorTime() - began
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/1e6, "MB/check")
		b.Log(r)
		if r.Verdict != linear.Pass {
			b.Errorf("a clean history: %v", r)
		}
		b.StartTimer()
	}
	perOperation(b, operations, used)
}

// perOperation reports the time of an operation: what passed, and what of it this process had a processor, which is less
// where others want it too.
func perOperation(b *testing.B, operations int, used time.Duration) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(operations), "ns/operation")
	b.ReportMetric(float64(used.Nanoseconds())/float64(b.N)/float64(operations), "cpu-ns/operation")
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// streamed gives a sale to [linear.Stream].
func streamed(s sale, events []int32) linear.Report {
	stream := linear.NewStream(s.spec)
	handles := make([]linear.Handle, len(s.ops))
	for _, e := range events {
		i := max(e, ^e)
		op := &s.ops[i]
		switch {
		case e >= 0:
			handles[i] = stream.Invoke(op)
		case op.Return == linear.Open:
			stream.Timeout(handles[i])
		default:
			stream.Return(handles[i], op)
		}
	}
	return stream.Quiesce(nil)
}

// certified gives a sale and its ledger to [linear.Certifier].
func certified(s sale, events []int32) linear.Report {
	c := linear.NewCertifier(s.spec)
	for _, e := range events {
		i := max(e, ^e)
		op := &s.ops[i]
		if e >= 0 {
			c.Call(op, i)
		} else if op.Return != linear.Open {
			c.Return(op, i)
		}
	}
	return c.Judge(s.ledger)
}

// inOrder are the events of a sale in time: i for the call of operation i, ^i for its return, or for its time-out a
// patience after the call.
func inOrder(ops []linear.Op, patience int64) []int32 {
	ends := make([]int64, len(ops))
	for i := range ops {
		ends[i] = min(ops[i].Return, ops[i].Call+patience)
	}
	order := byArrival(ends)
	events := make([]int32, 0, 2*len(ops))
	next := 0
	for _, i := range order {
		for next < len(ops) && ops[next].Call <= ends[i] {
			events = append(events, int32(next))
			next++
		}
		events = append(events, ^i)
	}
	return events
}

// besidePorcupine prints whether porcupine decides a smaller sale within 10 s and 2 GB, and what we say of it.
func besidePorcupine(b *testing.B, operations, clients int) {
	const seconds, megabytes = 10, 2000
	s := flashSale(operations, clients, 0, false)
	for b.Loop() {
		verdict := make(chan linear.Verdict, 1)
		go func() { verdict <- linear.Porcupine(s.ops, s.spec, seconds*time.Second) }()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for waiting := true; waiting; {
			select {
			case v := <-verdict:
				waiting = false
				if v == linear.Undecided {
					b.Logf("porcupine, %d operations: given up after %d s", operations, seconds)
				} else {
					b.Logf("porcupine, %d operations: decided, %s", operations, v)
				}
			case <-tick.C:
				var m runtime.MemStats
				if runtime.ReadMemStats(&m); m.HeapAlloc > megabytes<<20 {
					waiting = false
					b.Logf("porcupine, %d operations: given up at %d MB", operations, m.HeapAlloc>>20)
					<-verdict // it has a time-out of its own, and must not run beside what is measured next
				}
			}
		}
	}
	if r, _ := linear.Versioned(s.ops, s.spec, linear.Options{}); r.Verdict != linear.Pass {
		b.Error(r)
	}
}

// judgeSale measures one batch judgement; the allocated bytes are what the checker asked for in all.
func judgeSale(b *testing.B, operations, clients, lost int, shows linear.Capability) {
	used := time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		s := flashSale(operations, clients, lost, false)
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		b.StartTimer()
		began := processorTime()
		r, _ := linear.Linearizable(s.ops, s.spec, linear.Options{Capability: shows, Ledger: s.ledger})
		b.StopTimer()
		used += processorTime() - began
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/1e6, "MB/check")
		b.Log(r)
		if r.Verdict == linear.Fail || r.Verdict == linear.Undecided && (lost == 0 || shows == linear.Ledger) {
			b.Errorf("a clean history: %v", r)
		}
		b.StartTimer()
	}
	perOperation(b, operations, used)
}
