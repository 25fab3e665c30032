-- The ledger design: PostgreSQL is the only decider. Names are compared as bytes (COLLATE "C"), times are
-- milliseconds since 1970, kinds, outcomes and states are the numbers of package model.

CREATE SCHEMA ledger;

CREATE FUNCTION ledger.now_ms() RETURNS int8 LANGUAGE sql VOLATILE
AS 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::int8';

-- must fails the transaction when a statement touched another number of rows than it was given. Raised in
-- the server, it lets COMMIT travel in the same pipeline as the statement.
CREATE FUNCTION ledger.must(touched int8, given int8, tab text, why text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  IF touched <> given THEN
    RAISE EXCEPTION USING ERRCODE = 'SP001', SCHEMA = 'ledger', TABLE = tab, CONSTRAINT = why,
      MESSAGE = format('%s of %s rows were as expected', touched, given);
  END IF;
  RETURN true;
END $$;

-- One row: who may write. Without it nobody may.
CREATE TABLE ledger.cluster (
  one   boolean PRIMARY KEY DEFAULT true CHECK (one),
  epoch int8 NOT NULL CHECK (epoch BETWEEN 1 AND 9007199254740991),
  sysid text COLLATE "C" NOT NULL,
  tli   text COLLATE "C" NOT NULL
);

-- The row that every settle of a SKU replaces: room on its page keeps the update off the index.
CREATE TABLE ledger.sku_lane (
  sku_id          text COLLATE "C" NOT NULL,
  loc             text COLLATE "C" NOT NULL,
  bump            int8 NOT NULL DEFAULT 0,
  seq             int8 NOT NULL DEFAULT 0,
  on_hand         int8 NOT NULL DEFAULT 0,
  reserved        int8 NOT NULL DEFAULT 0,
  safety          int8 NOT NULL DEFAULT 0,
  backorder_limit int8 NOT NULL DEFAULT 0,
  stock_version   int8 NOT NULL DEFAULT 0,
  short           boolean NOT NULL DEFAULT false,
  PRIMARY KEY (sku_id, loc),
  CONSTRAINT sku_lane_on_hand_check CHECK (on_hand >= 0),
  CONSTRAINT sku_lane_promise_check CHECK (short OR on_hand - reserved - safety >= -backorder_limit)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

-- Every accepted command and, once decided, its answer: the idempotency store, kept for ever.
CREATE TABLE ledger.command (
  command_id   uuid PRIMARY KEY,
  fingerprint  bytea NOT NULL,
  kind         int2 NOT NULL,
  sku_id       text COLLATE "C" NOT NULL,
  loc          text COLLATE "C" NOT NULL,
  ref          uuid,
  body         bytea,
  part         int4 NOT NULL,
  intake_epoch int8 NOT NULL,
  submitted_at int8 NOT NULL,
  next_try     int8 NOT NULL,
  sent_at      int8 NOT NULL,
  tries        int4 NOT NULL,
  outcome      int2,
  granted      int8,
  backordered  int8,
  lane_seq     int8,
  to_seq       int8,
  avail        int8,
  epoch        int8,
  decided_at   int8
) WITH (fillfactor = 80);
CREATE INDEX command_due ON ledger.command (next_try, command_id) WHERE outcome IS NULL;
CREATE INDEX command_undecided_ref ON ledger.command (ref) WHERE outcome IS NULL AND ref IS NOT NULL;

-- One row for each leg of each decision. No other key than the lane's sequence: a second row with it means
-- that a lane lock is broken.
CREATE TABLE ledger.ledger (
  sku_id         text COLLATE "C" NOT NULL,
  loc            text COLLATE "C" NOT NULL,
  seq            int8 NOT NULL,
  epoch          int8 NOT NULL,
  command_id     uuid NOT NULL,
  leg            int2 NOT NULL,
  kind           int2 NOT NULL,
  qty            int8,
  outcome        int2 NOT NULL,
  granted        int8 NOT NULL,
  on_hand_after  int8 NOT NULL,
  reserved_after int8 NOT NULL,
  avail_after    int8 NOT NULL,
  decided_at     int8 NOT NULL,
  PRIMARY KEY (sku_id, loc, seq)
);

CREATE TABLE ledger.orders (
  order_id   uuid PRIMARY KEY,
  customer   text COLLATE "C" NOT NULL,
  saga       int2 NOT NULL,
  policy     int2 NOT NULL,
  siblings   uuid,
  attempt    int4 NOT NULL,
  deadline   int8,
  created_at int8 NOT NULL
);
-- What the coordinator may have to move. An open order of the partial policy without a deadline waits for
-- its customer alone.
CREATE INDEX orders_moving ON ledger.orders (order_id)
  WHERE saga = 2 OR saga = 1 AND (policy = 1 OR deadline IS NOT NULL);

-- The reservation. order_id, line_no and qty are NULL only in a tombstone. No foreign key to the lane: it
-- would take locks in another order than settle does.
CREATE TABLE ledger.order_line (
  command_id uuid PRIMARY KEY,
  order_id   uuid,
  line_no    int4,
  sku_id     text COLLATE "C" NOT NULL,
  loc        text COLLATE "C" NOT NULL,
  qty        int8,
  granted    int8 NOT NULL,
  returned   int8 NOT NULL,
  state      int2 NOT NULL,
  deadline   int8,
  CONSTRAINT order_line_returned_check CHECK (returned <= granted)
) WITH (fillfactor = 80);
-- Without command_id: over an empty table the planner would look up commands in this index too.
CREATE INDEX order_line_order ON ledger.order_line (order_id, line_no);

-- The position of every partition in the truth: the fence of the asynchronous settler.
CREATE TABLE ledger.progress (
  topic_id     uuid NOT NULL,
  part         int4 NOT NULL,
  next_offset  int8 NOT NULL,
  leader_epoch int4 NOT NULL,
  settled_at   int8 NOT NULL DEFAULT 0,
  PRIMARY KEY (topic_id, part)
) WITH (fillfactor = 20);

-- What leaves as a Kafka record. pos and xid are for a relay that reads the table: xid against the oldest
-- running transaction says which rows no earlier one can still precede.
CREATE TABLE ledger.inventory_outbox (
  id            uuid PRIMARY KEY,
  aggregatetype text COLLATE "C" NOT NULL,
  aggregateid   text COLLATE "C" NOT NULL,
  type          text COLLATE "C" NOT NULL,
  seq           int8,
  payload       text COLLATE "C" NOT NULL,
  pos           bigserial NOT NULL,
  xid           xid8 NOT NULL DEFAULT pg_current_xact_id()
) WITH (autovacuum_vacuum_scale_factor = 0.01);
-- Rows that are deleted by the transaction that inserts them have pos 0.
CREATE UNIQUE INDEX inventory_outbox_pos ON ledger.inventory_outbox (pos) WHERE pos > 0;

-- A state record names every command of its batch: tens of kilobytes, and the default compression costs more
-- than storing them. A server built without lz4 keeps the default.
DO $$ BEGIN
  ALTER TABLE ledger.inventory_outbox ALTER COLUMN payload SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;

-- Dead letters. chain is what parks behind the letter: later commands of the same chain wait for it.
CREATE TABLE ledger.dlq (
  topic_id     uuid NOT NULL,
  part         int4 NOT NULL,
  leader_epoch int4 NOT NULL,
  off          int8 NOT NULL,
  idx          int4 NOT NULL,
  command_id   uuid,
  chain        uuid,
  sku_id       text COLLATE "C",
  loc          text COLLATE "C",
  parked       boolean NOT NULL,
  class        text COLLATE "C" NOT NULL,
  key          bytea,
  headers      bytea,
  raw          bytea,
  repaired     bytea,
  err          text COLLATE "C" NOT NULL,
  state        text COLLATE "C" NOT NULL,
  PRIMARY KEY (topic_id, part, leader_epoch, off, idx)
);
CREATE INDEX dlq_chain ON ledger.dlq (chain) WHERE chain IS NOT NULL;
CREATE INDEX dlq_parks ON ledger.dlq (chain) WHERE state = 'open' AND class <> 'void';
CREATE INDEX dlq_open ON ledger.dlq (topic_id, part, leader_epoch, off, idx) WHERE state = 'open';

CREATE TABLE ledger.heartbeat (
  part int4 PRIMARY KEY,
  beat int8 NOT NULL,
  at   int8 NOT NULL
) WITH (fillfactor = 20);
