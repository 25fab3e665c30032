package kafka

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"stockproof/inventory/port"
)

// member implements [port.Member]. Its one mutex guards its claims and their buffers too.
type member struct {
	b     *Broker
	group string
	topic string

	membership *kgo.Client // told partitions; fetches nothing
	data       *kgo.Client // reads partitions; knows no group

	mu      sync.Mutex
	held    map[int32]*claim // by partition: what the group counts as ours
	offered []*claim         // not yet taken by Claim
	trouble error            // what the membership client could not do, for Claim to report
	left    bool
	changed chan struct{} // closed and replaced whenever something above changes

	orders []order            // for the loop that owns the data client (fetch.go)
	poke   context.CancelFunc // wakes it
}

// Join implements [port.Broker].
func (b *Broker) Join(ctx context.Context, group, topic string) (port.Member, error) {
	bounded, cancel := b.options.bounded(ctx)
	defer cancel()
	if _, err := b.topic(bounded, topic); err != nil {
		return nil, err
	}
	m := &member{
		b: b, group: group, topic: topic,
		held: make(map[int32]*claim), changed: make(chan struct{}), poke: func() {},
	}
	if err := m.connect(); err != nil {
		return nil, fmt.Errorf("kafka %s: join group %s: %w: %w",
			b.options.seeds(), group, port.ErrContract, err)
	}
	go m.watch()
	go m.read()
	return m, nil
}

func (m *member) connect() (err error) {
	o := &m.b.options
	m.data, err = o.client(
		kgo.ConsumeResetOffset(kgo.NoResetOffset()), // never jump: the consumer decides
		kgo.KeepRetryableFetchErrors(),              // one of them says that the topic is another one
		kgo.FetchMaxWait(o.FetchMaxWait),
		kgo.WithHooks((*dataHooks)(m)),
	)
	if err != nil {
		return err
	}
	m.membership, err = o.client(
		kgo.ConsumerGroup(m.group),
		kgo.ConsumeTopics(m.topic),
		kgo.DisableAutoCommit(),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.SessionTimeout(o.SessionTimeout),
		kgo.HeartbeatInterval(o.HeartbeatInterval),
		kgo.RebalanceTimeout(o.RebalanceTimeout),
		kgo.MaxConcurrentFetches(0), // none but while polled
		kgo.AdjustFetchOffsetsFn(m.assigned),
		kgo.OnPartitionsRevoked(m.revoked),
		kgo.OnPartitionsLost(m.lost),
		kgo.WithHooks((*groupHooks)(m)),
	)
	if err != nil {
		m.data.Close()
		return err
	}
	m.membership.PauseFetchTopics(m.topic) // and not while polled either
	return nil
}

// watch polls the membership client, which fetches nothing, for what it can only say that way: a
// partition whose offset it may not read.
func (m *member) watch() {
	for {
		fetches := m.membership.PollFetches(context.Background())
		if fetches.IsClientClosed() {
			return
		}
		fetches.EachError(func(_ string, p int32, err error) {
			m.report(err, fmt.Sprintf("group %s, %s[%d]", m.group, m.topic, p))
		})
	}
}

// groupHooks is member as franz-go's hook.
type groupHooks member

// OnGroupManageError is why a group session ended.
func (h *groupHooks) OnGroupManageError(err error) {
	m := (*member)(h)
	m.report(err, fmt.Sprintf("group %s on %s", m.group, m.topic))
}

// report keeps an error for Claim. Being evicted is none: the client joins again by itself.
func (m *member) report(err error, doing string) {
	if class := classOf(err, reads); class == nil || class == port.ErrFenced {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trouble = m.b.classified(err, reads, "%s", doing)
	m.notify()
}

// notify wakes whoever waits for the member or one of its claims. The mutex is held.
func (m *member) notify() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// assigned is the group's word, with the committed offsets; it may be said twice.
func (m *member) assigned(
	_ context.Context, offsets map[string]map[int32]kgo.Offset,
) (map[string]map[int32]kgo.Offset, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var parts []int32
	for p := range offsets[m.topic] {
		parts = append(parts, p)
	}
	slices.Sort(parts)
	for _, p := range parts {
		if m.held[p] == nil && !m.left {
			at := offsets[m.topic][p].EpochOffset()
			m.offer(p, port.Position{Offset: at.Offset, LeaderEpoch: at.Epoch}, at.Offset >= 0)
		}
	}
	m.notify()
	return offsets, nil
}

// offer makes a claim for Claim to return. The mutex is held.
func (m *member) offer(p int32, committed port.Position, known bool) {
	c := &claim{m: m, partition: p, committed: committed, committedKnown: known, gone: make(chan struct{})}
	m.held[p] = c
	m.offered = append(m.offered, c)
}

// revoked waits until what the group wants back has been released, but never so long that the group
// would evict the member. What is late then is fenced, and moves.
func (m *member) revoked(ctx context.Context, _ *kgo.Client, parts map[string][]int32) {
	claims := m.take(parts[m.topic], (*claim).revoke)
	patience := time.NewTimer(m.b.options.RebalanceTimeout * 3 / 4)
	defer patience.Stop()
	for _, c := range claims {
		select {
		case <-c.gone:
			continue
		case <-patience.C:
		case <-ctx.Done():
		}
		break
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range claims {
		c.end()
	}
	m.notify()
}

// lost is an eviction: others hold the partitions already.
func (m *member) lost(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
	m.take(parts[m.topic], (*claim).end)
}

// take takes partitions out of the member's hands, marks their claims, and returns those that
// somebody is working on.
func (m *member) take(parts []int32, mark func(*claim)) (working []*claim) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range parts {
		c := m.held[p]
		if c == nil {
			continue
		}
		delete(m.held, p)
		mark(c)
		if i := slices.Index(m.offered, c); i >= 0 {
			m.offered = slices.Delete(m.offered, i, i+1)
			c.end()
			continue
		}
		working = append(working, c)
	}
	m.notify()
	return working
}
