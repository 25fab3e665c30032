package kafka_test

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"stockproof/adapters/contract"
	fake "stockproof/adapters/fakes/kafka"
	"stockproof/adapters/kafka"
	"stockproof/inventory/port"
)

type rig struct{ c *fake.Cluster }

func start(t testing.TB, brokers int) rig {
	c, err := fake.Start(fake.Options{Brokers: brokers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return rig{c}
}

// options are for a group that settles in milliseconds, not seconds.
func (r rig) options(id string) kafka.Options {
	return kafka.Options{
		Seeds: r.c.Seeds(), ClientID: id, Dialer: r.c.Dialer(id),
		SessionTimeout: time.Minute, HeartbeatInterval: 50 * time.Millisecond,
		RebalanceTimeout: 20 * time.Second, FetchMaxWait: 20 * time.Millisecond,
		Extra: []kgo.Opt{kgo.RetryBackoffFn(func(int) time.Duration { return 5 * time.Millisecond })},
	}
}

func (r rig) connect(t testing.TB, o kafka.Options) *kafka.Broker {
	b, err := kafka.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func (r rig) Client(t *testing.T, id string) port.Broker { return r.connect(t, r.options(id)) }

func (r rig) CreateTopic(t *testing.T, name string, partitions int32) {
	if err := r.c.CreateTopic(fake.Topic{Name: name, Partitions: partitions}); err != nil {
		t.Fatal(err)
	}
}

func (r rig) DeleteRecords(t *testing.T, topic string, partition int32, offset int64) {
	if err := r.c.DeleteRecords(topic, partition, offset); err != nil {
		t.Fatal(err)
	}
}

func (r rig) Evict(t *testing.T, group, client string) {
	if err := r.c.Evict(context.Background(), group, client); err != nil {
		t.Fatal(err)
	}
}

func TestClientOnTheFakeKeepsTheBrokerContract(t *testing.T) {
	contract.Broker(t, func(t *testing.T) contract.BrokerRig { return start(t, 1) })
}

func TestClientOnThreeBrokersKeepsTheBrokerContract(t *testing.T) {
	contract.Broker(t, func(t *testing.T) contract.BrokerRig { return start(t, 3) })
}
