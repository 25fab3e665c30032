package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"stockproof/adapters/memory/redis"
	"stockproof/adapters/redis/command"
	"stockproof/checks"
	"stockproof/sim/engine"
)

// lasting is how long a state of a server lasts that a fault does not give a time.
const lasting = 5 * time.Second

func keepsWrites(w *worldNeeds) { w.redisWrites = 64 }

func redisFaults() []FaultKind {
	return []FaultKind{
		{Name: "advance-clock", NeedsBy: true,
			About: "the clock of Redis is ahead from now on, and what has a time to live loses as much of it",
			Keys:  []string{"by"}, applies: hasRedis,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				s.Redis.AdvanceClock(f.By)
				return fmt.Sprintf("the clock of Redis went %s ahead", ShortDuration(f.By))
			}},
		{Name: "redis-empty", About: "Redis comes back without its data", applies: hasRedis,
			strike: func(s *Simulation, _ *Fault, _ engine.Point) string {
				s.Redis.RestartEmpty()
				s.Watch.Observe(checks.Lost{Why: "restarted empty"})
				return "Redis restarted empty"
			}},
		{Name: "redis-failover", About: "replicas are promoted that lack the last writes, or (skew=) whose clock is ahead",
			Keys: []string{"lose", "skew"}, applies: hasRedis, prepare: keepsWrites,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				lost := 0
				for node := range s.redisMasters() {
					lost += len(s.Redis.Failover(node, redis.Promotion{Lose: f.Lose, Skew: f.Skew}))
				}
				s.Watch.Observe(checks.Lost{Why: "failover"})
				return fmt.Sprintf("Redis failed over without its last %d writes", lost)
			}},
		{Name: "redis-split", About: "a process goes on with a master that was replaced; what it writes there is lost in the end",
			Keys: []string{"role", "by", "lose"}, applies: hasRedis, prepare: keepsWrites,
			strike: on(func(s *Simulation, in *Instance, f *Fault) string {
				apart := false
				for node := range s.redisMasters() {
					if _, cut := s.Redis.Isolate(node, redis.Promotion{Lose: f.Lose}, in.name); cut {
						apart = true
						s.lasts(f.By, "redis heals", func() { s.Redis.Heal(node) })
					}
				}
				if !apart {
					return "" // the minority's side is somebody else's already
				}
				s.Watch.Observe(checks.Lost{Why: "split"})
				return in.name + " is on the minority's side of Redis for " + ShortDuration(f.By)
			})},
		{Name: "evict-keys", Hidden: "which keys were used when",
			About: "a full Redis evicts n keys, the least recently used first", Keys: []string{"policy", "n"},
			Forms: []string{string(redis.VolatileLRU), string(redis.AllKeysLRU)}, applies: hasRedis,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				var keys []string
				for node := range s.redisMasters() {
					keys = append(keys, s.Redis.Evict(node, redis.Eviction(f.Form), max(f.N, 1))...)
				}
				return receipt(len(keys) > 0, "evicted %s", strings.Join(keys, " "))
			}},
		{Name: "deny-writes", About: "Redis refuses writes: its memory is full, or its disk fails", Keys: []string{"form", "by"},
			Forms: []string{"oom", "misconf"}, applies: hasRedis, strike: denyWrites},
		{Name: "refuse", Hidden: "how many requests are still to be refused",
			About: "a master answers its next n requests with an error and runs none of them", Keys: []string{"form", "n"},
			Forms: []string{"busy", "loading", "clusterdown"}, applies: hasRedis, strike: refuse},
		{Name: "script-flush", Hidden: "which scripts Redis has",
			About: "Redis forgets its scripts: each must be sent again", applies: hasRedis,
			strike: func(s *Simulation, _ *Fault, _ engine.Point) string {
				s.Redis.FlushScripts()
				return "the script cache is empty"
			}},
		{Name: "replica-reads", About: "stock is read from replicas that lack the last n writes", Keys: []string{"n", "by"},
			applies: hasRedis, prepare: keepsWrites,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				s.Redis.ReplicaLag(max(f.N, 1))
				s.lasts(f.By, "replicas catch up", func() { s.Redis.ReplicaLag(0) })
				return fmt.Sprintf("reads lack the last %d writes", max(f.N, 1))
			}},
		{Name: "foreign-value", About: "a key of a SKU holds what none of ours wrote, until somebody puts it right",
			Keys: []string{"form", "sku", "by"}, Forms: []string{"text", "decimal", "hash"}, applies: hasRedis, strike: foreignValue},
		{Name: "admin-set", About: "somebody sets a SKU's stock in Redis by hand, to n", Keys: []string{"n", "sku"},
			applies: hasRedis,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				keys := s.stockKeys(f)
				for _, key := range keys {
					if _, hash := s.Redis.Command("HGET", key, "a").(string); hash {
						s.Redis.Command("HSET", key, "a", strconv.Itoa(f.N))
					} else {
						s.Redis.Command("SET", key, strconv.Itoa(f.N))
					}
				}
				return receipt(len(keys) > 0, "%s set to %d by hand", strings.Join(keys, " "), f.N)
			}},
	}
}

// redisMasters is how many there are.
func (s *Simulation) redisMasters() int { return max(1, s.needs.redisMasters) }

func denyWrites(s *Simulation, f *Fault, _ engine.Point) string {
	message := redis.OOM
	if f.Form == "misconf" {
		message = redis.Misconf
	}
	for node := range s.redisMasters() {
		s.Redis.DenyWrites(node, message)
		s.lasts(f.By, "redis takes writes", func() { s.Redis.DenyWrites(node, "") })
	}
	return fmt.Sprintf("Redis refuses writes for %s: %s", ShortDuration(f.By), f.Form)
}

func refuse(s *Simulation, f *Fault, _ engine.Point) string {
	message := redis.Busy
	switch f.Form {
	case "loading":
		message = redis.Loading
	case "clusterdown":
		message = redis.ClusterDown
	}
	before := s.Redis.Refused()
	for node := range s.redisMasters() {
		s.Redis.Refuse(node, max(f.N, 1), message)
		s.lasts(0, "", func() { s.Redis.Refuse(node, 0, "") })
	}
	return s.await(func() string {
		return receipt(s.Redis.Refused() > before, "Redis refuses up to %d requests of each master: %s", max(f.N, 1), f.Form)
	})
}

// stockKeys are the keys that hold the stock of a fault's SKU, under any design. Tokens are none.
func (s *Simulation) stockKeys(f *Fault) (keys []string) {
	tag := command.Slot(command.StockKey(string(s.skuOf(f)), 0))
	for _, key := range s.Redis.Keys() {
		if command.Slot(key) == tag && strings.Contains(key, "{") && !strings.HasPrefix(key, "idempotent:") {
			keys = append(keys, key)
		}
	}
	return keys
}

func foreignValue(s *Simulation, f *Fault, _ engine.Point) string {
	keys := s.stockKeys(f)
	if len(keys) == 0 {
		return ""
	}
	before := make([]string, len(keys))
	for i, key := range keys {
		before[i], _ = s.Redis.Command("GET", key).(string)
		s.Redis.Command("DEL", key)
		switch f.Form {
		case "hash":
			s.Redis.Command("HSET", key, "somebody", "else's")
		case "decimal":
			s.Redis.Command("SET", key, "10.0")
		default:
			s.Redis.Command("SET", key, "abc")
		}
	}
	s.lasts(f.By, "somebody puts it right", func() {
		for i, key := range keys {
			if before[i] != "" {
				s.Redis.Command("DEL", key)
				s.Redis.Command("SET", key, before[i])
			}
		}
	})
	return fmt.Sprintf("a foreign value (%s) at %s", f.Form, strings.Join(keys, " "))
}

func redisClusterFaults() []FaultKind {
	return []FaultKind{
		{Name: "move-slot", About: "the slot of a SKU moves to another master: ASK and TRYAGAIN meanwhile, MOVED in the end",
			Keys: []string{"sku", "form", "by"}, Forms: []string{"keys-stay", "keys-first"}, applies: hasRedis,
			prepare: func(w *worldNeeds) { w.redisMasters = 3 }, strike: moveSlot},
	}
}

func moveSlot(s *Simulation, f *Fault, _ engine.Point) string {
	key := command.StockKey(string(s.skuOf(f)), 0)
	slot := command.Slot(key)
	to := slices.IndexFunc([]int{0, 1, 2}, func(to int) bool { return s.Redis.BeginMove(slot, to) })
	if to < 0 {
		return ""
	}
	moved := 0
	if f.Form == "keys-first" {
		for _, key := range s.Redis.Keys() {
			if command.Slot(key) == slot && s.Redis.MoveKey(key) {
				moved++
			}
		}
	}
	s.lasts(f.By, fmt.Sprintf("slot %d has moved", slot), func() { s.Redis.EndMove(slot) })
	return fmt.Sprintf("slot %d of %s moves to master %d, %d keys ahead", slot, s.skuOf(f), to, moved)
}
