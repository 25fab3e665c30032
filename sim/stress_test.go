package sim_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"stockproof/adapters/live"
	"stockproof/adapters/memory/kafka"
	"stockproof/adapters/memory/redis"
	"stockproof/adapters/postgres"
	"stockproof/adapters/redis/command"
	"stockproof/adapters/servers"
	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim"
	"stockproof/sim/observe"
)

// stressWorld is a real PostgreSQL beside a broker and a Redis in memory. Its broker delivers every
// tenth command record again in another partition, what a producer with another partitioner does, another
// tenth again right behind, and every fifth with each of its commands twice.
type stressWorld struct {
	dsn   string
	kafka *kafka.Server
	redis *redis.Server
	n     atomic.Int64
}

func newStressWorld(t *testing.T, topics []inventory.Topic, partitions int32) *stressWorld {
	gate := live.Gate()
	w := &stressWorld{dsn: servers.SharedPostgres(t).NewDatabase(t), kafka: kafka.New(gate, kafka.Options{}),
		redis: redis.New(gate, redis.Options{})}
	truth, err := postgres.Open(postgres.Options{DSN: w.dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer truth.Close()
	if err := postgres.Migrate(t.Context(), truth.Pool()); err != nil {
		t.Fatal(err)
	}
	for _, topic := range topics {
		w.kafka.CreateTopic(topic.Name, partitions)
	}
	return w
}

func (w *stressWorld) About() string { return "real PostgreSQL, broker and Redis in memory" }

func (w *stressWorld) Open(instance string) (inventory.Ports, func(), error) {
	truth, err := postgres.Open(postgres.Options{DSN: w.dsn, MaxConns: 6, ApplicationName: instance})
	if err != nil {
		return inventory.Ports{}, nil, err
	}
	return inventory.Ports{Truth: truth, Speed: w.redis.Client(), Broker: &echo{w.kafka.Client(instance), w},
		Runtime: live.Runtime{}, Monitor: port.Quiet{}}, truth.Close, nil
}

func (w *stressWorld) Slot(string, ...string) port.Slot        { panic("the relay carries the outbox here") }
func (w *stressWorld) AdvanceRedis(time.Duration)              {}
func (w *stressWorld) Sizes(func(string, int)) error           { return nil }
func (w *stressWorld) OnStockChange(func(command.StockChange)) {}
func (w *stressWorld) Close()                                  {}

type echo struct {
	port.Broker
	w *stressWorld
}

func (e *echo) Produce(ctx context.Context, rs ...port.Record) error {
	var all []port.Record
	for _, r := range rs {
		all = append(all, r)
		if r.Topic != model.CommandTopic {
			continue
		}
		switch n := e.w.n.Add(1); n % 10 {
		case 0, 3, 6, 8: // in another partition
			other := r
			other.Partition = int32(n/10) % stressPartitions
			all = append(all, other)
		case 5: // and right behind: a command in two records of one batch
			all = append(all, r)
		case 2, 7: // and with each of its commands twice
			all[len(all)-1].Value = stutter(r.Value)
		}
	}
	return e.Broker.Produce(ctx, all...)
}

// stutter is a record with each of its commands twice, one right behind the other.
func stutter(value []byte) []byte {
	rec, items, err := model.DecodeCommandRecord(value)
	if err != nil || 2*len(items) > model.MaxRecordCommands || 2*len(value) > model.MaxRecordBytes {
		return value
	}
	for _, item := range items {
		rec.Commands = append(rec.Commands, item.Command, item.Command)
	}
	return model.EncodeCommandRecord(rec)
}

const stressPartitions = 4

// Two asynchronous and two synchronous deciders, coordinator and sweeper on the same few SKUs of a
// real PostgreSQL, with cancels before and after decisions, duplicates in and across records, refs on
// another lane, lanes that come into being while commands race for them, and killed backends: the
// books agree afterwards.
func TestStressEndsWithCleanBooks(t *testing.T) {
	reports := stress(t, 1, 1500)
	for _, r := range reports {
		if err := r.Err(); err != nil {
			t.Error(err)
		}
	}
}

// mustButForCommands is the guard ledger.must without P2: the UPDATE that decides commands may touch fewer
// rows than it was given. Every other table keeps its check.
const mustButForCommands = `CREATE OR REPLACE FUNCTION ledger.must(touched int8, given int8, tab text, why text)
	RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN
		IF touched <> given AND tab <> 'command' THEN
			RAISE EXCEPTION USING ERRCODE = 'SP001', SCHEMA = 'ledger', TABLE = tab, CONSTRAINT = why,
				MESSAGE = format('%s of %s rows were as expected', touched, given);
		END IF;
		RETURN true;
	END $$`

// Without the row-count check of settle's UPDATE of command, and of nothing else, the same stress leaves
// books that disagree.
func TestStressFindsTheMissingRowCountCheck(t *testing.T) {
	for seed := range uint64(40) {
		for _, r := range stress(t, seed+100, 1500, mustButForCommands) {
			if r.Verdict == checks.Fail {
				t.Logf("seed %d: %v", seed+100, r.Err())
				return
			}
		}
	}
	t.Error("forty runs without the check passed every audit")
}

func stress(t *testing.T, seed uint64, orders int, sabotage ...string) []checks.Report {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	design, o := ledger.Design(), inventory.DefaultOptions()
	o.Partitions, o.Relay, o.SweepPeriod, o.SweepBackoffMS = stressPartitions, true, 50*time.Millisecond, 300
	w := newStressWorld(t, design.Topics, o.Partitions)
	admin, err := pgx.Connect(ctx, w.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background())
	for _, sql := range sabotage {
		if _, err := admin.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	suite := checks.New(checks.Header{Design: design.Name, Claims: observe.Claims(design), Capability: checks.LedgerRows, Seed: seed})
	watch := observe.NewWatch(suite, time.Now)
	dep, err := sim.Deploy(ctx, w, design, sim.DeployOptions{Options: o, Workers: 2, Roles: []string{"relay"},
		Fronts: []inventory.AdmissionMode{inventory.Sync, inventory.Sync, inventory.Async}}, watch)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := dep.Stop(); err != nil {
			t.Error(err)
		}
	}()
	stressClients(ctx, t, dep.Fronts(), seed, orders, admin)
	patience := time.Minute
	if len(sabotage) > 0 { // books that disagree need not come to rest
		patience = 10 * time.Second
	}
	audit := settled(ctx, t, w, design, o, patience)
	if len(sabotage) == 0 && !observe.Quiet(audit) {
		t.Errorf("seed %d: something is going on for ever", seed)
	}
	t.Logf("seed %d: %d commands, %d duplicates absorbed, %d mismatches, %d dead letters", seed, len(audit.Commands),
		watch.Count("duplicate"), watch.Count("mismatch"), len(audit.Dead))
	if n := len(audit.Dead) + int(watch.Count("mismatch")); len(sabotage) == 0 && (n > 0 || watch.Count("duplicate") == 0) {
		t.Errorf("seed %d: duplicates are absorbed, and nothing else is wrong with any record: first dead letter %+v", seed,
			append(audit.Dead, checks.DeadLetter{})[0])
	}
	return suite.Finish(audit)
}

// stressClients drives 16 clients while backends are killed.
func stressClients(ctx context.Context, t *testing.T, fronts []inventory.Front, seed uint64, orders int, admin *pgx.Conn) {
	const clients = 16
	killing, stop := context.WithCancel(ctx)
	var killer sync.WaitGroup
	kills := 0
	killer.Go(func() {
		for killing.Err() == nil {
			time.Sleep(100 * time.Millisecond)
			var n int
			err := admin.QueryRow(ctx, `SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
				ORDER BY random() LIMIT 1) AS busy`).Scan(&n)
			if err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
			kills += n
		}
	})
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(c)))
			for i := range orders / clients {
				stressOrder(ctx, t, fronts, r, fmt.Sprintf("%d-%d-%d", seed, c, i))
			}
		})
	}
	wg.Wait()
	stop()
	killer.Wait()
	t.Logf("seed %d: %d busy backends killed", seed, kills)
	if kills == 0 {
		t.Error("no backend was busy when it was to be killed: the stress was none")
	}
}

// stressOrder does one thing with an order, or to a lane.
func stressOrder(ctx context.Context, t *testing.T, fronts []inventory.Front, r *rand.Rand, name string) {
	front := func() *inventory.Orders { return fronts[r.IntN(len(fronts))].Orders }
	known := func() model.SKU { return model.SKU(fmt.Sprintf("S%d", r.IntN(4))) }
	fresh := model.SKU("N" + name[strings.LastIndex(name, "-")+1:]) // one that comes into being just now
	sku := known()
	if r.IntN(3) > 0 {
		sku = fresh
	}
	try := func(what string, do func() error) {
		for {
			err := do()
			if err == nil || errors.Is(err, port.ErrContract) || ctx.Err() != nil {
				if err != nil && !errors.Is(err, port.ErrContract) {
					t.Errorf("%s: %v", what, err)
				}
				return
			}
		}
	}
	var stocking sync.WaitGroup
	defer stocking.Wait()
	if r.IntN(3) == 0 { // beside the order: what finds its lane, and what comes before it, differ by a moment
		c := model.Command{ID: model.NameID("in", name), Kind: model.Restock, SKU: sku, Qty: int64(1 + r.IntN(9))}
		at := front()
		stocking.Go(func() { try("restock", func() error { _, err := at.Submit(ctx, c); return err }) })
	}
	order := inventory.Order{ID: model.NameID(name), Policy: model.Policy(1 + r.IntN(2))}
	for range 1 + r.IntN(3) {
		order.Lines = append(order.Lines, inventory.OrderLine{SKU: sku, Qty: int64(1 + r.IntN(4))})
		sku = known()
	}
	first, second := front(), front()
	try("checkout", func() error { _, err := first.Checkout(ctx, order); return err })
	if r.IntN(3) == 0 { // the client sends it again, perhaps to the other kind of front
		try("checkout again", func() error { _, err := second.Checkout(ctx, order); return err })
	}
	ref := inventory.LineID(order.ID, 1)
	switch r.IntN(5) {
	case 0:
		try("cancel", func() error { _, _, err := front().Cancel(ctx, order.ID); return err })
	case 1:
		try("commit", func() error { _, _, err := front().Commit(ctx, order.ID); return err })
	case 2: // a return whose line is on another lane, or not committed
		c := model.Command{ID: model.NameID("back", name), Kind: model.Return, SKU: known(), Qty: 1, Ref: ref}
		try("return", func() error { _, err := front().Submit(ctx, c); return err })
	case 3:
		c := model.Command{ID: model.NameID("adjust", name), Kind: model.Adjust, SKU: known(), Delta: model.Some(int64(r.IntN(7) - 4))}
		if c.Delta.Value != 0 {
			try("adjust", func() error { _, err := front().Submit(ctx, c); return err })
		}
	}
}

// settled waits until nothing is undecided and the speed layer shows the truth, then audits.
func settled(ctx context.Context, t *testing.T, w sim.World, d inventory.Design, o inventory.Options, patience time.Duration) checks.Audit {
	p, done, err := w.Open("auditor")
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for deadline := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		audit, err := observe.Audit(ctx, p, d, o)
		if err != nil {
			t.Fatal(err)
		}
		if observe.Quiet(audit) || time.Now().After(deadline) {
			return audit
		}
	}
}
