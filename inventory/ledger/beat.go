package ledger

import (
	"context"
	"fmt"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// NewHeart sends the truth's time through the whole pipeline, once a period and partition of the
// state topic: what a reader's age is counted from, and the only proof that nothing skips silently.
func NewHeart(p inventory.Ports, o inventory.Options) port.Process {
	keys := beatKeys(o.Partitions)
	return inventory.Every{Name: "heartbeat", Period: o.BeatPeriod, Runtime: p.Runtime, Monitor: p.Monitor,
		Round: func(ctx context.Context) error { return beat(ctx, p, o, keys) }}
}

func beat(ctx context.Context, p inventory.Ports, o inventory.Options, keys []string) error {
	tx := p.Truth.Begin()
	defer tx.Rollback(ctx)
	gate, now := &port.CheckEpoch{}, &port.Beat{Parts: o.Partitions}
	if err := tx.Do(ctx, gate, now); err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	if !gate.Open {
		return nil
	}
	payload := string(model.EncodeHeartbeat(model.Heartbeat{At: now.NowMS}))
	rows := make([]port.OutboxRow, len(keys))
	for i, k := range keys {
		rows[i] = port.OutboxRow{ID: model.NameID("beat", k, fmt.Sprint(gate.XID)), AggregateType: model.StateTopic,
			AggregateID: k, Type: "heartbeat", Payload: payload}
	}
	if err := tx.Commit(ctx, outbox(rows, o.Relay)...); err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	return nil
}

// beatKeys are keys that hash to each partition, in partition order. They hold a '#', which no
// encoded name does, so they are never a lane's.
func beatKeys(partitions int32) []string {
	keys := make([]string, partitions)
	for found, i := int32(0), 0; found < partitions; i++ {
		k := fmt.Sprintf("#%d", i)
		if p := model.Partition([]byte(k), partitions); keys[p] == "" {
			keys[p] = k
			found++
		}
	}
	return keys
}
