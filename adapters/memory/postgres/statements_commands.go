package postgres

import (
	"context"
	"slices"

	"stockproof/inventory/port"
	"stockproof/model"
)

type commandRow = row[model.ID, port.CommandRow]

func (t *transaction) knownCommands(st *port.KnownCommands) {
	st.Rows = find(t, t.pg.commands, st.IDs)
}

// intakeVisible: a transaction may still become visible here if it was accepted under this epoch, or
// this server has come as far as its id, and the snapshot does not show it. An id that is not below
// our own is not of this server's history: what a record names was written before we got one.
func (t *transaction) intakeVisible(st *port.IntakeVisible) {
	epoch := int64(0)
	if c := t.pg.cluster.get(t, 1); c != nil {
		epoch = c.epoch
	}
	st.Current = epoch == st.IntakeEpoch
	t.assignXID()
	known := st.XID <= t.pg.ended // below pg_snapshot_xmax
	st.InProgress = (st.Current || known) && st.XID < t.xid && t.pg.inProgress(st.XID)
}

func (t *transaction) acceptCommands(ctx context.Context, st *port.AcceptCommands) error {
	rows := slices.Clone(st.Rows)
	for i := range rows {
		rows[i].Body = slices.Clone(rows[i].Body)
		if !rows[i].Decision.Decided() {
			rows[i].Decision, rows[i].Epoch, rows[i].DecidedAt = model.Decision{}, 0, 0
		}
		if _, err := t.pg.commands.insert(ctx, t, &rows[i], false); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) decideCommands(ctx context.Context, st *port.DecideCommands) error {
	keys := keysOf(st.Rows, func(r *port.CommandRow) model.ID { return r.ID })
	decided := make([]port.CommandRow, len(keys))
	n := 0
	err := t.pg.commands.lockUnchanged(ctx, t, keys,
		func(v *port.CommandRow) bool { return !v.Decision.Decided() },
		func(i int, r *commandRow, v *port.CommandRow) error {
			n++
			next, by := &decided[i], &st.Rows[i]
			*next = *v
			next.Decision, next.Epoch, next.DecidedAt = by.Decision, by.Epoch, by.DecidedAt
			return r.update(t, next)
		})
	return must(n, len(keys), "command", "command_undecided", err)
}

// resubmitCommands never waits: what others hold it passes by.
func (t *transaction) resubmitCommands(st *port.ResubmitCommands) error {
	now := t.pg.nowMS()
	var due []*commandRow
	t.pg.undecided.all(func(k tryKey, r *commandRow) bool {
		if k.at >= now || len(due) >= st.Max {
			return false
		}
		if v := r.version(t); v != nil && !v.Decision.Decided() && v.NextTry == k.at &&
			t.unsettledSince(st, v) && !t.parked(v) && !r.conflicts(t, exclusive) {
			due = append(due, r)
		}
		return true
	})
	st.Rows = make([]port.CommandRow, 0, len(due))
	for _, r := range due {
		if r.grant(t, exclusive) {
			t.hold(r)
		}
		next := *r.version(t)
		next.SentAt, next.NextTry = now, now+st.BackoffMS<<min(next.Tries, 10)
		next.Tries++
		if err := r.update(t, &next); err != nil {
			return err
		}
		st.Rows = append(st.Rows, next)
	}
	slices.SortFunc(st.Rows, func(a, b port.CommandRow) int {
		if c := a.Lane.Compare(b.Lane); c != 0 {
			return c
		}
		return a.ID.Compare(b.ID)
	})
	return nil
}

// unsettledSince reports whether a command cannot be on its way any more: its partition has no
// unsettled record that is older than it was sent.
func (t *transaction) unsettledSince(st *port.ResubmitCommands, v *port.CommandRow) bool {
	p := t.pg.progress.get(t, partKey{st.Topic, v.Part})
	if p == nil {
		return false
	}
	drained := int(v.Part) < len(st.End) && p.nextOffset >= st.End[v.Part]
	return p.settledAt > v.SentAt || drained
}

// parked reports whether the command's chain has an open dead letter that parks.
func (t *transaction) parked(v *port.CommandRow) bool {
	chain := v.Ref
	if chain.IsZero() {
		chain = v.ID
	}
	return t.openMark(chain)
}

func (t *transaction) scanCommands(st *port.ScanCommands) {
	st.Rows = versions(t, scan(t, t.pg.commands, st.After, st.Max))
}
