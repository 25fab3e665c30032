package redis_test

import (
	"errors"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"stockproof/adapters/live"
	memredis "stockproof/adapters/memory/redis"
	"stockproof/adapters/redis"
	"stockproof/adapters/redis/command"
	"stockproof/adapters/servers"
	"stockproof/inventory/port"
	"stockproof/model"
)

// A SKU that is empty, or begins with "}", makes an empty hash tag: Redis hashes the whole key, and
// the article's two keys lie in two slots (F36). The lane's hash is one key with a tag that
// no byte string can break.
func TestArticleScriptGetsCROSSSLOTAndOursCannot(t *testing.T) {
	addrs := servers.RedisCluster(t)
	raw := goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: addrs, Protocol: 2})
	t.Cleanup(func() { _ = raw.Close() })
	cluster := redis.New(redis.Options{Addrs: addrs, Cluster: true})
	t.Cleanup(func() { _ = cluster.Close() })
	inMemory := memredis.New(live.Gate(), memredis.Options{Masters: 3}).Client()

	for _, speed := range []struct {
		name string
		port.Speed
	}{{"Redis 7 Cluster", cluster}, {"in memory", inMemory}} {
		t.Run(speed.name, func(t *testing.T) {
			for _, sku := range []string{"", "}x", "}"} {
				op := &port.Deduct{SKU: sku, Order: "o1", Qty: "1", TTL: "86400"}
				err := speed.Do(t.Context(), op)
				if !errors.Is(err, port.ErrContract) || !strings.Contains(err.Error(), "CROSSSLOT") ||
					!strings.Contains(err.Error(), command.StockKey(sku, 0)) {
					t.Errorf("SKU %q: %v, want CROSSSLOT", sku, err)
				}
			}
			for _, sku := range []string{"A", "A}B", "{", "a{b}c"} { // odd, and still one tag
				op := &port.Deduct{SKU: sku, Order: "o1", Qty: "1", TTL: "86400"}
				if err := speed.Do(t.Context(), op); err != nil || op.Reply != port.DeductInsufficient {
					t.Errorf("SKU %q: reply %d, %v", sku, op.Reply, err)
				}
			}
			rapid.Check(t, func(r *rapid.T) {
				lane := model.LaneKey{SKU: model.SKU(anyBytes(r, "sku")), Loc: model.Location(anyBytes(r, "loc"))}
				op := &port.InstallLane{Space: port.SpeedSpace, Lane: lane, Epoch: 1, Seq: 1}
				if err := speed.Do(t.Context(), op); err != nil || op.Code < port.AlreadyInstalled {
					r.Fatalf("%q: code %d, %v", lane, op.Code, err)
				}
				other := model.LaneKey{SKU: lane.SKU, Loc: model.Location(anyBytes(r, "other loc"))}
				if a, b := command.LaneKey("inv", lane), command.LaneKey("inv", other); memredis.Slot(a) != memredis.Slot(b) {
					r.Fatalf("lanes of one SKU in two slots: %q and %q", a, b)
				}
			})
		})
	}

	t.Run("without braces", func(t *testing.T) {
		reply := eval(t, raw, command.Deduct, []string{"stock:SKU-101", "idempotent:SKU-101:o1"}, []string{"1", "86400"})
		if e, ok := reply.(command.Error); !ok || !strings.HasPrefix(string(e), "CROSSSLOT") {
			t.Errorf("reply %#v, want CROSSSLOT", reply)
		}
	})
	t.Run("slots are Redis's", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) {
			key := anyBytes(r, "key")
			if got, want := int64(memredis.Slot(key)), raw.ClusterKeySlot(t.Context(), key).Val(); got != want {
				r.Fatalf("slot of %q: %d, Redis says %d", key, got, want)
			}
		})
	})
}

// Shards of one SKU share its tag: one slot, one node (F57).
func TestShardsOfASKUShareItsSlot(t *testing.T) {
	want := memredis.Slot(command.StockKey("SKU-101", 0))
	for shard := 1; shard < 4; shard++ {
		if got := memredis.Slot(command.StockKey("SKU-101", shard)); got != want || got != 12920 {
			t.Errorf("shard %d is in slot %d, the SKU in %d", shard, got, want)
		}
	}
}

func anyBytes(r *rapid.T, label string) string {
	if rapid.Bool().Draw(r, label+" odd") {
		return string(rapid.SliceOfN(rapid.SampledFrom([]byte("{}%:#aA\x00\xff")), 0, 6).Draw(r, label))
	}
	return string(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(r, label))
}
