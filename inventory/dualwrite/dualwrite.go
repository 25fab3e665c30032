package dualwrite

import (
	"context"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Design is the dual-write design. It claims what the article claims.
func Design() inventory.Design {
	return inventory.Design{
		Name:  "dualwrite",
		About: "the API writes PostgreSQL, then Redis, then PostgreSQL again",
		Claims: []inventory.Guarantee{inventory.NoOversell, inventory.OneOutcome, inventory.ExactlyOnceEffect,
			inventory.NoFalseReject, inventory.Conservation, inventory.Convergence, inventory.NoLoss,
			inventory.NoBlock},
		Supports: inventory.ShopSupports(),
		Options:  []string{"shards", "ttl"},
		Envelope: "every fault: whatever breaks a claim counts",
		Books:    inventory.ShopBooks,
		Schema:   port.DualWriteSchema,
		Front:    front,
	}
}

func front(p inventory.Ports, o inventory.Options) inventory.Front {
	shop := inventory.NewShop(p, o, port.DualWriteSchema)
	shop.Backoff.Attempts = 3 // a caller waits: what fails now stays as it is
	return inventory.Front{
		Orders:  &inventory.Orders{Admission: admission{shop}, Runtime: p.Runtime, Supports: inventory.ShopSupports()},
		Stock:   &inventory.Stock{Source: inventory.ShopStock{Shop: shop}, Monitor: p.Monitor},
		Process: inventory.Idle{Runtime: p.Runtime},
	}
}

type admission struct{ *inventory.Shop }

// Admit implements [inventory.Admission]: first write, second write, and what came of it.
func (a admission) Admit(ctx context.Context, s inventory.Submission) ([]inventory.Answer, error) {
	rows, err := a.Insert(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := a.apply(ctx, rows); err != nil {
		return nil, err
	}
	return a.Lookup(ctx, []inventory.Submission{s})
}

// Conclude implements [inventory.Admission]: an order can only be cancelled.
func (a admission) Conclude(ctx context.Context, order model.ID, _ inventory.Ending) (port.Saga, []inventory.Answer, error) {
	rows, as, err := a.Cancel(ctx, order)
	if err != nil {
		return 0, nil, err
	}
	if err := a.apply(ctx, rows); err != nil {
		return 0, nil, err
	}
	for i := range as {
		as[i].Status, as[i].Outcome, as[i].Granted = inventory.Decided, model.Granted, rows[i].Qty
	}
	return port.SagaReleasing, as, nil
}

func (a admission) apply(ctx context.Context, rows []port.ShopOrder) error {
	for _, row := range rows {
		if err := a.Apply(ctx, row); err != nil {
			return err
		}
	}
	return nil
}
