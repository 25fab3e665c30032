package rowlock

import (
	"context"
	"fmt"
	"slices"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Design is the row-lock design.
func Design() inventory.Design {
	return inventory.Design{
		Name:  "rowlock",
		About: "SELECT ... FOR UPDATE in the order's transaction",
		Claims: []inventory.Guarantee{inventory.NoOversell, inventory.OneOutcome, inventory.ExactlyOnceEffect,
			inventory.Linearizable, inventory.NoFalseReject, inventory.Conservation, inventory.NoLoss,
			inventory.NoBlock},
		Supports: supports(),
		Envelope: "every fault except a PostgreSQL failover that loses an acknowledged tail",
		Outside:  []string{"pg-failover-async"},
		Books:    inventory.RowLockBooks,
		Schema:   port.RowLockSchema,
		Front:    front,
	}
}

func supports() []model.Kind {
	return []model.Kind{model.Reserve, model.Commit, model.Release, model.Restock, model.Adjust, model.Return}
}

func front(p inventory.Ports, o inventory.Options) inventory.Front {
	return inventory.Front{
		Orders:  &inventory.Orders{Admission: &admission{p, bounded(o.Backoff)}, Runtime: p.Runtime, Supports: supports()},
		Stock:   &inventory.Stock{Source: stock{p.Truth}, Monitor: p.Monitor},
		Process: inventory.Idle{Runtime: p.Runtime},
	}
}

// bounded ends a caller's retries after about five seconds.
func bounded(b inventory.Backoff) inventory.Backoff {
	b.Attempts = 11
	return b
}

type admission struct {
	inventory.Ports
	backoff inventory.Backoff
}

// Admit implements [inventory.Admission].
func (a *admission) Admit(ctx context.Context, s inventory.Submission) (as []inventory.Answer, err error) {
	err = inventory.Retry(ctx, a.Runtime, a.backoff, func() (err error) {
		as, err = a.attempt(ctx, s.Commands)
		return err
	})
	return as, err
}

// Conclude implements [inventory.Admission]: COMMITs or RELEASEs of an order's granted lines, under
// ids that a repetition finds again.
func (a *admission) Conclude(ctx context.Context, order model.ID, end inventory.Ending) (port.Saga, []inventory.Answer, error) {
	kind, saga := model.Commit, port.SagaCommitting
	if end == inventory.EndRelease {
		kind, saga = model.Release, port.SagaReleasing
	}
	var as []inventory.Answer
	err := inventory.Retry(ctx, a.Runtime, a.backoff, func() error {
		find := &port.FindRowLockLines{Orders: []model.ID{order}}
		if err := a.Truth.Do(ctx, find); err != nil {
			return fmt.Errorf("conclude order %s: %w", order, err)
		}
		if len(find.Rows) == 0 {
			return fmt.Errorf("conclude order %s: nobody accepted it: %w", order, port.ErrContract)
		}
		var cs []model.Command
		for _, l := range find.Rows {
			cs = append(cs, model.Command{ID: model.NameID(kind.String(), l.Command.String()), Kind: kind,
				SKU: l.SKU, Loc: model.MainLocation, Ref: l.Command})
		}
		var err error
		as, err = a.attempt(ctx, cs)
		return err
	})
	return saga, as, err
}

// attempt is the one transaction: lock, look, decide, write.
func (a *admission) attempt(ctx context.Context, cs []model.Command) ([]inventory.Answer, error) {
	tx := a.Truth.Begin()
	defer tx.Rollback(ctx)
	var skus []model.SKU
	var ids []model.ID
	for _, c := range cs {
		skus, ids = append(skus, c.SKU), append(ids, c.ID)
		if !c.Ref.IsZero() {
			ids = append(ids, c.Ref)
		}
	}
	slices.Sort(skus)
	lock := &port.LockShopStock{Schema: port.RowLockSchema, SKUs: slices.Compact(skus)}
	known := &port.FindRowLockOrders{Commands: ids}
	now := &port.ReadEpoch{}
	if err := tx.Do(ctx, lock, known, now); err != nil {
		return nil, fmt.Errorf("lock %d stock rows: %w", len(skus), err)
	}
	b := newBooks(lock.Found, known.Rows, now.NowMS)
	as := b.admit(cs)
	if err := tx.Commit(ctx, b.writes()...); err != nil {
		return nil, fmt.Errorf("commit %d commands: %w", len(cs), err)
	}
	return as, nil
}

// Lookup implements [inventory.Admission].
func (a *admission) Lookup(ctx context.Context, asked []inventory.Submission) ([]inventory.Answer, error) {
	var cs []model.Command
	var ids []model.ID
	for _, s := range asked {
		for _, c := range s.Commands {
			cs, ids = append(cs, c), append(ids, c.ID)
		}
	}
	find := &port.FindRowLockOrders{Commands: ids}
	if err := a.Truth.Do(ctx, find); err != nil {
		return nil, fmt.Errorf("look up %d commands: %w", len(ids), err)
	}
	b := newBooks(nil, find.Rows, 0)
	as := make([]inventory.Answer, len(cs))
	for i, c := range cs {
		as[i] = inventory.AnswerTo(c, inventory.Absent)
		if row, ok := b.rows[c.ID]; ok {
			as[i] = answer(*row, true)
		}
	}
	return as, nil
}

type stock struct{ truth port.Truth }

// Speed implements [inventory.StockSource]: there is no speed layer.
func (s stock) Speed(_ context.Context, lanes []model.LaneKey) ([]inventory.Level, error) {
	return make([]inventory.Level, len(lanes)), nil
}

// Truth implements [inventory.StockSource].
func (s stock) Truth(ctx context.Context, lanes []model.LaneKey) ([]inventory.Level, error) {
	return inventory.TruthStock(ctx, s.truth, port.RowLockSchema, lanes)
}
