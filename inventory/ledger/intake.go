package ledger

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Intake is asynchronous admission: one group-committed transaction accepts the commands and lets
// them leave as one record per SKU; the worker decides them.
type Intake struct {
	*admission
	sweepMS int64 // when the sweeper may first send a command again
}

// NewIntake makes it; run Intake.gather as a process.
func NewIntake(p inventory.Ports, o inventory.Options) *Intake {
	in := &Intake{sweepMS: o.SweepBackoffMS}
	in.admission = newAdmission(p, o, "intake", in.flush)
	return in
}

// flush waits for nobody's lock, so the next batch need not wait for it.
func (in *Intake) flush(ctx context.Context, rs []request, next func()) ([]inventory.Answered[answers], error) {
	next()
	return inventory.Halves(rs, func(rs []request) (as []inventory.Answered[answers], err error) {
		err = in.retry(ctx, "accept "+strconv.Itoa(len(rs))+" submissions", func() (err error) {
			as, err = in.attempt(ctx, rs)
			return err
		})
		return as, err
	})
}

// attempt selects what is known without waiting for anybody and inserts only the rest: an id that
// somebody else inserts meanwhile is a conflict, and the next attempt finds it known.
func (in *Intake) attempt(ctx context.Context, rs []request) ([]inventory.Answered[answers], error) {
	tx := in.truth.Begin()
	defer tx.Rollback(ctx)
	var ids []model.ID
	for _, q := range rs {
		for _, c := range q.Commands {
			ids = append(ids, c.ID)
		}
	}
	epoch := &port.CheckEpoch{}
	known := &port.KnownCommands{IDs: sortedIDs(ids)}
	placed := &port.KnownOrders{IDs: orderIDs(rs, everyone)}
	if err := tx.Do(ctx, epoch, known, placed); err != nil {
		return nil, fmt.Errorf("intake: look for %d commands: %w", len(ids), err)
	}
	if !epoch.Open {
		return nil, fmt.Errorf("intake: this server may not write: %w", port.ErrUnavailable)
	}
	f := &fold{epoch: epoch.Epoch, nowMS: epoch.NowMS, partitions: in.partitions,
		lines: map[model.ID]*line{}, known: map[model.ID]*port.CommandRow{}, orders: map[model.ID]port.OrderRow{}}
	f.learn(known.Rows)
	f.place(placed.Rows)
	as := make([]inventory.Answered[answers], len(rs))
	var fresh []model.Command
	for i, q := range rs {
		var known bool
		if as[i].Err = f.overtaken(q); as[i].Err != nil {
			continue
		}
		if as[i].Answer, known = f.duplicates(q); !known {
			f.enter(q)
			cs := f.stamped(q)
			fresh = append(fresh, cs...)
			as[i].Answer = in.take(f, cs)
		}
	}
	batch := in.writes(f, fresh, epoch.XID)
	if len(batch) == 0 && in.standby {
		batch = append(batch, &port.Barrier{})
	}
	if len(batch) == 0 {
		return as, nil // nothing but known answers
	}
	if err := tx.Commit(ctx, batch...); err != nil {
		return nil, fmt.Errorf("intake: commit %d commands: %w", len(fresh), err)
	}
	return as, nil
}

func (in *Intake) take(f *fold, cs []model.Command) answers {
	as := make(answers, len(cs))
	for i, c := range cs {
		row := f.newRow(c, in.sweepMS)
		f.accepted = append(f.accepted, row)
		f.known[c.ID] = &row
		as[i] = answer(&row)
	}
	return as
}

func (in *Intake) writes(f *fold, fresh []model.Command, xid int64) []port.Statement {
	var lines []model.Line
	for _, c := range fresh {
		if c.Kind == model.Reserve {
			lines = append(lines, pendingLine(c))
		}
	}
	b := f.writes(in.keepOutbox)
	if len(lines) > 0 {
		slices.SortFunc(lines, func(a, b model.Line) int { return a.Command.Compare(b.Command) })
		b = append(b, &port.InsertLines{Lines: lines})
	}
	return append(b, firstOutbox(commandRows(fresh, f.epoch, xid, "intake"), in.keepOutbox)...)
}
