package redis_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"stockproof/adapters/live"
	"stockproof/adapters/memory"
	"stockproof/adapters/memory/redis"
	"stockproof/adapters/redis/command"
	"stockproof/adapters/servers"
)

// The in-memory Redis stands for the real one only as far as the two answer alike: the same random
// plain commands go to both.
func TestRedisInMemoryAnswersLikeRedis7(t *testing.T) {
	raw := goredis.NewClient(&goredis.Options{Addr: servers.Redis(t), Protocol: 2})
	t.Cleanup(func() { _ = raw.Close() })
	rapid.Check(t, func(r *rapid.T) {
		must(t, raw.FlushAll(t.Context()).Err())
		gate := memory.NewPlain(func() time.Time { return time.Unix(1_800_000_000, 0) }, nil)
		fake := redis.New(gate, redis.Options{})
		for range rapid.IntRange(1, 12).Draw(r, "commands") {
			args := drawCommand(r)
			got, want := fake.Command(args...), plain(t, raw, args)
			if !alike(args[0], got, want) {
				r.Fatalf("%q: in memory %#v, Redis 7 %#v", args, got, want)
			}
		}
	})
}

// Counters at their limits: every pair of a stored value and an amount.
func TestRedisInMemoryCountsLikeRedis7(t *testing.T) {
	raw := goredis.NewClient(&goredis.Options{Addr: servers.Redis(t), Protocol: 2})
	t.Cleanup(func() { _ = raw.Close() })
	fake := redis.New(live.Gate(), redis.Options{})
	numbers := []string{"0", "1", "-1", "2", "-0", "+1", "01", " 1", "1 ", "1.0", "1e1", "0x1", "", "x", "9223372036854775805",
		"9223372036854775806", "9223372036854775807", "9223372036854775808", "-9223372036854775806",
		"-9223372036854775807", "-9223372036854775808", "-9223372036854775809"}
	for _, value := range numbers {
		for _, by := range numbers {
			for _, name := range []string{"INCRBY", "DECRBY"} {
				for _, args := range [][]string{{"SET", "a", value}, {name, "a", by}, {"GET", "a"}} {
					got, want := fake.Command(args...), plain(t, raw, args)
					if !alike(args[0], got, want) {
						t.Errorf("%s %q on %q: %s in memory %#v, Redis 7 %#v", name, by, value, args[0], got, want)
					}
				}
			}
		}
	}
}

func drawCommand(r *rapid.T) []string {
	key := func() string { return rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "key") }
	number := func() string {
		return rapid.SampledFrom([]string{"1", "0", "-1", "7", "-0", "+1", "01", " 1", "1.0", "x", "", "100000",
			"9223372036854775807", "-9223372036854775808", "9223372036854775", "9223372036854774", "-9223372036854775"}).Draw(r, "number")
	}
	life := func() string { // never short enough to end during the test
		return rapid.SampledFrom([]string{"100000", "0", "-1", "x", "", "100000.0", "9223372036854775807",
			"-9223372036854775808", "9223372036854775", "-9223372036854775"}).Draw(r, "life")
	}
	switch rapid.IntRange(0, 14).Draw(r, "command") {
	case 0:
		return []string{"GET", key()}
	case 1:
		return []string{"SET", key(), number()}
	case 2:
		return []string{"set", key(), number(), "ex", life()}
	case 3:
		return []string{"SET", key(), number(), "PX", life()}
	case 4:
		return []string{"SET", key(), "1", "EX"}
	case 5:
		return []string{"DEL", key(), key()}
	case 6:
		return []string{"EXISTS", key(), key()}
	case 7:
		return []string{"INCRBY", key(), number()}
	case 8:
		return []string{"DECRBY", key(), number()}
	case 9:
		return []string{"HSET", key(), "f", number(), "g", "2"}
	case 10:
		return []string{"HSET", key(), "f", "1", "g"}
	case 11:
		return []string{"HMGET", key(), "f", "none", "g"}
	case 12:
		return []string{"HGETALL", key()}
	case 13:
		return []string{rapid.SampledFrom([]string{"EXPIRE", "PEXPIRE"}).Draw(r, "expire"), key(), life()}
	}
	return []string{rapid.SampledFrom([]string{"TTL", "TYPE", "GET"}).Draw(r, "look"), key()}
}

// alike compares a reply in memory with Redis's, whose times to live have moved on.
func alike(name string, got, want any) bool {
	if status, ok := got.(command.Status); ok {
		got = string(status)
	}
	if name == "TTL" {
		g, w := got.(int64), want.(int64)
		return g == w || g > 0 && w > 0 && w <= g
	}
	if e, ok := got.(command.Error); ok {
		w, ok := want.(command.Error)
		return ok && strings.EqualFold(fmt.Sprint(e), fmt.Sprint(w))
	}
	return reflect.DeepEqual(got, want)
}
