package ledger_test

import (
	"errors"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
)

// A partition whose log begins later, or was cut, is read from where it begins now, under no leader's epoch: what is left was
// written under older ones than the new leader's, and would be refused. A zombie that finds out too late moves nothing.
func TestALostPositionBeginsAnewUnderNoEpoch(t *testing.T) {
	h := newHouse(t, onePartition)
	p, done := h.open("worker")
	defer done()
	w := ledger.NewWorker(p, h.o).(inventory.Consumer).Handler()
	c := claim{}
	old := port.Position{Offset: 9, LeaderEpoch: 5}
	h.must(h.p.Truth.Do(h.ctx, &port.CreateProgress{Topic: c.TopicID(), NextOffset: old.Offset, LeaderEpoch: old.LeaderEpoch}))

	gone := &port.OutOfRangeError{Asked: 9, Earliest: 3, Latest: 7, LeaderEpoch: 6}
	want := port.Position{Offset: 3, LeaderEpoch: -1}
	if at, err := w.Lost(h.ctx, c, old, gone); err != nil || at != want {
		t.Errorf("it goes on at %+v, %v, want %+v", at, err, want)
	}
	if at, err := w.Start(h.ctx, c); err != nil || at != want {
		t.Errorf("a successor begins at %+v, %v, want %+v", at, err, want)
	}
	if at, err := w.Lost(h.ctx, c, old, gone); !errors.Is(err, port.ErrFenced) || at != old {
		t.Errorf("a zombie goes on at %+v, %v", at, err)
	}
}
