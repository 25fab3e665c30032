package postgres

import (
	"context"
	"fmt"

	"stockproof/inventory/port"
	"stockproof/model"
)

func (t *transaction) createLanes(ctx context.Context, st *port.CreateLanes) error {
	lanes := make([]model.Lane, len(st.Lanes))
	for i, k := range st.Lanes {
		lanes[i].Key = k
	}
	return addAll(ctx, t, t.pg.lanes, lanes, true)
}

func (t *transaction) lockLanes(ctx context.Context, st *port.LockLanes) error {
	st.Found = make([]model.Lane, 0, len(st.Lanes))
	return t.pg.lanes.lockAll(ctx, t, t.pg.lanes.ordered(st.Lanes), exclusive,
		appendTo[model.LaneKey](&st.Found))
}

func (t *transaction) readLanes(ctx context.Context, st *port.ReadLanes) error {
	if st.Share {
		st.Found = make([]model.Lane, 0, len(st.Lanes))
		return t.pg.lanes.lockAll(ctx, t, t.pg.lanes.ordered(st.Lanes), shared,
			appendTo[model.LaneKey](&st.Found))
	}
	st.Found = find(t, t.pg.lanes, st.Lanes)
	return nil
}

func (t *transaction) scanLanes(ctx context.Context, st *port.ScanLanes) error {
	rows := first(t, t.pg.lanes, st.Max)
	if st.After != nil {
		rows = scan(t, t.pg.lanes, *st.After, st.Max)
	}
	if st.Share {
		st.Lanes = make([]model.Lane, 0, len(rows))
		return lockRows(ctx, t, rows, shared, appendTo[model.LaneKey](&st.Lanes))
	}
	st.Lanes = versions(t, rows)
	return nil
}

func (t *transaction) bumpLane(ctx context.Context, st *port.BumpLane) error {
	n := 0
	err := t.pg.lanes.lockAll(ctx, t, []model.LaneKey{st.Lane}, exclusive,
		func(_ int, r *row[model.LaneKey, model.Lane], l *model.Lane) error {
			n++
			next := *l
			next.Bump++
			return r.update(t, &next)
		})
	return must(n, 1, "sku_lane", "sku_lane_exists", err)
}

func (t *transaction) writeLanes(ctx context.Context, st *port.WriteLanes) error {
	keys := keysOf(st.Lanes, func(l *model.Lane) model.LaneKey { return l.Key })
	own := append(make([]model.Lane, 0, len(st.Lanes)), st.Lanes...)
	n := 0
	err := t.pg.lanes.lockAll(ctx, t, keys, exclusive,
		func(i int, r *row[model.LaneKey, model.Lane], l *model.Lane) error {
			n++
			own[i].Bump = l.Bump
			return r.update(t, &own[i])
		})
	return must(n, len(keys), "sku_lane", "sku_lane_exists", err)
}

// guardState is the SQLSTATE of the guard in a statement (ledger.must in the migrations).
const guardState = "SP001"

// must is the guard: fewer rows than the caller counts on is a conflict, raised in the server, so
// that a COMMIT in the same pipeline is refused with it.
func must(n, want int, table, constraint string, err error) error {
	if err != nil || n >= want {
		return err
	}
	return &port.ConstraintError{Class: port.ErrConflict, SQLState: guardState, Table: table,
		Constraint: constraint, Message: fmt.Sprintf("%d rows, %d were counted on", n, want)}
}
