package sim

import (
	"time"

	"stockproof/adapters/live"
	"stockproof/adapters/memory/kafka"
	"stockproof/adapters/memory/postgres"
	"stockproof/adapters/memory/redis"
	"stockproof/adapters/redis/command"
	"stockproof/inventory"
	"stockproof/inventory/port"
)

// MemoryWorld is the servers of adapters/memory behind ordinary goroutines.
type MemoryWorld struct {
	Postgres *postgres.Server
	Redis    *redis.Server
	Kafka    *kafka.Server
}

// NewMemoryWorld starts empty servers.
func NewMemoryWorld(o WorldOptions) *MemoryWorld {
	gate := live.Gate()
	w := &MemoryWorld{Postgres: postgres.New(gate, postgres.Options{}),
		Redis: redis.New(gate, redis.Options{}), Kafka: kafka.New(gate, kafka.Options{})}
	for _, t := range o.Topics {
		w.Kafka.CreateTopic(t.Name, o.Partitions)
	}
	return w
}

// About implements [World].
func (w *MemoryWorld) About() string { return "memory (goroutines: not deterministic)" }

// Open implements [World].
func (w *MemoryWorld) Open(instance string) (inventory.Ports, func(), error) {
	truth := w.Postgres.Client()
	b := &joins{Broker: w.Kafka.Client(instance)}
	p := inventory.Ports{Truth: truth, Speed: w.Redis.Client(), Broker: b, Runtime: live.Runtime{},
		Monitor: port.Quiet{}, OrderEvent: orderEvent}
	return p, func() {
		w.Postgres.Kill(truth)
		for _, j := range b.joined() {
			w.Kafka.Evict(j.group, instance)
		}
	}, nil
}

// Slot implements [World].
func (w *MemoryWorld) Slot(name string, tables ...string) port.Slot {
	return w.Postgres.Slot(name, tables...)
}

// AdvanceRedis implements [World].
func (w *MemoryWorld) AdvanceRedis(d time.Duration) { w.Redis.AdvanceClock(d) }

// OnStockChange implements [World].
func (w *MemoryWorld) OnStockChange(fn func(command.StockChange)) { w.Redis.OnStockChange(fn) }

// Sizes implements [World].
func (w *MemoryWorld) Sizes(each func(key string, bytes int)) error {
	w.Redis.Sizes(each)
	return nil
}

// Close implements [World].
func (w *MemoryWorld) Close() {}
