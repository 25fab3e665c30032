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
		for _, flight := range [][2]string{{"begin", writeSQL}, {writeSQL, "commit"}} {
			batch := &pgx.Batch{}
			for _, sql := range flight {
				if sql == writeSQL {
					batch.Queue(sql, "note")
				} else {
					batch.Queue(sql)
				}
			}
			if err := c.SendBatch(ctx, batch).Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
}
