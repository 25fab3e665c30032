-- The designs without a ledger, each in a schema of its own.

CREATE SCHEMA article;
CREATE SCHEMA dualwrite;
CREATE SCHEMA rowlock;

-- The columns that the article's connector captures; price is there because it is in its records.
CREATE TABLE article.orders (
  id         bigserial PRIMARY KEY,
  order_id   uuid NOT NULL,
  sku_id     text COLLATE "C" NOT NULL,
  qty        bigint NOT NULL,
  status     text COLLATE "C" NOT NULL,
  price      numeric,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX orders_order_id ON article.orders (order_id, id);
ALTER TABLE article.orders REPLICA IDENTITY FULL; -- an update's event carries the row before it

CREATE TABLE article.stock (
  sku_id  text COLLATE "C" PRIMARY KEY,
  initial int8 NOT NULL,
  stock   int8 NOT NULL CONSTRAINT stock_stock_check CHECK (stock >= 0)
);

CREATE TABLE dualwrite.orders (
  id         bigserial PRIMARY KEY,
  order_id   uuid NOT NULL,
  sku_id     text COLLATE "C" NOT NULL,
  qty        bigint NOT NULL,
  status     text COLLATE "C" NOT NULL,
  price      numeric,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX orders_order_id ON dualwrite.orders (order_id, id);
ALTER TABLE dualwrite.orders REPLICA IDENTITY FULL;

CREATE TABLE dualwrite.stock (
  sku_id  text COLLATE "C" PRIMARY KEY,
  initial int8 NOT NULL,
  stock   int8 NOT NULL CONSTRAINT stock_stock_check CHECK (stock >= 0)
);

-- One row for each decided command; a line of an order is the row of its RESERVE.
CREATE TABLE rowlock.orders (
  command_id  uuid PRIMARY KEY,
  fingerprint bytea NOT NULL,
  order_id    uuid,
  line_no     int4 NOT NULL,
  kind        int2 NOT NULL,
  ref         uuid,
  sku_id      text COLLATE "C" NOT NULL,
  qty         int8 NOT NULL,
  outcome     int2 NOT NULL,
  granted     int8 NOT NULL,
  stock_after int8 NOT NULL,
  state       int2 NOT NULL,
  returned    int8 NOT NULL,
  decided_at  int8 NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX orders_line ON rowlock.orders (order_id, line_no) WHERE kind = 1;

CREATE TABLE rowlock.stock (
  sku_id  text COLLATE "C" PRIMARY KEY,
  initial int8 NOT NULL,
  stock   int8 NOT NULL CONSTRAINT stock_stock_check CHECK (stock >= 0)
) WITH (fillfactor = 50);
