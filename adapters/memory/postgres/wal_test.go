package postgres_test

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"stockproof/adapters/memory"
	"stockproof/adapters/memory/postgres"
	"stockproof/inventory/port"
	"stockproof/model"
)

func TestTheLogKeepsNothingThatEverySlotConfirmed(t *testing.T) {
	pg := postgres.New(&scriptGate{}, postgres.Options{})
	a := pg.Client()
	slot := pg.Slot("reads", "ledger.inventory_outbox")
	pg.Slot("follows nothing that is written", "article.orders")
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	body := bytes.Repeat([]byte("x"), 1<<16)
	before := heap()
	for i := range 400 {
		id := model.ID{byte(i >> 8), byte(i)}
		row := port.OutboxRow{ID: id, AggregateType: "t", Payload: string(body)}
		must(t, a.Do(ctx, &port.InsertOutbox{Rows: []port.OutboxRow{row}},
			&port.DeleteOutbox{IDs: []model.ID{id}}))
		cs, err := slot.Read(ctx, 10)
		must(t, err)
		must(t, slot.Confirm(ctx, cs[len(cs)-1].CommitLSN))
	}
	if after := heap(); after > before+4<<20 {
		t.Fatalf("%d MB are kept of 25", (after-before)>>20)
	}
	runtime.KeepAlive(pg)
}

func TestASlotBeginsBehindTheTransactionsThatWereRunning(t *testing.T) {
	_, pg, a, b := scripted(t)
	pg.Slot("another", "ledger.inventory_outbox") // so that changes are logged at all
	running := a.Begin()
	must(t, running.Do(ctx, outbox(1)))
	slot := pg.Slot("late", "ledger.inventory_outbox")
	must(t, running.Commit(ctx, outbox(2)))
	must(t, b.Do(ctx, outbox(3)))
	cs, err := slot.Read(ctx, 10)
	if err != nil || len(cs) != 1 || cs[0].After[0].Value != [16]byte{3} {
		t.Fatal(cs, err)
	}
}

func TestASecondConnectionToASlotEndsTheFirst(t *testing.T) {
	g, pg, a, _ := scripted(t)
	first := pg.Slot("s", "ledger.inventory_outbox")
	var second port.Slot
	g.onBlock = func(w memory.Wait) error { // the first one waits for a change
		second = pg.Slot("s")
		if !w.Until() {
			t.Error("the first one waits on")
		}
		return nil
	}
	if _, err := first.Read(ctx, 1); !errors.Is(err, port.ErrUnavailable) {
		t.Fatal(err)
	}
	must(t, a.Do(ctx, outbox(1)))
	cs, err := second.Read(ctx, 1)
	if err != nil || len(cs) != 1 {
		t.Fatal(cs, err)
	}
	if err := first.Confirm(ctx, cs[0].CommitLSN); !errors.Is(err, port.ErrUnavailable) {
		t.Fatal(err)
	}
	pg.CrashRestart() // who hangs up is not succeeded by whom it had replaced
	for range 2 {
		if _, err := first.Read(ctx, 1); !errors.Is(err, port.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	g.onBlock = nil
	if _, err := second.Read(ctx, 1); !errors.Is(err, port.ErrUnavailable) {
		t.Fatal(err)
	}
	if cs, err := second.Read(ctx, 1); err != nil || len(cs) != 1 {
		t.Fatal(cs, err)
	}
	pg.DropSlot("s")
	if err := second.Confirm(ctx, cs[0].CommitLSN); !errors.Is(err, port.ErrUnavailable) {
		t.Fatal(err)
	}
}

func TestAnAnswerOfTheSlotThatIsLostComesAgain(t *testing.T) {
	g, pg, a, _ := scripted(t)
	slot := pg.Slot("s", "ledger.inventory_outbox")
	must(t, a.Do(ctx, outbox(1)))
	g.onCall = func(_ memory.Call, exec func() error) error { must(t, exec()); return errLine }
	if _, err := slot.Read(ctx, 1); !errors.Is(err, port.ErrUnavailable) {
		t.Fatal(err)
	}
	g.onCall = nil
	if cs, err := slot.Read(ctx, 1); err != nil || len(cs) != 1 {
		t.Fatal(cs, err)
	}
}
