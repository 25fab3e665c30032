package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"stockproof/adapters/live"
	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/inventory/rowlock"
	"stockproof/model"
)

// hot is the one SKU that everybody wants.
const hot = model.SKU("SKU-HOT")

// BenchmarkSettle is the asynchronous worker's Handle on records as intake makes them: orders of one
// line, of one SKU, accepted beforehand.
func BenchmarkSettle(b *testing.B) {
	for _, c := range []struct{ size, batches int }{{1, 500}, {10, 200}, {100, 80}, {500, 40}} {
		b.Run(fmt.Sprintf("batch=%d", c.size), func(b *testing.B) {
			s := newShop(b, 8)
			w := s.worker()
			// The first batches prepare the statements.
			const warm = 3
			batches := s.accepted(b, b.N*c.batches+warm, c.size)
			at := s.settle(b, w, port.Position{LeaderEpoch: -1}, batches[:warm])
			g := s.gauge(b)
			s.settle(b, w, at, batches[warm:])
			g.report(b, b.N*c.batches*c.size)
			s.count(b, int64(len(batches)*c.size), `SELECT count(*) FROM ledger.ledger WHERE kind = 1 AND outcome = 1`)
		})
	}
}

// BenchmarkSynchronous is synchronous admission: clients that wait for each answer before they send
// the next order, under ids as clients should make them.
func BenchmarkSynchronous(b *testing.B) { synchronous(b, ordered) }

// BenchmarkSynchronousRandomIDs is the same for clients that send UUIDv4.
func BenchmarkSynchronousRandomIDs(b *testing.B) { synchronous(b, random) }

func synchronous(b *testing.B, id func() model.ID) {
	for _, c := range []struct{ clients, orders int }{{32, 8_000}, {256, 30_000}, {2000, 60_000}} {
		b.Run(fmt.Sprintf("clients=%d", c.clients), func(b *testing.B) {
			s := newShop(b, 8)
			o := inventory.DefaultOptions()
			o.Admission = inventory.Sync
			orders := s.open(b, ledger.Design(), o)
			s.checkouts(b, orders, id, c.clients, 2000)
			g := s.gauge(b)
			took := s.checkouts(b, orders, id, c.clients, b.N*c.orders)
			g.report(b, len(took))
			reportLatency(b, took)
			s.count(b, int64(len(took))+2000, `SELECT count(*) FROM ledger.ledger WHERE kind = 1 AND outcome = 1`)
		})
	}
}

// BenchmarkBaselineForUpdate is SELECT ... FOR UPDATE at its best: the rowlock design, in two round trips.
func BenchmarkBaselineForUpdate(b *testing.B) {
	s := newShop(b, baselineClients)
	front := s.open(b, rowlock.Design(), inventory.DefaultOptions())
	s.checkouts(b, front, ordered, baselineClients, 500)
	g := s.gauge(b)
	took := s.checkouts(b, front, ordered, baselineClients, b.N*baselineOrders)
	g.report(b, len(took))
	reportLatency(b, took)
	s.count(b, int64(len(took))+500, `SELECT initial + 1000000000 - stock FROM rowlock.stock`)
}

// BenchmarkBaselineConditionalUpdate is what a careful programmer writes by hand: the order's row, then
// UPDATE ... WHERE stock >= qty, and a commit if it took a row. Two round trips, no answer kept for a
// retry, no sequence, nothing that leaves.
func BenchmarkBaselineConditionalUpdate(b *testing.B) {
	s := newShop(b, baselineClients)
	s.plainTables(b)
	s.baseline(b, func(ctx context.Context, tx pgx.Tx, id model.ID) error {
		batch := &pgx.Batch{}
		batch.Queue(insertPlain, [16]byte(id), string(hot), 1)
		batch.Queue(`UPDATE plain_stock SET stock = stock - $1 WHERE sku = $2 AND stock >= $1`, 1, string(hot))
		rs := tx.SendBatch(ctx, batch)
		defer rs.Close()
		if _, err := rs.Exec(); err != nil {
			return err
		}
		tag, err := rs.Exec()
		if err == nil && tag.RowsAffected() != 1 {
			err = errors.New("no stock")
		}
		return err
	})
}

// BenchmarkBaselineForUpdateByHand is SELECT ... FOR UPDATE as it usually stands in an application: one
// statement after the other, five round trips.
func BenchmarkBaselineForUpdateByHand(b *testing.B) {
	s := newShop(b, baselineClients)
	s.plainTables(b)
	s.baseline(b, func(ctx context.Context, tx pgx.Tx, id model.ID) error {
		var stock int64
		err := tx.QueryRow(ctx, `SELECT stock FROM plain_stock WHERE sku = $1 FOR UPDATE`, string(hot)).Scan(&stock)
		if err == nil && stock < 1 {
			err = errors.New("no stock")
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertPlain, [16]byte(id), string(hot), 1); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE plain_stock SET stock = $1 WHERE sku = $2`, stock-1, string(hot))
		return err
	})
}

const (
	baselineClients = 32
	baselineOrders  = 1500
	insertPlain     = `INSERT INTO plain_orders (order_id, sku, qty) VALUES ($1, $2, $3)`
)

func (s *shop) plainTables(b *testing.B) {
	b.Helper()
	s.exec(b, `CREATE TABLE plain_stock (sku text PRIMARY KEY, stock int8 NOT NULL CHECK (stock >= 0)) WITH (fillfactor = 50)`)
	s.exec(b, `CREATE TABLE plain_orders (order_id uuid PRIMARY KEY, sku text NOT NULL, qty int8 NOT NULL,
		at timestamptz NOT NULL DEFAULT now())`)
	s.exec(b, `INSERT INTO plain_stock VALUES ($1, 1000000000)`, string(hot))
}

// baseline runs do in a transaction of its own for each order.
func (s *shop) baseline(b *testing.B, do func(ctx context.Context, tx pgx.Tx, id model.ID) error) {
	b.Helper()
	one := func(ctx context.Context, _ int) error {
		s.counted.commits.Add(1)
		return pgx.BeginFunc(ctx, s.truth.Pool(), func(tx pgx.Tx) error { return do(ctx, tx, ordered()) })
	}
	crowd(b, baselineClients, 500, one)
	g := s.gauge(b)
	took := crowd(b, baselineClients, b.N*baselineOrders, one)
	g.report(b, len(took))
	reportLatency(b, took)
	s.count(b, int64(len(took))+500, `SELECT 1000000000 - stock FROM plain_stock`)
}

// checkouts lets clients place n orders of one unit, and says how long each took.
func (s *shop) checkouts(b *testing.B, orders *inventory.Orders, id func() model.ID, clients, n int) []time.Duration {
	return crowd(b, clients, n, func(ctx context.Context, i int) error {
		as, err := orders.Checkout(ctx, hotOrder(id()))
		if err == nil && as[0].Outcome != model.Granted {
			err = fmt.Errorf("order %d was answered %+v", i, as[0])
		}
		return err
	})
}

// ordered is a UUIDv7, random a UUIDv4.
func ordered() model.ID { return model.ID(uuid.Must(uuid.NewV7())) }
func random() model.ID  { return model.ID(uuid.New()) }

func hotOrder(id model.ID) inventory.Order {
	return inventory.Order{ID: id, Customer: "c", Policy: model.Partial,
		Lines: []inventory.OrderLine{{SKU: hot, Qty: 1}}}
}

// crowd lets clients do n things, each the next one as soon as its last is answered.
func crowd(b *testing.B, clients, n int, do func(ctx context.Context, i int) error) []time.Duration {
	b.Helper()
	took := make([]time.Duration, n)
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	ctx, stop := context.WithCancelCause(b.Context())
	defer stop(nil)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for i := range next {
				began := time.Now()
				if err := do(ctx, i); err != nil {
					stop(err)
					return
				}
				took[i] = time.Since(began)
			}
		})
	}
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		b.Fatal(err)
	}
	return took
}

func reportLatency(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	at := func(percent int) float64 {
		return float64(took[min(len(took)*percent/100, len(took)-1)].Microseconds()) / 1000
	}
	b.ReportMetric(at(50), "p50-ms")
	b.ReportMetric(at(99), "p99-ms")
}

// worker is the asynchronous decider's handler, without its consumer.
func (s *shop) worker() inventory.Handler {
	p := inventory.Ports{Truth: s.counted, Runtime: live.Runtime{}, Monitor: port.Quiet{}}
	return ledger.NewWorker(p, inventory.DefaultOptions()).(inventory.Consumer).Handler()
}

// settle hands batches to the worker, one after the other.
func (s *shop) settle(b *testing.B, w inventory.Handler, at port.Position, batches [][]port.Record) port.Position {
	b.Helper()
	c := claim{}
	if _, err := w.Start(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	for _, rs := range batches {
		to, err := w.Handle(b.Context(), c, at, rs)
		if err != nil {
			b.Fatal(err)
		}
		at = to
	}
	return at
}

// claim is a partition that nobody takes away.
type claim struct{}

func (claim) Topic() string                               { return model.CommandTopic }
func (claim) TopicID() model.ID                           { return model.NameID("bench") }
func (claim) Partition() int32                            { return 0 }
func (claim) Committed() port.Position                    { return port.Position{LeaderEpoch: -1} }
func (claim) Commit(context.Context, port.Position) error { return nil }
func (claim) Release()                                    {}
func (claim) Fetch(context.Context, port.Position, int, time.Duration) ([]port.Record, error) {
	return nil, port.ErrFenced
}
