package debezium

import (
	"fmt"
	"slices"
	"strconv"

	"stockproof/inventory/port"
)

// Encoder turns the changes of one slot into records, in order. It keeps the counters of the
// transaction it is in, and nothing else: after a break of the stream, which starts at a transaction
// again, it goes on. A column that the slot did not send is absent from the envelope (of an old row
// under REPLICA IDENTITY DEFAULT, Debezium writes null for it). Not for concurrent use.
type Encoder struct {
	cfg    Config
	routes []router
	now    func() int64 // ns since 1970: when the connector processes a change
	tx     transaction
}

// transaction is what provide.transaction.metadata counts.
type transaction struct {
	xid     int64
	ordinal int // of the last change seen
	events  int64
	tables  []CollectionCount
}

// NewEncoder makes the encoder of a connector. now gives the processing time of every event in
// nanoseconds since 1970 (production: Runtime.Now).
func NewEncoder(cfg Config, now func() int64) (*Encoder, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	routes, err := compile(cfg.Routes)
	if err != nil {
		return nil, err
	}
	return &Encoder{cfg: cfg, routes: routes, now: now}, nil
}

// Encode appends the records of one change to dst: none for a table that is not captured, one to five
// otherwise. Partitions are -1, by key. An error, port.ErrContract, is what would fail the
// connector's task: an update of an outbox row, a value that has no encoding.
func (e *Encoder) Encode(dst []port.Record, c port.Change) ([]port.Record, error) {
	if c.Op == OpRead {
		e.tx = transaction{}
		return e.Aside(dst, c)
	}
	if c.XID != e.tx.xid || c.Ordinal <= e.tx.ordinal {
		e.tx = transaction{xid: c.XID}
	}
	e.tx.ordinal = c.Ordinal
	var err error
	table := c.Schema + "." + c.Table
	if e.captured(table) {
		if e.tx.events == 0 && e.cfg.Transaction {
			dst = append(dst, e.begin(c))
		}
		if dst, err = e.encode(dst, c, table); err != nil {
			return nil, fmt.Errorf("debezium: encode %c of %s at LSN %d: %w (%w)",
				c.Op, table, c.LSN, port.ErrContract, err)
		}
	}
	if c.Last && e.tx.events > 0 && e.cfg.Transaction {
		dst = append(dst, e.end(c))
	}
	return dst, nil
}

// Aside appends the records of a change that belongs to no transaction: a row of a snapshot (r; of an
// incremental one, if it has no LSN), or a truncation (t). Errors are those of Encode.
func (e *Encoder) Aside(dst []port.Record, c port.Change) ([]port.Record, error) {
	table := c.Schema + "." + c.Table
	if !e.captured(table) {
		return dst, nil
	}
	tx, counts := e.tx, e.cfg.Transaction
	e.tx, e.cfg.Transaction = transaction{}, false
	recs, err := e.encode(dst, c, table)
	e.tx, e.cfg.Transaction = tx, counts
	if err != nil {
		return nil, fmt.Errorf("debezium: encode %c of %s at LSN %d: %w (%w)",
			c.Op, table, c.LSN, port.ErrContract, err)
	}
	return recs, nil
}

func (e *Encoder) captured(table string) bool {
	return len(e.cfg.Tables) == 0 || slices.Contains(e.cfg.Tables, table) ||
		e.cfg.Outbox != nil && table == e.cfg.Outbox.Table
}

func (e *Encoder) encode(dst []port.Record, c port.Change, table string) ([]port.Record, error) {
	if e.cfg.Outbox != nil && table == e.cfg.Outbox.Table {
		e.count(table)
		return e.encodeOutbox(dst, c)
	}
	oldKey, err := e.key(table, c.Before)
	if err != nil {
		return nil, err
	}
	newKey, err := e.key(table, c.After)
	if err != nil {
		return nil, err
	}
	topic := route(e.routes, e.cfg.TopicPrefix+"."+table)
	switch {
	case c.Op == OpDelete:
		return e.delete(dst, c, topic, oldKey)
	case c.Op == OpUpdate && oldKey != nil && string(oldKey) != string(newKey):
		// A key is for ever: the row leaves under the old one and comes back under the new one.
		dst, err = e.delete(dst, c, topic, oldKey, port.Header{Key: headerNewKey, Value: newKey})
		if err != nil {
			return nil, err
		}
		created := c
		created.Op, created.Before = OpCreate, nil
		return e.row(dst, created, topic, newKey, port.Header{Key: headerOldKey, Value: oldKey})
	case c.Op == OpCreate || c.Op == OpUpdate || c.Op == OpRead:
		return e.row(dst, c, topic, newKey)
	}
	if c.Op == OpTruncate {
		return e.row(dst, c, topic, nil)
	}
	return nil, fmt.Errorf("operation %q is none of c, u, d, r, t", c.Op)
}

// key writes the key of a row; nil where there is no row, no key, or not all of its columns (an old
// row under REPLICA IDENTITY DEFAULT has its primary key at most).
func (e *Encoder) key(table string, row []port.Column) ([]byte, error) {
	i := slices.IndexFunc(e.cfg.Keys, func(k TableKey) bool { return k.Table == table })
	if i < 0 || row == nil {
		return nil, nil
	}
	var key []port.Column
	for _, name := range e.cfg.Keys[i].Columns {
		v, ok := find(row, name)
		if !ok {
			return nil, nil
		}
		key = append(key, port.Column{Name: name, Value: v})
	}
	return appendColumns(nil, key)
}

func (e *Encoder) delete(dst []port.Record, c port.Change, topic string, key []byte,
	hs ...port.Header) ([]port.Record, error) {
	c.Op, c.After = OpDelete, nil
	dst, err := e.row(dst, c, topic, key, hs...)
	if err == nil && e.cfg.Delete == WithTombstone {
		d := dst[len(dst)-1]
		dst = append(dst, port.Record{Topic: topic, Partition: -1, Key: key, Headers: d.Headers, At: d.At})
	}
	return dst, err
}

// row appends one envelope. The order of the fields is that of the captured records.
func (e *Encoder) row(dst []port.Record, c port.Change, topic string, key []byte,
	hs ...port.Header) ([]port.Record, error) {
	block := e.count(c.Schema + "." + c.Table)
	b, err := appendImage([]byte{'{'}, "before", c.Before)
	if err != nil {
		return nil, err
	}
	if b, err = appendImage(b, "after", c.After); err != nil {
		return nil, err
	}
	b = e.appendSource(b, c)
	if e.cfg.Transaction {
		b = append(appendName(b, "transaction"), '{')
		b = appendTextField(b, "id", transactionID(c.XID, c.LSN))
		b = appendIntField(b, "total_order", block.Order)
		b = append(appendIntField(b, "data_collection_order", block.CollectionOrder), '}')
	} else {
		b = appendNullField(b, "transaction")
	}
	now := e.now()
	b = appendTextField(b, "op", string(c.Op))
	b = appendIntField(b, "ts_ms", now/1_000_000)
	b = appendIntField(b, "ts_us", now/1000)
	b = append(appendIntField(b, "ts_ns", now), '}')
	return append(dst, port.Record{Topic: topic, Partition: -1, Key: key, Value: b,
		Headers: append(hs, e.contextHeaders()...), At: now / 1_000_000}), nil
}

func appendImage(b []byte, name string, row []port.Column) ([]byte, error) {
	if row == nil {
		return appendNullField(b, name), nil
	}
	return appendColumns(appendName(b, name), row)
}

func (e *Encoder) appendSource(b []byte, c port.Change) []byte {
	b = append(appendName(b, "source"), '{')
	b = appendTextField(b, "version", e.cfg.Version)
	b = appendTextField(b, "connector", "postgresql")
	b = appendTextField(b, "name", e.cfg.TopicPrefix)
	b = appendIntField(b, "ts_ms", c.At/1000)
	b = appendTextField(b, "snapshot", snapshotText(c))
	b = appendTextField(b, "db", e.cfg.Database)
	b = appendTextField(b, "sequence", sequenceText(c.PrevCommitLSN, c.LSN))
	b = appendIntField(b, "ts_us", c.At)
	b = appendIntField(b, "ts_ns", c.At*1000)
	b = appendTextField(b, "schema", c.Schema)
	b = appendTextField(b, "table", c.Table)
	b = appendOptionalField(b, "txId", c.XID)
	b = appendOptionalField(b, "lsn", int64(c.LSN))
	b = appendNullField(b, "xmin")
	b = appendNullField(b, "origin")
	return append(appendNullField(b, "origin_lsn"), '}')
}

// snapshotText is source.snapshot: which row of a snapshot this is.
func snapshotText(c port.Change) string {
	switch {
	case c.Op != OpRead:
		return "false"
	case c.LSN == 0:
		return "incremental"
	case c.Last:
		return "last"
	case c.Ordinal == 1:
		return "first"
	}
	return "true"
}

func sequenceText(prevCommit, lsn uint64) string {
	b := []byte{'['}
	for i, at := range [...]uint64{prevCommit, lsn} {
		if i > 0 {
			b = append(b, ',')
		}
		if at == 0 {
			b = append(b, "null"...)
			continue
		}
		b = append(strconv.AppendUint(append(b, '"'), at, 10), '"')
	}
	return string(append(b, ']'))
}

// contextHeaders are those of extended.headers.enabled.
func (e *Encoder) contextHeaders() []port.Header {
	if e.cfg.RunID == "" {
		return nil
	}
	return []port.Header{
		{Key: "__debezium.context.connectorLogicalName", Value: []byte(e.cfg.TopicPrefix)},
		{Key: "__debezium.context.taskId", Value: []byte("0")},
		{Key: "__debezium.context.connectorName", Value: []byte("postgresql")},
		{Key: "__debezium.context.runId", Value: []byte(e.cfg.RunID)},
	}
}
