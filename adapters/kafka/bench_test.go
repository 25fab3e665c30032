package kafka_test

import (
	"testing"

	"stockproof/inventory/port"
)

// 100-byte records on one broker of the in-process fake, over the loopback.
func benchRecords(n int) []port.Record {
	rs := make([]port.Record, n)
	for i := range rs {
		rs[i] = port.Record{
			Topic: topic, Partition: int32(i % 8), Key: []byte("SKU-1"), Value: make([]byte, 100),
		}
	}
	return rs
}

func BenchmarkProduce(b *testing.B) {
	for _, size := range []int{1, 100, 1000} {
		b.Run(map[int]string{1: "1", 100: "100", 1000: "1000"}[size], func(b *testing.B) {
			w := newWorld(b, 1, 8, nil)
			rs := benchRecords(size)
			w.put(b, 0, 0, 1)
			b.ResetTimer()
			for range b.N {
				if err := w.b.Produce(b.Context(), rs...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func BenchmarkFetch(b *testing.B) {
	const stored = 50_000
	w := newWorld(b, 1, 1, nil)
	w.put(b, 0, 0, stored)
	c := w.claims(b, w.b, 1)[0]
	b.ResetTimer()
	read, at := 0, int64(0)
	for read < b.N {
		rs, err := c.Fetch(b.Context(), from(at), 500, 0)
		if err != nil {
			b.Fatal(err)
		}
		read += len(rs)
		if at += int64(len(rs)); at == stored {
			at = 0
		}
	}
	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "records/s")
}
