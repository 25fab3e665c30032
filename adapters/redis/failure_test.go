package redis_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"stockproof/adapters/redis"
	"stockproof/adapters/servers"
	"stockproof/inventory/port"
	"stockproof/model"
)

func TestMain(m *testing.M) {
	redis.DiscardClientLog()
	os.Exit(m.Run())
}

func installOf(sku string, seq int64) *port.InstallLane {
	return &port.InstallLane{Space: port.SpeedSpace, Lane: model.LaneKey{SKU: model.SKU(sku), Loc: model.MainLocation}, Epoch: 1, Seq: seq, Avail: seq}
}

// wantClass checks the class of a call and of its operations, and that the error says what was being
// done to what, and where.
func wantClass(t *testing.T, err, class error, words []string, ops ...port.SpeedOp) {
	t.Helper()
	if !errors.Is(err, class) {
		t.Fatalf("want %v, got %v", class, err)
	}
	for _, op := range ops {
		if !errors.Is(op.SpeedOp().Err, class) {
			t.Errorf("%T: want %v, got %v", op, class, op.SpeedOp().Err)
		}
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %q: %v", w, err)
		}
	}
}

func TestAnUnreachableServerIsUnavailableAndNamed(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	addr := listener.Addr().String()
	must(t, listener.Close()) // nobody listens there now
	for _, cluster := range []bool{false, true} {
		t.Run(fmt.Sprintf("cluster=%v", cluster), func(t *testing.T) {
			speed := redis.New(redis.Options{Addrs: []string{addr}, Cluster: cluster})
			defer func() { _ = speed.Close() }()
			for range 30 { // beyond the number of failed dials after which the pool no longer dials
				op, beat := installOf("A", 1), &port.ReadBeat{Space: port.SpeedSpace, Partition: 3}
				wantClass(t, speed.Do(t.Context(), op, beat), port.ErrUnavailable,
					[]string{addr, "install", `"inv:{A}:main"`, "2 of 2"}, op, beat)
			}
		})
	}
}

// A Cluster whose nodes hang up before they have said who owns what was asked for nothing: the call never left.
func TestAClusterCallThatFoundNoNodeIsUnavailable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	addr := listener.Addr().String()
	speed := redis.New(redis.Options{Addrs: []string{addr}, Cluster: true})
	t.Cleanup(func() { _ = speed.Close() })
	op := installOf("A", 1)
	wantClass(t, speed.Do(t.Context(), op), port.ErrUnavailable, []string{addr, "install", `"inv:{A}:main"`}, op)
}

func TestAServerLostMidRunIsUnknownThenUnavailable(t *testing.T) {
	node := servers.StartRedis(t)
	frozen := &freezer{}
	speed := redis.New(redis.Options{Addrs: []string{node.Addr}, Dialer: frozen.dial, Timeout: 100 * time.Millisecond})
	t.Cleanup(func() { _ = speed.Close() })
	must(t, speed.Do(t.Context(), installOf("A", 1)))

	frozen.replies.Store(true) // requests arrive, replies do not
	op := installOf("A", 2)
	wantClass(t, speed.Do(t.Context(), op), port.ErrUnknown, []string{node.Addr, "install", `"inv:{A}:main"`}, op)
	frozen.replies.Store(false)
	again := installOf("A", 2)
	must(t, speed.Do(t.Context(), again))
	if again.Code != port.AlreadyInstalled {
		t.Errorf("code %d: the lost request had arrived, and running it again is harmless", again.Code)
	}

	must(t, node.Kill())
	deadline := 0
	for {
		op := installOf("A", 3)
		err := speed.Do(t.Context(), op)
		if errors.Is(err, port.ErrUnavailable) {
			wantClass(t, err, port.ErrUnavailable, []string{node.Addr}, op)
			break
		}
		wantClass(t, err, port.ErrUnknown, []string{node.Addr}, op) // a pooled connection that died
		if deadline++; deadline > 100 {
			t.Fatal("still unknown")
		}
	}

	must(t, node.Restart()) // empty: no data, no scripts
	op = installOf("A", 4)
	for err := speed.Do(t.Context(), op); err != nil; err = speed.Do(t.Context(), op) {
		if !errors.Is(err, port.ErrUnavailable) && !errors.Is(err, port.ErrUnknown) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
		op = installOf("A", 4)
	}
	if op.Code != port.InstalledMissing {
		t.Errorf("code %d, want %d", op.Code, port.InstalledMissing)
	}
}

// A deduct whose reply is lost must not be sent again behind the caller's back: the second answer
// would be ALREADY_PROCESSED, and nobody would ever know that it was granted.
func TestALostReplyIsNeverRetriedByTheClient(t *testing.T) {
	addrs := servers.RedisCluster(t)
	node := servers.StartRedis(t)
	for _, c := range []struct {
		name string
		o    redis.Options
	}{
		{"single", redis.Options{Addrs: []string{node.Addr}}},
		{"cluster", redis.Options{Addrs: addrs, Cluster: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			frozen := &freezer{}
			c.o.Dialer, c.o.Timeout = frozen.dial, 200*time.Millisecond
			speed := redis.New(c.o)
			defer func() { _ = speed.Close() }()
			must(t, speed.Do(t.Context(), &port.SetStock{SKU: "A", Stock: 10}))
			must(t, speed.Do(t.Context(), &port.Deduct{SKU: "A", Order: "warm", Qty: "1", TTL: "86400"}))
			frozen.drop.Store(1) // the next reply is lost and its connection closed
			op := &port.Deduct{SKU: "A", Order: "o1", Qty: "1", TTL: "86400"}
			wantClass(t, speed.Do(t.Context(), op), port.ErrUnknown, []string{"deduct", `"stock:{A}"`}, op)
			if op.Reply != 0 {
				t.Errorf("reply %d of an operation that got none", op.Reply)
			}
			stock := &port.GetStock{SKU: "A"}
			must(t, speed.Do(t.Context(), stock))
			if stock.Stock != 8 {
				t.Errorf("stock %d, want 8", stock.Stock)
			}
		})
	}
}

func TestAContextThatEndsIsNoClassBeforeSendingAndUnknownAfter(t *testing.T) {
	node := servers.StartRedis(t)
	frozen := &freezer{}
	speed := redis.New(redis.Options{Addrs: []string{node.Addr}, Dialer: frozen.dial, Timeout: time.Hour})
	t.Cleanup(func() { _ = speed.Close() })
	must(t, speed.Do(t.Context(), installOf("A", 1)))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	op := installOf("A", 2)
	err := speed.Do(ctx, op)
	if port.Class(err) != nil || !errors.Is(err, context.Canceled) || op.Err == nil {
		t.Errorf("before sending: %v (the operation's: %v)", err, op.Err)
	}
	frozen.replies.Store(true)
	defer frozen.replies.Store(false)
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	op = installOf("A", 3)
	wantClass(t, speed.Do(ctx, op), port.ErrUnknown, []string{node.Addr}, op)
}

func TestARefusingServerIsUnavailable(t *testing.T) {
	node := servers.StartRedis(t)
	raw := goredis.NewClient(&goredis.Options{Addr: node.Addr})
	t.Cleanup(func() { _ = raw.Close() })
	speed := redis.New(redis.Options{Addrs: []string{node.Addr}})
	t.Cleanup(func() { _ = speed.Close() })
	set := func(name, value string) { t.Helper(); must(t, raw.ConfigSet(t.Context(), name, value).Err()) }
	must(t, raw.Set(t.Context(), "stock:{A}", 5, 0).Err())

	set("maxmemory", "1")
	op, deduct := installOf("A", 1), &port.Deduct{SKU: "A", Order: "o1", Qty: "1", TTL: "86400"}
	wantClass(t, speed.Do(t.Context(), op, deduct), port.ErrUnavailable, []string{node.Addr, "OOM"}, op, deduct)
	set("maxmemory", "0")
	stock := &port.GetStock{SKU: "A"}
	must(t, speed.Do(t.Context(), stock))
	if stock.Stock != 5 {
		t.Errorf("a full server deducted: %d left of 5", stock.Stock)
	}

	set("min-replicas-to-write", "1")
	op = installOf("A", 1)
	wantClass(t, speed.Do(t.Context(), op), port.ErrUnavailable, []string{"NOREPLICAS"}, op)
	set("min-replicas-to-write", "0")

	must(t, raw.ReplicaOf(t.Context(), "127.0.0.1", "1").Err())
	op = installOf("A", 1)
	wantClass(t, speed.Do(t.Context(), op), port.ErrUnavailable, []string{"READONLY"}, op)
	must(t, raw.ReplicaOf(t.Context(), "NO", "ONE").Err())

	set("requirepass", "secret")
	stranger := redis.New(redis.Options{Addrs: []string{node.Addr}})
	defer func() { _ = stranger.Close() }()
	beat := &port.ReadBeat{Space: port.SpeedSpace}
	wantClass(t, stranger.Do(t.Context(), beat), port.ErrUnavailable, []string{"NOAUTH"}, beat)
	op = installOf("A", 1)
	wantClass(t, stranger.Do(t.Context(), op), port.ErrUnavailable, []string{node.Addr}, op)
}

func TestTheWorstClassOfACallIsTheOneToRetry(t *testing.T) {
	nodes := servers.StartRedisCluster(t)
	addrs := make([]string, len(nodes))
	for i, n := range nodes {
		addrs[i] = n.Addr
	}
	speed := redis.New(redis.Options{Addrs: addrs, Cluster: true, Timeout: time.Second})
	t.Cleanup(func() { _ = speed.Close() })
	var all []port.SpeedOp
	for i := range 60 { // enough SKUs for every node
		all = append(all, installOf(fmt.Sprint("SKU-", i), 1))
	}
	must(t, speed.Do(t.Context(), all...))

	must(t, nodes[0].Kill())
	var ops []port.SpeedOp
	for i := range 60 {
		ops = append(ops, installOf(fmt.Sprint("SKU-", i), 2))
	}
	bad := &port.Deduct{SKU: "", Order: "o1", Qty: "1", TTL: "86400"} // CROSSSLOT on a living or dead node
	err := speed.Do(t.Context(), append(ops, bad)...)
	if class := port.Class(err); class != port.ErrUnknown && class != port.ErrUnavailable {
		t.Errorf("the call ends with %v: a server is down, so it is to be retried", err)
	}
	alive, lost := 0, 0
	for _, op := range ops {
		if opErr := op.SpeedOp().Err; opErr == nil {
			alive++
		} else if lost++; !strings.Contains(opErr.Error(), nodes[0].Addr) && port.Class(opErr) != port.ErrUnavailable {
			t.Errorf("not the dead node's: %v", opErr)
		}
	}
	if alive == 0 || lost == 0 {
		t.Errorf("%d done, %d lost: want some of each", alive, lost)
	}
}

// freezer is a network that can hold back or lose what the server says.
type freezer struct {
	replies atomic.Bool  // held back for as long as it is set
	drop    atomic.Int32 // so many replies are lost, and their connections with them
}

func (f *freezer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &frozenConn{Conn: conn, f: f}, nil
}

type frozenConn struct {
	net.Conn
	f *freezer
}

func (c *frozenConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == nil && c.f.drop.Load() > 0 && c.f.drop.Add(-1) >= 0 {
		_ = c.Conn.Close()
		return 0, net.ErrClosed
	}
	for c.f.replies.Load() && err == nil { // swallow, until the deadline of the reader
		n, err = c.Conn.Read(p)
	}
	return n, err
}
