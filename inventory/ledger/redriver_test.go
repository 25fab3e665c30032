package ledger_test

import (
	"bytes"
	"sync/atomic"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/model"
)

// "Re-drive everything" passes over a letter that has to be repaired first: it stays open and is heard of, and
// those behind it are decided.
func TestALetterThatStaysKeepsNoOtherFromBeingDecided(t *testing.T) {
	in, hold := restock("in", 5), reserve("hold", 2)
	h := accepted(t, in, hold)
	h.send("A", nil) // a tombstone: nothing to read, nothing to repair it with
	h.send("A", record(in))
	h.send("A", bytes.Replace(record(hold), []byte(`"qty":2`), []byte(`"qty":2.5`), 1))
	h.run("worker")
	h.until("three records are settled", func() bool { return h.progress() == 3 })
	if n := len(h.letters()); n != 2 {
		t.Fatalf("%d letters, want 2", n)
	}
	h.start("redriver", ledger.NewRedriver(h.p, h.o))
	h.want("the letter behind it", h.outcome(hold.ID), "GRANTED 2")
	h.until("it is closed", func() bool { return len(h.letters()) == 1 })
	if l := h.letters()[0]; l.Class != port.DeadUndecodable || !h.ear.heard("stays") {
		t.Errorf("open: %+v; alarms:\n%s", l, h.ear)
	}
	h.booksAgree()
}

// A command that is parked while a re-drive waits for the lane belongs to the chain: it is decided with it, or
// its letter would stay open behind nothing.
func TestAChainThatGrowsUnderARedriveIsDecidedWhole(t *testing.T) {
	h, _ := parked(t)
	late := about(model.Release, "late", "hold")
	_, err := h.front(inventory.Async).Orders.Admission.Admit(h.ctx, inventory.Submission{Commands: []model.Command{late}})
	h.must(err)
	p, grown := h.p, false
	p.Truth = torn{h.p.Truth, func(st port.Statement) {
		if _, ok := st.(*port.LockLanes); ok && !grown {
			grown = true
			h.send("A", record(late))
			h.until("it is parked", func() bool { return len(h.letters()) == 3 })
		}
	}}
	as, err := ledger.NewDeadLetters(p, h.o).Redrive(h.ctx, keyOf(h.letters()[0]), false)
	h.must(err)
	h.want("re-drive", say(as), "GRANTED 2, GRANTED 2, NOOP_ALREADY")
	if open := h.letters(); len(open) != 0 || !grown {
		t.Errorf("open %+v", open)
	}
	h.booksAgree()
}

// A relay deletes what the broker has taken, and nothing else.
func TestWhatTheBrokerRefusesStaysInTheOutbox(t *testing.T) {
	h := newHouse(t, func(o *inventory.Options) { o.Relay = true })
	refusals := new(atomic.Int64)
	refusals.Store(5)
	h.broker = func(role string, b port.Broker) port.Broker {
		if role != "relay" {
			return b
		}
		return refusing{b, refusals}
	}
	h.run("worker")
	s := store{h, h.front(inventory.Async)}
	as, err := s.Orders.Admission.Admit(h.ctx, inventory.Submission{Commands: []model.Command{restock("in", 5)}})
	h.must(err)
	h.run("relay")
	h.must(s.Orders.Await(h.ctx, as))
	h.want("restock", say(as), "GRANTED 5")
	if refusals.Load() >= 0 {
		t.Error("the broker refused nothing")
	}
}
