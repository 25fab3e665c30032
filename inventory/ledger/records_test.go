package ledger_test

import (
	"fmt"
	"strings"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// What one transaction accepts of one SKU leaves in as many records as it takes: no record is longer, in
// commands or in bytes, than a worker reads.
func TestRecordsAreCutAtTheirLimits(t *testing.T) {
	for name, c := range map[string]struct {
		sku     model.SKU
		n       int
		records int // at least
	}{
		"commands": {"A", 2*model.MaxRecordCommands + 1, 3},
		"bytes":    {model.SKU(strings.Repeat("\x01", model.MaxSKUBytes)), model.MaxRecordCommands / 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, onePartition)
			in := h.front(inventory.Async)
			cs := make([]model.Command, c.n)
			for i := range cs {
				cs[i] = restock(fmt.Sprint("r", i), 1)
				cs[i].SKU = c.sku
			}
			as, err := in.Orders.Admission.Admit(h.ctx, inventory.Submission{Commands: cs})
			h.must(err)
			h.run("connector", "worker")
			h.until("everything is decided, or a letter", func() bool {
				return h.lane(c.sku).Seq == int64(c.n) || len(h.letters()) > 0
			})
			for _, l := range h.letters() {
				t.Fatalf("letter of class %s: %s", l.Class, l.Err)
			}
			h.must(in.Orders.Await(h.ctx, as))
			if rs := h.world.Kafka.Records(model.CommandTopic); len(rs) < c.records {
				t.Errorf("%d records, want %d or more", len(rs), c.records)
			}
			h.wantLane(c.sku, int64(c.n), 0)
			h.booksAgree()
		})
	}
}

// An epoch that is raised while a settler waits for its lanes is the one that it decides under: a record
// of the older one would lose to states that were sent meanwhile.
func TestAnEpochIsReadBehindTheLocks(t *testing.T) {
	for _, mode := range []inventory.AdmissionMode{inventory.Sync, inventory.Async} {
		t.Run(string(mode), func(t *testing.T) {
			h := newHouse(t, onePartition)
			raised := &port.ReadEpoch{}
			h.truth = func(role string, truth port.Truth) port.Truth {
				return torn{truth, func(st port.Statement) {
					if _, ok := st.(*port.LockLanes); ok && raised.Epoch == 0 {
						h.must(h.p.Truth.Do(h.ctx, &port.SetEpoch{}, raised))
					}
				}}
			}
			h.run("connector", "worker")
			s := store{h, h.front(mode)}
			s.restock("in", "A", 5)
			rows := &port.ScanLedger{Max: 10}
			h.must(h.p.Truth.Do(h.ctx, rows))
			if len(rows.Rows) != 1 || raised.Epoch == 0 || rows.Rows[0].Epoch != model.WireEpoch(raised.Epoch, 0) {
				t.Errorf("ledger %+v, want one row of epoch %d", rows.Rows, raised.Epoch)
			}
		})
	}
}
