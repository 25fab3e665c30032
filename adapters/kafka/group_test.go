package kafka_test

import (
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"stockproof/adapters/kafka"
	"stockproof/inventory/port"
)

// TestAZombieFetchesButDoesNotCommit has heartbeats so rare that the member cannot have learned.
func TestAZombieFetchesButDoesNotCommit(t *testing.T) {
	w := newWorld(t, 1, 1, func(o *kafka.Options) {
		o.SessionTimeout, o.HeartbeatInterval = 4*time.Minute, time.Minute
	})
	w.put(t, 0, 0, 3)
	zombie := w.claims(t, w.b, 1)[0]
	w.Evict(t, group, "one")
	two := w.claims(t, w.connect(t, w.options("two")), 1)[0]
	if rs, err := zombie.Fetch(w.ctx, from(0), 3, 0); err != nil || len(rs) == 0 {
		t.Fatalf("the zombie fetches: %v, %v", rs, err)
	}
	want(t, zombie.Commit(w.ctx, from(3)), port.ErrFenced, group, topic+"[0]")
	if err := two.Commit(w.ctx, from(1)); err != nil {
		t.Errorf("the owner commits: %v", err)
	}
}

// TestAnEvictedMemberLearnsByItsHeartbeat: it then joins again without waiting for Release, since
// others may hold the partition already.
func TestAnEvictedMemberLearnsByItsHeartbeat(t *testing.T) {
	w := newWorld(t, 1, 1, nil)
	m := w.join(t, w.b)
	c := claimAll(t, w.ctx, m, 1)[0]
	waiting := make(chan error, 1)
	go func() { _, err := c.Fetch(w.ctx, from(0), 1, 0); waiting <- err }()
	w.Evict(t, group, "one")
	want(t, <-waiting, port.ErrFenced, group, topic+"[0]")
	again := claimAll(t, w.ctx, m, 1)[0]
	want(t, c.Commit(w.ctx, from(7)), port.ErrFenced)
	if err := again.Commit(w.ctx, from(1)); err != nil {
		t.Errorf("the new claim commits: %v", err)
	}
	c.Release()
	if err := again.Commit(w.ctx, from(2)); err != nil {
		t.Errorf("the old claim's Release ended the new one: %v", err)
	}
}

func TestAnUnreleasedPartitionMovesBeforeTheGroupEvicts(t *testing.T) {
	w := newWorld(t, 1, 2, func(o *kafka.Options) { o.RebalanceTimeout = time.Second })
	stuck := w.claims(t, w.b, 2)
	two, err := w.connect(t, w.options("two")).Join(w.ctx, group, topic)
	if err != nil {
		t.Fatal(err)
	}
	defer two.Leave(w.ctx)
	c, err := two.Claim(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Partition()
	want(t, stuck[p].Commit(w.ctx, from(1)), port.ErrFenced)
	if err := stuck[1-p].Commit(w.ctx, from(1)); err != nil {
		t.Errorf("the member lost its other partition too: %v", err)
	}
	stuck[p].Release()
}

func TestACommitThatTheBrokerDidNotAnswerForIsUnknown(t *testing.T) {
	w := newWorld(t, 1, 1, nil)
	c := w.claims(t, w.b, 1)[0]
	w.c.Fake().Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.RequestTimedOut, Count: 1,
	})
	want(t, c.Commit(w.ctx, from(1)), port.ErrUnknown, group, topic+"[0]")
	if err := c.Commit(w.ctx, from(1)); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestAMovedLeaderIsFollowed(t *testing.T) {
	w := newWorld(t, 3, 1, nil)
	c := w.claims(t, w.b, 1)[0]
	at := int64(0)
	var last port.Record
	for node := range int32(3) {
		if err := w.c.Fake().MoveTopicPartition(topic, 0, node); err != nil {
			t.Fatal(err)
		}
		w.put(t, 0, int(at), 2)
		for want := at + 2; at < want; {
			rs, err := c.Fetch(w.ctx, port.Position{Offset: at, LeaderEpoch: last.LeaderEpoch}, 1, 0)
			if errors.Is(err, port.ErrUnavailable) {
				continue
			}
			if err != nil || rs[0].Offset != at {
				t.Fatalf("at %d: %v, %v", at, rs, err)
			}
			last = rs[0]
			at++
		}
	}
	if last.LeaderEpoch < 2 {
		t.Errorf("the last record is of leader epoch %d, want one for each move", last.LeaderEpoch)
	}
}

func TestEnsureTopicsCreatesOnceAndRefusesAnotherSize(t *testing.T) {
	r := start(t, 1)
	b := r.connect(t, r.options("one"))
	ctx := soon(t)
	wanted := []kafka.Topic{
		{Name: "inventory.command", Partitions: 4},
		{Name: "inventory.state", Partitions: 2, Compacted: true},
	}
	first, err := b.EnsureTopics(ctx, wanted...)
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.EnsureTopics(ctx, wanted...)
	if err != nil || len(second) != 2 ||
		first[0] != second[0] || first[1] != second[1] || first[0] == first[1] {
		t.Errorf("created %v, then found %v, %v", first, second, err)
	}
	if _, err := b.EnsureTopics(ctx, kafka.Topic{Name: "inventory.command", Partitions: 5}); err != nil {
		want(t, err, port.ErrContract, "inventory.command", "5")
	} else {
		t.Error("a topic of 4 partitions passed for one of 5")
	}
	info := r.c.Fake().TopicInfo("inventory.state")
	if policy := info.Configs["cleanup.policy"]; policy == nil || *policy != "compact" {
		t.Errorf("the state topic is not compacted: %v", info.Configs)
	}
	id, _, err := b.End(ctx, "inventory.state")
	if err != nil || id != first[1] {
		t.Errorf("End says topic %s, %v, want %s", id, err, first[1])
	}
}
