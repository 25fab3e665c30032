package sim

import (
	"context"
	"slices"
	"sync"

	"stockproof/inventory/port"
)

// joins remembers which groups a client joined.
type joins struct {
	port.Broker
	mu  sync.Mutex
	all []joined
}

type joined struct {
	group  string
	topic  string
	member port.Member
}

func (j *joins) Join(ctx context.Context, group, topic string) (port.Member, error) {
	m, err := j.Broker.Join(ctx, group, topic)
	if err == nil {
		j.mu.Lock()
		j.all = append(j.all, joined{group, topic, m})
		j.mu.Unlock()
	}
	return m, err
}

// reads reports whether the client joined a group of a topic.
func (j *joins) reads(topic string) bool {
	return slices.ContainsFunc(j.joined(), func(x joined) bool { return x.topic == topic })
}

func (j *joins) joined() []joined {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.all)
}
