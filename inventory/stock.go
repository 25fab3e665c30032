package inventory

import (
	"context"
	"fmt"

	"stockproof/inventory/port"
	"stockproof/model"
)

// Level is what a reader is shown of one lane.
type Level struct {
	Lane      model.LaneKey
	Known     bool // false: nobody ever stocked it; never shown as zero
	Avail     int64
	Limit     int64 // backorder limit: how far below zero Avail may go; 0 where the design has none
	Epoch     int64
	Seq       int64 // 0 where the design has none
	AgeMS     int64 // how old the view may be; 0 from the truth, -1 where the design cannot tell
	FromTruth bool
}

// StockSource is where a design's levels come from.
type StockSource interface {
	// Speed reads the speed layer. A level that is not Known there is UNKNOWN, not zero.
	Speed(ctx context.Context, lanes []model.LaneKey) ([]Level, error)
	// Truth reads PostgreSQL.
	Truth(ctx context.Context, lanes []model.LaneKey) ([]Level, error)
}

// Session is what one reader has seen: it is never shown older. Not for concurrent use.
type Session struct{ seen map[model.LaneKey][2]int64 }

// Saw notes a decision of the reader's own, so that it reads its write.
func (s *Session) Saw(lane model.LaneKey, epoch, seq int64) {
	if s.seen == nil {
		s.seen = make(map[model.LaneKey][2]int64)
	}
	if last, ok := s.seen[lane]; !ok || last[0] < epoch || last[0] == epoch && last[1] < seq {
		s.seen[lane] = [2]int64{epoch, seq}
	}
}

func (s *Session) behind(l Level) bool {
	last, ok := s.seen[l.Lane]
	return ok && (l.Epoch < last[0] || l.Epoch == last[0] && l.Seq < last[1])
}

// Stock reads stock: the speed layer first, PostgreSQL where that does not know, fails, or is behind
// what the session has seen. Safe for concurrent use.
type Stock struct {
	Source  StockSource
	Monitor port.Monitor
}

// Read answers for every lane, in order. session may be nil.
func (r *Stock) Read(ctx context.Context, session *Session, lanes ...model.LaneKey) ([]Level, error) {
	if session == nil {
		session = &Session{}
	}
	levels, err := r.Source.Speed(ctx, lanes)
	if err != nil {
		r.Monitor.Alarm("read stock from the speed layer", err)
		levels = make([]Level, len(lanes))
	}
	var missing []model.LaneKey
	var at []int
	for i := range levels {
		levels[i].Lane = lanes[i]
		if !levels[i].Known || session.behind(levels[i]) {
			missing, at = append(missing, lanes[i]), append(at, i)
		}
	}
	if len(missing) > 0 {
		r.Monitor.Count("stock-read-from-truth", int64(len(missing)))
		truth, err := r.Source.Truth(ctx, missing)
		if err != nil {
			return nil, fmt.Errorf("read stock of %d lanes: %w", len(missing), err)
		}
		for i, l := range truth {
			l.FromTruth = true
			levels[at[i]] = l
		}
	}
	for _, l := range levels {
		if l.Known {
			session.Saw(l.Lane, l.Epoch, l.Seq)
		}
	}
	return levels, nil
}
