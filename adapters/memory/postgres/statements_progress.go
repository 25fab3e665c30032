package postgres

import (
	"context"

	"stockproof/inventory/port"
)

func (t *transaction) createProgress(ctx context.Context, st *port.CreateProgress) error {
	_, err := t.pg.progress.insert(ctx, t, &progressRow{key: partKey{st.Topic, st.Part},
		nextOffset: st.NextOffset, leaderEpoch: st.LeaderEpoch}, true)
	return err
}

func (t *transaction) readProgress(st *port.ReadProgress) {
	st.Found = false
	if r := t.pg.progress.get(t, partKey{st.Topic, st.Part}); r != nil {
		st.Found, st.NextOffset, st.LeaderEpoch, st.SettledAt =
			true, r.nextOffset, r.leaderEpoch, r.settledAt
	}
}

func (t *transaction) advanceProgress(ctx context.Context, st *port.AdvanceProgress) (err error) {
	st.Moved, err = t.moveProgress(ctx, partKey{st.Topic, st.Part},
		func(r *progressRow) bool {
			return r.nextOffset == st.From && r.leaderEpoch <= st.LeaderEpoch
		},
		func(r *progressRow) {
			r.nextOffset, r.leaderEpoch = st.To, st.LeaderEpoch
			r.settledAt = max(r.settledAt, st.SettledAt)
		})
	return err
}

func (t *transaction) resetProgress(ctx context.Context, st *port.ResetProgress) (err error) {
	st.Moved, err = t.moveProgress(ctx, partKey{st.Topic, st.Part},
		func(r *progressRow) bool {
			return r.nextOffset == st.From && r.leaderEpoch == st.FromEpoch
		},
		func(r *progressRow) { r.nextOffset, r.leaderEpoch = st.To, st.LeaderEpoch })
	return err
}

// moveProgress is a compare-and-set: a row that does not match when the statement begins is not
// waited for, and one that was waited for is compared again.
func (t *transaction) moveProgress(
	ctx context.Context, k partKey, matches func(*progressRow) bool, move func(*progressRow),
) (moved bool, err error) {
	r := t.pg.progress.visible(t, k)
	if r == nil || !matches(r.version(t)) {
		return false, nil
	}
	v, err := r.lock(ctx, t, exclusive)
	if err != nil || v == nil || !matches(v) {
		return false, err
	}
	next := *v
	move(&next)
	return true, r.update(t, &next)
}
