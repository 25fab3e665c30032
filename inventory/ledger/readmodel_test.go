package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

func laneA(sku model.SKU) model.LaneKey { return model.LaneKey{SKU: sku, Loc: model.MainLocation} }

// key is where the speed layer keeps a lane.
func key(sku string) string { return "inv:{" + sku + "}:main" }

// shown is what a space holds of a lane: its avail and seq, or that there is nothing.
func (h *house) shown(space string, sku model.SKU) string {
	h.Helper()
	read := &port.ReadLane{Space: space, Lane: laneA(sku)}
	if err := h.p.Speed.Do(h.ctx, read); err != nil {
		return "unreadable"
	}
	if !read.Found {
		return "nothing"
	}
	return fmt.Sprintf("%d at %d", read.Avail, read.Seq)
}

func (h *house) shows(space string, sku model.SKU, want string) {
	h.Helper()
	h.until(fmt.Sprintf("%s shows %s of %s, not %s", space, want, sku, h.shown(space, sku)), func() bool {
		return h.shown(space, sku) == want
	})
}

// reads is what a reader is told of a lane.
func (s store) reads(session *inventory.Session, sku model.SKU) inventory.Level {
	s.Helper()
	levels, err := s.Stock.Read(s.ctx, session, laneA(sku))
	s.must(err)
	return levels[0]
}

// wrecked has the ways in which Redis can be wrong about lane A, whose truth is 3 at seq 2.
func wrecked() map[string]func(h *house) {
	return map[string]func(h *house){
		"missing":          func(h *house) { h.world.Redis.Command("DEL", key("A")) },
		"wrong type":       func(h *house) { h.world.Redis.Command("SET", key("A"), "7") },
		"unreadable seq":   func(h *house) { h.world.Redis.Command("HSET", key("A"), "s", "0x7") },
		"emptied":          func(h *house) { h.world.Redis.RestartEmpty() },
		"equal seq, other": func(h *house) { h.world.Redis.Command("HSET", key("A"), "a", "99") },
		"older":            func(h *house) { h.world.Redis.Command("HSET", key("A"), "s", "1", "a", "5") },
	}
}

// wreck deletes a plain key first where the new value is of another type.
func wreck(h *house, how func(h *house), name string) {
	if name == "wrong type" {
		h.world.Redis.Command("DEL", key("A"))
	}
	how(h)
}

// stocked is a synchronous store without anything behind it but what the test starts.
func stocked(t *testing.T) store {
	h := newHouse(t)
	s := store{h, h.front(inventory.Sync)}
	s.want("restock", s.restock("in", "A", 5), "GRANTED 5")
	s.want("order", s.checkout(basket("o", model.AllOrNothing, line("A", 2))), "GRANTED 2")
	return s
}

// What the speed layer does not know is UNKNOWN: the truth answers, never zero.
func TestAMissingKeyIsNotZero(t *testing.T) {
	s := stocked(t)
	if l := s.reads(nil, "A"); !l.Known || !l.FromTruth || l.Avail != 3 || l.Seq != 2 || l.AgeMS != 0 {
		t.Errorf("level %+v, want 3 from the truth", l)
	}
	if l := s.reads(nil, "never"); l.Known || l.Avail != 0 && l.Seq != 0 {
		t.Errorf("a lane that nobody stocked: %+v", l)
	}
	levels, err := s.Stock.Read(s.ctx, nil, laneA("never"), laneA("A"))
	if s.must(err); levels[0].Known || levels[1].Avail != 3 || levels[1].Lane != laneA("A") {
		t.Errorf("levels %+v", levels)
	}
}

// Whatever Redis holds in place of a lane, a reader is told no nonsense, and reconciler and bootstrap
// heal it.
func TestWhatIsWrongInRedisIsHealed(t *testing.T) {
	for name, how := range wrecked() {
		for _, healer := range []string{"reconciler", "bootstrap"} {
			t.Run(name+" by "+healer, func(t *testing.T) {
				s := stocked(t)
				s.run("connector", "projection")
				s.shows(port.SpeedSpace, "A", "3 at 2")
				wreck(s.house, how, name)
				if name == "missing" || name == "wrong type" || name == "emptied" || name == "unreadable seq" {
					if l := s.reads(nil, "A"); !l.FromTruth || l.Avail != 3 {
						t.Errorf("level %+v, want 3 from the truth", l)
					}
				}
				s.run(healer)
				s.shows(port.SpeedSpace, "A", "3 at 2")
				bump := s.lane("A").Bump
				if want := int64(0); name == "equal seq, other" && bump == want || name != "equal seq, other" && bump != want {
					t.Errorf("lane bumped %d times", bump)
				}
				s.restock("more", "A", 1)
				s.shows(port.SpeedSpace, "A", "4 at 3")
			})
		}
	}
}

// A speed layer that is ahead of the truth, which can only be somebody's mistake, is an alarm, and what
// is there loses to nothing but a newer state.
func TestAheadOfTheTruthIsAnAlarm(t *testing.T) {
	s := stocked(t)
	s.run("connector", "projection")
	s.shows(port.SpeedSpace, "A", "3 at 2")
	s.world.Redis.Command("HSET", key("A"), "s", "9", "a", "50")
	s.run("reconciler")
	s.until("there is an alarm", func() bool { return s.ear.heard("is ahead of the truth: seq 9") })
	s.want("what is ahead", s.shown(port.SpeedSpace, "A"), "50 at 9")
	for i := range 8 {
		s.restock(fmt.Sprint("more", i), "A", 1)
	}
	s.shows(port.SpeedSpace, "A", "11 at 10")
}

// A lane that moved on between the reconciler's scan and its install is not ahead of the truth.
func TestALaneThatMovedOnIsNoAlarm(t *testing.T) {
	h := newHouse(t)
	scanned, moved := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	h.speed = func(role string, s port.Speed) port.Speed {
		if role != "reconciler" {
			return s
		}
		return before{s, func() {
			if first.CompareAndSwap(false, true) {
				close(scanned)
				<-moved
			}
		}}
	}
	s := store{h, h.front(inventory.Sync)}
	s.restock("in", "A", 5)
	s.run("connector", "projection", "reconciler")
	<-scanned
	s.restock("more", "A", 1)
	s.shows(port.SpeedSpace, "A", "6 at 2")
	close(moved)
	// Its second scan, which finds B, is behind the first one's look at A.
	s.restock("in-b", "B", 7)
	s.shows(port.SpeedSpace, "B", "7 at 1")
	s.world.Redis.Command("DEL", key("B"))
	s.shows(port.SpeedSpace, "B", "7 at 1")
	if s.ear.heard("ahead") {
		t.Errorf("a false alarm: %s", s.ear)
	}
}

// before does something in front of every call.
type before struct {
	port.Speed
	do func()
}

func (b before) Do(ctx context.Context, ops ...port.SpeedOp) error {
	b.do()
	return b.Speed.Do(ctx, ops...)
}

// The projection itself quarantines what is no hash, with the next record of the lane.
func TestTheProjectionQuarantinesAWrongType(t *testing.T) {
	s := stocked(t)
	s.run("connector", "projection")
	s.shows(port.SpeedSpace, "A", "3 at 2")
	wreck(s.house, wrecked()["wrong type"], "wrong type")
	s.restock("more", "A", 1)
	s.shows(port.SpeedSpace, "A", "4 at 3")
	if !s.ear.heard("quarantine inv") {
		t.Errorf("no alarm: %s", s.ear)
	}
}

// A Redis that lost everything is filled again when its replication id changes, without a word.
func TestBootstrapNoticesANewMaster(t *testing.T) {
	s := stocked(t)
	s.restock("in-b", "B", 7)
	s.run("bootstrap")
	s.shows(port.SpeedSpace, "A", "3 at 2")
	s.until("it is done", func() bool { return s.ear.count("bootstrap") == 1 })
	s.world.Redis.RestartEmpty()
	s.shows(port.SpeedSpace, "A", "3 at 2")
	s.shows(port.SpeedSpace, "B", "7 at 1")
	s.shows(port.FeedSpace("web"), "B", "7 at 1")
}

// Records that come again, in any order, never put an older state over a newer one.
func TestOlderRecordsNeverOverwrite(t *testing.T) {
	s := stocked(t)
	for i := range 6 {
		s.restock(fmt.Sprint("in", i), "A", 1)
	}
	s.run("connector", "projection", "feed")
	s.shows(port.SpeedSpace, "A", "9 at 8")
	s.shows(port.FeedSpace("web"), "A", "9 at 8")
	rs := s.world.Kafka.Records(model.StateTopic)
	for i := range rs {
		rs[i].Partition = -1
	}
	s.must(s.p.Broker.Produce(s.ctx, rs...))
	for _, r := range slices.Backward(rs) { // one by one, the oldest last
		s.must(s.p.Broker.Produce(s.ctx, r))
		s.projected()
	}
	s.shows(port.SpeedSpace, "A", "9 at 8")
	s.shows(port.FeedSpace("web"), "A", "9 at 8")
	if s.ear.count("duplicate") == 0 {
		t.Error("no duplicate was counted")
	}
}

// projected waits until everything in the state topic was applied.
func (s store) projected() {
	s.Helper()
	_, ends, err := s.p.Broker.End(s.ctx, model.StateTopic)
	s.must(err)
	for _, group := range []string{"ledger-projection", "feed-web"} {
		for part, end := range ends {
			s.until(group+" has read everything", func() bool {
				at, ok := s.world.Kafka.Committed(group, model.StateTopic, int32(part))
				return ok && at.Offset >= end || end == 0
			})
		}
	}
}

// A session is never shown older than what it has seen, or than its own decision.
func TestASessionIsNeverShownOlder(t *testing.T) {
	s := stocked(t)
	s.run("connector", "projection")
	s.shows(port.SpeedSpace, "A", "3 at 2")
	var session inventory.Session
	if l := s.reads(&session, "A"); l.FromTruth || l.Avail != 3 {
		t.Errorf("level %+v, want 3 from Redis", l)
	}
	wreck(s.house, wrecked()["older"], "older")
	if l := s.reads(&session, "A"); !l.FromTruth || l.Seq != 2 || l.Avail != 3 {
		t.Errorf("a session was shown %+v", l)
	}
	if l := s.reads(nil, "A"); l.FromTruth || l.Seq != 1 {
		t.Errorf("somebody without a session: %+v", l)
	}
	var own inventory.Session
	row := s.commandRow(lineOf("o", 1))
	own.Saw(laneA("A"), row.Epoch, row.Decision.Seq)
	if l := s.reads(&own, "A"); !l.FromTruth || l.Seq != 2 {
		t.Errorf("who decided it is shown %+v", l)
	}
}

// An age comes from the heartbeat that went through the whole pipeline: it grows while nothing comes,
// and shrinks when it does.
func TestAgesComeFromHeartbeats(t *testing.T) {
	s := stocked(t)
	s.run("connector", "projection")
	s.shows(port.SpeedSpace, "A", "3 at 2")
	if l := s.reads(nil, "A"); l.AgeMS != -1 {
		t.Errorf("an age without a heartbeat: %+v", l)
	}
	crash := s.run("heart")
	s.until("there is an age", func() bool { return s.reads(nil, "A").AgeMS >= 0 })
	crash()
	before := s.reads(nil, "A").AgeMS
	s.until("it grows", func() bool { return s.reads(nil, "A").AgeMS > before+20 })
	s.run("heart")
	s.until("it shrinks", func() bool { return s.reads(nil, "A").AgeMS < 20 })
}

// A shard that is down does not stop its partition: lanes of other shards go on, its own are dirty
// until it is back, and no heartbeat claims meanwhile that they are fresh.
func TestAShardThatIsDownDoesNotStopThePartition(t *testing.T) {
	h := newHouse(t, onePartition)
	var down atomic.Bool
	down.Store(true)
	h.speed = func(role string, s port.Speed) port.Speed {
		if role != "projection" {
			return s
		}
		return shardDown{s, &down}
	}
	s := store{h, h.front(inventory.Sync)}
	s.restock("in-a", "A", 5)
	s.run("connector", "projection", "heart")
	s.restock("in-b", "B", 7)
	s.shows(port.SpeedSpace, "B", "7 at 1")
	s.until("there is an alarm", func() bool { return s.ear.heard("dirty") })
	s.restock("in-b2", "B", 1)
	s.shows(port.SpeedSpace, "B", "8 at 2")
	s.want("the lane of the shard that is down", s.shown(port.SpeedSpace, "A"), "nothing")
	beat := &port.ReadBeat{Space: port.SpeedSpace}
	s.must(s.p.Speed.Do(s.ctx, beat))
	if beat.Found {
		t.Error("a heartbeat was written while a lane was dirty")
	}
	down.Store(false)
	s.restock("in-b3", "B", 1)
	s.shows(port.SpeedSpace, "A", "5 at 1")
}

// shardDown fails installs of lane A.
type shardDown struct {
	port.Speed
	down *atomic.Bool
}

func (s shardDown) Do(ctx context.Context, ops ...port.SpeedOp) error {
	var worst error
	var up []port.SpeedOp
	for _, op := range ops {
		if in, ok := op.(*port.InstallLane); ok && in.Lane.SKU == "A" && s.down.Load() {
			in.Err = fmt.Errorf("shard is down: %w", port.ErrUnavailable)
			worst = in.Err
			continue
		}
		up = append(up, op)
	}
	if len(up) > 0 {
		if err := s.Speed.Do(ctx, up...); err != nil {
			return err
		}
	}
	return worst
}

// Without a connector a relay carries everything: commands, states, decisions.
func TestTheRelayCarriesEverything(t *testing.T) {
	h := newHouse(t, func(o *inventory.Options) { o.Relay = true })
	h.run("relay", "worker", "projection", "feed", "heart", "coordinator")
	s := store{h, h.front(inventory.Async)}
	s.want("restock", s.restock("in", "A", 5), "GRANTED 5")
	s.want("order", s.checkout(basket("o", model.AllOrNothing, line("A", 2), line("A", 1))), "GRANTED 2, GRANTED 1")
	s.want("commit", s.commit("o"), "GRANTED 2, GRANTED 1")
	s.shows(port.SpeedSpace, "A", "2 at 5")
	s.shows(port.FeedSpace("web"), "A", "2 at 5")
	s.until("there is an age", func() bool { return s.reads(nil, "A").AgeMS >= 0 })
	if len(s.world.Kafka.Records(model.DecisionTopic)) == 0 {
		t.Error("no decision left")
	}
	s.until("the outbox is empty", func() bool {
		read := &port.ReadOutbox{Shards: 1, Max: 10}
		s.must(s.p.Truth.Do(s.ctx, read))
		return len(read.Rows) == 0
	})
	h.booksAgree()
}
