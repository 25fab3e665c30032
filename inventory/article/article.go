package article

import (
	"context"
	"encoding/json"
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Claims are what the article claims; dualwrite claims the same.
func Claims() []inventory.Guarantee {
	return []inventory.Guarantee{inventory.NoOversell, inventory.OneOutcome, inventory.ExactlyOnceEffect,
		inventory.NoFalseReject, inventory.Conservation, inventory.Convergence, inventory.NoLoss,
		inventory.NoBlock}
}

// Design is the article's design.
func Design() inventory.Design {
	return inventory.Design{
		Name:     "article",
		About:    "the published one: orders in PostgreSQL, decisions in Redis behind change data capture",
		Claims:   Claims(),
		Supports: inventory.ShopSupports(),
		Options: []string{"partitions", "workers", "batch", "shards", "ttl", "every-op", "reconcile", "bootstrap",
			"record-key"},
		Envelope: "every fault: whatever breaks a claim counts",
		Books:    inventory.ShopBooks,
		Schema:   port.ArticleSchema,
		Topics:   []inventory.Topic{{Name: model.OrderTopic}, {Name: model.DeadTopic}},
		Connector: &inventory.Connector{Tables: []string{"article.orders"}, Topic: model.OrderTopic,
			KeyColumn: "sku_id", Columns: []string{"id", "order_id", "sku_id", "qty", "status", "created_at"}},
		Front: front,
		Roles: []inventory.Role{
			{Name: "worker", Always: true, New: NewWorker},
			{Name: "reconciler", New: newReconciler},
			{Name: "bootstrap", New: newBootstrap},
		},
	}
}

// admission is the API: one INSERT, and the answer is an acceptance.
type admission struct{ *inventory.Shop }

func front(p inventory.Ports, o inventory.Options) inventory.Front {
	shop := inventory.NewShop(p, o, port.ArticleSchema)
	return inventory.Front{
		Orders:  &inventory.Orders{Admission: admission{shop}, Runtime: p.Runtime, Supports: inventory.ShopSupports()},
		Stock:   &inventory.Stock{Source: inventory.ShopStock{Shop: shop}, Monitor: p.Monitor},
		Process: inventory.Idle{Runtime: p.Runtime},
	}
}

// Admit implements [inventory.Admission].
func (a admission) Admit(ctx context.Context, s inventory.Submission) ([]inventory.Answer, error) {
	if _, err := a.Insert(ctx, s); err != nil {
		return nil, err
	}
	as := make([]inventory.Answer, len(s.Commands))
	for i, c := range s.Commands {
		as[i] = inventory.AnswerTo(c, inventory.Pending)
	}
	return as, nil
}

// Conclude implements [inventory.Admission]: an order can only be cancelled.
func (a admission) Conclude(ctx context.Context, order model.ID, _ inventory.Ending) (port.Saga, []inventory.Answer, error) {
	_, as, err := a.Cancel(ctx, order)
	return port.SagaReleasing, as, err
}

// worker applies the records of one partition, one after the other.
type worker struct {
	inventory.GroupPosition
	shop    *inventory.Shop
	broker  port.Broker
	event   func(port.Record) (inventory.OrderEvent, error)
	everyOp bool
}

// NewWorker is the article's consumer.
func NewWorker(p inventory.Ports, o inventory.Options) port.Process {
	w := &worker{shop: inventory.NewShop(p, o, port.ArticleSchema), broker: p.Broker, event: p.OrderEvent,
		everyOp: o.EveryOp}
	return inventory.Consumer{Broker: p.Broker, Runtime: p.Runtime, Monitor: p.Monitor,
		Group: "article-inventory", Topic: model.OrderTopic, Max: o.BatchMax, Linger: o.Linger, Backoff: o.Backoff,
		Handler: func() inventory.Handler { return w }}
}

// Handle implements [inventory.Handler]. A record that cannot be processed goes to the dead letter
// topic and its offset is committed; infrastructure failures are tried again where they happen.
func (w *worker) Handle(ctx context.Context, _ port.Claim, at port.Position, rs []port.Record) (port.Position, error) {
	for _, r := range rs {
		if err := w.one(ctx, r); err != nil {
			if port.Class(err) != port.ErrContract {
				return at, err
			}
			if err := w.bury(ctx, r, err); err != nil {
				return at, err
			}
		}
		at = inventory.After(r)
	}
	return at, nil
}

func (w *worker) one(ctx context.Context, r port.Record) error {
	e, err := w.event(r)
	if err != nil {
		return fmt.Errorf("%s[%d]@%d: %w: %w", r.Topic, r.Partition, r.Offset, port.ErrContract, err)
	}
	if e.Class != "row" || e.Op == 'd' || !w.everyOp && e.Op != 'c' {
		return nil
	}
	if err := e.Row.SKU.Validate(); err != nil {
		return fmt.Errorf("%s[%d]@%d: %w: %w", r.Topic, r.Partition, r.Offset, port.ErrContract, err)
	}
	return w.shop.Apply(ctx, e.Row)
}

// bury publishes a dead letter. Publishing and committing the offset are two things: a crash between
// them leaves the record in both places.
func (w *worker) bury(ctx context.Context, r port.Record, why error) error {
	v, err := json.Marshal(map[string]any{"topic": r.Topic, "partition": r.Partition, "offset": r.Offset,
		"error": inventory.ErrorText(why), "value": r.Value})
	if err != nil {
		return fmt.Errorf("encode dead letter: %w", err)
	}
	w.shop.Monitor.Count("dead-letter", 1)
	alarming := w.shop.Backoff.Alarming(w.shop.Monitor,
		fmt.Sprintf("the dead letter of %s[%d]@%d waits for the broker", r.Topic, r.Partition, r.Offset))
	return inventory.Retry(ctx, w.shop.Runtime, alarming, func() error {
		return w.broker.Produce(ctx, port.Record{Topic: model.DeadTopic, Partition: -1, Key: r.Key, Value: v})
	})
}

func newReconciler(p inventory.Ports, o inventory.Options) port.Process {
	shop := inventory.NewShop(p, o, port.ArticleSchema)
	return inventory.Every{Name: "reconcile", Period: o.ReconcilePeriod, Runtime: p.Runtime, Monitor: p.Monitor,
		Round: func(ctx context.Context) error { return shop.Recompute(ctx, false) }}
}

func newBootstrap(p inventory.Ports, o inventory.Options) port.Process {
	shop := inventory.NewShop(p, o, port.ArticleSchema)
	return inventory.Once{Name: "bootstrap", Runtime: p.Runtime, Monitor: p.Monitor, Backoff: o.Backoff,
		Do: func(ctx context.Context) error { return shop.Recompute(ctx, true) }}
}
