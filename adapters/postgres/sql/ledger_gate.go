package sql

// Gate, progress and lanes.

// CheckEpoch: () -> open bool, epoch int8 (0 before the first SetEpoch), now_ms int8, xid int8.
const CheckEpoch = `
SELECT coalesce(c.sysid = current_setting('stockproof.sysid', true)
                AND c.tli = substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), false) AS open,
       coalesce(c.epoch, 0) AS epoch, ledger.now_ms(), pg_current_xact_id()::text::int8 AS xid
FROM (SELECT true AS one) o LEFT JOIN ledger.cluster c ON c.one = o.one`

// ReadEpoch: () -> epoch int8 (0 before the first SetEpoch), now_ms int8.
const ReadEpoch = `
SELECT coalesce((SELECT epoch FROM ledger.cluster WHERE one), 0) AS epoch, ledger.now_ms()`

// Barrier: () -> lsn int8. Connectors exclude the message by its prefix; pgoutput does not send any.
const Barrier = `
SELECT (pg_logical_emit_message(true, 'stockproof.barrier', '') - '0/0'::pg_lsn)::int8 AS lsn`

// SetEpoch: () -> epoch int8.
const SetEpoch = `
INSERT INTO ledger.cluster (epoch, sysid, tli)
VALUES (1, current_setting('stockproof.sysid'), substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))
ON CONFLICT (one) DO UPDATE
SET epoch = greatest(cluster.epoch + 1, ledger.now_ms() / 1000), sysid = excluded.sysid, tli = excluded.tli
RETURNING epoch`

// CreateProgress: topic_id uuid, part int4, next_offset int8, leader_epoch int4.
const CreateProgress = `
INSERT INTO ledger.progress (topic_id, part, next_offset, leader_epoch)
VALUES ($1::uuid, $2::int4, $3::int8, $4::int4)
ON CONFLICT DO NOTHING`

// ReadProgress: topic_id uuid, part int4 -> next_offset int8, leader_epoch int4, settled_at int8.
const ReadProgress = `
SELECT next_offset, leader_epoch, settled_at
FROM ledger.progress
WHERE topic_id = $1::uuid AND part = $2::int4`

// AdvanceProgress: topic_id uuid, part int4, leader_epoch int4, from int8, to int8, settled_at int8
// -> moved bool; no row where it did not move.
const AdvanceProgress = `
UPDATE ledger.progress
SET next_offset = $5::int8, leader_epoch = $3::int4, settled_at = greatest(settled_at, $6::int8)
WHERE topic_id = $1::uuid AND part = $2::int4 AND next_offset = $4::int8 AND leader_epoch <= $3::int4
RETURNING true AS moved`

// ResetProgress: topic_id uuid, part int4, from int8, to int8, from_epoch int4, leader_epoch int4
// -> moved bool; no row where it did not move.
const ResetProgress = `
UPDATE ledger.progress
SET next_offset = $4::int8, leader_epoch = $6::int4
WHERE topic_id = $1::uuid AND part = $2::int4 AND next_offset = $3::int8 AND leader_epoch = $5::int4
RETURNING true AS moved`

// CreateLanes: sku_id text[], loc text[].
const CreateLanes = `
INSERT INTO ledger.sku_lane (sku_id, loc)
SELECT k.sku_id, k.loc FROM unnest($1::text[], $2::text[]) AS k(sku_id, loc)
ON CONFLICT DO NOTHING`

// The columns of a lane as they are read, and the keys in the order in which locks are taken.
const (
	laneList = `sku_id, loc, bump, seq, on_hand, reserved, safety, backorder_limit, stock_version, short`
	laneKeys = `(
  SELECT u.sku_id COLLATE "C" AS sku_id, u.loc COLLATE "C" AS loc
  FROM unnest($1::text[], $2::text[]) AS u(sku_id, loc)
  ORDER BY 1, 2) k`
	laneJoin = `
SELECT l.* FROM ` + laneKeys + `
CROSS JOIN LATERAL (
  SELECT ` + laneList + `
  FROM ledger.sku_lane s
  WHERE s.sku_id = k.sku_id AND s.loc = k.loc `
	laneJoinEnd = `) l
ORDER BY l.sku_id, l.loc`
)

// LockLanes: sku_id text[], loc text[] -> the columns of a lane. The lateral subquery runs once for
// each key, in key order, and that is the order of the locks.
const LockLanes = laneJoin + `FOR NO KEY UPDATE` + laneJoinEnd

// ReadLanes and ReadLanesShare: like LockLanes, without a lock or FOR SHARE.
const (
	ReadLanes      = laneJoin + `OFFSET 0` + laneJoinEnd
	ReadLanesShare = laneJoin + `FOR SHARE` + laneJoinEnd
)

// ScanLanes...: after_sku text, after_loc text (absent in FromFirst), max int8 -> the columns of a lane.
const (
	ScanLanes               = scanLanes + scanLanesAfter
	ScanLanesShare          = scanLanes + scanLanesAfter + ` FOR SHARE`
	ScanLanesFromFirst      = scanLanes + scanLanesFirst
	ScanLanesFromFirstShare = scanLanes + scanLanesFirst + ` FOR SHARE`

	scanLanes = `
SELECT ` + laneList + ` FROM ledger.sku_lane`
	scanLanesAfter = `
WHERE (sku_id, loc) > ($1::text, $2::text)
ORDER BY sku_id, loc LIMIT $3::int8`
	scanLanesFirst = `
ORDER BY sku_id, loc LIMIT $1::int8`
)

// BumpLane: sku_id text, loc text -> must bool.
const BumpLane = `
WITH u AS (
  UPDATE ledger.sku_lane SET bump = bump + 1
  WHERE sku_id = $1::text AND loc = $2::text
  RETURNING 1)
SELECT ledger.must((SELECT count(*) FROM u), 1, 'sku_lane', 'sku_lane_exists')`

// WriteLanes: sku_id text[], loc text[], seq int8[], on_hand int8[], reserved int8[], safety int8[],
// backorder_limit int8[], stock_version int8[], short bool[] -> must bool. It is an insert that always
// meets a conflict: the conflict finds the row through the primary key at any size, and waits for and
// replaces its newest version, as an UPDATE would.
const WriteLanes = `
WITH u AS (
  INSERT INTO ledger.sku_lane AS l (sku_id, loc, seq, on_hand, reserved, safety, backorder_limit, stock_version, short)
  SELECT k.*
  FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::int8[],
      $9::bool[]) AS k(sku_id, loc, seq, on_hand, reserved, safety, backorder_limit, stock_version, short)
  CROSS JOIN LATERAL (
    SELECT FROM ledger.sku_lane s WHERE s.sku_id = k.sku_id AND s.loc = k.loc OFFSET 0) s
  ON CONFLICT (sku_id, loc) DO UPDATE
  SET seq = excluded.seq, on_hand = excluded.on_hand, reserved = excluded.reserved, safety = excluded.safety,
      backorder_limit = excluded.backorder_limit, stock_version = excluded.stock_version, short = excluded.short
  RETURNING 1)
SELECT ledger.must((SELECT count(*) FROM u), cardinality($1::text[]), 'sku_lane', 'sku_lane_exists')`
