package fakepg_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"stockproof/adapters/contract"
	fakepg "stockproof/adapters/fakes/postgres"
	"stockproof/adapters/live"
	mempg "stockproof/adapters/memory/postgres"
	"stockproof/adapters/postgres"
	"stockproof/inventory/port"
	"stockproof/model"
)

const slotDSN = "host=fake user=stockproof dbname=stockproof sslmode=disable"

// TestSlotContract puts the adapter's reader of pgoutput, the wire and the store's log together through
// the suite that a real PostgreSQL passes.
func TestSlotContract(t *testing.T) {
	contract.Slot(t, func(t *testing.T) contract.SlotBed {
		store := mempg.New(live.Gate(), mempg.Options{})
		store.Slot("contract", contract.SlotTables()...)
		server := fakepg.NewServer(fakepg.Memory(store))
		server.ServeSlot("contract", func() port.Slot { return store.Slot("contract") })
		t.Cleanup(server.Close)
		var slot *postgres.Slot
		return contract.SlotBed{
			TruthBed: contract.TruthBed{
				Client: func() port.Truth {
					truth, err := postgres.Open(postgres.Options{DSN: slotDSN, Dial: server.Dial})
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(truth.Close)
					return truth
				},
				Waiting: store.Waiting,
			},
			Open: func() port.Slot {
				if slot != nil {
					slot.Close()
				}
				slot = openSlot(t, server, "contract")
				return slot
			},
		}
	})
}

func openSlot(t *testing.T, server *fakepg.Server, name string) *postgres.Slot {
	t.Helper()
	slot, err := postgres.OpenSlot(postgres.SlotOptions{DSN: slotDSN, Name: name, Dial: server.Dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(slot.Close)
	return slot
}

// A slot that nobody serves does not exist, and a stream that the server ends goes on where it was
// confirmed.
func TestStreamsEndAndGoOn(t *testing.T) {
	store := mempg.New(live.Gate(), mempg.Options{})
	store.Slot("inv", "ledger.inventory_outbox")
	server := fakepg.NewServer(fakepg.Memory(store))
	defer server.Close()
	confirmed := make(chan struct{}, 10)
	server.ServeSlot("inv", func() port.Slot { return heard{store.Slot("inv"), confirmed} })
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if _, err := openSlot(t, server, "nobody").Read(ctx, 1); err == nil || !strings.Contains(err.Error(), "42704") {
		t.Errorf("a slot that does not exist: %v", err)
	}
	emit := func(name string) {
		row := port.OutboxRow{ID: model.NameID(name), AggregateType: "t", AggregateID: "k", Type: "x", Payload: name}
		if err := store.Client().Do(ctx, &port.InsertOutbox{Rows: []port.OutboxRow{row}}); err != nil {
			t.Fatal(err)
		}
	}
	slot := openSlot(t, server, "inv")
	next := func() port.Change {
		t.Helper()
		for {
			cs, err := slot.Read(ctx, 1)
			if err == nil {
				return cs[0]
			}
			if port.Class(err) != port.ErrUnavailable || ctx.Err() != nil {
				t.Fatal(err)
			}
		}
	}
	payload := func(c port.Change) any { return c.After[len(c.After)-1].Value }
	emit("first")
	emit("second")
	first := next()
	if err := slot.Confirm(ctx, first.CommitLSN); err != nil {
		t.Fatal(err)
	}
	<-confirmed // a break may lose a confirmation that is on its way: then the first comes again
	second := next()
	for _, end := range []func(){server.Cut, server.Terminate} {
		end()
		if again := next(); again.LSN != second.LSN || payload(again) != payload(second) {
			t.Errorf("%v came behind a break, want %v", again, second)
		}
	}
	emit("third")
	if third := next(); payload(third) == payload(second) || third.PrevCommitLSN != second.CommitLSN {
		t.Errorf("third %v", third)
	}
}

// heard is a slot that tells when it was confirmed.
type heard struct {
	port.Slot
	confirmed chan struct{}
}

func (h heard) Confirm(ctx context.Context, lsn uint64) error {
	defer func() { h.confirmed <- struct{}{} }()
	return h.Slot.Confirm(ctx, lsn)
}
