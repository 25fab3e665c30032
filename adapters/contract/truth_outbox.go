package contract

import (
	"fmt"
	"time"

	"stockproof/inventory/port"
	"stockproof/model"
)

func truthOutboxCases() []truthCase {
	return []truthCase{
		{"outbox rows come back in the order of insertion", truthOutboxOrder},
		{"an outbox id is taken once", truthOutboxTaken},
		{"a row inserted and deleted in one transaction is gone", truthOutboxInsertDelete},
		{"the shards share the aggregates", truthOutboxShards},
		{"the outbox is read up to the oldest running transaction", truthOutboxHorizon},
		{"a rolled back transaction holds no outbox row back", truthOutboxHorizonRolledBack},
		{"Beat reads the clock", truthBeat},
	}
}

func outboxRow(n int) port.OutboxRow {
	return port.OutboxRow{ID: nth(n), AggregateType: model.StateTopic, AggregateID: fmt.Sprint("sku ", n%3),
		Type: "state", Seq: int64(n), Payload: fmt.Sprintf(`{"v": 1, "n":%d, "t":"\u00e9"}`, n)}
}

func (r *truthRig) readOutbox(max int) []port.OutboxRow {
	r.Helper()
	st := &port.ReadOutbox{Shards: 1, Max: max}
	r.do(st)
	return st.Rows
}

// outbox waits until at most max rows of the outbox are want: a server has transactions of its own
// that hold the horizon back for a moment.
func (r *truthRig) outbox(what string, max int, want ...port.OutboxRow) {
	r.Helper()
	got := r.readOutbox(max)
	for tries := 0; len(got) != len(want) && tries < 1000; tries++ {
		time.Sleep(time.Millisecond)
		got = r.readOutbox(max)
	}
	same(r, what, got, want)
}

func truthOutboxOrder(r *truthRig) {
	rows := []port.OutboxRow{outboxRow(9), outboxRow(1), outboxRow(5)}
	rows[1].Seq, rows[1].AggregateID = 0, ""
	r.do(&port.InsertOutbox{Rows: rows[:2]})
	r.do(&port.InsertOutbox{Rows: rows[2:]}, &port.InsertOutbox{}, &port.DeleteOutbox{})
	r.outbox("outbox", 10, rows...)
	r.outbox("the first", 1, rows[0])
	r.do(&port.DeleteOutbox{IDs: nths(1, 7, 9)})
	r.outbox("what is left", 10, rows[2])
}

func truthOutboxTaken(r *truthRig) {
	first, again := outboxRow(1), outboxRow(1)
	again.Payload = "other"
	r.do(&port.InsertOutbox{Rows: []port.OutboxRow{first, again}})
	r.do(&port.InsertOutbox{Rows: []port.OutboxRow{again, outboxRow(2)}})
	r.outbox("outbox", 10, first, outboxRow(2))
}

func truthOutboxInsertDelete(r *truthRig) {
	tx := r.begin(r.a, &port.InsertOutbox{Rows: []port.OutboxRow{outboxRow(1), outboxRow(2)}})
	tx.commit(&port.DeleteOutbox{IDs: nths(1)})
	r.do(&port.InsertOutbox{Rows: []port.OutboxRow{outboxRow(3)}}, &port.DeleteOutbox{IDs: nths(3)},
		&port.InsertOutbox{Rows: []port.OutboxRow{outboxRow(3)}}, &port.DeleteOutbox{IDs: nths(3)})
	r.do(&port.InsertOutbox{Rows: []port.OutboxRow{outboxRow(4), outboxRow(5)}, Passing: true},
		&port.DeleteOutbox{IDs: nths(4, 5)})
	r.outbox("outbox", 10, outboxRow(2))
	r.refused(port.ErrConflict, "23505", "inventory_outbox", "inventory_outbox_pkey",
		&port.InsertOutbox{Rows: []port.OutboxRow{outboxRow(2)}, Passing: true}, &port.DeleteOutbox{IDs: nths(2)})
	r.outbox("what was refused changed nothing", 10, outboxRow(2))
}

func truthOutboxShards(r *truthRig) {
	var rows []port.OutboxRow
	for n := range 60 {
		row := outboxRow(n + 1)
		row.AggregateID = fmt.Sprint("sku ", n%20)
		rows = append(rows, row)
	}
	r.do(&port.InsertOutbox{Rows: rows})
	r.outbox("all", 100, rows...)
	home := map[string]int{}
	count, used := 0, 0
	for shard := range 3 {
		st := &port.ReadOutbox{Shard: shard, Shards: 3, Max: 100}
		r.do(st)
		last := int64(0)
		for _, row := range st.Rows {
			if at, known := home[row.AggregateID]; known && at != shard || row.Seq <= last {
				r.Fatalf("%q #%d in shard %d, before: %d", row.AggregateID, row.Seq, shard, at)
			}
			home[row.AggregateID], last = shard, row.Seq
		}
		if count += len(st.Rows); len(st.Rows) > 0 {
			used++
		}
	}
	if count != len(rows) || used < 2 {
		r.Fatalf("%d rows of %d in %d shards", count, len(rows), used)
	}
}

func truthOutboxHorizon(r *truthRig) {
	r.do(&port.InsertOutbox{Rows: []port.OutboxRow{outboxRow(1)}})
	r.outbox("before", 10, outboxRow(1))
	tx := r.begin(r.b, &port.InsertOutbox{Rows: []port.OutboxRow{outboxRow(2)}})
	r.do(&port.InsertOutbox{Rows: []port.OutboxRow{outboxRow(3)}})
	same(r, "while an earlier one runs", r.readOutbox(10), []port.OutboxRow{outboxRow(1)})
	tx.commit()
	r.outbox("when it is over", 10, outboxRow(1), outboxRow(2), outboxRow(3))
}

func truthOutboxHorizonRolledBack(r *truthRig) {
	r.do(&port.SetEpoch{})
	var check port.CheckEpoch
	tx := r.begin(r.b, &check) // has an id, and wrote nothing
	r.do(&port.InsertOutbox{Rows: []port.OutboxRow{outboxRow(3)}})
	same(r, "while an earlier one runs", r.readOutbox(10), nil)
	tx.rollback()
	r.outbox("when it is over", 10, outboxRow(3))
}

func truthBeat(r *truthRig) {
	first, second := &port.Beat{Parts: 3}, &port.Beat{Parts: 3}
	var read port.ReadEpoch
	r.do(first)
	r.do(second)
	r.do(&read)
	if first.NowMS <= 0 || second.NowMS < first.NowMS || read.NowMS < second.NowMS {
		r.Fatal(first.NowMS, second.NowMS, read.NowMS)
	}
}
