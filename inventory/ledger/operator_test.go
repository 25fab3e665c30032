package ledger_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/model"
)

// A failover takes the slot with it, and with the slot a command that nobody had read. The operator
// opens the gate once, every feed hears every lane under the new epoch, and the command is decided
// although no sweeper runs.
func TestAnOperatorBringsAPromotedServerIntoService(t *testing.T) {
	s := stocked(t)
	crashConnector := s.run("connector")
	s.run("worker", "feed")
	in := s.front(inventory.Async)
	if _, err := in.Orders.Submit(s.ctx, restock("settled", 1)); err != nil {
		t.Fatal(err)
	}
	s.want("before", s.outcome(model.NameID("settled")), "GRANTED 1")
	s.shows(port.FeedSpace("web"), "A", "4 at 3")
	before := s.epochOf(port.FeedSpace("web"))
	crashConnector()
	_, err := in.Orders.Submit(s.ctx, restock("late", 2))
	s.must(err)

	if _, err := s.world.Postgres.Failover(0); err != nil {
		t.Fatal(err)
	}
	s.must(s.world.Postgres.CreateSlot("house", ledger.Design().Connector.Tables...))
	s.run("connector")
	time.Sleep(5 * time.Millisecond) // a command is not sent again within a millisecond
	s.elsewhereFor("operator")
	p, done := s.open("operator")
	defer done()
	busy := &busyAtFirst{Truth: p.Truth}
	p.Truth = busy
	s.must(ledger.NewOperator(p, s.o).Run(s.ctx))
	if busy.epochs != 1 || busy.scans < 2 || s.ear.count("promoted") != 1 {
		t.Errorf("the gate was opened %d times, %d promoted", busy.epochs, s.ear.count("promoted"))
	}
	s.until("the feed has the new epoch", func() bool { return s.epochOf(port.FeedSpace("web")) > before })
	s.want("what only the old slot had", s.outcome(model.NameID("late")), "GRANTED 2")
	s.shows(port.FeedSpace("web"), "A", "6 at 4")
	s.booksAgree()
}

// busyAtFirst refuses the first scan of the lanes.
type busyAtFirst struct {
	port.Truth
	epochs, scans int
}

func (b *busyAtFirst) Do(ctx context.Context, batch ...port.Statement) error {
	for _, st := range batch {
		switch st.(type) {
		case *port.SetEpoch:
			b.epochs++
		case *port.ScanLanes:
			if b.scans++; b.scans == 1 {
				return fmt.Errorf("the server is busy: %w", port.ErrUnavailable)
			}
		}
	}
	return b.Truth.Do(ctx, batch...)
}
