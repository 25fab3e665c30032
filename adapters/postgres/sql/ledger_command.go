package sql

// Commands, the ledger, order lines and orders.

const commandList = `command_id, fingerprint, kind, sku_id, loc, ref, body, part, intake_epoch, submitted_at,
  next_try, sent_at, tries, outcome, granted, backordered, lane_seq, to_seq, avail, epoch, decided_at`

// KnownCommands: command_id uuid[] -> the columns of a command.
const KnownCommands = `
SELECT c.* FROM unnest($1::uuid[]) AS k(command_id)
CROSS JOIN LATERAL (
  SELECT ` + commandList + `
  FROM ledger.command c WHERE c.command_id = k.command_id OFFSET 0) c
ORDER BY c.command_id`

// IntakeVisible: intake_epoch int8, xid int8 -> in_progress bool, current bool.
//
// A transaction may still become visible here if it was accepted under this epoch, or this server has
// come as far as its id, and the snapshot does not see it. The snapshot's upper bound says nothing about
// the newest running transactions, which lie above it; our own id does: a record that reached us was
// written before this transaction got one, so an id above ours is not of this server's history.
const IntakeVisible = `
SELECT NOT pg_visible_in_snapshot(i.xid, s.snapshot) AND i.xid < pg_current_xact_id()
         AND (c.current OR i.xid < pg_snapshot_xmax(s.snapshot)) AS in_progress, c.current
FROM (SELECT $2::int8::text::xid8 AS xid) i,
     (SELECT pg_current_snapshot() AS snapshot OFFSET 0) s,
     (SELECT coalesce((SELECT epoch FROM ledger.cluster WHERE one), 0) = $1::int8 AS current OFFSET 0) c`

// AcceptCommands: an array of each column of a command. What belongs to a decision is NULL without one.
const AcceptCommands = `
INSERT INTO ledger.command (` + commandList + `)
SELECT command_id, fingerprint, kind, sku_id, loc, ref, body, part, intake_epoch, submitted_at,
  next_try, sent_at, tries, outcome,
  CASE WHEN outcome IS NOT NULL THEN granted END, CASE WHEN outcome IS NOT NULL THEN backordered END,
  lane_seq, to_seq, CASE WHEN outcome IS NOT NULL THEN avail END, CASE WHEN outcome IS NOT NULL THEN epoch END,
  CASE WHEN outcome IS NOT NULL THEN decided_at END
FROM (SELECT unnest($1::uuid[]) AS command_id, unnest($2::bytea[]) AS fingerprint, unnest($3::int2[]) AS kind,
  unnest($4::text[]) AS sku_id, unnest($5::text[]) AS loc, unnest($6::uuid[]) AS ref, unnest($7::bytea[]) AS body,
  unnest($8::int4[]) AS part, unnest($9::int8[]) AS intake_epoch, unnest($10::int8[]) AS submitted_at,
  unnest($11::int8[]) AS next_try, unnest($12::int8[]) AS sent_at, unnest($13::int4[]) AS tries,
  unnest($14::int2[]) AS outcome, unnest($15::int8[]) AS granted, unnest($16::int8[]) AS backordered,
  unnest($17::int8[]) AS lane_seq, unnest($18::int8[]) AS to_seq, unnest($19::int8[]) AS avail,
  unnest($20::int8[]) AS epoch, unnest($21::int8[]) AS decided_at) u`

// AcceptAlikeCommands is AcceptCommands of rows that differ in the first seven only: an array of each of
// command_id, fingerprint, body, outcome, granted, lane_seq, avail, then the value of each other column.
const AcceptAlikeCommands = `
INSERT INTO ledger.command (command_id, fingerprint, body, outcome, granted, lane_seq, avail,
  kind, sku_id, loc, ref, part, intake_epoch, submitted_at, next_try, sent_at, tries, backordered, to_seq, epoch,
  decided_at)
SELECT command_id, fingerprint, body, outcome, CASE WHEN outcome IS NOT NULL THEN granted END, lane_seq,
  CASE WHEN outcome IS NOT NULL THEN avail END,
  $8::int2, $9::text, $10::text, $11::uuid, $12::int4, $13::int8, $14::int8, $15::int8, $16::int8, $17::int4,
  CASE WHEN outcome IS NOT NULL THEN $18::int8 END, $19::int8, CASE WHEN outcome IS NOT NULL THEN $20::int8 END,
  CASE WHEN outcome IS NOT NULL THEN $21::int8 END
FROM (SELECT unnest($1::uuid[]) AS command_id, unnest($2::bytea[]) AS fingerprint, unnest($3::bytea[]) AS body,
  unnest($4::int2[]) AS outcome, unnest($5::int8[]) AS granted, unnest($6::int8[]) AS lane_seq,
  unnest($7::int8[]) AS avail) u`

// DecideCommands: command_id uuid[], outcome int2[], granted int8[], backordered int8[], lane_seq int8[],
// to_seq int8[], avail int8[], epoch int8[], decided_at int8[] -> must bool. The condition on outcome is
// written so that the planner does not see in it the one of a partial index, which it would walk whole.
const DecideCommands = `
WITH u AS (
  UPDATE ledger.command c
  SET outcome = u.outcome, granted = u.granted, backordered = u.backordered, lane_seq = u.lane_seq,
      to_seq = u.to_seq, avail = u.avail, epoch = u.epoch, decided_at = u.decided_at
  FROM (
    SELECT k.*, s.tid
    FROM unnest($1::uuid[], $2::int2[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::int8[],
        $9::int8[]) AS k(command_id, outcome, granted, backordered, lane_seq, to_seq, avail, epoch, decided_at)
    CROSS JOIN LATERAL (
      SELECT ctid AS tid FROM ledger.command s WHERE s.command_id = k.command_id OFFSET 0) s
    OFFSET 0) u
  WHERE c.ctid = u.tid AND coalesce(c.outcome, 0) = 0
  RETURNING 1)
SELECT ledger.must((SELECT count(*) FROM u), cardinality($1::uuid[]), 'command', 'command_undecided')`

// ResubmitCommands: topic_id uuid, end_offset int8[], max int8, backoff_ms int8 -> the columns of a
// command, as updated. The chain of a command is its ref, or itself.
const ResubmitCommands = `
WITH n AS MATERIALIZED (SELECT ledger.now_ms() AS ms),
u AS (
  UPDATE ledger.command c
  SET sent_at = n.ms, tries = c.tries + 1, next_try = n.ms + $4::int8 * (1::int8 << least(c.tries, 10))
  FROM n
  WHERE c.ctid = ANY (ARRAY(
      SELECT d.ctid FROM ledger.command d
      WHERE d.outcome IS NULL AND d.next_try < (SELECT ms FROM n)
        AND NOT EXISTS (
          SELECT FROM ledger.dlq l
          WHERE l.chain = coalesce(d.ref, d.command_id) AND l.state = 'open' AND l.class <> 'void' OFFSET 0)
        AND EXISTS (
          SELECT FROM ledger.progress p
          WHERE p.topic_id = $1::uuid AND p.part = d.part
            AND (p.settled_at > d.sent_at OR p.next_offset >= ($2::int8[])[d.part + 1]) OFFSET 0)
      ORDER BY d.next_try, d.command_id LIMIT $3::int8
      FOR NO KEY UPDATE OF d SKIP LOCKED))
    AND coalesce(c.outcome, 0) = 0
  RETURNING c.*)
SELECT ` + commandList + ` FROM u ORDER BY sku_id, loc, command_id`

// ScanCommands: after uuid, max int8 -> the columns of a command.
const ScanCommands = `
SELECT ` + commandList + ` FROM ledger.command
WHERE command_id > $1::uuid
ORDER BY command_id LIMIT $2::int8`

const ledgerList = `sku_id, loc, seq, epoch, command_id, leg, kind, qty, outcome, granted, on_hand_after,
  reserved_after, avail_after, decided_at`

// InsertLedger: an array of each column of the ledger.
const InsertLedger = `
INSERT INTO ledger.ledger (` + ledgerList + `)
SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::int8[]), unnest($4::int8[]), unnest($5::uuid[]),
  unnest($6::int2[]), unnest($7::int2[]), unnest($8::int8[]), unnest($9::int2[]), unnest($10::int8[]),
  unnest($11::int8[]), unnest($12::int8[]), unnest($13::int8[]), unnest($14::int8[])`

// InsertAlikeLedger is InsertLedger of rows that differ in the first seven only: an array of each of seq,
// command_id, qty, outcome, granted, reserved_after, avail_after, then the value of each other column.
const InsertAlikeLedger = `
INSERT INTO ledger.ledger (seq, command_id, qty, outcome, granted, reserved_after, avail_after,
  sku_id, loc, epoch, leg, kind, on_hand_after, decided_at)
SELECT unnest($1::int8[]), unnest($2::uuid[]), unnest($3::int8[]), unnest($4::int2[]), unnest($5::int8[]),
  unnest($6::int8[]), unnest($7::int8[]),
  $8::text, $9::text, $10::int8, $11::int2, $12::int2, $13::int8, $14::int8`

// ScanLedger: after_sku text, after_loc text, after_seq int8, max int8; ScanLedgerFromFirst: max int8
// -> the columns of the ledger.
const (
	ScanLedger = `
SELECT ` + ledgerList + ` FROM ledger.ledger
WHERE (sku_id, loc, seq) > ($1::text, $2::text, $3::int8)
ORDER BY sku_id, loc, seq LIMIT $4::int8`
	ScanLedgerFromFirst = `
SELECT ` + ledgerList + ` FROM ledger.ledger
ORDER BY sku_id, loc, seq LIMIT $1::int8`
)

const lineList = `command_id, order_id, line_no, sku_id, loc, qty, granted, returned, state, deadline`

// ReadLines: command_id uuid[] -> the columns of a line.
const ReadLines = `
SELECT l.* FROM unnest($1::uuid[]) AS k(command_id)
CROSS JOIN LATERAL (
  SELECT ` + lineList + `
  FROM ledger.order_line l WHERE l.command_id = k.command_id OFFSET 0) l
ORDER BY l.command_id`

const insertLines = `
INSERT INTO ledger.order_line (` + lineList + `)
SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::int4[]), unnest($4::text[]), unnest($5::text[]),
  unnest($6::int8[]), unnest($7::int8[]), unnest($8::int8[]), unnest($9::int2[]), unnest($10::int8[])`

// InsertLines and WriteLines: an array of each column of a line.
const (
	InsertLines = insertLines + `
ON CONFLICT DO NOTHING`
	WriteFreshLines = insertLines
	WriteLines      = insertLines + `
ON CONFLICT (command_id) DO UPDATE
SET order_id = excluded.order_id, line_no = excluded.line_no, sku_id = excluded.sku_id, loc = excluded.loc,
    qty = excluded.qty, granted = excluded.granted, returned = excluded.returned, state = excluded.state,
    deadline = excluded.deadline`
)

// WriteFreshAlikeLines is WriteFreshLines of rows that differ in the first six only: an array of each of
// command_id, order_id, line_no, qty, granted, state, then the value of each other column.
const WriteFreshAlikeLines = `
INSERT INTO ledger.order_line (command_id, order_id, line_no, qty, granted, state, sku_id, loc, returned, deadline)
SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::int4[]), unnest($4::int8[]), unnest($5::int8[]),
  unnest($6::int2[]), $7::text, $8::text, $9::int8, $10::int8`

// ReadOrderLines: order_id uuid[] -> the columns of a line.
const ReadOrderLines = `
SELECT l.* FROM unnest($1::uuid[]) AS k(order_id)
CROSS JOIN LATERAL (
  SELECT ` + lineList + `
  FROM ledger.order_line l WHERE l.order_id = k.order_id OFFSET 0) l
ORDER BY l.order_id, coalesce(l.line_no, 0), l.command_id`

// ScanLines: after uuid, max int8 -> the columns of a line.
const ScanLines = `
SELECT ` + lineList + ` FROM ledger.order_line
WHERE command_id > $1::uuid
ORDER BY command_id LIMIT $2::int8`

const orderList = `order_id, customer, saga, policy, siblings, attempt, deadline, created_at`

// KnownOrders: order_id uuid[] -> the columns of an order.
const KnownOrders = `
SELECT o.* FROM unnest($1::uuid[]) AS k(order_id)
CROSS JOIN LATERAL (
  SELECT ` + orderList + `
  FROM ledger.orders o WHERE o.order_id = k.order_id OFFSET 0) o
ORDER BY o.order_id`

// InsertOrders: an array of each column of an order.
const InsertOrders = `
INSERT INTO ledger.orders (` + orderList + `)
SELECT unnest($1::uuid[]), unnest($2::text[]), unnest($3::int2[]), unnest($4::int2[]), unnest($5::uuid[]),
  unnest($6::int4[]), unnest($7::int8[]), unnest($8::int8[])`

// InsertAlikeOrders is InsertOrders of rows that differ in the first three only: an array of each of
// order_id, customer, siblings, then the value of each other column.
const InsertAlikeOrders = `
INSERT INTO ledger.orders (order_id, customer, siblings, saga, policy, attempt, deadline, created_at)
SELECT unnest($1::uuid[]), unnest($2::text[]), unnest($3::uuid[]), $4::int2, $5::int2, $6::int4, $7::int8, $8::int8`

// AdvanceSaga: order_id uuid, from int2, to int2, from_attempt int4, to_attempt int4 -> must bool.
const AdvanceSaga = `
WITH u AS (
  UPDATE ledger.orders SET saga = $3::int2, attempt = $5::int4
  WHERE order_id = $1::uuid AND saga = $2::int2 AND attempt = $4::int4
  RETURNING 1)
SELECT ledger.must((SELECT count(*) FROM u), 1, 'orders', 'orders_saga')`

// DueOrders: max int8 -> now_ms int8, order_id uuid[]. The numbers are port.SagaOpen 1 and
// SagaCommitting 2; model.AllOrNothing 1; model.LineReserved 4 and LineRejected 8; states below
// LineReserved are undecided.
const DueOrders = `
SELECT n.ms AS now_ms, ARRAY(
  SELECT o.order_id FROM ledger.orders o
  WHERE (o.saga = 2 OR o.saga = 1 AND (o.policy = 1 OR o.deadline IS NOT NULL)) AND (
      o.saga = 1 AND o.policy = 1 AND EXISTS (
        SELECT FROM ledger.order_line l WHERE l.order_id = o.order_id AND l.state = 8 OFFSET 0)
    OR o.saga = 1 AND o.deadline <= n.ms AND NOT EXISTS (
        SELECT FROM ledger.order_line l WHERE l.order_id = o.order_id AND l.state < 4 OFFSET 0)
    OR o.saga = 2 AND NOT EXISTS (
        SELECT FROM ledger.order_line l WHERE l.order_id = o.order_id AND l.state < 4 OFFSET 0)
      AND EXISTS (
        SELECT FROM ledger.order_line l
        WHERE l.order_id = o.order_id AND l.state = 4 AND NOT EXISTS (
          SELECT FROM ledger.command c WHERE c.ref = l.command_id AND c.outcome IS NULL OFFSET 0)
        OFFSET 0))
  ORDER BY o.order_id LIMIT $1::int8) AS order_id
FROM (SELECT ledger.now_ms() AS ms OFFSET 0) n`
