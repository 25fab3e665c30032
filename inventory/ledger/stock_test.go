package ledger

import (
	"context"
	"testing"
	"time"

	"stockproof/inventory/port"
	"stockproof/model"
)

// ticking is a speed layer whose answers are the moment at which they were made, and a clock that shows the last of them. The
// answers of one batch are made in any order.
type ticking struct {
	port.Speed
	port.Runtime
	ms int64
}

func (s *ticking) Do(_ context.Context, ops ...port.SpeedOp) error {
	s.ms++
	for _, op := range ops {
		switch op := op.(type) {
		case *port.ReadLane:
			op.Found, op.Seq = true, s.ms
		case *port.ReadBeat:
			op.Found, op.At = true, s.ms
		}
	}
	return nil
}

func (s *ticking) Now() time.Time { return time.UnixMilli(s.ms) }

// A heartbeat vouches for the states in front of it: one that is read behind its lane, or side by side with it, may be younger
// than what the lane shows.
func TestHeartbeatsAreReadBeforeTheLanesThatTheySpeakOf(t *testing.T) {
	at := &ticking{ms: 1_000}
	s := &stock{speed: at, runtime: at, monitor: port.Quiet{}, partitions: 8}
	levels, err := s.Speed(t.Context(), []model.LaneKey{{SKU: "A", Loc: "main"}, {SKU: "B", Loc: "main"}, {SKU: "A", Loc: "east"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range levels {
		if beat := at.ms - l.AgeMS; l.AgeMS < 0 || beat >= l.Seq {
			t.Errorf("%s: read at %d, and the heartbeat at %d", l.Lane.SKU, l.Seq, beat)
		}
	}
}
