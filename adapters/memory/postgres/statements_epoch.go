package postgres

import (
	"context"

	"stockproof/inventory/port"
)

func (t *transaction) checkEpoch(st *port.CheckEpoch) {
	t.assignXID()
	*st = port.CheckEpoch{NowMS: t.pg.nowMS(), XID: t.xid}
	if c := t.pg.cluster.get(t, 1); c != nil {
		o := t.pg.options
		st.Epoch, st.Open = c.epoch, c.sysid == o.SystemID && c.timeline == o.Timeline
	}
}

func (t *transaction) readEpoch(st *port.ReadEpoch) {
	st.NowMS, st.Epoch = t.pg.nowMS(), 0
	if c := t.pg.cluster.get(t, 1); c != nil {
		st.Epoch = c.epoch
	}
}

func (t *transaction) setEpoch(ctx context.Context, st *port.SetEpoch) error {
	o := t.pg.options
	first := &clusterRow{epoch: 1, sysid: o.SystemID, timeline: o.Timeline}
	err := t.pg.cluster.upsert(ctx, t, first, func(old *clusterRow) *clusterRow {
		next := *first
		next.epoch = max(old.epoch+1, t.pg.nowMS()/1000)
		return &next
	})
	if err == nil {
		st.Epoch = t.pg.cluster.get(t, 1).epoch
	}
	return err
}
