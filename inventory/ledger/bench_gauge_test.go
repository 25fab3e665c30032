package ledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"stockproof/inventory/port"
)

// counted counts round trips and statements on their way to the truth.
type counted struct {
	port.Truth
	rounds, statements, commits atomic.Int64
}

func (c *counted) Begin() port.Tx { return &countedTx{c.Truth.Begin(), c} }

type countedTx struct {
	port.Tx
	c *counted
}

func (t *countedTx) Do(ctx context.Context, batch ...port.Statement) error {
	t.c.rounds.Add(1)
	t.c.statements.Add(int64(len(batch)))
	return t.Tx.Do(ctx, batch...)
}

func (t *countedTx) Commit(ctx context.Context, batch ...port.Statement) error {
	t.c.rounds.Add(1)
	t.c.commits.Add(1)
	t.c.statements.Add(int64(len(batch)))
	return t.Tx.Commit(ctx, batch...)
}

// gauge measures what a run used: what limits it is what is used up.
type gauge struct {
	shop                        *shop
	began                       time.Time
	client, server, machine     float64 // CPU seconds
	rounds, statements, commits int64
}

// gauge starts the clock.
func (s *shop) gauge(b *testing.B) *gauge {
	b.Helper()
	s.exec(b, `VACUUM ANALYZE`)
	s.exec(b, `CHECKPOINT`)
	runtime.GC()
	g := s.read(b)
	b.StartTimer()
	return g
}

// report stops the clock: orders/s; the CPU time that an order costs client and server; how many cores
// there are and how many of them somebody else kept busy; what a commit holds, and how long one takes
// that holds nothing and waits for nobody.
func (g *gauge) report(b *testing.B, orders int) {
	b.StopTimer()
	h := g.shop.read(b)
	seconds, n := h.began.Sub(g.began).Seconds(), float64(orders)
	client, server := h.client-g.client, h.server-g.server
	commits := float64(h.commits - g.commits)
	b.ReportMetric(n/seconds, "orders/s")
	b.ReportMetric(1e6*client/n, "client-us/order")
	b.ReportMetric(1e6*server/n, "server-us/order")
	b.ReportMetric(float64(runtime.NumCPU()), "cores")
	b.ReportMetric(max(h.machine-g.machine-client-server, 0)/seconds, "other-cores")
	b.ReportMetric(n/commits, "orders/commit")
	b.ReportMetric(float64(h.rounds-g.rounds)/commits, "trips/commit")
	b.ReportMetric(float64(h.statements-g.statements)/commits, "statements/commit")
	b.ReportMetric(g.shop.emptyCommit(b), "empty-commit-us")
}

// emptyCommit is the median time of a commit of one small row: the log on its way to the disk.
func (s *shop) emptyCommit(b *testing.B) float64 {
	b.Helper()
	s.exec(b, `CREATE TABLE IF NOT EXISTS tick (n int8)`)
	took := make([]time.Duration, 101)
	for i := range took {
		began := time.Now()
		s.exec(b, `INSERT INTO tick VALUES (1)`)
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return float64(took[len(took)/2].Microseconds())
}

func (s *shop) read(b *testing.B) *gauge {
	b.Helper()
	g := &gauge{shop: s, rounds: s.counted.rounds.Load(), statements: s.counted.statements.Load(),
		commits: s.counted.commits.Load()}
	g.began = time.Now()
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		b.Fatal(err)
	}
	g.client = time.Duration(own.Utime.Nano() + own.Stime.Nano()).Seconds()
	g.server, g.machine = serverCPU(b, s.pg.Dir), machineCPU(b)
	return g
}

// ticks is how /proc counts CPU time: USER_HZ, 100 a second on Linux everywhere.
const ticks = 100.0

// serverCPU is what the server whose directory is dir has used, in seconds: of the postmaster and the
// backends that live. A pool that stays warm loses none.
func serverCPU(b *testing.B, dir string) (seconds float64) {
	b.Helper()
	file, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		b.Fatal(err)
	}
	postmaster, _, _ := strings.Cut(string(file), "\n")
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		// "pid (name) state ppid ...".
		pid, _, _ := strings.Cut(string(text), " ")
		_, rest, _ := strings.Cut(string(text), ") ")
		f := strings.Fields(rest)
		if len(f) < 2 || pid != postmaster && f[1] != postmaster {
			continue
		}
		if text, err = os.ReadFile(filepath.Join(filepath.Dir(path), "schedstat")); err != nil {
			continue
		}
		onCPU, _, _ := strings.Cut(string(text), " ") // nanoseconds; stat counts in hundredths of a second
		seconds += number(b, onCPU) / 1e9
	}
	return seconds
}

// machineCPU is what everybody on this machine has used, in seconds.
func machineCPU(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		b.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	f := strings.Fields(line) // cpu user nice system idle iowait irq softirq steal
	if len(f) < 9 {
		b.Fatalf("/proc/stat begins with %q", line)
	}
	return (number(b, f[1]) + number(b, f[2]) + number(b, f[3]) + number(b, f[6]) + number(b, f[7])) / ticks
}

func number(b *testing.B, s string) float64 {
	b.Helper()
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		b.Fatal(fmt.Errorf("read /proc: %w", err))
	}
	return n
}
