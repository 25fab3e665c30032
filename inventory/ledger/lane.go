package ledger

import (
	"context"
	"fmt"

	"stockproof/inventory"
	"stockproof/model"
)

// Lane is synchronous admission: one group-committed transaction accepts and decides, and the answer
// carries the outcome.
type Lane struct{ *admission }

// NewLane makes it; run Lane.gather as a process.
func NewLane(p inventory.Ports, o inventory.Options) *Lane {
	l := &Lane{}
	// A second flush would close its batch only to wait for the first one's lanes, and the clients who
	// ask meanwhile would fill a third.
	o.Loops = 1
	l.admission = newAdmission(p, o, "lane", l.flush)
	return l
}

func (l *Lane) flush(ctx context.Context, rs []request) ([]inventory.Answered[answers], error) {
	return inventory.Halves(rs, func(rs []request) (as []inventory.Answered[answers], err error) {
		err = l.retry(ctx, fmt.Sprintf("decide %d submissions", len(rs)), func() (err error) {
			as, err = l.attempt(ctx, rs)
			return err
		})
		return as, err
	})
}

func (l *Lane) attempt(ctx context.Context, rs []request) ([]inventory.Answered[answers], error) {
	tx := l.truth.Begin()
	defer tx.Rollback(ctx)
	r := reading{orders: orderIDs(rs)}
	for _, q := range rs {
		r.commands = append(r.commands, q.Commands...)
	}
	f, err := l.open(ctx, tx, r)
	if err != nil {
		return nil, err
	}
	as := make([]inventory.Answered[answers], len(rs))
	for i, q := range rs {
		if as[i].Err = f.overtaken(q); as[i].Err == nil {
			as[i].Answer = l.admit(f, q)
		}
	}
	if err := l.commit(ctx, tx, f); err != nil {
		return nil, err
	}
	return as, nil
}

// admit decides one request in the transaction's fold.
func (l *Lane) admit(f *fold, r request) answers {
	if as, known := f.duplicates(r); known {
		return as
	}
	f.enter(r)
	cs := f.stamped(r)
	for _, c := range cs {
		if f.marks[chain(c.ID, c.Ref)] {
			return f.acceptUndecided(cs)
		}
	}
	if r.Order != nil && r.Order.Policy == model.AllOrNothing {
		return f.acceptAll(cs)
	}
	as := make(answers, len(cs))
	for i, c := range cs {
		as[i] = f.accept(c)
	}
	return as
}

// acceptUndecided stores commands whose line waits behind a dead letter: the re-drive decides them.
func (f *fold) acceptUndecided(cs []model.Command) answers {
	as := make(answers, len(cs))
	for i, c := range cs {
		row := f.newRow(c)
		f.accepted = append(f.accepted, row)
		f.known[c.ID] = row
		if c.Kind == model.Reserve {
			f.pend(c)
		}
		as[i] = answer(row)
	}
	return as
}

// pend is the pending line of an undecided RESERVE; a tombstone stays what it is.
func (f *fold) pend(c model.Command) {
	if f.line(c.ID).State == model.LineAbsent {
		f.putLine(c.ID, pendingLine(c))
	}
}

func pendingLine(c model.Command) model.Line {
	return model.Line{Command: c.ID, OrderID: c.OrderID, LineNo: c.Line, Lane: c.Lane(), Qty: c.Qty,
		State: model.LinePending, Deadline: c.Deadline}
}
