package postgres

import (
	"context"
	"slices"

	"stockproof/inventory/port"
	"stockproof/model"
)

type deadRow = row[port.DeadKey, port.DeadRow]

func (t *transaction) readMarks(st *port.ReadMarks) {
	st.Open = nil
	for _, c := range t.pg.orders.ordered(st.Chains) {
		known := len(st.Open) > 0 && st.Open[len(st.Open)-1] == c
		if !known && t.openMark(c) {
			st.Open = append(st.Open, c)
		}
	}
}

// openMark reports whether a chain has an open letter that parks what comes behind it.
func (t *transaction) openMark(chain model.ID) (open bool) {
	t.eachDead(chain, func(v *port.DeadRow) {
		open = open || v.State == port.DeadOpen && v.Class != port.DeadVoid
	})
	return open
}

// eachDead walks the letters of a chain that t sees, in key order.
func (t *transaction) eachDead(chain model.ID, fn func(v *port.DeadRow)) {
	first := port.DeadKey{Part: -1 << 31, LeaderEpoch: -1 << 31, Offset: -1 << 63, Index: -1 << 31}
	t.pg.chains.from(chainKey{chain, first}, func(k chainKey, r *deadRow) bool {
		if k.chain != chain {
			return false
		}
		if v := r.version(t); v != nil {
			fn(v)
		}
		return true
	})
}

func (t *transaction) insertDead(ctx context.Context, st *port.InsertDead) error {
	rows := slices.Clone(st.Rows)
	for i := range rows {
		r := &rows[i]
		r.Key, r.Headers = slices.Clone(r.Key), slices.Clone(r.Headers)
		r.Raw, r.Repair = slices.Clone(r.Raw), slices.Clone(r.Repair)
		if _, err := t.pg.dead.insert(ctx, t, r, true); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) readDead(st *port.ReadDead) {
	st.Rows = nil
	take := func(v *port.DeadRow) bool {
		if st.Max > 0 && len(st.Rows) >= st.Max {
			return false
		}
		st.Rows = append(st.Rows, *v)
		return true
	}
	switch {
	case len(st.Keys) > 0:
		for _, v := range find(t, t.pg.dead, st.Keys) {
			take(&v)
		}
	case !st.Chain.IsZero():
		t.eachDead(st.Chain, func(v *port.DeadRow) { take(v) })
	default:
		open := func(_ port.DeadKey, r *deadRow) bool {
			v := r.version(t)
			return v == nil || v.State != port.DeadOpen || take(v)
		}
		if st.After == nil {
			t.pg.openDead.all(open)
		} else {
			t.pg.openDead.after(*st.After, open)
		}
	}
}

func (t *transaction) closeDead(ctx context.Context, st *port.CloseDead) error {
	n := 0
	err := t.pg.dead.lockUnchanged(ctx, t, st.Keys, isOpen,
		func(_ int, r *deadRow, v *port.DeadRow) error {
			n++
			next := *v
			next.State = st.State
			return r.update(t, &next)
		})
	return must(n, len(st.Keys), "dlq", "dlq_open", err)
}

func (t *transaction) repairDead(ctx context.Context, st *port.RepairDead) error {
	n := 0
	if r := t.pg.dead.visible(t, st.Key); r != nil && isOpen(r.version(t)) {
		v, err := r.lock(ctx, t, exclusive)
		if err != nil {
			return err
		}
		if v != nil && isOpen(v) {
			n++
			next := *v
			next.Repair = slices.Clone(st.Repair)
			if err := r.update(t, &next); err != nil {
				return err
			}
		}
	}
	return must(n, 1, "dlq", "dlq_open", nil)
}

func isOpen(v *port.DeadRow) bool { return v.State == port.DeadOpen }
