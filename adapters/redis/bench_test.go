package redis_test

import (
	"fmt"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"stockproof/adapters/redis"
	"stockproof/adapters/servers"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Each script on a real Redis 7 over loopback, through the port: one call at a time, and pipelined.
// The time is per script.
func BenchmarkScriptsOnRedis7(b *testing.B) {
	addr := servers.Redis(b)
	raw := goredis.NewClient(&goredis.Options{Addr: addr})
	b.Cleanup(func() { _ = raw.Close() })
	speed := redis.New(redis.Options{Addrs: []string{addr}})
	b.Cleanup(func() { _ = speed.Close() })
	n := int64(0)
	lane := model.LaneKey{SKU: "SKU-101", Loc: model.MainLocation}
	for _, c := range []struct {
		name string
		op   func() port.SpeedOp
	}{
		{"install", func() port.SpeedOp {
			return &port.InstallLane{Space: port.SpeedSpace, Lane: lane, Epoch: 1 << 50, Seq: n, FromSeq: n, Avail: 5, OnHand: 9, At: 1_760_000_000_000}
		}},
		{"read", func() port.SpeedOp { return &port.ReadLane{Space: port.SpeedSpace, Lane: lane} }},
		{"deduct", func() port.SpeedOp {
			return &port.Deduct{SKU: "SKU-101", Order: fmt.Sprint("o", n), Qty: "1", TTL: "86400"}
		}},
		{"credit", func() port.SpeedOp {
			return &port.Credit{SKU: "SKU-101", Order: fmt.Sprint("c", n), Qty: "1", TTL: "86400"}
		}},
		{"beat", func() port.SpeedOp { return &port.WriteBeat{Space: port.SpeedSpace, Partition: 1, At: n} }},
	} {
		for _, size := range []int{1, 32, 256} {
			name := fmt.Sprintf("%s/pipelined by %d", c.name, size)
			if size == 1 {
				name = c.name + "/single"
			}
			b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
				must(b, raw.FlushAll(b.Context()).Err())
				must(b, speed.Do(b.Context(), &port.SetStock{SKU: "SKU-101", Stock: 1 << 50}))
				b.ResetTimer()
				for done := 0; done < b.N; done += size {
					ops := make([]port.SpeedOp, size)
					for i := range ops {
						n++
						ops[i] = c.op()
					}
					if err := speed.Do(b.Context(), ops...); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "scripts/s")
			})
		}
	}
}
