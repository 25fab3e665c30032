package postgres_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"stockproof/adapters/postgres/sql"
	"stockproof/inventory/port"
	"stockproof/model"
)

// A plan that is made over empty tables is kept while they grow: a sequential scan that was right for no
// rows stays in use for millions of them. So the plans are read as a prepared statement has them: generic, made before there is a row, used after.

// planned is a connection as the pool prepares it, and the texts prepared on it.
type planned struct {
	*testing.T
	conn *pgx.Conn
}

func newPlanned(t *testing.T, dsn string) planned {
	p := planned{t, raw(t, dsn)}
	if _, err := p.conn.Exec(background(t), sql.Session, pgx.QueryExecModeExec); err != nil {
		t.Fatal(err)
	}
	exec(t, p.conn, `SET statement_timeout = 0`)
	return p
}

// prepare makes the server plan a text, under a name, for arguments that the plan does not depend on.
func (p planned) prepare(name string, s port.Statement) {
	p.Helper()
	q, err := sql.Bind(s)
	if err != nil {
		p.Fatal(err)
	}
	exec(p, p.conn, `PREPARE `+name+` AS `+q.Text)
}

// explain runs EXPLAIN EXECUTE with the statement's own arguments as literals.
func (p planned) explain(options, name string, s port.Statement) string {
	p.Helper()
	q, err := sql.Bind(s)
	if err != nil {
		p.Fatal(err)
	}
	var args []string
	m := pgtype.NewMap()
	for _, param := range q.Params {
		text, err := m.Encode(uint32(param.Type), pgtype.TextFormatCode, param.Value, []byte{})
		if err != nil {
			p.Fatal(err)
		}
		kind, _ := m.TypeForOID(uint32(param.Type))
		literal := "NULL"
		if text != nil {
			literal = "'" + strings.ReplaceAll(string(text), "'", "''") + "'"
		}
		if element, isArray := strings.CutPrefix(kind.Name, "_"); isArray {
			literal += "::" + element + "[]"
		} else {
			literal += "::" + kind.Name
		}
		args = append(args, literal)
	}
	call := name
	if len(args) > 0 {
		call += "(" + strings.Join(args, ", ") + ")"
	}
	rows, err := p.conn.Query(background(p), fmt.Sprintf(`EXPLAIN (%s) EXECUTE %s`, options, call),
		pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		p.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		p.Fatalf("explain %s: %v", name, err)
	}
	return strings.Join(lines, "\n")
}

func TestNoStatementPlansASequentialScanOverEmptyTables(t *testing.T) {
	dsn, _ := migrated(t)
	for _, analyzed := range []bool{false, true} {
		if analyzed { // then the planner knows that they are empty, which is worse
			exec(t, raw(t, dsn), `VACUUM ANALYZE`)
		}
		p := newPlanned(t, dsn)
		for i, form := range sql.Forms() {
			if strings.HasPrefix(form.Name, "RecomputeShopStock") { // it sums up every order
				continue
			}
			name := fmt.Sprintf("form_%d", i)
			p.prepare(name, form.New())
			if plan := p.explain("COSTS OFF", name, form.New()); strings.Contains(plan, "Seq Scan") {
				t.Errorf("%s (analyzed %t):\n%s", form.Name, analyzed, plan)
			}
		}
	}
}

// full fills the tables that settle reads, as two days of orders would.
const full = 60_000

func fillTables(t *testing.T, dsn string) {
	t.Helper()
	conn := raw(t, dsn)
	exec(t, conn, `SET statement_timeout = 0`)
	for _, text := range []string{
		`INSERT INTO ledger.sku_lane (sku_id, loc)
			SELECT 'SKU-' || i, 'main' FROM generate_series(1, $1::int4) i`,
		`INSERT INTO ledger.command (command_id, fingerprint, kind, sku_id, loc, ref, part, intake_epoch, submitted_at,
				next_try, sent_at, tries)
			SELECT md5('c' || i)::uuid, sha256('')::bytea, 1, 'SKU-' || i % 100, 'main', md5('r' || i)::uuid, i % 8, 1, i, i, i, 0
			FROM generate_series(1, $1::int4) i`,
		`INSERT INTO ledger.order_line
			SELECT md5('c' || i)::uuid, md5('o' || i / 3)::uuid, i % 3 + 1, 'SKU-' || i % 100, 'main', 1, 0, 0, 1, NULL
			FROM generate_series(1, $1::int4) i`,
		`INSERT INTO ledger.orders
			SELECT md5('o' || i)::uuid, '', 0, 2, NULL, 0, NULL, i FROM generate_series(0, $1::int4 / 3) i`,
		`INSERT INTO ledger.dlq
			SELECT md5('t')::uuid, i % 8, 0, i, 0, NULL, md5('d' || i)::uuid, NULL, NULL, false, 'contract', NULL, NULL, NULL,
				NULL, '', 'open' FROM generate_series(1, $1::int4) i`,
		`INSERT INTO ledger.inventory_outbox (id, aggregatetype, aggregateid, type, payload)
			SELECT md5('b' || i)::uuid, 't', 'a' || i % 100, 's', '{}' FROM generate_series(1, $1::int4) i`,
		`INSERT INTO ledger.progress
			SELECT md5('t' || i / 64)::uuid, i % 64, 0, 0, 0 FROM generate_series(1, $1::int4) i`,
	} {
		exec(t, conn, text, full)
	}
}

// keys are batch rows spread over the tables, by the names that fillTables gives them.
const batch = 100

func keys(t *testing.T, conn *pgx.Conn, prefix string, divide int) (ids []model.ID) {
	t.Helper()
	for _, id := range value[[][16]byte](t, conn, `SELECT array_agg(id ORDER BY id) FROM (
		SELECT DISTINCT md5($1 || i * 500 / $2)::uuid AS id FROM generate_series(1, $3::int4) i) s`, prefix, divide, batch) {
		ids = append(ids, id)
	}
	return ids
}

// Each of these must touch a number of pages that depends on what it is asked for and not on the size
// of the table, with the plan that it got while the table was empty.
func TestPlansMadeOverEmptyTablesStillTakeTheIndexWhenTheyAreFull(t *testing.T) {
	dsn, _ := migrated(t)
	exec(t, raw(t, dsn), `VACUUM ANALYZE`)
	// Nobody analyzes the tables meanwhile: that would make new plans.
	exec(t, raw(t, dsn), `DO $$ DECLARE r regclass; BEGIN
		FOR r IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'ledger'::regnamespace LOOP
			EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', r);
		END LOOP; END $$`)
	p := newPlanned(t, dsn)
	conn := raw(t, dsn)

	commands, orders, chains, out := keys(t, conn, "c", 1), keys(t, conn, "o", 3), keys(t, conn, "d", 1),
		keys(t, conn, "b", 1)
	var lanes []model.LaneKey
	var written []model.Lane
	for i := range batch {
		lanes = append(lanes, lane(fmt.Sprintf("SKU-%d", 500*(i+1))))
		written = append(written, model.Lane{Key: lanes[i], Seq: 1})
	}
	decide := &port.DecideCommands{}
	lines := &port.WriteLines{}
	for _, id := range commands {
		decide.Rows = append(decide.Rows, port.CommandRow{ID: id, Decision: model.Decision{Outcome: model.Granted}})
		lines.Lines = append(lines.Lines, model.Line{Command: id, State: model.LineRejected})
	}
	topic := value[[16]byte](t, conn, `SELECT md5('t3')::uuid`)
	dead := &port.CloseDead{State: port.DeadRedriven}
	deadTopic := value[[16]byte](t, conn, `SELECT md5('t')::uuid`)
	for i := range batch {
		off := 500 * (i + 1)
		dead.Keys = append(dead.Keys, port.DeadKey{Topic: deadTopic, Part: int32(off % 8), Offset: int64(off)})
	}
	statements := []port.Statement{
		&port.KnownCommands{IDs: commands}, &port.ReadLines{Commands: commands}, &port.LockLanes{Lanes: lanes},
		&port.ReadLanes{Lanes: lanes}, &port.ReadLanes{Lanes: lanes, Share: true}, decide, &port.WriteLanes{Lanes: written}, lines,
		&port.AdvanceProgress{Topic: topic, Part: 7, To: 1}, &port.ReadProgress{Topic: topic, Part: 7},
		&port.ReadMarks{Chains: chains}, &port.ReadOrderLines{Orders: orders}, &port.KnownOrders{IDs: orders},
		&port.DeleteOutbox{IDs: out}, dead, &port.ReadDead{Keys: dead.Keys}, &port.ReadDead{Chain: chains[0]},
		&port.ScanLanes{After: &lanes[batch/2], Max: batch}, &port.ScanCommands{After: commands[batch/2], Max: batch},
		&port.ReadOutbox{Shards: 1, Max: batch}, &port.DueOrders{Max: batch},
		&port.ResubmitCommands{Topic: topic, End: make([]int64, 8), Max: batch, BackoffMS: 1},
	}
	for i, s := range statements {
		p.prepare(fmt.Sprintf("s%d", i), s)
		p.explain("COSTS OFF", fmt.Sprintf("s%d", i), s) // plans it
	}
	fillTables(t, dsn)
	for i, s := range statements {
		name := strings.TrimPrefix(fmt.Sprintf("%T", s), "*port.")
		exec(t, p.conn, `BEGIN`)
		text := p.explain("ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, FORMAT JSON", fmt.Sprintf("s%d", i), s)
		exec(t, p.conn, `ROLLBACK`)
		var plans []struct{ Plan plan }
		if err := json.Unmarshal([]byte(text), &plans); err != nil {
			t.Fatal(err)
		}
		pages, dropped := plans[0].Plan.Hit+plans[0].Plan.Read, plans[0].Plan.filtered()
		t.Logf("%-16s %6d pages, %d rows filtered", name, pages, dropped)
		// A key costs a few pages of its index and one or two of the table; a write twice that, for each index.
		if pages > batch*40 || dropped > batch {
			t.Errorf("%s touches %d pages and drops %d rows for %d keys of %d:\n%s", name, pages, dropped, batch, full, text)
		}
	}
}

type plan struct {
	Hit     int `json:"Shared Hit Blocks"`
	Read    int `json:"Shared Read Blocks"`
	Removed int `json:"Rows Removed by Filter"`
	Joined  int `json:"Rows Removed by Join Filter"`
	Loops   int `json:"Actual Loops"`
	Plans   []plan
}

func (p plan) filtered() int {
	n := (p.Removed + p.Joined) * max(p.Loops, 1)
	for _, child := range p.Plans {
		n += child.filtered()
	}
	return n
}
