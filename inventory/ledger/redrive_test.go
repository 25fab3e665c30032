package ledger_test

import (
	"bytes"
	"strings"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/model"
)

// parked is a house where a line's RESERVE is a letter and its RELEASE is parked behind it.
func parked(t *testing.T) (*house, *ledger.DeadLetters) {
	in, hold, free := restock("in", 5), reserve("hold", 2), about(model.Release, "free", "hold")
	other := reserve("other", 1)
	h := accepted(t, in, hold, free, other, restock("lost", 9))
	h.send("A", record(in))
	h.send("A", bytes.Replace(record(hold, other), []byte(`"qty":2`), []byte(`"qty":2.5`), 1))
	h.send("A", record(free))
	h.run("worker")
	h.until("three records are settled", func() bool { return h.progress() == 3 })
	return h, ledger.NewDeadLetters(h.p, h.o)
}

// Later commands of the same line are parked; another line of the same lane is not.
func TestLaterCommandsOfTheSameLinePark(t *testing.T) {
	h, _ := parked(t)
	letters := h.letters()
	if len(letters) != 2 {
		t.Fatalf("letters %+v", letters)
	}
	if l := letters[1]; l.Class != port.DeadParked || !l.Parked || l.Command != model.NameID("free") || l.Chain != model.NameID("hold") {
		t.Errorf("second letter %+v", l)
	}
	h.want("another line", h.outcome(model.NameID("other")), "GRANTED 1")
	h.wantLane("A", 5, 1)
	// A synchronous command about a parked line is accepted and waits too.
	quick := store{h, h.front(inventory.Sync)}
	as, err := quick.Orders.Admission.Admit(h.ctx, inventory.Submission{Commands: []model.Command{about(model.Commit, "late", "hold")}})
	if h.must(err); as[0].Status != inventory.Pending {
		t.Errorf("answer %+v", as[0])
	}
	// And the sweeper leaves alone what has an open letter.
	h.run("sweeper")
	h.until("a lost command is swept, twice", func() bool { return h.commandRow(model.NameID("lost")).Tries >= 2 })
	for _, name := range []string{"hold", "free", "late"} {
		if row := h.commandRow(model.NameID(name)); row.ID.IsZero() || row.Tries != 0 || row.Decision.Decided() {
			t.Errorf("%s: %+v", name, row)
		}
	}
}

// A re-drive decides the letter and what is parked behind it, in order, once; a dry run shows the
// same and changes nothing.
func TestRedrive(t *testing.T) {
	h, dead := parked(t)
	letters := h.letters()
	key := keyOf(letters[0])
	before := h.lane("A")
	for range 2 {
		as, err := dead.Redrive(h.ctx, key, true)
		h.must(err)
		h.want("dry run", say(as), "GRANTED 2, GRANTED 2")
	}
	if h.lane("A") != before || h.letters()[0].State != port.DeadOpen {
		t.Fatal("a dry run changed something")
	}
	as, err := dead.Redrive(h.ctx, key, false)
	h.must(err)
	h.want("re-drive", say(as), "GRANTED 2, GRANTED 2")
	after := h.lane("A")
	if after.Seq != before.Seq+2 || after.Reserved != 1 {
		t.Errorf("lane %+v after %+v", after, before)
	}
	if again, err := dead.Redrive(h.ctx, key, false); err != nil || len(again) != 0 {
		t.Errorf("again: %v, %v", again, err)
	}
	if h.lane("A") != after {
		t.Error("the second re-drive changed the lane")
	}
	closed := h.letters(key, keyOf(letters[1]))
	if len(closed) != 2 || len(h.letters()) != 0 {
		t.Errorf("letters %+v, open %+v", closed, h.letters())
	}
	for _, l := range closed {
		if l.State != port.DeadRedriven {
			t.Errorf("letter %+v is not closed", l)
		}
	}
	// What comes later is decided as if nothing had been: the mark is cleared.
	quick := store{h, h.front(inventory.Sync)}
	h.want("late commit", quick.raw(about(model.Commit, "late", "hold")), "REJECTED_CANCELLED")
	h.booksAgree()
}

// The records come once more after the re-drive: they are duplicates.
func TestRecordsOfARedrivenChainAreAbsorbed(t *testing.T) {
	h, dead := parked(t)
	_, err := dead.Redrive(h.ctx, keyOf(h.letters()[0]), false)
	h.must(err)
	before := h.lane("A")
	h.send("A", record(reserve("hold", 2), about(model.Release, "free", "hold")))
	h.until("it is settled", func() bool { return h.progress() == 4 })
	if h.lane("A") != before || len(h.letters()) != 0 {
		t.Errorf("lane %+v after %+v, letters %+v", h.lane("A"), before, h.letters())
	}
}

// A letter without a readable command needs a repair; it is decided under an id of the place where it
// lies, and repeating that changes nothing.
func TestARepairedLetterIsDecidedOnce(t *testing.T) {
	h := newHouse(t, onePartition)
	h.send("A", []byte("{"))
	h.run("worker")
	h.until("the letter is there", func() bool { return len(h.letters()) == 1 })
	dead, key := ledger.NewDeadLetters(h.p, h.o), keyOf(h.letters()[0])
	if _, err := dead.Redrive(h.ctx, key, false); err == nil || !strings.Contains(err.Error(), "repair it first") {
		t.Errorf("unrepaired: %v", err)
	}
	if err := dead.Repair(h.ctx, key, []byte(`{"qty":-1}`)); err == nil {
		t.Error("a bad repair was taken")
	}
	h.must(dead.Repair(h.ctx, key, model.EncodeCommand(restock("whatever", 6))))
	open, err := dead.List(h.ctx, nil, 10)
	h.must(err)
	if len(open) != 1 || !bytes.Equal(open[0].Raw, []byte("{")) {
		t.Errorf("open letters %+v", open)
	}
	for i := range 3 {
		as, err := dead.Redrive(h.ctx, key, false)
		h.must(err)
		if i == 0 {
			h.want("re-drive", say(as), "GRANTED 6")
		}
	}
	h.wantLane("A", 6, 0)
	h.booksAgree()
	if l := h.letters(key); len(l) != 1 || l[0].State != port.DeadRedriven {
		t.Errorf("letters %+v", l)
	}
}

// A broken duplicate of a command that is decided parks nothing, and its re-drive gives the answer
// that was given.
func TestRedriveOfWhatIsDecidedAnswers(t *testing.T) {
	h := accepted(t, restock("in", 5), reserve("hold", 2))
	h.send("A", record(restock("in", 5), reserve("hold", 2)))
	h.run("worker")
	h.want("reserve", h.outcome(model.NameID("hold")), "GRANTED 2")
	h.send("A", bytes.Replace(record(reserve("hold", 2)), []byte(`"qty":2`), []byte(`"qty":-2`), 1))
	h.until("there is a letter", func() bool { return len(h.letters()) == 1 })
	quick, before := store{h, h.front(inventory.Sync)}, h.lane("A")
	as, err := ledger.NewDeadLetters(h.p, h.o).Redrive(h.ctx, keyOf(h.letters()[0]), false)
	h.must(err)
	h.want("re-drive", say(as), "GRANTED 2")
	if h.lane("A") != before || !as[0].Duplicate || len(h.letters()) != 0 {
		t.Errorf("lane %+v after %+v, answer %+v", h.lane("A"), before, as[0])
	}
	h.want("commit", quick.raw(about(model.Commit, "done", "hold")), "GRANTED 2")
	h.booksAgree()
}

// A cancel that came before is not forgotten where the order has to wait behind a letter.
func TestATombstoneOutlivesAParkedOrder(t *testing.T) {
	h := newHouse(t, onePartition)
	quick := store{h, h.front(inventory.Sync)}
	quick.restock("in", "A", 5)
	late := basket("late", model.Partial, line("A", 2))
	hold := reserve("late", 2)
	hold.ID = lineOf("late", 1)
	free := model.Command{ID: model.NameID("free"), Kind: model.Release, SKU: "A", Ref: hold.ID}
	h.want("cancel", quick.raw(free), "GRANTED")
	h.send("A", bytes.Replace(record(hold), []byte(`"qty":2`), []byte(`"qty":-2`), 1))
	h.run("worker")
	h.until("there is a letter", func() bool { return len(h.letters()) == 1 })
	as, err := quick.Orders.Checkout(h.ctx, late)
	h.must(err)
	h.want("order", say(as), "pending")
	_, err = ledger.NewDeadLetters(h.p, h.o).Redrive(h.ctx, keyOf(h.letters()[0]), false)
	h.must(err)
	h.must(quick.Orders.Await(h.ctx, as))
	h.want("then", say(as), "REJECTED_CANCELLED")
	h.wantLane("A", 5, 0)
	h.booksAgree()
}
