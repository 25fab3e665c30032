package redis_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"stockproof/adapters/live"
	"stockproof/adapters/memory"
	memredis "stockproof/adapters/memory/redis"
	"stockproof/adapters/redis"
	"stockproof/adapters/redis/command"
	"stockproof/adapters/servers"
	"stockproof/inventory/port"
)

// ended is how an operation ended, in words that do not depend on addresses: its reply, or the class
// and the code of its refusal.
func ended(op *port.Deduct) string {
	if op.Err == nil {
		return fmt.Sprint("reply ", op.Reply)
	}
	for _, code := range []string{"TRYAGAIN", "CROSSSLOT", "OOM", "MISCONF", "NOSCRIPT", "MOVED", "ASK"} {
		if strings.Contains(op.Err.Error(), code+" ") {
			return fmt.Sprint(port.Class(op.Err), " ", code)
		}
	}
	return op.Err.Error()
}

// Wherever the two keys of an order are while their slot moves, the order ends in memory as it ends on
// a real Cluster.
func TestAMovingSlotInMemoryAnswersLikeRedisCluster(t *testing.T) {
	addrs := servers.RedisCluster(t)
	nodes := make([]*goredis.Client, len(addrs))
	for i, addr := range addrs {
		nodes[i] = goredis.NewClient(&goredis.Options{Addr: addr, Protocol: 2})
		t.Cleanup(func() { _ = nodes[i].Close() })
	}
	real := redis.New(redis.Options{Addrs: addrs, Cluster: true})
	t.Cleanup(func() { _ = real.Close() })
	for i, moved := range [][]string{
		{}, {"stock"}, {"token"}, {"stock", "token"}, {"stock", "token", "end"},
	} {
		sku := fmt.Sprint("SKU-", i) // a slot of its own
		slot, stock, token := command.Slot(command.StockKey(sku, 0)), command.StockKey(sku, 0), command.TokenKey(sku, "known")
		fake := memredis.New(live.Gate(), memredis.Options{Masters: len(addrs)})
		inMemory := fake.Client()
		for _, s := range []port.Speed{real, inMemory} {
			must(t, s.Do(t.Context(), &port.SetStock{SKU: sku, Stock: 9}, &port.Deduct{SKU: sku, Order: "known", Qty: "1", TTL: "86400"}))
		}
		from := slot * len(addrs) / command.Slots
		for j, n := range nodes {
			if n.Exists(t.Context(), stock).Val() == 1 {
				from = j
			}
		}
		to := (from + 1) % len(addrs)
		fakeTo := (slot*len(addrs)/command.Slots + 1) % len(addrs)
		ids := func(n int) string { return nodes[n].ClusterMyID(t.Context()).Val() }
		setSlot := func(node int, how ...any) {
			t.Helper()
			must(t, nodes[node].Do(t.Context(), append([]any{"CLUSTER", "SETSLOT", slot}, how...)...).Err())
		}
		setSlot(to, "IMPORTING", ids(from))
		setSlot(from, "MIGRATING", ids(to))
		if !fake.BeginMove(slot, fakeTo) {
			t.Fatal("the slot did not begin to move")
		}
		host, port_, err := net.SplitHostPort(addrs[to])
		must(t, err)
		for _, what := range moved {
			key := map[string]string{"stock": stock, "token": token}[what]
			if what == "end" {
				setSlot(to, "NODE", ids(to))
				setSlot(from, "NODE", ids(to))
				fake.EndMove(slot)
				continue
			}
			must(t, nodes[from].Do(t.Context(), "MIGRATE", host, port_, key, 0, 1000).Err())
			if !fake.MoveKey(key) {
				t.Fatalf("%s did not move", key)
			}
		}
		for _, order := range []string{"known", "new"} {
			a := &port.Deduct{SKU: sku, Order: order, Qty: "1", TTL: "86400"}
			b := &port.Deduct{SKU: sku, Order: order, Qty: "1", TTL: "86400"}
			_ = real.Do(t.Context(), a)
			_ = inMemory.Do(t.Context(), b)
			if ended(a) != ended(b) {
				t.Errorf("moved %q, order %s: Redis Cluster %s, in memory %s", moved, order, ended(a), ended(b))
			}
		}
		read := &port.GetStock{SKU: sku}
		fakeRead := &port.GetStock{SKU: sku}
		must(t, real.Do(t.Context(), read))
		must(t, inMemory.Do(t.Context(), fakeRead))
		if read.Stock != fakeRead.Stock || !fakeRead.Found {
			t.Errorf("moved %q: stock %d, in memory %d", moved, read.Stock, fakeRead.Stock)
		}
	}
}

// A full memory refuses a script's first write, and none behind it.
func TestAFullMemoryInMemoryRefusesLikeRedis7(t *testing.T) {
	raw := goredis.NewClient(&goredis.Options{Addr: servers.Redis(t), Protocol: 2})
	t.Cleanup(func() { _ = raw.Close() })
	gate := live.Gate()
	fake := memredis.New(gate, memredis.Options{})
	scripts := []string{
		"return redis.call('SET', KEYS[1], '5')",
		"redis.call('DEL', KEYS[1]) return redis.call('SET', KEYS[2], '5')",
		"redis.call('DEL', 'nothing') return redis.call('DECRBY', KEYS[2], '5')",
		"redis.call('EXPIRE', KEYS[1], '100') return redis.call('INCRBY', KEYS[2], '5')",
		"redis.call('GET', KEYS[1]) return redis.call('HSET', KEYS[2], 'a', '5')",
		"redis.pcall('SET', KEYS[1], '1') redis.call('DEL', KEYS[1]) return redis.call('SET', KEYS[2], '1')",
		command.Deduct.Source, command.Credit.Source, command.Beat.Source,
	}
	for _, source := range scripts {
		must(t, raw.ConfigSet(t.Context(), "maxmemory", "0").Err())
		must(t, raw.FlushAll(t.Context()).Err())
		must(t, raw.Set(t.Context(), "{a}", "10", 0).Err())
		must(t, raw.ConfigSet(t.Context(), "maxmemory", "1").Err())
		fake.DenyWrites(0, "")
		fake.RestartEmpty()
		fake.Command("SET", "{a}", "10")
		fake.DenyWrites(0, memredis.OOM)

		s := &command.Script{Name: "test", Source: source, SHA: source}
		keys, args := []string{"{a}", "{a}2"}, []string{"11", "100"}
		if source == command.Deduct.Source {
			args[0] = "1"
		}
		want := eval(t, raw, s, keys, args)
		var got any
		must(t, gate.Call(context.Background(), memory.Call{}, func() error { got = fake.Eval(s, keys, args); return nil }))
		code := func(reply any) string { // of an error, else the reply
			text := fmt.Sprint(reply)
			if e, ok := reply.(command.Error); ok {
				text, _, _ = strings.Cut(string(e), " script: ")
			}
			return text
		}
		if code(got) != code(want) {
			t.Errorf("%s\nRedis 7: %v\nin memory: %v", source, want, got)
		}
		for _, key := range keys {
			if got, want := fake.Command("EXISTS", key), raw.Exists(t.Context(), key).Val(); got != want {
				t.Errorf("%s\n%s exists: Redis 7 %d, in memory %v", source, key, want, got)
			}
		}
	}
	for _, c := range [][]string{{"SET", "{a}", "1"}, {"GET", "{a}"}, {"EXPIRE", "{a}", "100"}, {"INCRBY", "{a}", "1"}, {"DEL", "{a}"}} {
		if got, want := fake.Command(c...), plain(t, raw, c); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: Redis 7 %v, in memory %v", c, want, got)
		}
	}
}

// Which key a policy takes first. Redis 7 samples; with more samples than keys it is exact, up to its
// clock of a second.
func TestEvictionInMemoryTakesWhatRedis7Takes(t *testing.T) {
	raw := goredis.NewClient(&goredis.Options{Addr: servers.Redis(t), Protocol: 2})
	t.Cleanup(func() { _ = raw.Close() })
	must(t, raw.ConfigSet(t.Context(), "maxmemory-samples", "64").Err())
	keys := []string{"stock", "t1", "t2", "t3"}
	for _, c := range []struct {
		policy memredis.Eviction
		used   []string
		want   string
	}{
		{memredis.VolatileLRU, []string{"t2", "t3"}, "t1"},
		{memredis.VolatileLRU, []string{"t1", "t3"}, "t2"},
		{memredis.AllKeysLRU, []string{"t1", "t2", "t3"}, "stock"},
		{memredis.AllKeysLRU, []string{"stock", "t1", "t3"}, "t2"},
	} {
		fake := memredis.New(live.Gate(), memredis.Options{})
		do := func(args ...string) {
			t.Helper()
			fake.Command(args...)
			if e, refused := plain(t, raw, args).(command.Error); refused && args[0] != "HMGET" {
				t.Fatalf("%s: %s", args[0], e)
			}
		}
		must(t, raw.ConfigSet(t.Context(), "maxmemory-policy", string(c.policy)).Err())
		do("DEL", "stock", "t1", "t2", "t3")
		big := strings.Repeat("x", 500_000) // the server's own memory moves by less
		do("SET", "stock", big)
		for _, token := range keys[1:] {
			do("SET", token, big, "EX", "1000")
		}
		for raw.ObjectIdleTime(t.Context(), "t3").Val() < time.Second {
			time.Sleep(50 * time.Millisecond)
		}
		for _, key := range c.used {
			do("HMGET", key, "f") // a use, though of the wrong type
		}
		info := raw.Info(t.Context(), "memory").Val()
		_, after, _ := strings.Cut(info, "used_memory:")
		var used int64
		_, err := fmt.Sscan(after, &used)
		must(t, err)
		must(t, raw.ConfigSet(t.Context(), "maxmemory", fmt.Sprint(used-100_000)).Err())
		must(t, raw.Ping(t.Context()).Err()) // evicts
		must(t, raw.ConfigSet(t.Context(), "maxmemory", "0").Err())
		var gone []string
		for _, key := range keys {
			if raw.Exists(t.Context(), key).Val() == 0 {
				gone = append(gone, key)
			}
		}
		if got := fake.Evict(0, c.policy, 1); fmt.Sprint(gone) != fmt.Sprint(got) || got[0] != c.want {
			t.Errorf("%s, used %q: Redis 7 evicts %q, in memory %q go, want %q", c.policy, c.used, gone, got, c.want)
		}
	}
}

// The adapter sends a script that a promoted or restarted server does not know once more, with its
// source; what needs no script was run before it.
func TestAnUnknownScriptInMemoryComesLastAsInRedis7(t *testing.T) {
	raw := goredis.NewClient(&goredis.Options{Addr: servers.Redis(t), Protocol: 2})
	t.Cleanup(func() { _ = raw.Close() })
	real := redis.New(redis.Options{Addrs: []string{raw.Options().Addr}})
	t.Cleanup(func() { _ = real.Close() })
	fake := memredis.New(live.Gate(), memredis.Options{ColdScripts: true})
	for _, s := range []port.Speed{real, fake.Client()} {
		for i, want := range []bool{false, true} {
			beat, read := &port.WriteBeat{Space: port.SpeedSpace, Partition: int32(i), At: 5}, &port.ReadBeat{Space: port.SpeedSpace, Partition: int32(i)}
			if err := s.Do(t.Context(), beat, read); err != nil || errors.Join(beat.Err, read.Err) != nil {
				t.Fatal(err)
			}
			if read.Found != want {
				t.Errorf("%T, time %d: the read found %v, want %v", s, i, read.Found, want)
			}
		}
	}
}
