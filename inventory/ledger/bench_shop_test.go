package ledger_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"stockproof/adapters/live"
	"stockproof/adapters/postgres"
	"stockproof/adapters/servers"
	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/model"
)

// shop is a database of a real PostgreSQL with a warm pool and plenty of the hot SKU in stock.
type shop struct {
	pg      *servers.PG
	raw     *pgx.Conn
	truth   *postgres.Truth
	counted *counted
}

func newShop(b *testing.B, conns int32) *shop {
	return newShopOn(b, servers.SharedPostgres(b), conns)
}

func newShopOn(b *testing.B, pg *servers.PG, conns int32) *shop {
	b.Helper()
	b.StopTimer()
	s := &shop{pg: pg}
	dsn := s.pg.NewDatabase(b)
	var err error
	if s.raw, err = pgx.Connect(b.Context(), dsn); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.raw.Close(context.Background()) })
	var on string
	if err := s.raw.QueryRow(b.Context(), `SELECT current_setting('fsync') || current_setting('synchronous_commit')`).Scan(&on); err != nil || on != "onon" {
		b.Fatalf("fsync and synchronous_commit are %q, not on: %v", on, err)
	}
	migrate, err := postgres.Open(postgres.Options{DSN: dsn})
	if err != nil {
		b.Fatal(err)
	}
	if err := postgres.Migrate(b.Context(), migrate.Pool()); err != nil {
		b.Fatal(err)
	}
	migrate.Close()
	// Connections that begin now have the settings of the migration.
	if s.truth, err = postgres.Open(postgres.Options{DSN: dsn, MaxConns: conns}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.truth.Close)
	s.counted = &counted{Truth: s.truth}
	if err := s.truth.Do(b.Context(), &port.SetEpoch{}); err != nil {
		b.Fatal(err)
	}
	warm(b, s.truth, conns)
	s.stock(b)
	return s
}

// warm opens every connection of the pool.
func warm(b *testing.B, truth *postgres.Truth, conns int32) {
	b.Helper()
	for range conns {
		c, err := truth.Pool().Acquire(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		defer c.Release()
	}
}

// stock puts a thousand million units on every design's shelf.
func (s *shop) stock(b *testing.B) {
	b.Helper()
	const units = 1_000_000_000
	o := inventory.DefaultOptions()
	o.Admission = inventory.Sync
	restock := model.Command{ID: model.NameID("restock"), Kind: model.Restock, SKU: hot, Qty: units}
	if a, err := s.open(b, ledger.Design(), o).Submit(b.Context(), restock); err != nil || a.Outcome != model.Granted {
		b.Fatalf("restock was answered %+v, %v", a, err)
	}
	if err := s.truth.Do(b.Context(), &port.AddShopStock{Schema: port.RowLockSchema, SKU: hot, Delta: units}); err != nil {
		b.Fatal(err)
	}
}

// open runs a design's front until the benchmark ends.
func (s *shop) open(b *testing.B, d inventory.Design, o inventory.Options) *inventory.Orders {
	return s.openOn(b, d, o, s.counted)
}

func (s *shop) openOn(b *testing.B, d inventory.Design, o inventory.Options, truth port.Truth) *inventory.Orders {
	p := inventory.Ports{Truth: truth, Runtime: live.Runtime{}, Monitor: port.Quiet{}}
	front := d.Front(p, o)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = front.Process.Run(ctx) }() // it ends with our stop
	b.Cleanup(func() { stop(); <-done })
	return front.Orders
}

// accepted takes orders in through intake and packs the records that left into batches of size
// commands, at most model.MaxRecordCommands in each record.
func (s *shop) accepted(b *testing.B, batches, size int) [][]port.Record {
	b.Helper()
	o := inventory.DefaultOptions()
	o.Relay = true // keeps the rows of the outbox
	s.checkoutsAsync(b, s.open(b, ledger.Design(), o), batches*size)
	out := &port.ReadOutbox{Shards: 1, Max: batches * size}
	if err := s.truth.Do(b.Context(), out); err != nil {
		b.Fatal(err)
	}
	var all []model.Command
	var rec model.CommandRecord
	for _, row := range out.Rows {
		if row.AggregateType != model.CommandTopic {
			continue
		}
		head, items, err := model.DecodeCommandRecord([]byte(row.Payload))
		if err != nil {
			b.Fatal(err)
		}
		for _, item := range items {
			all = append(all, item.Command)
		}
		rec = head
	}
	s.exec(b, `TRUNCATE ledger.inventory_outbox`)
	if len(all) != batches*size {
		b.Fatalf("%d commands came out of intake, not %d", len(all), batches*size)
	}
	var list [][]port.Record
	offset := int64(0)
	for range batches {
		var batch []port.Record
		for left := size; left > 0; {
			n := min(left, model.MaxRecordCommands)
			rec.Commands, all, left = all[:n], all[n:], left-n
			batch = append(batch, port.Record{Topic: model.CommandTopic, Offset: offset, Key: []byte(hot),
				Value: model.EncodeCommandRecord(rec), At: 1})
			offset++
		}
		list = append(list, batch)
	}
	return list
}

func (s *shop) checkoutsAsync(b *testing.B, orders *inventory.Orders, n int) {
	b.Helper()
	crowd(b, 500, n, func(ctx context.Context, _ int) error {
		_, err := orders.Checkout(ctx, hotOrder(ordered()))
		return err
	})
}

func (s *shop) exec(b *testing.B, text string, args ...any) {
	b.Helper()
	if _, err := s.raw.Exec(b.Context(), text, args...); err != nil {
		b.Fatalf("%s: %v", text, err)
	}
}

// count fails the benchmark unless the query answers n: it measured something else then.
func (s *shop) count(b *testing.B, n int64, text string) {
	b.Helper()
	var got int64
	if err := s.raw.QueryRow(b.Context(), text).Scan(&got); err != nil || got != n {
		b.Fatalf("%s: %d, not %d (%v)", text, got, n, err)
	}
}
