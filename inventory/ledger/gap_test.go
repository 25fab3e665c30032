package ledger_test

import (
	"testing"

	"stockproof/inventory/port"
	"stockproof/model"
)

// A record that never came is counted, and the lane is installed all the same. Two states of one batch are
// installed as one, which hides no gap between them and makes none.
func TestAGapIsCounted(t *testing.T) {
	for name, c := range map[string]struct {
		ranges [][2]int64 // from_seq and seq of the states behind seq 1
		gaps   int64
	}{
		"none":                 {[][2]int64{{2, 2}, {3, 5}}, 0},
		"before the batch":     {[][2]int64{{3, 3}, {4, 5}}, 1},
		"inside the batch":     {[][2]int64{{2, 2}, {4, 5}}, 1},
		"of a repeated record": {[][2]int64{{2, 3}, {2, 3}, {4, 5}}, 0},
		"told once more":       {[][2]int64{{2, 3}, {0, 5}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, onePartition)
			state := model.StateRecord{Lane: laneA("A"), Epoch: model.WireEpoch(1, 0), FromSeq: 1, Seq: 1, OnHand: 10, Avail: 10}
			first := &port.InstallLane{Space: port.SpeedSpace, Lane: state.Lane, Epoch: state.Epoch, Seq: 1, FromSeq: 1, Avail: 10}
			h.must(h.p.Speed.Do(h.ctx, first))
			var batch []port.Record
			for _, r := range c.ranges {
				state.FromSeq, state.Seq = r[0], r[1]
				batch = append(batch, port.Record{Topic: model.StateTopic, Key: []byte(model.LaneTopicKey(state.Lane)),
					Value: model.EncodeState(state)})
			}
			h.must(h.p.Broker.Produce(h.ctx, batch...))
			h.run("projection")
			store{house: h}.shows(port.SpeedSpace, "A", "10 at 5")
			h.until("the batch is behind us", func() bool {
				at, ok := h.world.Kafka.Committed("ledger-projection", model.StateTopic, 0)
				return ok && at.Offset == int64(len(batch))
			})
			if n := h.ear.count("gap"); n != c.gaps {
				t.Errorf("%d gaps, want %d", n, c.gaps)
			}
		})
	}
}
