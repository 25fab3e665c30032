package postgres

import (
	"context"

	"stockproof/inventory/port"
	"stockproof/model"
)

func (t *transaction) insertOutbox(ctx context.Context, st *port.InsertOutbox) error {
	t.assignXID()
	rows := make([]outboxRow, len(st.Rows))
	for i := range rows {
		t.pg.outboxPosition++
		rows[i] = outboxRow{st.Rows[i], t.pg.outboxPosition, t.xid}
		if _, err := t.pg.outbox.insert(ctx, t, &rows[i], !st.Passing); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) deleteOutbox(ctx context.Context, st *port.DeleteOutbox) error {
	return t.pg.outbox.lockAll(ctx, t, st.IDs, exclusive,
		func(_ int, r *row[model.ID, outboxRow], _ *outboxRow) error {
			r.remove(t)
			return nil
		})
}

func (t *transaction) readOutbox(st *port.ReadOutbox) {
	st.Rows = nil
	horizon := t.pg.horizon()
	t.pg.outboxLog.all(func(_ int64, r *row[model.ID, outboxRow]) bool {
		if len(st.Rows) >= st.Max {
			return false
		}
		v := r.version(t)
		if v != nil && v.xid < horizon &&
			int(model.Partition([]byte(v.AggregateID), int32(st.Shards))) == st.Shard {
			st.Rows = append(st.Rows, v.OutboxRow)
		}
		return true
	})
}

func (t *transaction) beat(ctx context.Context, st *port.Beat) error {
	st.NowMS = t.pg.nowMS()
	for part := range st.Parts {
		err := t.pg.heartbeat.upsert(ctx, t, &beatRow{part, 1, st.NowMS}, func(old *beatRow) *beatRow {
			return &beatRow{part, old.beat + 1, st.NowMS}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
