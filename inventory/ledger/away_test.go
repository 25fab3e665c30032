package ledger_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"stockproof/inventory/port"
	"stockproof/model"
)

// A worker whose truth stays away says which partition waits, as long as it does, and gives nothing up:
// once the truth is back everything is settled.
func TestAWorkerWhoseTruthStaysAwayIsHeardOf(t *testing.T) {
	h := accepted(t, restock("c", 5), restock("d", 3))
	var away atomic.Bool
	away.Store(true)
	h.meddle(&meddled{refuse: func(st port.Statement) error {
		if _, settles := st.(*port.CheckEpoch); settles && away.Load() {
			return fmt.Errorf("truth-1 refuses connections: %w", port.ErrUnavailable)
		}
		return nil
	}}, "worker")
	h.send("A", record(restock("c", 5)))
	h.send("A", record(restock("d", 3)))
	h.run("worker")
	h.until("the partition is said to wait", func() bool {
		return h.ear.heard("partition paused: "+model.CommandTopic+"[0]: ") && h.ear.heard("truth-1")
	})
	if h.progress() != 0 || h.commandRow(model.NameID("c")).Decision.Decided() {
		t.Error("something was settled without the truth")
	}
	away.Store(false)
	h.want("first", h.outcome(model.NameID("c")), "GRANTED 5")
	h.want("second", h.outcome(model.NameID("d")), "GRANTED 3")
	h.wantLane("A", 8, 0)
	h.booksAgree()
}
