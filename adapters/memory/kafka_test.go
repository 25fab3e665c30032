package memory_test

import (
	"testing"
	"time"

	"stockproof/adapters/contract"
	"stockproof/adapters/memory"
	"stockproof/inventory/port"
)

func plainGate() *memory.Plain {
	return memory.NewPlain(time.Now, func(d time.Duration, fn func()) func() bool {
		return time.AfterFunc(d, fn).Stop
	})
}

type kafkaRig struct{ k *memory.Kafka }

func (r kafkaRig) Client(_ *testing.T, id string) port.Broker { return r.k.Client(id) }

func (r kafkaRig) CreateTopic(_ *testing.T, name string, partitions int32) {
	r.k.CreateTopic(name, partitions)
}

func (r kafkaRig) DeleteRecords(_ *testing.T, topic string, partition int32, offset int64) {
	r.k.DeleteRecords(topic, partition, offset)
}

func (r kafkaRig) Evict(t *testing.T, group, client string) {
	if !r.k.Evict(group, client) {
		t.Fatalf("group %s has no member of %s", group, client)
	}
}

func TestKafkaKeepsTheBrokerContract(t *testing.T) {
	contract.Broker(t, func(*testing.T) contract.BrokerRig {
		return kafkaRig{memory.NewKafka(plainGate(), memory.KafkaOptions{})}
	})
}
