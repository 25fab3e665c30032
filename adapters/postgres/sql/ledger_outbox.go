package sql

// Outbox, dead letters and the heartbeat.

const outboxList = `id, aggregatetype, aggregateid, type, seq, payload`

// InsertOutbox: an array of each column of the outbox. Rows get their position in the order given;
// passing ones get none and stay out of its index.
const (
	InsertOutbox = `
INSERT INTO ledger.inventory_outbox (` + outboxList + `)
SELECT ` + outboxRows + `
ON CONFLICT DO NOTHING`
	InsertPassingOutbox = `
INSERT INTO ledger.inventory_outbox (` + outboxList + `, pos)
SELECT ` + outboxRows + `, 0`

	outboxRows = `unnest($1::uuid[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::int8[]),
  unnest($6::text[])`
)

// DeleteOutbox: id uuid[].
const DeleteOutbox = `
DELETE FROM ledger.inventory_outbox WHERE id = ANY ($1::uuid[])`

// ReadOutbox: shard int8, shards int8, max int8 -> the columns of the outbox.
const ReadOutbox = `
SELECT ` + outboxList + ` FROM ledger.inventory_outbox
WHERE pos > 0 AND xid < pg_snapshot_xmin(pg_current_snapshot())
  AND (hashtextextended(aggregateid, 0) & 9223372036854775807) % $2::int8 = $1::int8
ORDER BY pos LIMIT $3::int8`

// ReadMarks: chain uuid[] -> chain uuid. Where no letter at all is open, which is nearly always, the first
// condition answers for all chains at once.
const ReadMarks = `
SELECT k.chain FROM unnest($1::uuid[]) AS k(chain)
WHERE EXISTS (SELECT FROM ledger.dlq WHERE state = 'open' AND class <> 'void')
AND EXISTS (
  SELECT FROM ledger.dlq l
  WHERE l.chain = k.chain AND l.state = 'open' AND l.class <> 'void' OFFSET 0)
GROUP BY k.chain
ORDER BY k.chain`

const deadList = `topic_id, part, leader_epoch, off, idx, command_id, chain, sku_id, loc, parked, class, key, headers,
  raw, repaired, err, state`

// InsertDead: an array of each column of a dead letter.
const InsertDead = `
INSERT INTO ledger.dlq (` + deadList + `)
SELECT * FROM unnest($1::uuid[], $2::int4[], $3::int4[], $4::int8[], $5::int4[], $6::uuid[], $7::uuid[], $8::text[],
  $9::text[], $10::bool[], $11::text[], $12::bytea[], $13::bytea[], $14::bytea[], $15::bytea[], $16::text[],
  $17::text[])
ON CONFLICT DO NOTHING`

const (
	deadKeys = `unnest($1::uuid[], $2::int4[], $3::int4[], $4::int8[], $5::int4[])
    AS k(topic_id, part, leader_epoch, off, idx)`
	deadKeyIs = `l.topic_id = k.topic_id AND l.part = k.part AND l.leader_epoch = k.leader_epoch
      AND l.off = k.off AND l.idx = k.idx`
	deadOrder = `
ORDER BY topic_id, part, leader_epoch, off, idx LIMIT NULLIF(`
)

// ReadDead...: what picks the letters, then max int8 (0: all) -> the columns of a dead letter.
//   - ByKey: topic_id uuid[], part int4[], leader_epoch int4[], off int8[], idx int4[]
//   - OfChain: chain uuid
//   - Open: nothing
//   - OpenAfter: topic_id uuid, part int4, leader_epoch int4, off int8, idx int4
const (
	ReadDeadByKey = `
SELECT l.* FROM ` + deadKeys + `
CROSS JOIN LATERAL (
  SELECT ` + deadList + ` FROM ledger.dlq l
  WHERE ` + deadKeyIs + ` OFFSET 0) l` + deadOrder + `$6::int8, 0)`
	ReadDeadOfChain = `
SELECT * FROM (
  SELECT ` + deadList + ` FROM ledger.dlq
  WHERE chain = $1::uuid OFFSET 0) l` + deadOrder + `$2::int8, 0)`
	ReadDeadOpen = `
SELECT ` + deadList + ` FROM ledger.dlq
WHERE state = 'open'` + deadOrder + `$1::int8, 0)`
	ReadDeadOpenAfter = `
SELECT ` + deadList + ` FROM ledger.dlq
WHERE state = 'open'
  AND (topic_id, part, leader_epoch, off, idx) > ($1::uuid, $2::int4, $3::int4, $4::int8, $5::int4)` +
		deadOrder + `$6::int8, 0)`
)

// CloseDead: topic_id uuid[], part int4[], leader_epoch int4[], off int8[], idx int4[], state text
// -> must bool. The condition on state is written as the one of DecideCommands, for the same reason.
const CloseDead = `
WITH u AS (
  UPDATE ledger.dlq d SET state = $6::text
  FROM (
    SELECT s.tid FROM ` + deadKeys + `
    CROSS JOIN LATERAL (
      SELECT ctid AS tid FROM ledger.dlq l WHERE ` + deadKeyIs + ` OFFSET 0) s
    OFFSET 0) u
  WHERE d.ctid = u.tid AND coalesce(d.state, '') = 'open'
  RETURNING 1)
SELECT ledger.must((SELECT count(*) FROM u), cardinality($1::uuid[]), 'dlq', 'dlq_open')`

// RepairDead: topic_id uuid, part int4, leader_epoch int4, off int8, idx int4, repaired bytea -> must bool.
const RepairDead = `
WITH u AS (
  UPDATE ledger.dlq SET repaired = $6::bytea
  WHERE topic_id = $1::uuid AND part = $2::int4 AND leader_epoch = $3::int4 AND off = $4::int8 AND idx = $5::int4
    AND state = 'open'
  RETURNING 1)
SELECT ledger.must((SELECT count(*) FROM u), 1, 'dlq', 'dlq_open')`

// Beat: parts int4 -> now_ms int8.
const Beat = `
WITH n AS MATERIALIZED (SELECT ledger.now_ms() AS ms),
b AS (
  INSERT INTO ledger.heartbeat AS h (part, beat, at)
  SELECT p, 1, n.ms FROM generate_series(0, $1::int4 - 1) AS p, n
  ON CONFLICT (part) DO UPDATE SET beat = h.beat + 1, at = excluded.at)
SELECT ms AS now_ms FROM n`
