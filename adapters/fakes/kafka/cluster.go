package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Topic is a topic of the cluster.
type Topic struct {
	Name       string
	Partitions int32
	Compacted  bool
}

// Options are a cluster's settings.
type Options struct {
	// Brokers is how many there are. Default 1. Partition p is led by broker p modulo Brokers: kfake
	// would draw leaders from the global random source.
	Brokers int
	Topics  []Topic
	// MinSessionTimeout is the shortest that a group member may ask for. Default 100 ms, where Kafka
	// has 6 s.
	MinSessionTimeout time.Duration
}

// Cluster is a running fake.
type Cluster struct {
	fake  *kfake.Cluster
	links links
}

// Start listens on free ports of 127.0.0.1.
func Start(options Options) (*Cluster, error) {
	brokers := max(1, options.Brokers)
	if options.MinSessionTimeout <= 0 {
		options.MinSessionTimeout = 100 * time.Millisecond
	}
	fake, err := kfake.NewCluster(
		kfake.NumBrokers(brokers),
		kfake.ClusterID("stockproof"),
		kfake.GroupMinSessionTimeout(options.MinSessionTimeout),
	)
	if err != nil {
		return nil, fmt.Errorf("start the Kafka fake: %w", err)
	}
	c := &Cluster{fake: fake, links: links{cut: make(map[string]bool)}}
	for _, t := range options.Topics {
		if err := c.CreateTopic(t); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// Close ends it and every connection.
func (c *Cluster) Close() { c.fake.Close() }

// Seeds are the brokers' addresses.
func (c *Cluster) Seeds() []string { return c.fake.ListenAddrs() }

// Fake is the kfake cluster itself, for its faults and controls.
func (c *Cluster) Fake() *kfake.Cluster { return c.fake }

// CreateTopic makes a topic, or an existing one anew, with another identity.
func (c *Cluster) CreateTopic(t Topic) error {
	if c.fake.TopicInfo(t.Name) != nil {
		if err := c.fake.DeleteTopic(t.Name); err != nil {
			return fmt.Errorf("delete topic %s of the Kafka fake: %w", t.Name, err)
		}
	}
	var configs map[string]string
	if t.Compacted {
		configs = map[string]string{"cleanup.policy": "compact"}
	}
	if err := c.fake.CreateTopic(t.Name, t.Partitions, configs); err != nil {
		return fmt.Errorf("create topic %s of the Kafka fake: %w", t.Name, err)
	}
	brokers := int32(len(c.Seeds()))
	for p := range t.Partitions {
		if brokers == 1 {
			break
		}
		if err := c.fake.MoveTopicPartition(t.Name, p, p%brokers); err != nil {
			return fmt.Errorf("place %s[%d] of the Kafka fake: %w", t.Name, p, err)
		}
	}
	return nil
}

// DeleteRecords is retention: records below offset go.
func (c *Cluster) DeleteRecords(topic string, partition int32, offset int64) error {
	return c.fake.DeleteRecords(topic, partition, offset)
}

// Evict removes the members of a client from a group, as a session timeout does: they learn of it at
// their next heartbeat.
func (c *Cluster) Evict(ctx context.Context, group, clientID string) error {
	admin, err := kgo.NewClient(kgo.SeedBrokers(c.Seeds()...))
	if err != nil {
		return err
	}
	defer admin.Close()
	described, err := kadm.NewClient(admin).DescribeGroups(ctx, group)
	if err != nil {
		return fmt.Errorf("describe group %s of the Kafka fake: %w", group, err)
	}
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = group
	for _, m := range described[group].Members {
		if m.ClientID == clientID {
			leaving := kmsg.NewLeaveGroupRequestMember()
			leaving.MemberID = m.MemberID
			req.Members = append(req.Members, leaving)
		}
	}
	if len(req.Members) == 0 {
		return fmt.Errorf("group %s of the Kafka fake has no member of client %s", group, clientID)
	}
	resp, err := req.RequestWith(ctx, admin)
	if err != nil {
		return fmt.Errorf("evict %s from group %s of the Kafka fake: %w", clientID, group, err)
	}
	return kerr.ErrorForCode(resp.ErrorCode)
}
