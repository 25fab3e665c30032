package kafka_test

import (
	"testing"

	"stockproof/adapters/contract"
	"stockproof/adapters/live"
	"stockproof/adapters/memory/kafka"
	"stockproof/inventory/port"
)

type rig struct{ k *kafka.Server }

func (r rig) Client(_ *testing.T, id string) port.Broker { return r.k.Client(id) }

func (r rig) CreateTopic(_ *testing.T, name string, partitions int32) {
	r.k.CreateTopic(name, partitions)
}

func (r rig) DeleteRecords(_ *testing.T, topic string, partition int32, offset int64) {
	r.k.DeleteRecords(topic, partition, offset)
}

func (r rig) Evict(t *testing.T, group, client string) {
	if !r.k.Evict(group, client) {
		t.Fatalf("group %s has no member of %s", group, client)
	}
}

func TestTheBrokerContractIsKept(t *testing.T) {
	contract.Broker(t, func(*testing.T) contract.BrokerRig {
		return rig{kafka.New(live.Gate(), kafka.Options{})}
	})
}
