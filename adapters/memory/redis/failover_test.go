package redis_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"stockproof/adapters/live"
	"stockproof/adapters/memory"
	"stockproof/adapters/memory/redis"
	"stockproof/adapters/redis/command"
	"stockproof/inventory/port"
	"stockproof/model"
)

// traceGate is a stillGate that writes down where calls went, and lets something happen at a step.
type traceGate struct {
	stillGate
	trace  []string
	onStep func()
}

func (g *traceGate) Call(ctx context.Context, c memory.Call, exec func() error) error {
	g.trace = append(g.trace, c.Server+" "+c.Op)
	return g.stillGate.Call(ctx, c, exec)
}

func (g *traceGate) Between() { g.Step() }

func (g *traceGate) Step() {
	if g.onStep != nil {
		g.onStep()
	}
}

func (g *traceGate) took(t *testing.T, want ...string) {
	t.Helper()
	if !reflect.DeepEqual(g.trace, want) {
		t.Errorf("round trips %q, want %q", g.trace, want)
	}
	g.trace = nil
}

func doAll(t *testing.T, s port.Speed, ops ...port.SpeedOp) {
	t.Helper()
	if err := s.Do(context.Background(), ops...); err != nil {
		t.Fatal(err)
	}
}

func deducts(t *testing.T, s port.Speed, order string, want port.DeductReply) {
	t.Helper()
	op := deductOf("A", order, "1")
	doAll(t, s, op)
	if op.Reply != want {
		t.Errorf("%s: reply %d, want %d", order, op.Reply, want)
	}
}

func holds(t *testing.T, r *redis.Server, want ...string) {
	t.Helper()
	var got []string
	for _, k := range r.Keys() {
		got = append(got, fmt.Sprint(k, "=", r.Command("GET", k)))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("holds %q, want %q", got, want)
	}
}

func replicationOf(t *testing.T, s port.Speed) string {
	t.Helper()
	op := &port.ReadReplication{Lane: model.LaneKey{SKU: "A", Loc: model.MainLocation}}
	doAll(t, s, op)
	return op.ReplID
}

// Stock and tokens vanish together, by whole scripts, from the end; what only read or refused was no
// write (F41, F45).
func TestAFailoverLosesASuffixOfWholeWrites(t *testing.T) {
	for lose, want := range [][]string{
		{"idempotent:{A}:o1=1", "idempotent:{A}:o2=1", "idempotent:{A}:o3=1", "stock:{A}=7"},
		{"idempotent:{A}:o1=1", "idempotent:{A}:o2=1", "stock:{A}=8"},
		{"idempotent:{A}:o1=1", "stock:{A}=9"},
		{"stock:{A}=10"},
		{},
		{}, // there were no more
	} {
		t.Run(fmt.Sprint(lose), func(t *testing.T) {
			r := redis.New(live.Gate(), redis.Options{KeepWrites: 10})
			s := r.Client()
			doAll(t, s, &port.SetStock{SKU: "A", Stock: 10})
			deducts(t, s, "o1", port.DeductOK)
			deducts(t, s, "o2", port.DeductOK)
			deducts(t, s, "o2", port.DeductAlready)
			deducts(t, s, "o3", port.DeductOK)
			doAll(t, s, &port.GetStock{SKU: "A"})
			before := replicationOf(t, s)
			lost := r.Failover(0, redis.Promotion{Lose: lose})
			holds(t, r, want...)
			if before == replicationOf(t, s) {
				t.Error("the replication id did not change")
			}
			all := []redis.Write{{Op: "set stock", Key: "stock:{A}"}, {Op: "deduct", Key: "stock:{A}"},
				{Op: "deduct", Key: "stock:{A}"}, {Op: "deduct", Key: "stock:{A}"}}
			if n := min(lose, 4); len(lost) != n || n > 0 && !reflect.DeepEqual(lost, all[4-n:]) {
				t.Errorf("lost %v", lost)
			}
		})
	}
}

// Every kind of write can be taken back, and a write that was taken back is not taken back again.
func TestAFailoverTakesBackEveryKindOfWrite(t *testing.T) {
	gate := &stillGate{nowMS: 1_000_000}
	r := redis.New(gate, redis.Options{KeepWrites: 3})
	state := func() string {
		return fmt.Sprint(r.Keys(), r.Command("GET", "a"), r.Command("PTTL", "a"), r.Command("HGETALL", "h"))
	}
	for _, setup := range [][]string{{"SET", "a", "1", "PX", "5000"}, {"HSET", "h", "x", "1", "y", "2"}} {
		r.Command(setup...)
	}
	before := state()
	for _, write := range [][]string{
		{"SET", "a", "x"}, {"DEL", "a"}, {"INCRBY", "a", "5"}, {"DECRBY", "new", "1"}, {"HSET", "h", "x", "7"},
		{"HSET", "h", "z", "7"}, {"HSET", "new", "f", "1"}, {"EXPIRE", "a", "77"}, {"PEXPIRE", "h", "0"}, {"DEL", "a", "h"},
	} {
		r.Command(write...)
		if state() == before {
			t.Errorf("%q changed nothing", write)
		}
		if lost := r.Failover(0, redis.Promotion{Lose: 1}); len(lost) != 1 || lost[0].Op != write[0] || state() != before {
			t.Errorf("%q: lost %v, left %s, want %s", write, lost, state(), before)
		}
	}
	for i := range 5 {
		r.Command("INCRBY", "a", fmt.Sprint(i))
	}
	if lost := r.Failover(0, redis.Promotion{Lose: 9}); len(lost) != 3 || r.Command("GET", "a") != "2" {
		t.Errorf("lost %v, a = %v: only 3 writes are kept", lost, r.Command("GET", "a"))
	}
}

// A replica with a fast clock ends tokens early, and only on its own node (F8).
func TestAPromotedReplicaHasItsOwnClock(t *testing.T) {
	r := redis.New(&stillGate{nowMS: 1_000_000}, redis.Options{Masters: 3, KeepWrites: 4})
	s := r.Client()
	owner := redis.Slot("{A}") * 3 / command.Slots
	doAll(t, s, &port.SetStock{SKU: "A", Stock: 10})
	deducts(t, s, "o1", port.DeductOK)
	r.Failover((owner+1)%3, redis.Promotion{Skew: 25 * time.Hour})
	deducts(t, s, "o1", port.DeductAlready)
	r.Failover(owner, redis.Promotion{Skew: 25 * time.Hour})
	deducts(t, s, "o1", port.DeductOK)
}

// What the client sees of an empty script cache: NOSCRIPT, and the source in a second round trip,
// behind everything else of the first (F40).
func TestAScriptThatIsUnknownCostsASecondRoundTrip(t *testing.T) {
	gate := &traceGate{}
	r := redis.New(gate, redis.Options{})
	s := r.Client()
	beat := func(at int64) *port.WriteBeat { return &port.WriteBeat{Space: port.SpeedSpace, At: at} }
	doAll(t, s, beat(1))
	gate.took(t, "redis beat")
	for _, c := range []struct {
		name   string
		forget func()
	}{
		{"script flush", r.FlushScripts}, {"restart", r.RestartEmpty},
		{"failover", func() { r.Failover(0, redis.Promotion{}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.forget()
			read := &port.ReadBeat{Space: port.SpeedSpace}
			r.Command("DEL", "hb:0")
			doAll(t, s, beat(5), read)
			if read.Found {
				t.Error("the read, which needs no script, came after the script")
			}
			gate.took(t, "redis beat", "redis beat")
			doAll(t, s, beat(6), read)
			if !read.Found || read.At != 6 {
				t.Errorf("read %+v", *read)
			}
			gate.took(t, "redis beat")
			doAll(t, s, installOf("A")) // another script, not loaded yet
			gate.took(t, "redis install", "redis install")
		})
	}
	cold := redis.New(gate, redis.Options{ColdScripts: true}).Client()
	doAll(t, cold, beat(1), beat(2))
	gate.took(t, "redis beat", "redis beat")
}

func installOf(sku string) *port.InstallLane {
	return &port.InstallLane{Space: port.SpeedSpace, Lane: model.LaneKey{SKU: model.SKU(sku), Loc: model.MainLocation}, Epoch: 1, Seq: 1}
}

// A master that goes while it works on a pipeline takes all replies with it, and nobody may think that
// nothing was done.
func TestAMasterThatGoesInAPipelineLeavesItUnknown(t *testing.T) {
	for _, c := range []struct {
		name string
		goes func(*redis.Server)
	}{
		{"restart", (*redis.Server).RestartEmpty},
		{"failover", func(r *redis.Server) { r.Failover(0, redis.Promotion{}) }},
		{"healed", func(r *redis.Server) { r.Heal(0) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			gate := &traceGate{}
			r := redis.New(gate, redis.Options{})
			r.Isolate(0, redis.Promotion{}, "old side")
			s := r.ClientOf("old side")
			if c.name != "healed" {
				r.Heal(0)
			}
			gate.onStep = func() { c.goes(r) }
			first, second := &port.SetStock{SKU: "A", Stock: 1}, &port.SetStock{SKU: "A", Stock: 2}
			err := s.Do(context.Background(), first, second)
			if !errors.Is(err, port.ErrUnknown) || !errors.Is(first.Err, port.ErrUnknown) || !errors.Is(second.Err, port.ErrUnknown) {
				t.Errorf("%v; %v, %v", err, first.Err, second.Err)
			}
			if got := r.Command("GET", "stock:{A}"); got == "2" {
				t.Error("the new server ran what was sent to the old one")
			}
		})
	}
}

// The old master goes on in its minority, and all of that is lost (F43).
func TestAMinorityMasterServesAndItsWritesAreDropped(t *testing.T) {
	for _, named := range []bool{true, false} {
		t.Run(fmt.Sprint("named ", named), func(t *testing.T) {
			r := redis.New(live.Gate(), redis.Options{KeepWrites: 4})
			old, other := r.ClientOf("worker-1"), r.ClientOf("worker-2")
			doAll(t, old, &port.SetStock{SKU: "A", Stock: 10})
			deducts(t, old, "o1", port.DeductOK)
			id := replicationOf(t, old)

			clients := []string{"worker-1"}
			if !named {
				clients = nil
			}
			lost, _ := r.Isolate(0, redis.Promotion{Lose: 1}, clients...)
			if len(lost) != 1 {
				t.Errorf("lost %v", lost)
			}
			deducts(t, old, "o1", port.DeductAlready)
			deducts(t, old, "o2", port.DeductOK)
			if replicationOf(t, old) != id {
				t.Error("the old master is another one now")
			}
			want := []string{"stock:{A}=10"}
			if named {
				deducts(t, other, "o1", port.DeductOK)
				want = []string{"idempotent:{A}:o1=1", "stock:{A}=9"}
			} else {
				deducts(t, other, "o1", port.DeductAlready)
			}
			holds(t, r, want...)

			dropped := r.Heal(0)
			if !reflect.DeepEqual(dropped, []redis.Write{{Op: "deduct", Key: "stock:{A}"}}) {
				t.Errorf("dropped %v", dropped)
			}
			holds(t, r, want...)
			if replicationOf(t, old) == id {
				t.Error("the old master is still there")
			}
			deducts(t, old, "o2", port.DeductOK)
			if r.Heal(0) != nil {
				t.Error("healed twice")
			}
		})
	}
}

// Reads go to replicas, scripts do not (F47).
func TestAReplicaAnswersFromThePast(t *testing.T) {
	r := redis.New(live.Gate(), redis.Options{KeepWrites: 10})
	s := r.Client()
	lane := model.LaneKey{SKU: "A", Loc: model.MainLocation}
	for seq := range int64(3) {
		doAll(t, s, &port.InstallLane{Space: port.SpeedSpace, Lane: lane, Epoch: 1, Seq: seq + 1, FromSeq: seq})
	}
	for lag, want := range []int64{3, 2, 1, 0, 0} {
		r.ReplicaLag(lag)
		read := &port.ReadLane{Space: port.SpeedSpace, Lane: lane}
		again := installOf("A")
		doAll(t, s, again, read)
		if read.Found != (want > 0) || read.Seq != want || again.StoredSeq != 3 {
			t.Errorf("%d writes behind: read %+v, the master has seq %d", lag, *read, again.StoredSeq)
		}
	}
	r.ReplicaLag(0)
	doAll(t, s, &port.SetStock{SKU: "A", Stock: 5}, &port.SetStock{SKU: "B", Stock: 5})
	r.ReplicaLag(1)
	a, b := &port.GetStock{SKU: "A"}, &port.GetStock{SKU: "B"}
	doAll(t, s, a, b)
	if !a.Found || b.Found {
		t.Errorf("one write behind of two: %+v, %+v", *a, *b)
	}
	doAll(t, s, &port.SetStock{SKU: "C", Stock: 5}, b)
	r.Command("DEL", "stock:{B}") // the read did not touch the master's
	if got := fmt.Sprint(r.Keys()); got != "[inv:{A}:main stock:{A} stock:{C}]" {
		t.Errorf("left %s", got)
	}
}

// A partition is of one master: its clients see the others as they are.
func TestOnlyTheMasterThatWasCutOffHasTwoSides(t *testing.T) {
	r := redis.New(live.Gate(), redis.Options{Masters: 3})
	old := r.ClientOf("old")
	node := redis.Slot("{A}") * 3 / command.Slots
	r.Isolate((node+1)%3, redis.Promotion{}, "old")
	doAll(t, old, &port.SetStock{SKU: "A", Stock: 10})
	holds(t, r, "stock:{A}=10")
	r.Isolate(node, redis.Promotion{}, "old")
	id := replicationOf(t, r.Client())
	r.Isolate(node, redis.Promotion{}, "old")
	if replicationOf(t, r.Client()) != id {
		t.Error("cut off twice")
	}
	doAll(t, old, &port.SetStock{SKU: "A", Stock: 11})
	holds(t, r, "stock:{A}=10")
	r.RestartEmpty()
	doAll(t, old, &port.SetStock{SKU: "A", Stock: 12})
	holds(t, r, "stock:{A}=12") // a restart of everything leaves no side
}

// A server that restarted empty has nothing that a replica could lack, and a promoted one not the old
// one's troubles.
func TestWhatANewServerDoesNotInherit(t *testing.T) {
	r := redis.New(live.Gate(), redis.Options{KeepWrites: 5})
	s := r.Client()
	doAll(t, s, &port.SetStock{SKU: "A", Stock: 10}, &port.SetStock{SKU: "A", Stock: 11})
	r.RestartEmpty()
	if lost := r.Failover(0, redis.Promotion{Lose: 2}); len(lost) != 0 || len(r.Keys()) != 0 {
		t.Errorf("lost %v, left %q", lost, r.Keys())
	}
	r.DenyWrites(0, redis.OOM)
	r.Refuse(0, 100, redis.Busy)
	r.Failover(0, redis.Promotion{})
	doAll(t, s, &port.SetStock{SKU: "A", Stock: 10})
	doAll(t, s, installOf("A"))
	deducts(t, s, "o1", port.DeductOK)
	lost := r.Failover(0, redis.Promotion{Lose: 3})
	if fmt.Sprint(lost) != "[{set stock stock:{A}} {install inv:{A}:main} {deduct stock:{A}}]" {
		t.Errorf("lost %v, oldest first", lost)
	}
}

// A script that writes one key twice is one write, taken back to before its first.
func TestAScriptThatWritesAKeyTwiceIsOneWrite(t *testing.T) {
	gate := live.Gate()
	r := redis.New(gate, redis.Options{KeepWrites: 5})
	r.Command("SET", "a", "1")
	source := "redis.call('INCRBY', KEYS[1], '1') return redis.call('INCRBY', KEYS[1], '1')"
	_ = gate.Call(t.Context(), memory.Call{}, func() error {
		r.Eval(&command.Script{Name: "twice", SHA: source, Source: source}, []string{"a"}, nil)
		return nil
	})
	if lost := r.Failover(0, redis.Promotion{Lose: 1}); len(lost) != 1 || r.Command("GET", "a") != "1" {
		t.Errorf("lost %v, a = %v", lost, r.Command("GET", "a"))
	}
}

// What a failover may lose is part of the state that a search compares: two servers that hold the same and would lose something
// else are two states, and one where nothing can be undone.
func TestADigestTellsWhatAFailoverMayLose(t *testing.T) {
	digest := func(keep int, stocks ...int64) uint64 {
		r := redis.New(live.Gate(), redis.Options{KeepWrites: keep})
		for _, n := range stocks {
			doAll(t, r.Client(), &port.SetStock{SKU: "A", Stock: n})
		}
		return r.Digest()
	}
	if digest(1, 9, 8) == digest(1, 7, 8) {
		t.Error("two states that a failover tells apart have one digest")
	}
	if digest(1, 6, 9, 8) != digest(1, 7, 9, 8) || digest(0, 9, 8) != digest(0, 7, 8) {
		t.Error("what no failover can bring back makes two states of one")
	}
}
