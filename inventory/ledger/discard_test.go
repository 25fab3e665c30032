package ledger_test

import (
	"slices"
	"sync/atomic"
	"testing"

	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/model"
)

// A discarded letter decides nothing: its command is still accepted and undecided, and once nothing of
// its chain is open the sweeper sends it again. It is closed once, for good.
func TestADiscardedLetterLeavesItsCommandToTheSweeper(t *testing.T) {
	h := accepted(t, restock("a", 5))
	var refuses atomic.Bool
	refuses.Store(true)
	h.meddle(&meddled{refuse: func(st port.Statement) error {
		d, ok := st.(*port.DecideCommands)
		if ok && refuses.Load() && slices.ContainsFunc(d.Rows, func(r port.CommandRow) bool { return r.ID == model.NameID("a") }) {
			return &port.ConstraintError{Class: port.ErrContract, SQLState: "23514", Table: "command", Message: "no"}
		}
		return nil
	}}, "worker")
	h.send("A", record(restock("a", 5)))
	h.run("worker", "sweeper")
	h.until("there is a letter", func() bool { return len(h.letters()) == 1 })
	letter := h.letters()[0]
	refuses.Store(false)
	dead := ledger.NewDeadLetters(h.p, h.o)
	h.must(dead.Discard(h.ctx, keyOf(letter)))
	if open, err := dead.List(h.ctx, nil, 10); err != nil || len(open) != 0 {
		t.Errorf("open letters %v, %v", open, err)
	}
	if row := h.commandRow(model.NameID("a")); row.ID.IsZero() || row.Decision.Decided() {
		t.Errorf("the command behind a discarded letter: %+v", row)
	}
	if err := dead.Discard(h.ctx, keyOf(letter)); port.Class(err) != port.ErrConflict {
		t.Errorf("discarded twice: %v", err)
	}
	if err := dead.Repair(h.ctx, keyOf(letter), model.EncodeCommand(restock("a", 5))); port.Class(err) != port.ErrConflict {
		t.Errorf("repaired behind its end: %v", err)
	}
	h.run("connector")
	h.want("swept up", h.outcome(model.NameID("a")), "GRANTED 5")
	h.booksAgree()
}
