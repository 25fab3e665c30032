package kafka_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"stockproof/adapters/live"
	"stockproof/adapters/memory/kafka"
	"stockproof/inventory/port"
	"stockproof/model"
)

// values reads a claim from where its group stands.
func values(t *testing.T, c port.Claim) (vs []string) {
	t.Helper()
	for _, r := range fetched(t, c, c.Committed()) {
		vs = append(vs, string(r.Value))
	}
	return vs
}

func produceKeyed(t *testing.T, b port.Broker, keyed ...string) {
	t.Helper()
	for _, kv := range keyed {
		r := port.Record{Topic: topicName, Partition: -1, Key: []byte(kv[:1]), Value: []byte(kv)}
		if err := b.Produce(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

// remapped is a key of one letter that four partitions put elsewhere than two, and where.
func remapped(t *testing.T) (key string, before, after int32) {
	t.Helper()
	for c := 'A'; c <= 'Z'; c++ {
		key = string(c)
		before, after = model.Partition([]byte(key), 2), model.Partition([]byte(key), 4)
		if before != after {
			return key, before, after
		}
	}
	t.Fatal("no key moves")
	return "", 0, 0
}

// A key's new records overtake its old ones, on another member; a group that begins at the end misses
// what came before its members did (F79).
func TestMorePartitionsRemapKeys(t *testing.T) {
	for _, reset := range []kafka.Reset{kafka.Earliest, kafka.Latest} {
		t.Run(fmt.Sprint("reset ", reset), func(t *testing.T) {
			k := kafka.New(live.Gate(), kafka.Options{Reset: reset})
			k.CreateTopic(topicName, 2)
			key, before, after := remapped(t)
			b := k.Client("one")
			one := joined(t, b)
			old := map[int32]port.Claim{}
			for range 2 {
				c := claimed(t, one)
				old[c.Partition()] = c
			}
			produceKeyed(t, b, key+"1")
			if k.AddPartitions(topicName, 2) || k.AddPartitions("nothing", 9) || !k.AddPartitions(topicName, 4) {
				t.Error("a topic grows, and only grows")
			}
			// A producer that has not heard of it names the old partition (F22).
			if err := b.Produce(t.Context(), port.Record{Topic: topicName, Partition: before, Key: []byte(key), Value: []byte("stale")}); err != nil {
				t.Fatal(err)
			}
			fresh := map[int32]port.Claim{}
			if reset == kafka.Latest {
				produceKeyed(t, b, key+"2") // before anybody has claimed its partition
			}
			for range 2 {
				c := claimed(t, one)
				fresh[c.Partition()] = c
			}
			produceKeyed(t, b, key+"3")
			if err := old[before].Commit(t.Context(), port.Position{Offset: 1}); err != nil {
				t.Errorf("growth took a claim that nobody else wants: %v", err)
			}
			rs := fetched(t, old[before], port.Position{LeaderEpoch: -1})
			if len(rs) != 2 || string(rs[0].Value) != key+"1" || string(rs[1].Value) != "stale" {
				t.Errorf("the old partition holds %v", rs)
			}
			if got := values(t, fresh[after]); fmt.Sprint(got) != fmt.Sprint([]string{key + "3"}) {
				t.Errorf("the new partition gives %q, want only %q", got, key+"3")
			}
			two := joined(t, k.Client("two"))
			for _, c := range []port.Claim{old[0], old[1], fresh[2], fresh[3]} {
				c.Release()
			}
			if a, b := claimed(t, two), claimed(t, two); a.Partition() == b.Partition() {
				t.Error("a partition was given twice")
			}
		})
	}
}

// Compaction leaves the last record of a key, at its offset, and fetches go over the holes (F80).
func TestCompactionLeavesHoles(t *testing.T) {
	k := kafka.New(live.Gate(), kafka.Options{})
	k.CreateTopic(topicName, 1)
	b := k.Client("one")
	produceKeyed(t, b, "A0", "B1", "A2", "A3", "C4")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.Produce(t.Context(), port.Record{Topic: topicName, Value: []byte("no key")}))         // 5
	must(b.Produce(t.Context(), port.Record{Topic: topicName, Partition: -1, Key: []byte("C")})) // 6: a tombstone
	produceKeyed(t, b, "B7")
	must(b.Produce(t.Context(), port.Record{Topic: topicName, Value: []byte("no key, the last")})) // 8
	if n := k.Compact(topicName); n != 5 || k.Compact(topicName) != 0 || k.Compact("nothing") != 0 {
		t.Errorf("%d records went", n)
	}
	c := claimed(t, joined(t, b))
	offsets := func(from int64, max int) (os []int64) {
		rs, err := c.Fetch(t.Context(), port.Position{Offset: from, LeaderEpoch: -1}, max, 0)
		must(err)
		for _, r := range rs {
			os = append(os, r.Offset)
		}
		return os
	}
	for _, w := range []struct {
		from int64
		max  int
		want []int64
	}{{0, 9, []int64{3, 6, 7, 8}}, {3, 1, []int64{3}}, {4, 2, []int64{6, 7}}, {8, 9, []int64{8}}} {
		if got := offsets(w.from, w.max); fmt.Sprint(got) != fmt.Sprint(w.want) {
			t.Errorf("fetch at %d: offsets %v, want %v", w.from, got, w.want)
		}
	}
	if _, ends, _ := b.End(t.Context(), topicName); ends[0] != 9 {
		t.Errorf("the log ends at %d, want 9", ends[0])
	}
	if k.Duplicate(topicName, 0, 4) || !k.Duplicate(topicName, 0, 6) {
		t.Error("what was compacted away cannot be sent again, what is there can")
	}
	if got := offsets(8, 9); fmt.Sprint(got) != "[8 9]" {
		t.Errorf("behind the holes: %v", got)
	}
	k.DeleteRecords(topicName, 0, 5)
	if got := offsets(5, 9); fmt.Sprint(got) != "[6 7 8 9]" {
		t.Errorf("after retention: %v", got)
	}
	k.Truncate(topicName, 0, 7)
	produceKeyed(t, b, "D7")
	if got := offsets(5, 9); fmt.Sprint(got) != "[6 7]" {
		t.Errorf("after a truncation: %v", got)
	}
}

// Linger counts records, not offsets.
func TestLingerGoesOverHoles(t *testing.T) {
	clock := newHandClock()
	k := kafka.New(clock.gate(), kafka.Options{})
	k.CreateTopic(topicName, 1)
	b := k.Client("one")
	produceKeyed(t, b, "A0", "A1", "A2", "A3")
	k.Compact(topicName)
	c := claimed(t, joined(t, b))
	got := make(chan int, 1)
	go func() {
		rs, _ := c.Fetch(t.Context(), port.Position{LeaderEpoch: -1}, 2, time.Second)
		got <- len(rs)
	}()
	<-clock.set // one record is there, and it waits for the second
	produceKeyed(t, b, "B4")
	if n := <-got; n != 2 {
		t.Errorf("%d records, want 2", n)
	}
}

// A group whose offsets expired begins where its policy says: all over again, or behind what it never
// read (F7, F25).
func TestExpiredOffsets(t *testing.T) {
	for _, c := range []struct {
		reset kafka.Reset
		want  int64
	}{{kafka.Earliest, 2}, {kafka.Latest, 6}} {
		k := kafka.New(live.Gate(), kafka.Options{Reset: c.reset})
		k.CreateTopic(topicName, 1)
		b := k.Client("one")
		m := joined(t, b)
		claim := claimed(t, m)
		produce(t, b, 0, 6)
		if err := claim.Commit(t.Context(), port.Position{Offset: 4}); err != nil {
			t.Fatal(err)
		}
		k.DeleteRecords(topicName, 0, 2)
		if k.ExpireOffsets(groupName) {
			t.Error("a group with members keeps its offsets")
		}
		if err := m.Leave(t.Context()); err != nil {
			t.Fatal(err)
		}
		if k.ExpireOffsets("another") || !k.ExpireOffsets(groupName) || k.ExpireOffsets(groupName) {
			t.Error("an empty group's offsets expire, once")
		}
		if _, stored := k.Committed(groupName, topicName, 0); stored {
			t.Error("the offset is still there")
		}
		if at := claimed(t, joined(t, b)).Committed(); at.Offset != c.want || at.LeaderEpoch != -1 {
			t.Errorf("reset %d: begins at %+v, want %d", c.reset, at, c.want)
		}
	}
}

// A topic that is made anew begins at 0 again, under another identity; whoever kept a position finds it
// out of range, or worse, in the middle of other records (F81).
func TestRecreatedTopicHasOldOffsetsOfOtherRecords(t *testing.T) {
	k, b := produced(t, live.Gate(), 5)
	m := joined(t, b)
	old := claimed(t, m)
	if err := old.Commit(t.Context(), port.Position{Offset: 3}); err != nil {
		t.Fatal(err)
	}
	k.CreateTopic(topicName, 1)
	if _, err := old.Fetch(t.Context(), port.Position{Offset: 3, LeaderEpoch: -1}, 9, 0); !errors.Is(err, port.ErrFenced) {
		t.Errorf("the old claim fetches: %v", err)
	}
	c := claimed(t, m)
	if c.TopicID() == old.TopicID() || c.Committed().Offset != 0 {
		t.Errorf("the same identity, or at %+v", c.Committed())
	}
	if _, err := c.Fetch(t.Context(), port.Position{Offset: 3, LeaderEpoch: -1}, 9, 0); err == nil {
		t.Error("offset 3 of a new, empty topic was read")
	}
	produce(t, b, 100, 5)
	if rs := fetched(t, c, port.Position{Offset: 3, LeaderEpoch: -1}); len(rs) != 2 || string(rs[0].Value) != "103" {
		t.Errorf("read %v", rs)
	}
}

// The partition moves in the middle of a batch: the zombie works on, and its commit is refused; the new
// owner reads the same records again (F26).
func TestRebalanceInTheMiddleOfABatch(t *testing.T) {
	k, b := produced(t, live.Gate(), 4)
	one, two := joined(t, b), joined(t, k.Client("two"))
	zombie := claimed(t, one)
	batch := fetched(t, zombie, zombie.Committed())
	if !k.Evict(groupName, "one") || k.Evict(groupName, "one") {
		t.Error("a member is evicted once")
	}
	next := claimed(t, two)
	if again := fetched(t, next, next.Committed()); len(again) != len(batch) {
		t.Errorf("the new owner reads %d of %d records", len(again), len(batch))
	}
	if rs := fetched(t, zombie, port.Position{Offset: 2, LeaderEpoch: -1}); len(rs) != 2 {
		t.Errorf("the zombie reads %d records on", len(rs))
	}
	if err := next.Commit(t.Context(), port.Position{Offset: 3}); err != nil {
		t.Fatal(err)
	}
	if err := zombie.Commit(t.Context(), port.Position{Offset: 1}); !errors.Is(err, port.ErrFenced) {
		t.Errorf("the zombie commits: %v", err)
	}
	if at, _ := k.Committed(groupName, topicName, 0); at.Offset != 3 {
		t.Errorf("the group stands at %+v", at)
	}
	if _, err := zombie.Fetch(t.Context(), port.Position{}, 1, 0); !errors.Is(err, port.ErrFenced) {
		t.Errorf("it knows now, and still fetches: %v", err)
	}
}
