package fakepg

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

// BenchmarkProtocol is the price of the wire alone: BEGIN, two statements and COMMIT in two flights.
func BenchmarkProtocol(b *testing.B) {
	s, _ := newEchoServer(b)
	c := dial(b, s)
	ctx := context.Background()
	for b.Loop() {
		first, last := &pgx.Batch{}, &pgx.Batch{}
		first.Queue("begin")
		first.Queue(writeSQL, "note")
		last.Queue(writeSQL, "note")
		last.Queue("commit")
		for _, flight := range []*pgx.Batch{first, last} {
			if err := c.SendBatch(ctx, flight).Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
}
