package servers

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	clusterMasters = 3
	clusterSlots   = 16384
)

// RedisCluster starts three masters without replicas for this test alone and returns their addresses once every one
// of them reports cluster_state:ok with all slots served. The node timeout is 2 s.
func RedisCluster(t testing.TB) (addrs []string) {
	t.Helper()
	for _, node := range StartRedisCluster(t) {
		addrs = append(addrs, node.Addr)
	}
	return addrs
}

// StartRedisCluster is RedisCluster for tests that kill and restart nodes. Settings are lines of every redis.conf.
func StartRedisCluster(t testing.TB, settings ...string) []*RedisNode {
	t.Helper()
	var nodes []*RedisNode
	for range clusterMasters {
		node, err := startRedis(true, settings)
		require(t, err)
		t.Cleanup(func() { node.discard(t) })
		nodes = append(nodes, node)
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	if err := join(ctx, nodes); err != nil {
		t.Fatalf("form a Redis Cluster: %v", err)
	}
	if err := AwaitCluster(ctx, nodes); err != nil {
		t.Fatal(err)
	}
	return nodes
}

// join gives every node its share of the slots and introduces the others to the first.
func join(ctx context.Context, nodes []*RedisNode) error {
	first := redis.NewClient(&redis.Options{Addr: nodes[0].Addr})
	defer first.Close()
	for i, node := range nodes {
		client := redis.NewClient(&redis.Options{Addr: node.Addr})
		defer client.Close()
		from, to := i*clusterSlots/len(nodes), (i+1)*clusterSlots/len(nodes)-1
		// Distinct epochs from the start spare the nodes the conflict resolution that gossip would do later.
		if err := client.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return fmt.Errorf("set the config epoch of %s: %w", node.Addr, err)
		}
		if err := client.ClusterAddSlotsRange(ctx, from, to).Err(); err != nil {
			return fmt.Errorf("give slots %d-%d to %s: %w", from, to, node.Addr, err)
		}
		if i == 0 {
			continue
		}
		if err := first.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", node.port, node.busPort).Err(); err != nil {
			return fmt.Errorf("introduce %s to %s: %w", node.Addr, nodes[0].Addr, err)
		}
	}
	return nil
}

// AwaitCluster blocks until every node reports cluster_state:ok, all slots served and all nodes known, as after the
// restart of one. Redis takes about the node timeout to say so. The error names the node that did not.
func AwaitCluster(ctx context.Context, nodes []*RedisNode) error {
	for _, node := range nodes {
		client := redis.NewClient(&redis.Options{Addr: node.Addr})
		defer client.Close()
		for {
			err := clusterOK(ctx, client, len(nodes))
			if err == nil {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("wait for the Redis Cluster at %s: %w\n%s", node.Addr,
					errors.Join(ctx.Err(), err), logTail(node.Dir))
			case <-time.After(pollEvery):
			}
		}
	}
	return nil
}

func clusterOK(ctx context.Context, client *redis.Client, nodes int) error {
	info, err := client.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	state, slots, known := field(info, "cluster_state"), field(info, "cluster_slots_ok"), field(info, "cluster_known_nodes")
	if state != "ok" || slots != fmt.Sprint(clusterSlots) || known != fmt.Sprint(nodes) {
		return fmt.Errorf("cluster_state:%s, %s slots ok, %s nodes known", state, slots, known)
	}
	return nil
}
