package ledger

import (
	"context"
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// request is one submission on its way through a group commit. An order that is concluded carries the
// move of its row: the commit point of its saga.
type request struct {
	inventory.Submission
	advance *port.AdvanceSaga
}

type answers []inventory.Answer

// callerAttempts is how often a group commit is tried, about five seconds, before its callers are told
// which server did not answer. They may ask again under the same ids.
const callerAttempts = 11

type gather = inventory.Gather[request, answers]

// admission is what both modes share: look-ups, and the conclusion of orders.
type admission struct {
	settler
	gather *gather
}

func newAdmission(p inventory.Ports, o inventory.Options, name string,
	flush func(context.Context, []request, func()) ([]inventory.Answered[answers], error)) *admission {
	a := &admission{settler: newSettler(p, o)}
	a.backoff.Attempts = callerAttempts
	a.gather = (&gather{Name: name, Runtime: p.Runtime, Max: o.GroupMax, Linger: o.Linger, Loops: o.Loops,
		Flush: flush}).Open(4 * o.GroupMax)
	return a
}

// Admit implements [inventory.Admission].
func (a *admission) Admit(ctx context.Context, s inventory.Submission) ([]inventory.Answer, error) {
	return a.gather.Ask(ctx, request{Submission: s})
}

// Lookup implements [inventory.Admission].
func (a *admission) Lookup(ctx context.Context, asked []inventory.Submission) ([]inventory.Answer, error) {
	var ids []model.ID
	for _, s := range asked {
		for _, c := range s.Commands {
			ids = append(ids, c.ID)
		}
	}
	known := &port.KnownCommands{IDs: sortedIDs(ids)}
	batch := []port.Statement{known}
	if a.standby {
		batch = append(batch, &port.Barrier{})
	}
	if err := a.truth.Do(ctx, batch...); err != nil {
		return nil, fmt.Errorf("look up %d commands: %w", len(ids), err)
	}
	rows := make(map[model.ID]port.CommandRow, len(known.Rows))
	for _, row := range known.Rows {
		rows[row.ID] = row
	}
	as := make([]inventory.Answer, len(ids))
	for i, id := range ids {
		as[i] = inventory.Answer{Command: id, Status: inventory.Absent}
		if row, ok := rows[id]; ok {
			as[i] = answer(&row)
			as[i].Duplicate = true
		}
	}
	return as, nil
}

// Conclude implements [inventory.Admission]. Two conclusions of one order meet at its row: the loser
// reads again and finds who won.
func (a *admission) Conclude(ctx context.Context, order model.ID, end inventory.Ending) (port.Saga, []inventory.Answer, error) {
	var saga port.Saga
	var as answers
	err := inventory.Retry(ctx, a.runtime, a.backoff, func() error {
		row, lines, _, err := readOrder(ctx, a.truth, order)
		if err != nil {
			return err
		}
		plan := conclude(row, lines, end)
		saga = plan.saga
		if plan.advance == nil {
			as, err = a.settled(ctx, plan)
			return err
		}
		as, err = a.gather.Ask(ctx, request{Submission: inventory.Submission{Commands: plan.commands}, advance: plan.advance})
		return err
	})
	return saga, as, err
}

// settled answers for a conclusion that happened before.
func (a *admission) settled(ctx context.Context, p conclusion) ([]inventory.Answer, error) {
	if len(p.commands) == 0 {
		return nil, nil
	}
	return a.Lookup(ctx, []inventory.Submission{{Commands: p.commands}})
}

// readOrder reads an order and its lines as they were together: each statement has a snapshot of its own, so
// the row is read on both sides of them.
func readOrder(ctx context.Context, truth port.Truth, order model.ID) (port.OrderRow, []model.Line, int64, error) {
	row, again := &port.KnownOrders{IDs: []model.ID{order}}, &port.KnownOrders{IDs: []model.ID{order}}
	lines := &port.ReadOrderLines{Orders: []model.ID{order}}
	now := &port.ReadEpoch{}
	if err := truth.Do(ctx, row, lines, again, now); err != nil {
		return port.OrderRow{}, nil, 0, fmt.Errorf("read order %s: %w", order, err)
	}
	if len(row.Rows) == 0 {
		return port.OrderRow{}, nil, 0, fmt.Errorf("order %s: nobody accepted it: %w", order, port.ErrContract)
	}
	if again.Rows[0] != row.Rows[0] {
		return port.OrderRow{}, nil, 0, overtaken(order)
	}
	return row.Rows[0], lines.Lines, now.NowMS, nil
}

// duplicates answers a request one of whose ids is known: with what is stored, or as a mismatch of
// the request as a whole.
func (f *fold) duplicates(r request) (answers, bool) {
	seen, same := false, true
	for _, c := range r.Commands {
		row, ok := f.known[c.ID]
		seen = seen || ok
		same = same && ok && row.Fingerprint == c.Fingerprint()
	}
	if r.Order != nil {
		if row, ok := f.orders[r.Order.ID]; ok {
			seen, same = true, same && row.Siblings == r.Order.Siblings && row.Policy == r.Order.Policy
		}
	}
	if !seen {
		return nil, false
	}
	as := make(answers, len(r.Commands))
	for i, c := range r.Commands {
		if same {
			as[i] = answer(f.known[c.ID])
		} else {
			as[i] = inventory.AnswerTo(c, inventory.Mismatch)
		}
		as[i].Duplicate = true
	}
	return as, true
}

// overtaken reports that somebody else moved the order which the request wants to move: the caller
// reads it again.
func (f *fold) overtaken(r request) error {
	if r.advance == nil {
		return nil
	}
	o := f.orders[r.advance.Order]
	if o.Saga == r.advance.From && o.Attempt == r.advance.FromAttempt {
		return nil
	}
	return overtaken(r.advance.Order)
}

func overtaken(order model.ID) error {
	return fmt.Errorf("order %s: moved by somebody else: %w", order, port.ErrConflict)
}

// orderIDs are the orders that the requests which picks enter or move.
func orderIDs(rs []request, which func(request) bool) []model.ID {
	var ids []model.ID
	for _, r := range rs {
		switch {
		case !which(r):
		case r.advance != nil:
			ids = append(ids, r.advance.Order)
		case r.Order != nil:
			ids = append(ids, r.Order.ID)
		}
	}
	return sortedIDs(ids)
}

func everyone(request) bool { return true }

// moves reports whether r moves an order that is there.
func moves(r request) bool { return r.advance != nil }

// enter notes a new order, whose lines get the deadline that the truth's clock gives, or the move of
// one.
func (f *fold) enter(r request) {
	if r.advance != nil {
		o := f.orders[r.advance.Order]
		o.Saga, o.Attempt = r.advance.To, r.advance.ToAttempt
		f.orders[o.ID] = o
		f.advances = append(f.advances, *r.advance)
	}
	if r.Order == nil {
		return
	}
	row := *r.Order
	row.Saga, row.CreatedAt = port.SagaOpen, f.nowMS
	if r.TTL > 0 {
		row.Deadline = f.nowMS + r.TTL.Milliseconds()
	}
	f.newOrders = append(f.newOrders, row)
	f.orders[row.ID] = row
}

// stamped are the request's commands as they are stored: with what the server adds.
func (f *fold) stamped(r request) []model.Command {
	cs := make([]model.Command, len(r.Commands))
	for i, c := range r.Commands {
		if c.SubmittedAt = f.nowMS; r.Order != nil {
			c.Deadline = f.orders[r.Order.ID].Deadline
		}
		cs[i] = c
	}
	return cs
}
