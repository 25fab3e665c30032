package ledger

import (
	"context"
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// stock reads levels: lane hashes with the age of their partition's heartbeat, or lane rows.
type stock struct {
	truth      port.Truth
	speed      port.Speed
	runtime    port.Runtime
	monitor    port.Monitor
	partitions int32
}

// Speed implements [inventory.StockSource]. An age is the reader's time minus the truth's, at which the heartbeat
// left: it is as exact as their clocks agree. Heartbeats are read before the lanes that they speak of, in a round trip of
// their own, for the nodes of a Cluster answer side by side: one that was read behind its lane would vouch for states that
// came between the two. A corrupt key is unknown: the truth answers, and the
// reconciler heals it.
func (s *stock) Speed(ctx context.Context, lanes []model.LaneKey) ([]inventory.Level, error) {
	var ages, ops []port.SpeedOp
	reads := make([]*port.ReadLane, len(lanes))
	beats := make([]*port.ReadBeat, s.partitions)
	parts := make([]int32, len(lanes))
	for i, k := range lanes {
		reads[i] = &port.ReadLane{Space: port.SpeedSpace, Lane: k}
		ops = append(ops, reads[i])
		parts[i] = model.Partition([]byte(model.LaneTopicKey(k)), s.partitions)
		if beats[parts[i]] == nil {
			beats[parts[i]] = &port.ReadBeat{Space: port.SpeedSpace, Partition: parts[i]}
			ages = append(ages, beats[parts[i]])
		}
	}
	for _, batch := range [...][]port.SpeedOp{ages, ops} {
		if err := s.speed.Do(ctx, batch...); err != nil && port.Class(err) != port.ErrContract {
			return nil, err
		}
	}
	now := s.runtime.Now().UnixMilli()
	levels := make([]inventory.Level, len(lanes))
	for i, r := range reads {
		levels[i] = inventory.Level{Lane: r.Lane, AgeMS: -1}
		if r.Err != nil {
			s.monitor.Alarm(fmt.Sprintf("stock of %q at %q is unreadable", r.Lane.SKU, r.Lane.Loc), r.Err)
			continue
		}
		levels[i].Known, levels[i].Avail, levels[i].Epoch, levels[i].Seq = r.Found, r.Avail, r.Epoch, r.Seq
		levels[i].Limit = r.Limit
		if b := beats[parts[i]]; b.Err == nil && b.Found {
			levels[i].AgeMS = max(0, now-b.At)
		}
	}
	return levels, nil
}

// Truth implements [inventory.StockSource].
func (s *stock) Truth(ctx context.Context, lanes []model.LaneKey) ([]inventory.Level, error) {
	epoch := &port.ReadEpoch{}
	read := &port.ReadLanes{Lanes: sortedLanes(append([]model.LaneKey(nil), lanes...))}
	if err := s.truth.Do(ctx, epoch, read); err != nil {
		return nil, fmt.Errorf("read %d lanes: %w", len(lanes), err)
	}
	rows := make(map[model.LaneKey]model.Lane, len(read.Found))
	for _, l := range read.Found {
		rows[l.Key] = l
	}
	levels := make([]inventory.Level, len(lanes))
	for i, k := range lanes {
		l := rows[k]
		levels[i] = inventory.Level{Lane: k, Known: l.Known(), Avail: l.Avail(), Limit: l.BackorderLimit,
			Epoch: model.WireEpoch(epoch.Epoch, l.Bump), Seq: l.Seq}
	}
	return levels, nil
}
