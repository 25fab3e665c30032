package inventory

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"stockproof/inventory/port"
	"stockproof/model"
)

// Relay moves the outbox to the broker where no connector reads the log: rows by transaction horizon,
// deleted after the broker's acknowledgement. At least once, in order per aggregate. One relay per
// shard of the aggregates.
type Relay struct {
	Truth         port.Truth
	Broker        port.Broker
	Runtime       port.Runtime
	Monitor       port.Monitor
	Shard, Shards int
	Max           int           // rows per round trip
	Idle          time.Duration // wait when there was nothing
	Backoff       Backoff
}

// Run implements [port.Process].
func (r Relay) Run(ctx context.Context) error {
	for {
		var moved int
		err := Retry(ctx, r.Runtime, r.Backoff.Alarming(r.Monitor, "relay the outbox"), func() (err error) {
			moved, err = r.round(ctx)
			return err
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.Monitor.Alarm("relay the outbox", err)
		}
		if moved == 0 {
			if err := r.Runtime.Sleep(ctx, r.Idle); err != nil {
				return err
			}
		}
	}
}

func (r Relay) round(ctx context.Context) (int, error) {
	read := &port.ReadOutbox{Shard: r.Shard, Shards: r.Shards, Max: r.Max}
	if err := r.Truth.Do(ctx, read); err != nil {
		return 0, fmt.Errorf("relay: read the outbox: %w", err)
	}
	if len(read.Rows) == 0 {
		return 0, nil
	}
	rs := make([]port.Record, len(read.Rows))
	ids := make([]model.ID, len(read.Rows))
	for i, row := range read.Rows {
		rs[i], ids[i] = OutboxRecord(row), row.ID
	}
	if err := r.Broker.Produce(ctx, rs...); err != nil {
		return 0, fmt.Errorf("relay: produce %d records: %w", len(rs), err)
	}
	if err := r.Truth.Do(ctx, &port.DeleteOutbox{IDs: ids}); err != nil {
		return 0, fmt.Errorf("relay: delete %d sent rows: %w", len(ids), err)
	}
	return len(rs), nil
}

// OutboxRecord is the record that an outbox row becomes, headers as the connector's router sets them.
func OutboxRecord(row port.OutboxRow) port.Record {
	seq := ""
	if row.Seq != 0 {
		seq = strconv.FormatInt(row.Seq, 10)
	}
	return port.Record{Topic: row.AggregateType, Partition: -1, Key: []byte(row.AggregateID),
		Value: []byte(row.Payload), Headers: []port.Header{
			{Key: "id", Value: []byte(row.ID.String())},
			{Key: "eventType", Value: []byte(row.Type)},
			{Key: "seq", Value: []byte(seq)},
		}}
}
