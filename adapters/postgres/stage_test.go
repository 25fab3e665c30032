package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"stockproof/adapters/live"
	"stockproof/adapters/memory/kafka"
	"stockproof/adapters/postgres"
	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/model"
)

// stage is where the ledger design's own deciders, its worker and its synchronous lane, are disturbed: a
// real PostgreSQL that they reach through the proxy, and a broker in memory.
type stage struct {
	*testing.T
	dsn    string
	direct *postgres.Truth // nobody disturbs it
	far    *watched        // through the proxy
	proxy  *proxy
	admin  *pgx.Conn
	kafka  *kafka.Server
	calm   inventory.Front // synchronous, over direct
	intake inventory.Front // asynchronous, over direct
	sent   int64           // records in the command topic

	mu    sync.Mutex
	names map[string]string // of the ids that this test makes
}

func newStage(t *testing.T) *stage {
	dsn, direct := migrated(t)
	p, through := newProxy(t, dsn)
	gate := live.Gate()
	s := &stage{T: t, dsn: dsn, direct: direct, proxy: p, admin: raw(t, dsn), names: map[string]string{},
		far: &watched{Truth: open(t, postgres.Options{DSN: through})}, kafka: kafka.New(gate, kafka.Options{})}
	s.kafka.CreateTopic(model.CommandTopic, 1)
	s.calm, s.intake = s.front(inventory.Sync, direct, live.Runtime{}), s.front(inventory.Async, direct, live.Runtime{})
	s.start(s.calm.Process)
	s.start(s.intake.Process)
	return s
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stage) options(mode inventory.AdmissionMode) inventory.Options {
	o := inventory.DefaultOptions()
	o.Admission, o.Partitions, o.Relay = mode, 1, true // the relay's outbox keeps its rows: they can be counted
	return o
}

func (s *stage) front(mode inventory.AdmissionMode, truth port.Truth, rt port.Runtime) inventory.Front {
	return ledger.Design().Front(inventory.Ports{Truth: truth, Runtime: rt, Monitor: port.Quiet{}}, s.options(mode))
}

func (s *stage) worker(name string, truth port.Truth) inventory.Consumer {
	return ledger.NewWorker(inventory.Ports{Truth: truth, Broker: s.kafka.Client(name), Runtime: live.Runtime{},
		Monitor: alarms{s}}, s.options(inventory.Async)).(inventory.Consumer)
}

// alarms shows in the test's log what operators would be told.
type alarms struct{ *stage }

func (alarms) Count(string, int64)            {}
func (a alarms) Alarm(what string, err error) { a.Logf("alarm: %s: %v", what, err) }

// start runs a process until the test or the returned function ends it.
func (s *stage) start(p port.Process) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Run(ctx); err != nil && ctx.Err() == nil {
			s.Errorf("a process ended by itself: %v", err)
		}
	}()
	end = sync.OnceFunc(func() { cancel(); <-done })
	s.Cleanup(end)
	return end
}

// settled waits until the worker has settled all that was sent.
func (s *stage) settled() {
	s.Helper()
	eventually(s, "the worker is behind the last record", func() bool {
		read := &port.ReadProgress{Topic: s.kafka.TopicID(model.CommandTopic)}
		do(s, s.direct, read)
		return read.NextOffset == s.sent
	})
}

// id is the id of a name, which books shows in its place.
func (s *stage) id(name string) model.ID { return s.named(name, model.NameID(name)) }

func (s *stage) named(name string, id model.ID) model.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names[id.String()] = name
	return id
}

var uuidText = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// books is what the tables hold of a tag, as sorted lines without the tag: two plays of the same are equal.
// Times, offsets and ids that are nobody's name are left out.
func (s *stage) books(tag string, tables ...string) []string {
	s.Helper()
	var lines []string
	for _, query := range tables {
		rows, err := s.admin.Query(background(s), query)
		s.must(err)
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		s.must(err)
		for _, text := range texts {
			text = uuidText.ReplaceAllStringFunc(text, func(id string) string {
				s.mu.Lock()
				defer s.mu.Unlock()
				if name, ok := s.names[id]; ok {
					return name
				}
				return "?"
			})
			if strings.Contains(text, "@"+tag+"@") {
				lines = append(lines, strings.ReplaceAll(text, "@"+tag+"@", ""))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// wantBooks compares the books of two tags.
func (s *stage) wantBooks(what string, got, want []string) {
	s.Helper()
	for _, line := range want {
		if i := slices.Index(got, line); i >= 0 {
			got = slices.Delete(slices.Clone(got), i, i+1)
		} else {
			s.Errorf("%s: the books lack %s", what, line)
		}
	}
	for _, line := range got {
		s.Errorf("%s: the books have what an undisturbed play does not: %s", what, line)
	}
}

// watched is a truth that remembers how its round trips failed.
type watched struct {
	port.Truth
	mu     sync.Mutex
	failed []error
}

func (w *watched) note(err error) error {
	if err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.failed = append(w.failed, err)
	}
	return err
}

// failures are what failed since the last call.
func (w *watched) failures() []error {
	w.mu.Lock()
	defer w.mu.Unlock()
	failed := w.failed
	w.failed = nil
	return failed
}

// deadlocks is how many of the errors are SQLSTATE 40P01.
func deadlocks(errs []error) (n int) {
	for _, err := range errs {
		var c *port.ConstraintError
		if errors.As(err, &c) && c.SQLState == "40P01" {
			n++
		}
	}
	return n
}

func (w *watched) Do(ctx context.Context, batch ...port.Statement) error {
	return w.note(w.Truth.Do(ctx, batch...))
}

func (w *watched) Begin() port.Tx { return &watchedTx{w.Truth.Begin(), w} }

type watchedTx struct {
	port.Tx
	w *watched
}

func (t *watchedTx) Do(ctx context.Context, batch ...port.Statement) error {
	return t.w.note(t.Tx.Do(ctx, batch...))
}

func (t *watchedTx) Commit(ctx context.Context, batch ...port.Statement) error {
	return t.w.note(t.Tx.Commit(ctx, batch...))
}

// queued is a runtime that says when something was put into one of its queues.
type queued struct {
	live.Runtime
	sent chan struct{}
}

func (q queued) Mailbox(capacity int) port.Mailbox {
	return announced{q.Runtime.Mailbox(capacity), q.sent}
}

type announced struct {
	port.Mailbox
	sent chan struct{}
}

func (m announced) Send(ctx context.Context, v any) error {
	err := m.Mailbox.Send(ctx, v)
	m.sent <- struct{}{}
	return err
}

// What books compares: everything that decisions leave behind.
var allBooks = append([]string{
	`SELECT ROW('command', command_id, kind, sku_id, loc, ref, intake_epoch, outcome, granted, backordered, lane_seq,
		to_seq, avail, epoch, decided_at IS NULL)::text FROM ledger.command`,
	`SELECT ROW('ledger', sku_id, loc, seq, epoch, command_id, leg, kind, qty, outcome, granted, on_hand_after,
		reserved_after, avail_after)::text FROM ledger.ledger`,
	`SELECT ROW('outbox', aggregatetype, aggregateid, type, seq)::text FROM ledger.inventory_outbox`,
}, finalBooks...)

// What they compare when the order in which two deciders took turns is open.
var finalBooks = []string{
	`SELECT ROW('decision', command_id, kind, sku_id, loc, ref, outcome, granted)::text FROM ledger.command`,
	`SELECT ROW('lane', sku_id, loc, bump, seq, on_hand, reserved, safety, short)::text FROM ledger.sku_lane`,
	`SELECT ROW('line', command_id, order_id, line_no, sku_id, loc, qty, granted, returned, state)::text FROM ledger.order_line`,
	`SELECT ROW('order', order_id, saga, policy, attempt)::text FROM ledger.orders`,
	`SELECT ROW('letter', convert_from(key, 'UTF8'), idx, command_id, chain, parked, class, state)::text FROM ledger.dlq`,
}

// audits are PROTOCOL-level invariants of the whole database, as queries of what breaks them.
var audits = map[string]string{
	"a command has not exactly the ledger rows of its decision": `
		SELECT c.command_id FROM ledger.command c LEFT JOIN ledger.ledger l USING (command_id)
		GROUP BY c.command_id HAVING count(l.seq) <> CASE WHEN coalesce(c.lane_seq, 0) = 0 THEN 0
			WHEN c.to_seq > 0 THEN 2 ELSE 1 END`,
	"a ledger row says something else than its command": `
		SELECT l.command_id FROM ledger.ledger l LEFT JOIN ledger.command c USING (command_id)
		WHERE c.outcome IS DISTINCT FROM l.outcome OR c.granted <> l.granted
			OR l.seq <> CASE l.leg WHEN 0 THEN c.lane_seq ELSE c.to_seq END`,
	"the ledger of a lane has a gap": `
		SELECT s.sku_id FROM ledger.sku_lane s LEFT JOIN ledger.ledger l USING (sku_id, loc)
		GROUP BY s.sku_id, s.loc HAVING count(l.seq) <> s.seq OR coalesce(max(l.seq), 0) <> s.seq`,
	"a lane is not its last ledger row": `
		SELECT s.sku_id FROM ledger.sku_lane s JOIN ledger.ledger l USING (sku_id, loc, seq)
		WHERE l.on_hand_after <> s.on_hand OR l.reserved_after <> s.reserved`,
	"what a lane has reserved is not what its lines hold": fmt.Sprintf(`
		SELECT s.sku_id FROM ledger.sku_lane s LEFT JOIN ledger.order_line o
			ON o.sku_id = s.sku_id AND o.loc = s.loc AND o.state = %d
		GROUP BY s.sku_id, s.loc HAVING coalesce(sum(o.granted), 0) <> s.reserved`, model.LineReserved),
	"a command is neither decided nor behind an open letter": `
		SELECT c.command_id FROM ledger.command c WHERE c.outcome IS NULL AND NOT EXISTS (
			SELECT FROM ledger.dlq d WHERE d.state = 'open' AND d.chain = coalesce(c.ref, c.command_id))`,
	"a decided command is parked": `
		SELECT c.command_id FROM ledger.command c JOIN ledger.dlq d USING (command_id)
		WHERE c.outcome IS NOT NULL AND d.parked AND d.state = 'open'`,
	"the last state that leaves is not the lane": `
		SELECT s.sku_id FROM ledger.sku_lane s JOIN (SELECT payload::jsonb ->> 'sku' AS sku_id,
			payload::jsonb ->> 'loc' AS loc, max(seq) AS seq FROM ledger.inventory_outbox WHERE type = 'state'
			GROUP BY 1, 2) o USING (sku_id, loc) WHERE o.seq <> s.seq`,
	"a lane moved and no state of it leaves": `
		SELECT s.sku_id FROM ledger.sku_lane s WHERE s.seq > 0 AND NOT EXISTS (SELECT FROM ledger.inventory_outbox
			WHERE type = 'state' AND payload::jsonb ->> 'sku' = s.sku_id AND payload::jsonb ->> 'loc' = s.loc)`,
}

// audit fails the test for everything that breaks an invariant.
func (s *stage) audit() {
	s.Helper()
	for what, query := range audits {
		rows, err := s.admin.Query(background(s), query)
		s.must(err)
		culprits, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (string, error) {
			vs, err := r.Values()
			return fmt.Sprint(vs...), err
		})
		s.must(err)
		for _, c := range culprits {
			s.Errorf("%s: %s", what, c)
		}
	}
}
