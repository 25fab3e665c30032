package redis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"stockproof/adapters/contract"
	fakeredis "stockproof/adapters/fakes/redis"
	"stockproof/adapters/redis"
	"stockproof/adapters/servers"
)

func TestMiniredisKeepsTheSpeedContract(t *testing.T) {
	contract.Speed(t, func(t *testing.T) *contract.SpeedBed {
		server := startFake(t)
		return &contract.SpeedBed{
			Speed: fakeClient(t, server),
			Raw:   func(args ...string) (any, error) { return server.Command(args...) },
			Expire: func(string) {
				server.AdvanceClock(25 * time.Hour)
			},
			ForgetScripts: func() {
				if _, err := server.Command("SCRIPT", "FLUSH"); err != nil {
					t.Fatal(err)
				}
			},
			Servers:  []string{fakeredis.Addr},
			PlainLua: true,
		}
	})
}

func TestRedis7KeepsTheSpeedContract(t *testing.T) {
	addr := servers.Redis(t)
	raw := goredis.NewClient(&goredis.Options{Addr: addr, Protocol: 2})
	t.Cleanup(func() { _ = raw.Close() })
	speed := redis.New(redis.Options{Addrs: []string{addr}})
	t.Cleanup(func() { _ = speed.Close() })
	contract.Speed(t, func(t *testing.T) *contract.SpeedBed {
		must(t, raw.FlushAll(t.Context()).Err())
		return realBed(t, speed, raw, []string{addr}, func() { must(t, raw.ScriptFlush(t.Context()).Err()) })
	})
}

func TestRedisClusterKeepsTheSpeedContract(t *testing.T) {
	addrs := servers.RedisCluster(t)
	raw := goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: addrs, Protocol: 2})
	t.Cleanup(func() { _ = raw.Close() })
	speed := redis.New(redis.Options{Addrs: addrs, Cluster: true})
	t.Cleanup(func() { _ = speed.Close() })
	everywhere := func(do func(ctx context.Context, c *goredis.Client) error) {
		must(t, raw.ForEachMaster(t.Context(), do))
	}
	contract.Speed(t, func(t *testing.T) *contract.SpeedBed {
		everywhere(func(ctx context.Context, c *goredis.Client) error { return c.FlushAll(ctx).Err() })
		return realBed(t, speed, raw, addrs, func() {
			everywhere(func(ctx context.Context, c *goredis.Client) error { return c.ScriptFlush(ctx).Err() })
		})
	})
}

func realBed(t *testing.T, speed *redis.Speed, raw goredis.UniversalClient, addrs []string, forget func()) *contract.SpeedBed {
	return &contract.SpeedBed{
		Speed: speed,
		Raw: func(args ...string) (any, error) {
			vs := make([]any, len(args))
			for i, a := range args {
				vs[i] = a
			}
			reply, err := raw.Do(t.Context(), vs...).Result()
			if errors.Is(err, goredis.Nil) {
				return nil, nil
			}
			return reply, err
		},
		Expire: func(key string) {
			must(t, raw.PExpire(t.Context(), key, time.Millisecond).Err())
			for raw.Exists(t.Context(), key).Val() != 0 {
				time.Sleep(time.Millisecond)
			}
		},
		ForgetScripts: forget,
		Servers:       addrs,
	}
}

func startFake(t testing.TB) *fakeredis.Server {
	server, err := fakeredis.Start(time.Unix(1_760_000_000, 0))
	must(t, err)
	t.Cleanup(server.Close)
	return server
}

func fakeClient(t testing.TB, server *fakeredis.Server) *redis.Speed {
	speed := redis.New(redis.Options{Addrs: []string{fakeredis.Addr}, Dialer: server.Dial})
	t.Cleanup(func() { _ = speed.Close() })
	return speed
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
