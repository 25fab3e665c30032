package redis_test

import (
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"stockproof/adapters/redis"
	"stockproof/adapters/redis/command"
	"stockproof/adapters/servers"
	"stockproof/inventory/port"
	"stockproof/model"
)

// While a slot moves, single-key scripts go on: ASK and MOVED are followed. The article's script needs
// two keys, and the token of a new order is never there: TRYAGAIN until the slot has moved
// (F38), which is an infrastructure error and no poison.
func TestAMovingSlotIsFollowed(t *testing.T) {
	addrs := servers.RedisCluster(t)
	speed := redis.New(redis.Options{Addrs: addrs, Cluster: true})
	t.Cleanup(func() { _ = speed.Close() })
	must(t, speed.Do(t.Context(), installOf("A", 1), &port.SetStock{SKU: "A", Stock: 9})) // learns who owns what

	slot := command.Slot("{A}")
	nodes, ids, owner := make([]*goredis.Client, len(addrs)), make([]string, len(addrs)), -1
	for i, addr := range addrs {
		nodes[i] = goredis.NewClient(&goredis.Options{Addr: addr, Protocol: 2})
		t.Cleanup(func() { _ = nodes[i].Close() })
		ids[i] = nodes[i].ClusterMyID(t.Context()).Val()
		if nodes[i].Exists(t.Context(), "stock:{A}").Val() == 1 {
			owner = i
		}
	}
	target := (owner + 1) % len(addrs)
	setSlot := func(node int, how ...any) {
		t.Helper()
		must(t, nodes[node].Do(t.Context(), append([]any{"CLUSTER", "SETSLOT", slot}, how...)...).Err())
	}
	setSlot(target, "IMPORTING", ids[owner])
	setSlot(owner, "MIGRATING", ids[target])

	op := installOf("A", 7)
	op.Lane.Loc = "a location that the old owner does not know"
	must(t, speed.Do(t.Context(), op)) // ASK, and NOSCRIPT behind it
	if op.Code != port.InstalledMissing || nodes[owner].Exists(t.Context(), command.LaneKey(port.SpeedSpace, op.Lane)).Val() != 0 {
		t.Errorf("code %d, or the lane was written to the old owner", op.Code)
	}
	deduct := &port.Deduct{SKU: "A", Order: "o1", Qty: "1", TTL: "86400"}
	wantClass(t, speed.Do(t.Context(), deduct), port.ErrUnavailable, []string{"TRYAGAIN", `"stock:{A}"`}, deduct)

	must(t, nodes[owner].Del(t.Context(), "stock:{A}", command.LaneKey(port.SpeedSpace, installOf("A", 1).Lane)).Err())
	setSlot(target, "NODE", ids[target])
	setSlot(owner, "NODE", ids[target])
	read := &port.ReadLane{Space: port.SpeedSpace, Lane: model.LaneKey{SKU: "A", Loc: op.Lane.Loc}}
	op = installOf("A", 8)
	must(t, speed.Do(t.Context(), op, read)) // MOVED
	if op.Code != port.InstalledMissing || !read.Found || read.Seq != 7 {
		t.Errorf("after the move: code %d, read %+v", op.Code, *read)
	}
}
