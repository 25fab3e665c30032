package postgres

import (
	"fmt"
	"strconv"
	"time"

	"stockproof/inventory/port"
	"stockproof/model"
)

// The columns of every table as the log renders them: names and order of the migrations, key columns
// first, NULL where the truth stores NULL.

func cols(nameValue ...any) []port.Column {
	cs := make([]port.Column, 0, len(nameValue)/2)
	for i := 0; i < len(nameValue); i += 2 {
		cs = append(cs, port.Column{Name: nameValue[i].(string), Value: nameValue[i+1]})
	}
	return cs
}

// words are strings that come again and again, as values of columns: each is made once.
type words struct {
	made    map[string]any
	numbers map[int64]any
}

// wordLimit is how many are remembered at once.
const wordLimit = 1024

func newWords() *words { return &words{made: map[string]any{}, numbers: map[int64]any{}} }

func (w *words) of(s string) any {
	v, ok := w.made[s]
	if !ok {
		if len(w.made) == wordLimit {
			clear(w.made)
		}
		v = s
		w.made[s] = v
	}
	return v
}

// number is a number in decimal.
func (w *words) number(n int64) any {
	v, ok := w.numbers[n]
	if !ok {
		if len(w.numbers) == wordLimit {
			clear(w.numbers)
		}
		v = strconv.FormatInt(n, 10)
		w.numbers[n] = v
	}
	return v
}

// or is v, or NULL for the zero value.
func or[T comparable](v T, value any) any {
	var zero T
	if v == zero {
		return nil
	}
	return value
}

func uuidOrNull(id model.ID) any { return or(id, [16]byte(id)) }

func numberOrNull[T ~int16 | ~int32 | ~int64 | ~uint8](n T) any { return or(n, int64(n)) }

func bytesOrNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

func (t *ledgerTables) renderLedger() {
	t.cluster.columns = func(c *clusterRow) []port.Column {
		return cols("one", true, "epoch", c.epoch, "sysid", c.sysid,
			"tli", fmt.Sprintf("%08X", c.timeline))
	}
	t.lanes.columns = func(l *model.Lane) []port.Column {
		return cols("sku_id", string(l.Key.SKU), "loc", string(l.Key.Loc), "bump", l.Bump, "seq", l.Seq,
			"on_hand", l.OnHand, "reserved", l.Reserved, "safety", l.Safety,
			"backorder_limit", l.BackorderLimit, "stock_version", l.StockVersion, "short", l.Short)
	}
	t.ledger.columns = func(r *port.LedgerRow) []port.Column {
		return cols("sku_id", string(r.Lane.SKU), "loc", string(r.Lane.Loc), "seq", r.Seq,
			"epoch", r.Epoch, "command_id", [16]byte(r.Command), "leg", int64(r.Leg),
			"kind", int64(r.Kind), "qty", numberOrNull(r.Qty), "outcome", int64(r.Outcome),
			"granted", r.Granted, "on_hand_after", r.OnHandAfter, "reserved_after", r.ReservedAfter,
			"avail_after", r.AvailAfter, "decided_at", r.DecidedAt)
	}
	t.commands.columns = commandColumns
	t.orders.columns = func(o *port.OrderRow) []port.Column {
		return cols("order_id", [16]byte(o.ID), "customer", o.Customer, "saga", int64(o.Saga),
			"policy", int64(o.Policy), "siblings", uuidOrNull(o.Siblings), "attempt", int64(o.Attempt),
			"deadline", numberOrNull(o.Deadline), "created_at", o.CreatedAt)
	}
	t.lines.columns = func(l *model.Line) []port.Column {
		return cols("command_id", [16]byte(l.Command), "order_id", uuidOrNull(l.OrderID),
			"line_no", numberOrNull(l.LineNo), "sku_id", string(l.Lane.SKU), "loc", string(l.Lane.Loc),
			"qty", numberOrNull(l.Qty), "granted", l.Granted, "returned", l.Returned,
			"state", int64(l.State), "deadline", numberOrNull(l.Deadline))
	}
	t.progress.columns = func(r *progressRow) []port.Column {
		return cols("topic_id", [16]byte(r.key.topic), "part", int64(r.key.part),
			"next_offset", r.nextOffset, "leader_epoch", int64(r.leaderEpoch), "settled_at", r.settledAt)
	}
	words := newWords()
	t.outbox.columns = func(r *outboxRow) []port.Column { // every record of every topic begins as one of these
		return []port.Column{{Name: "id", Value: [16]byte(r.ID)}, {Name: "aggregatetype", Value: words.of(r.AggregateType)},
			{Name: "aggregateid", Value: words.of(r.AggregateID)}, {Name: "type", Value: words.of(r.Type)},
			{Name: "seq", Value: numberOrNull(r.Seq)}, {Name: "payload", Value: r.Payload},
			{Name: "pos", Value: r.position}, {Name: "xid", Value: words.number(r.xid)}}
	}
	t.dead.columns = deadColumns
	t.heartbeat.columns = func(r *beatRow) []port.Column {
		return cols("part", int64(r.part), "beat", r.beat, "at", r.at)
	}
}

func commandColumns(r *port.CommandRow) []port.Column {
	cs := cols("command_id", [16]byte(r.ID), "fingerprint", r.Fingerprint[:], "kind", int64(r.Kind),
		"sku_id", string(r.Lane.SKU), "loc", string(r.Lane.Loc), "ref", uuidOrNull(r.Ref),
		"body", bytesOrNull(r.Body), "part", int64(r.Part), "intake_epoch", r.IntakeEpoch,
		"submitted_at", r.SubmittedAt, "next_try", r.NextTry, "sent_at", r.SentAt, "tries", int64(r.Tries))
	d := r.Decision
	if !d.Decided() {
		return append(cs, cols("outcome", nil, "granted", nil, "backordered", nil, "lane_seq", nil,
			"to_seq", nil, "avail", nil, "epoch", nil, "decided_at", nil)...)
	}
	return append(cs, cols("outcome", int64(d.Outcome), "granted", d.Granted,
		"backordered", d.Backordered, "lane_seq", numberOrNull(d.Seq), "to_seq", numberOrNull(d.ToSeq),
		"avail", d.Avail, "epoch", r.Epoch, "decided_at", r.DecidedAt)...)
}

func deadColumns(r *port.DeadRow) []port.Column {
	var sku, loc any
	if r.HasLane {
		sku, loc = string(r.Lane.SKU), string(r.Lane.Loc)
	}
	return cols("topic_id", [16]byte(r.Topic), "part", int64(r.Part),
		"leader_epoch", int64(r.LeaderEpoch), "off", r.Offset, "idx", int64(r.Index),
		"command_id", uuidOrNull(r.Command), "chain", uuidOrNull(r.Chain), "sku_id", sku, "loc", loc,
		"parked", r.Parked, "class", string(r.Class), "key", bytesOrNull(r.Key),
		"headers", bytesOrNull(r.Headers), "raw", bytesOrNull(r.Raw), "repaired", bytesOrNull(r.Repair),
		"err", r.Err, "state", string(r.State))
}

func stockColumns(r *stockRow) []port.Column {
	return cols("sku_id", string(r.sku), "initial", r.initial, "stock", r.stock)
}

func rowLockColumns(r *port.RowLockOrder) []port.Column {
	return cols("command_id", [16]byte(r.Command), "fingerprint", r.Fingerprint[:],
		"order_id", uuidOrNull(r.OrderID), "line_no", int64(r.Line), "kind", int64(r.Kind),
		"ref", uuidOrNull(r.Ref), "sku_id", string(r.SKU), "qty", r.Qty, "outcome", int64(r.Outcome),
		"granted", r.Granted, "stock_after", r.Stock, "state", int64(r.State), "returned", r.Returned,
		"decided_at", r.DecidedAt)
}

// shopOrderColumns: nobody fills the price; the article's records have it.
func shopOrderColumns(r *port.ShopOrder) []port.Column {
	return cols("id", r.ID, "order_id", [16]byte(r.OrderID), "sku_id", string(r.SKU), "qty", r.Qty,
		"status", string(r.Status), "price", nil,
		"created_at", time.UnixMilli(r.CreatedAt).UTC().Format("2006-01-02T15:04:05.000000Z"))
}
