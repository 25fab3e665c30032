package servers

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestRedisIsVersion7AndRefusesWritesWhenFull(t *testing.T) {
	ctx := context.Background()
	client := redis.NewClient(&redis.Options{Addr: Redis(t)})
	defer client.Close()
	info, err := client.Info(ctx, "server").Result()
	if err != nil {
		t.Fatal(err)
	}
	if version := field(info, "redis_version"); !strings.HasPrefix(version, "7.") {
		t.Errorf("redis_version is %q, want 7", version)
	}
	policy, err := client.ConfigGet(ctx, "maxmemory-policy").Result()
	if err != nil || policy["maxmemory-policy"] != "noeviction" {
		t.Errorf("maxmemory-policy is %v (%v), want noeviction", policy, err)
	}
}

func TestRedisComesBackEmptyUnlessAskedToKeep(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings []string
		want     int64
	}{
		{"default", nil, 0},
		{"append-only", []string{"appendonly yes", "appendfsync always"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := context.Background()
			node := StartRedis(t, c.settings...)
			client := redis.NewClient(&redis.Options{Addr: node.Addr, MaxRetries: -1})
			defer client.Close()
			if err := client.Set(ctx, "stock", 7, 0).Err(); err != nil {
				t.Fatal(err)
			}
			if err := node.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := client.Ping(ctx).Err(); err == nil {
				t.Fatal("a killed server answered")
			}
			if err := node.Restart(); err != nil {
				t.Fatal(err)
			}
			fresh := redis.NewClient(&redis.Options{Addr: node.Addr})
			defer fresh.Close()
			if got, err := fresh.Exists(ctx, "stock").Result(); err != nil || got != c.want {
				t.Errorf("%d keys after the crash (%v), want %d", got, err, c.want)
			}
		})
	}
}

func TestRedisThatCannotStartShowsItsLog(t *testing.T) {
	if _, err := redisBinary(); err != nil {
		require(t, err)
	}
	_, err := startRedis(false, []string{"no-such-directive 1"})
	if err == nil || !strings.Contains(err.Error(), "no-such-directive") {
		t.Fatalf("error does not show the server's own words: %v", err)
	}
}

func TestRedisClusterServesEverySlotAndRefusesKeysOfTwo(t *testing.T) {
	ctx := context.Background()
	addrs := RedisCluster(t)
	if len(addrs) != clusterMasters {
		t.Fatalf("%d addresses, want %d", len(addrs), clusterMasters)
	}
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs[:1]})
	defer cluster.Close()
	for i := range 100 {
		if err := cluster.Set(ctx, fmt.Sprintf("key-%d", i), i, 0).Err(); err != nil {
			t.Fatalf("key-%d: %v", i, err)
		}
	}
	for _, addr := range addrs {
		node := redis.NewClient(&redis.Options{Addr: addr})
		defer node.Close()
		if n, err := node.DBSize(ctx).Result(); err != nil || n == 0 {
			t.Errorf("%s holds %d keys (%v): it owns no slots", addr, n, err)
		}
		err := node.MGet(ctx, "a", "b").Err()
		if err == nil || !strings.HasPrefix(err.Error(), "CROSSSLOT") {
			t.Errorf("%s answered keys of two slots with %v, want CROSSSLOT", addr, err)
		}
	}
}

func TestRedisClusterHealsAfterRestartOfANode(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	nodes := StartRedisCluster(t)
	if err := nodes[1].Kill(); err != nil {
		t.Fatal(err)
	}
	if err := nodes[1].Restart(); err != nil {
		t.Fatal(err)
	}
	if err := AwaitCluster(ctx, nodes); err != nil {
		t.Fatal(err)
	}
}
