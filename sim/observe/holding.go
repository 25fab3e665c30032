package observe

import (
	"encoding/json"
	"slices"
	"sync"

	"stockproof/adapters/debezium"
	"stockproof/adapters/memory"
	"stockproof/checks"
	"stockproof/inventory/port"
	"stockproof/model"
)

// holdings are the records that workers were handed and have not come back from: whoever fetches from a
// position is done with what is before it. A partition that stays here when all is healed is stuck.
type holdings struct {
	mu   sync.Mutex
	held map[holder]*batch
}

type holder struct {
	group, topic string
	part         int32
}

type batch struct {
	records []port.Record
	since   int64 // microseconds: when the first of them was first handed out
	times   int64
}

// asks notes that a worker wants what is at or behind a position.
func (h *holdings) asks(who holder, from port.Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.held[who]
	if b == nil || len(b.records) == 0 || b.records[0].Offset == from.Offset {
		return
	}
	left := b.records
	for len(left) > 0 && left[0].Offset < from.Offset {
		left = left[1:]
	}
	if len(left) == len(b.records) { // it went back: it will be handed these again
		left = nil
	}
	b.records, b.times = left, 0
}

// handed notes what it got.
func (h *holdings) handed(who holder, rs []port.Record, now int64) {
	if len(rs) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.held[who]
	if b == nil {
		b = &batch{}
		if h.held == nil {
			h.held = map[holder]*batch{}
		}
		h.held[who] = b
	}
	if len(b.records) == 0 || b.records[0].Offset != rs[0].Offset {
		b.since, b.times = now, 0
	}
	b.records = rs
	b.times++
}

// digest is what is held, for a search: how often and since when is said in a text and decides nothing.
func (h *holdings) digest() (sum uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for who, b := range h.held {
		if len(b.records) == 0 {
			continue
		}
		d := memory.NewHash()
		d.Text(who.group)
		d.Text(who.topic)
		d.Word(uint64(who.part))
		for i := range b.records {
			d.Word(uint64(b.records[i].Offset))
		}
		sum += uint64(d)
	}
	return sum
}

// all is what is held now.
func (h *holdings) all(now int64) (all []checks.Held) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for who, b := range h.held {
		for _, r := range b.records {
			sku, ok := recordSKU(r)
			all = append(all, checks.Held{Group: who.group, SKU: sku, Unreadable: !ok, Since: b.since, Until: now, Times: b.times,
				Record: checks.Record{Topic: r.Topic, Part: r.Partition, LeaderEpoch: r.LeaderEpoch, Offset: r.Offset}})
		}
	}
	slices.SortFunc(all, checks.Held.Compare)
	return all
}

// recordSKU is whom a record is about, by its key: the one part of it that no repair of a value changes.
func recordSKU(r port.Record) (model.SKU, bool) {
	switch r.Topic {
	case model.CommandTopic:
		return model.SKU(r.Key), true
	case model.StateTopic:
		lane, err := model.ParseLaneTopicKey(string(r.Key))
		return lane.SKU, err == nil
	case model.OrderTopic:
		if e, err := (debezium.Decoder{}).OrderEvent(r); err == nil && e.Class == "row" {
			return e.Row.SKU, true
		}
		var key struct {
			SKU *string `json:"sku_id"`
		}
		if json.Unmarshal(r.Key, &key) == nil && key.SKU != nil {
			return model.SKU(*key.SKU), true
		}
	}
	return "", false
}
