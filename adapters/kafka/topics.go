package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"stockproof/inventory/port"
	"stockproof/model"
)

// topicInfo is what a client must know of a topic before it writes to it.
type topicInfo struct {
	id         model.ID
	partitions int32
}

// topicCache remembers topics until a connection breaks. Asking the brokers then, before anything is
// sent, is what tells "did not happen" from "nobody knows".
type topicCache struct {
	mu     sync.Mutex
	known  map[string]topicInfo
	broken atomic.Bool
}

// OnBrokerConnect is franz-go's hook.
func (c *topicCache) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err != nil {
		c.broken.Store(true)
	}
}

// OnBrokerDisconnect is franz-go's hook.
func (c *topicCache) OnBrokerDisconnect(kgo.BrokerMetadata, net.Conn) { c.broken.Store(true) }

func (c *topicCache) get(name string) (topicInfo, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken.Swap(false) {
		clear(c.known)
	}
	info, ok := c.known[name]
	return info, ok
}

func (c *topicCache) put(name string, info topicInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = make(map[string]topicInfo)
	}
	c.known[name] = info
}

func (c *topicCache) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, name)
}

// topic is what is known of a topic, asked of the brokers if need be.
func (b *Broker) topic(ctx context.Context, name string) (topicInfo, error) {
	if info, ok := b.topics.get(name); ok {
		return info, nil
	}
	return b.lookUp(ctx, name)
}

// lookUp asks the brokers in any case, past franz-go's own cache.
func (b *Broker) lookUp(ctx context.Context, name string) (topicInfo, error) {
	req := kmsg.NewPtrMetadataRequest()
	asked := kmsg.NewMetadataRequestTopic()
	asked.Topic = kmsg.StringPtr(name)
	req.Topics = append(req.Topics, asked)
	resp, err := req.RequestWith(ctx, b.producer)
	if err == nil && len(resp.Topics) != 1 {
		err = fmt.Errorf("the answer has %d topics: %w", len(resp.Topics), port.ErrUnavailable)
	}
	if err == nil {
		err = kerr.ErrorForCode(resp.Topics[0].ErrorCode)
	}
	if err != nil {
		return topicInfo{}, b.classified(err, reads, "look up topic %s", name)
	}
	t := resp.Topics[0]
	info := topicInfo{id: model.ID(t.TopicID), partitions: int32(len(t.Partitions))}
	b.topics.put(name, info)
	return info, nil
}

// Topic is a topic that should exist.
type Topic struct {
	Name       string
	Partitions int32
	// Compacted keeps the last record of each key (cleanup.policy=compact): right for a topic whose
	// records carry state, a loss of commands for any other.
	Compacted bool
}

// EnsureTopics creates what is missing, with the brokers' default replication, and returns every
// topic's identity in the order given. A topic that exists with another number of partitions is
// ErrContract: keys would move.
func (b *Broker) EnsureTopics(ctx context.Context, topics ...Topic) ([]model.ID, error) {
	ctx, cancel := b.options.bounded(ctx)
	defer cancel()
	ids := make([]model.ID, len(topics))
	for i, t := range topics {
		var configs map[string]*string
		if t.Compacted {
			configs = map[string]*string{"cleanup.policy": kadm.StringPtr("compact")}
		}
		_, err := b.admin.CreateTopic(ctx, t.Partitions, -1, configs, t.Name)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return nil, b.classified(err, writes, "create topic %s", t.Name)
		}
		info, err := b.lookUp(ctx, t.Name)
		if err != nil {
			return nil, err
		}
		if info.partitions != t.Partitions {
			err := fmt.Errorf("it has %d partitions: %w", info.partitions, port.ErrContract)
			return nil, b.classified(err, reads, "create topic %s with %d partitions", t.Name, t.Partitions)
		}
		ids[i] = info.id
	}
	return ids, nil
}
