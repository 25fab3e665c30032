package ledger_test

import (
	"context"
	"testing"

	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/model"
)

// elsewhereFor is a house whose role writes to another speed layer than everybody's: what the test's
// one shows came through the state topic.
func (h *house) elsewhereFor(role string) {
	h.speed = func(r string, s port.Speed) port.Speed {
		if r == role {
			return elsewhere{}
		}
		return s
	}
}

// epochOf is the wire epoch that a space holds of lane A.
func (h *house) epochOf(space string) int64 {
	h.Helper()
	read := &port.ReadLane{Space: space, Lane: laneA("A")}
	h.must(h.p.Speed.Do(h.ctx, read))
	return read.Epoch
}

// The state topic loses its records before anybody has read them: a feed stays empty until the emitter
// sends all states again, and then equals the truth, with nothing but the topic to learn it from.
func TestFeedsConvergeAfterALostTopic(t *testing.T) {
	s := stocked(t)
	s.restock("in-b", "B", 7)
	crash := s.run("connector")
	s.until("three states are in the topic", func() bool { return len(s.world.Kafka.Records(model.StateTopic)) == 3 })
	crash()
	_, ends, err := s.p.Broker.End(s.ctx, model.StateTopic)
	s.must(err)
	for part, end := range ends {
		s.world.Kafka.DeleteRecords(model.StateTopic, int32(part), end)
	}
	s.elsewhereFor("emitter")
	s.run("connector", "feed", "projection")
	s.restock("in-c", "C", 1)
	s.shows(port.FeedSpace("web"), "C", "1 at 1")
	s.want("lost", s.shown(port.FeedSpace("web"), "A"), "nothing")
	s.run("emitter")
	for space, shows := range map[string]string{port.FeedSpace("web"): "3 at 2", port.SpeedSpace: "3 at 2"} {
		s.shows(space, "A", shows)
		s.shows(space, "B", "7 at 1")
	}
	s.until("it says so", func() bool { return s.ear.count("states-emitted") > 0 })
	s.restock("more", "A", 1)
	s.shows(port.FeedSpace("web"), "A", "4 at 3")
	if n := s.ear.count("states-emitted"); n != 1 {
		t.Errorf("sent %d times under one epoch", n)
	}
}

// Behind a promotion the emitter sends every lane under the new epoch, although nothing was decided.
func TestAPromotionIsFollowedByStates(t *testing.T) {
	s := stocked(t)
	s.elsewhereFor("emitter")
	s.run("connector", "feed", "emitter")
	s.shows(port.FeedSpace("web"), "A", "3 at 2")
	before := s.epochOf(port.FeedSpace("web"))
	s.world.Postgres.Promote()
	s.must(s.p.Truth.Do(s.ctx, &port.SetEpoch{}))
	s.until("the feed has the new epoch", func() bool { return s.epochOf(port.FeedSpace("web")) > before })
	s.shows(port.FeedSpace("web"), "A", "3 at 2")
}

// Behind a closed gate nothing is sent.
func TestNothingIsEmittedBehindAClosedGate(t *testing.T) {
	s := stocked(t)
	s.world.Postgres.Promote()
	if err := ledger.EmitStates(s.ctx, s.p, s.o); port.Class(err) != port.ErrUnavailable {
		t.Errorf("%v, want unavailable", err)
	}
}

// elsewhere is a speed layer that takes everything.
type elsewhere struct{}

func (elsewhere) Do(_ context.Context, ops ...port.SpeedOp) error {
	for _, op := range ops {
		if in, ok := op.(*port.InstallLane); ok {
			in.Code, in.StoredEpoch, in.StoredSeq, in.StoredAvail = port.Installed, in.Epoch, in.Seq, in.Avail
		}
	}
	return nil
}
