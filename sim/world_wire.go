package sim

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	fakekafka "stockproof/adapters/fakes/kafka"
	fakepg "stockproof/adapters/fakes/postgres"
	fakeredis "stockproof/adapters/fakes/redis"
	"stockproof/adapters/kafka"
	"stockproof/adapters/live"
	mempg "stockproof/adapters/memory/postgres"
	"stockproof/adapters/postgres"
	"stockproof/adapters/redis"
	"stockproof/adapters/redis/command"
	"stockproof/inventory"
	"stockproof/inventory/port"
)

// WireWorld is the real clients (pgx, franz-go, go-redis) against fakes of their servers in this
// process: a PostgreSQL wire protocol over the store in memory, kfake, miniredis.
type WireWorld struct {
	Postgres *mempg.Server
	Wire     *fakepg.Server
	Kafka    *fakekafka.Cluster
	Redis    *fakeredis.Server

	timeout time.Duration
	lives   atomic.Int64
}

// NewWireWorld starts the fakes.
func NewWireWorld(o WorldOptions) (*WireWorld, error) {
	pg := mempg.New(live.Gate(), mempg.Options{})
	w := &WireWorld{Postgres: pg, Wire: fakepg.NewServer(fakepg.Memory(pg)), timeout: cmp.Or(o.Timeout, time.Minute)}
	var topics []fakekafka.Topic
	for _, t := range o.Topics {
		topics = append(topics, fakekafka.Topic{Name: t.Name, Partitions: o.Partitions, Compacted: t.Compact})
	}
	var err error
	if w.Kafka, err = fakekafka.Start(fakekafka.Options{Topics: topics}); err != nil {
		return nil, err
	}
	redis.DiscardClientLog() // what it would print, its errors say
	if w.Redis, err = fakeredis.Start(time.Now()); err != nil {
		w.Kafka.Close()
		return nil, fmt.Errorf("start the Redis fake: %w", err)
	}
	return w, nil
}

// About implements [World].
func (w *WireWorld) About() string { return "wire (native: not deterministic)" }

// wireConns is how many connections an instance keeps to each server.
const wireConns = 4

// Open implements [World].
func (w *WireWorld) Open(instance string) (inventory.Ports, func(), error) {
	life := fmt.Sprintf("%s.%d", instance, w.lives.Add(1)) // what a broker tells a new life from an old one by
	truth, err := postgres.Open(postgres.Options{DSN: "postgres://stockproof@postgres/app", MaxConns: wireConns,
		ApplicationName: life, Dial: w.Wire.Dial})
	if err != nil {
		return inventory.Ports{}, nil, err
	}
	broker, err := kafka.New(kafka.Options{Seeds: w.Kafka.Seeds(), ClientID: life, Dialer: w.Kafka.Dialer(life),
		FetchMaxWait: 100 * time.Millisecond, HeartbeatInterval: 200 * time.Millisecond, SessionTimeout: 10 * time.Second})
	if err != nil {
		truth.Close()
		return inventory.Ports{}, nil, err
	}
	speed := redis.New(redis.Options{Addrs: []string{fakeredis.Addr}, Dialer: w.Redis.Dial, PoolSize: wireConns,
		Timeout: w.timeout})
	groups := &joins{Broker: broker}
	p := inventory.Ports{Truth: truth, Speed: speed, Broker: groups, Runtime: live.Runtime{}, Monitor: port.Quiet{},
		OrderEvent: orderEvent}
	return p, func() {
		w.evict(life, groups.joined())
		broker.Close()
		_ = speed.Close() // nothing is left to say to a server that the process has left
		truth.Close()
	}, nil
}

// evict is what a session timeout does, without the wait for it: the groups forget the dead process,
// and its clients, which cannot know that they are dead, reach nobody any more.
func (w *WireWorld) evict(life string, joined []joined) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	for _, j := range joined {
		_ = w.Kafka.Evict(ctx, j.group, life) // not a member: it had left
	}
	w.Kafka.Cut(life)
	go func() {
		defer cancel()
		for _, j := range joined {
			_ = j.member.Leave(ctx) // frees what the client holds; nobody hears it
		}
	}()
}

// Slot implements [World].
func (w *WireWorld) Slot(name string, tables ...string) port.Slot {
	return w.Postgres.Slot(name, tables...)
}

// AdvanceRedis implements [World].
func (w *WireWorld) AdvanceRedis(d time.Duration) { w.Redis.AdvanceClock(d) }

// OnStockChange implements [World].
func (w *WireWorld) OnStockChange(fn func(command.StockChange)) { w.Redis.OnStockChange(fn) }

// Sizes implements [World].
func (w *WireWorld) Sizes(each func(key string, bytes int)) error { return w.Redis.Sizes(each) }

// Close implements [World].
func (w *WireWorld) Close() {
	w.Wire.Close()
	w.Redis.Close()
	w.Kafka.Close()
}
