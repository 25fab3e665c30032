package debezium

import (
	"strconv"

	"stockproof/inventory/port"
)

// count numbers an event within its transaction.
func (e *Encoder) count(table string) Block {
	e.tx.events++
	for i := range e.tx.tables {
		if t := &e.tx.tables[i]; t.Collection == table {
			t.Events++
			return Block{Order: e.tx.events, CollectionOrder: t.Events}
		}
	}
	e.tx.tables = append(e.tx.tables, CollectionCount{table, 1})
	return Block{Order: e.tx.events, CollectionOrder: 1}
}

func transactionID(xid int64, lsn uint64) string {
	return strconv.FormatInt(xid, 10) + ":" + strconv.FormatUint(lsn, 10)
}

func (e *Encoder) begin(c port.Change) port.Record {
	return e.boundary(transactionID(c.XID, c.LSN), "BEGIN", c, func(b []byte) []byte {
		return appendNullField(appendNullField(b, "event_count"), "data_collections")
	})
}

// end counts what was written, tombstones apart. Its id has the end of the commit record, which is
// also the next change's sequence[0].
func (e *Encoder) end(c port.Change) port.Record {
	return e.boundary(transactionID(c.XID, c.CommitLSN), "END", c, func(b []byte) []byte {
		b = appendIntField(b, "event_count", e.tx.events)
		b = append(appendName(b, "data_collections"), '[')
		for i, t := range e.tx.tables {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendTextField(append(b, '{'), "data_collection", t.Collection)
			b = append(appendIntField(b, "event_count", t.Events), '}')
		}
		return append(b, ']')
	})
}

func (e *Encoder) boundary(id, status string, c port.Change, counts func([]byte) []byte) port.Record {
	b := appendTextField([]byte{'{'}, "status", status)
	b = counts(appendTextField(b, "id", id))
	b = append(appendIntField(b, "ts_ms", c.At/1000), '}')
	key := append(appendTextField([]byte{'{'}, "id", id), '}')
	return port.Record{Topic: route(e.routes, e.cfg.TopicPrefix+".transaction"), Partition: -1, Key: key,
		Value: b, At: e.now() / 1_000_000}
}

// Heartbeat is the record that heartbeat.interval.ms makes the connector write.
func (e *Encoder) Heartbeat() port.Record {
	ms := e.now() / 1_000_000
	topic := route(e.routes, e.cfg.HeartbeatPrefix+"."+e.cfg.TopicPrefix)
	rec := port.Record{Topic: topic, Partition: -1, At: ms}
	if e.cfg.KeyConverter == StringConverter {
		rec.Key = []byte("Struct{serverName=" + e.cfg.TopicPrefix + "}")
	} else {
		rec.Key = append(appendTextField([]byte{'{'}, "serverName", e.cfg.TopicPrefix), '}')
	}
	if e.cfg.ValueConverter == StringConverter {
		rec.Value = []byte("Struct{ts_ms=" + strconv.FormatInt(ms, 10) + "}")
	} else {
		rec.Value = append(appendIntField([]byte{'{'}, "ts_ms", ms), '}')
	}
	return rec
}

// EmptyTransaction is the BEGIN and END of a transaction at a change's place that wrote nothing which
// is captured.
func (e *Encoder) EmptyTransaction(c port.Change) []port.Record {
	tx := e.tx
	e.tx = transaction{}
	recs := []port.Record{e.begin(c), e.end(c)}
	e.tx = tx
	return recs
}
