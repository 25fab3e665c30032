package sql

import (
	"stockproof/inventory/port"
	"stockproof/model"
)

// The columns of every row type, in the order of the texts.

type laneKey = model.LaneKey

func laneKeyColumns() []Column[laneKey] {
	return []Column[laneKey]{
		{"sku_id", Text, func(k *laneKey) any { return text[model.SKU]{&k.SKU} }},
		{"loc", Text, func(k *laneKey) any { return text[model.Location]{&k.Loc} }},
	}
}

// laneColumns: the key, bump, then the counters that WriteLanes replaces.
func laneColumns() []Column[model.Lane] {
	return append([]Column[model.Lane]{
		{"sku_id", Text, func(l *model.Lane) any { return text[model.SKU]{&l.Key.SKU} }},
		{"loc", Text, func(l *model.Lane) any { return text[model.Location]{&l.Key.Loc} }},
		{"bump", Int8, func(l *model.Lane) any { return number[int64]{&l.Bump} }},
	}, counterColumns()...)
}

func counterColumns() []Column[model.Lane] {
	return []Column[model.Lane]{
		{"seq", Int8, func(l *model.Lane) any { return number[int64]{&l.Seq} }},
		{"on_hand", Int8, func(l *model.Lane) any { return number[int64]{&l.OnHand} }},
		{"reserved", Int8, func(l *model.Lane) any { return number[int64]{&l.Reserved} }},
		{"safety", Int8, func(l *model.Lane) any { return number[int64]{&l.Safety} }},
		{"backorder_limit", Int8, func(l *model.Lane) any { return number[int64]{&l.BackorderLimit} }},
		{"stock_version", Int8, func(l *model.Lane) any { return number[int64]{&l.StockVersion} }},
		{"short", Bool, func(l *model.Lane) any { return flag{&l.Short} }},
	}
}

// writtenLaneColumns: the key, then the counters.
func writtenLaneColumns() []Column[model.Lane] {
	return append(laneColumns()[:2], counterColumns()...)
}

// commandColumns: what intake wrote, then the decision.
func commandColumns() []Column[port.CommandRow] {
	type row = port.CommandRow
	return append([]Column[row]{
		{"command_id", UUID, func(r *row) any { return id{&r.ID} }},
		{"fingerprint", Bytea, func(r *row) any { return digest{&r.Fingerprint} }},
		{"kind", Int2, func(r *row) any { return number[model.Kind]{&r.Kind} }},
		{"sku_id", Text, func(r *row) any { return text[model.SKU]{&r.Lane.SKU} }},
		{"loc", Text, func(r *row) any { return text[model.Location]{&r.Lane.Loc} }},
		{"ref", UUID, func(r *row) any { return idOrNull{&r.Ref} }},
		{"body", Bytea, func(r *row) any { return blob{&r.Body} }},
		{"part", Int4, func(r *row) any { return number[int32]{&r.Part} }},
		{"intake_epoch", Int8, func(r *row) any { return number[int64]{&r.IntakeEpoch} }},
		{"submitted_at", Int8, func(r *row) any { return number[int64]{&r.SubmittedAt} }},
		{"next_try", Int8, func(r *row) any { return number[int64]{&r.NextTry} }},
		{"sent_at", Int8, func(r *row) any { return number[int64]{&r.SentAt} }},
		{"tries", Int4, func(r *row) any { return number[int32]{&r.Tries} }},
	}, decisionColumns()...)
}

func decisionColumns() []Column[port.CommandRow] {
	type row = port.CommandRow
	return []Column[row]{
		{"outcome", Int2, func(r *row) any { return numberOrNull[model.Outcome]{&r.Decision.Outcome} }},
		{"granted", Int8, func(r *row) any { return number[int64]{&r.Decision.Granted} }},
		{"backordered", Int8, func(r *row) any { return number[int64]{&r.Decision.Backordered} }},
		{"lane_seq", Int8, func(r *row) any { return numberOrNull[int64]{&r.Decision.Seq} }},
		{"to_seq", Int8, func(r *row) any { return numberOrNull[int64]{&r.Decision.ToSeq} }},
		{"avail", Int8, func(r *row) any { return number[int64]{&r.Decision.Avail} }},
		{"epoch", Int8, func(r *row) any { return number[int64]{&r.Epoch} }},
		{"decided_at", Int8, func(r *row) any { return number[int64]{&r.DecidedAt} }},
	}
}

// decidedColumns: the id, then the decision.
func decidedColumns() []Column[port.CommandRow] {
	return append(commandColumns()[:1], decisionColumns()...)
}

func ledgerColumns() []Column[port.LedgerRow] {
	type row = port.LedgerRow
	return []Column[row]{
		{"sku_id", Text, func(r *row) any { return text[model.SKU]{&r.Lane.SKU} }},
		{"loc", Text, func(r *row) any { return text[model.Location]{&r.Lane.Loc} }},
		{"seq", Int8, func(r *row) any { return number[int64]{&r.Seq} }},
		{"epoch", Int8, func(r *row) any { return number[int64]{&r.Epoch} }},
		{"command_id", UUID, func(r *row) any { return id{&r.Command} }},
		{"leg", Int2, func(r *row) any { return number[int16]{&r.Leg} }},
		{"kind", Int2, func(r *row) any { return number[model.Kind]{&r.Kind} }},
		{"qty", Int8, func(r *row) any { return numberOrNull[int64]{&r.Qty} }},
		{"outcome", Int2, func(r *row) any { return number[model.Outcome]{&r.Outcome} }},
		{"granted", Int8, func(r *row) any { return number[int64]{&r.Granted} }},
		{"on_hand_after", Int8, func(r *row) any { return number[int64]{&r.OnHandAfter} }},
		{"reserved_after", Int8, func(r *row) any { return number[int64]{&r.ReservedAfter} }},
		{"avail_after", Int8, func(r *row) any { return number[int64]{&r.AvailAfter} }},
		{"decided_at", Int8, func(r *row) any { return number[int64]{&r.DecidedAt} }},
	}
}

func lineColumns() []Column[model.Line] {
	type row = model.Line
	return []Column[row]{
		{"command_id", UUID, func(r *row) any { return id{&r.Command} }},
		{"order_id", UUID, func(r *row) any { return idOrNull{&r.OrderID} }},
		{"line_no", Int4, func(r *row) any { return numberOrNull[int32]{&r.LineNo} }},
		{"sku_id", Text, func(r *row) any { return text[model.SKU]{&r.Lane.SKU} }},
		{"loc", Text, func(r *row) any { return text[model.Location]{&r.Lane.Loc} }},
		{"qty", Int8, func(r *row) any { return numberOrNull[int64]{&r.Qty} }},
		{"granted", Int8, func(r *row) any { return number[int64]{&r.Granted} }},
		{"returned", Int8, func(r *row) any { return number[int64]{&r.Returned} }},
		{"state", Int2, func(r *row) any { return number[model.LineState]{&r.State} }},
		{"deadline", Int8, func(r *row) any { return numberOrNull[int64]{&r.Deadline} }},
	}
}

func orderColumns() []Column[port.OrderRow] {
	type row = port.OrderRow
	return []Column[row]{
		{"order_id", UUID, func(r *row) any { return id{&r.ID} }},
		{"customer", Text, func(r *row) any { return text[string]{&r.Customer} }},
		{"saga", Int2, func(r *row) any { return number[port.Saga]{&r.Saga} }},
		{"policy", Int2, func(r *row) any { return number[model.Policy]{&r.Policy} }},
		{"siblings", UUID, func(r *row) any { return idOrNull{&r.Siblings} }},
		{"attempt", Int4, func(r *row) any { return number[int32]{&r.Attempt} }},
		{"deadline", Int8, func(r *row) any { return numberOrNull[int64]{&r.Deadline} }},
		{"created_at", Int8, func(r *row) any { return number[int64]{&r.CreatedAt} }},
	}
}

func outboxColumns() []Column[port.OutboxRow] {
	type row = port.OutboxRow
	return []Column[row]{
		{"id", UUID, func(r *row) any { return id{&r.ID} }},
		{"aggregatetype", Text, func(r *row) any { return text[string]{&r.AggregateType} }},
		{"aggregateid", Text, func(r *row) any { return text[string]{&r.AggregateID} }},
		{"type", Text, func(r *row) any { return text[string]{&r.Type} }},
		{"seq", Int8, func(r *row) any { return numberOrNull[int64]{&r.Seq} }},
		{"payload", Text, func(r *row) any { return text[string]{&r.Payload} }},
	}
}

func deadKeyColumns() []Column[port.DeadKey] {
	type row = port.DeadKey
	return []Column[row]{
		{"topic_id", UUID, func(r *row) any { return id{&r.Topic} }},
		{"part", Int4, func(r *row) any { return number[int32]{&r.Part} }},
		{"leader_epoch", Int4, func(r *row) any { return number[int32]{&r.LeaderEpoch} }},
		{"off", Int8, func(r *row) any { return number[int64]{&r.Offset} }},
		{"idx", Int4, func(r *row) any { return number[int32]{&r.Index} }},
	}
}

// deadColumns: the key, then the letter.
func deadColumns() []Column[port.DeadRow] {
	type row = port.DeadRow
	return []Column[row]{
		{"topic_id", UUID, func(r *row) any { return id{&r.Topic} }},
		{"part", Int4, func(r *row) any { return number[int32]{&r.Part} }},
		{"leader_epoch", Int4, func(r *row) any { return number[int32]{&r.LeaderEpoch} }},
		{"off", Int8, func(r *row) any { return number[int64]{&r.Offset} }},
		{"idx", Int4, func(r *row) any { return number[int32]{&r.Index} }},
		{"command_id", UUID, func(r *row) any { return idOrNull{&r.Command} }},
		{"chain", UUID, func(r *row) any { return idOrNull{&r.Chain} }},
		{"sku_id", Text, func(r *row) any { return deadSKU{r} }},
		{"loc", Text, func(r *row) any { return deadLoc{r} }},
		{"parked", Bool, func(r *row) any { return flag{&r.Parked} }},
		{"class", Text, func(r *row) any { return text[port.DeadClass]{&r.Class} }},
		{"key", Bytea, func(r *row) any { return blob{&r.Key} }},
		{"headers", Bytea, func(r *row) any { return blob{&r.Headers} }},
		{"raw", Bytea, func(r *row) any { return blob{&r.Raw} }},
		{"repaired", Bytea, func(r *row) any { return blob{&r.Repair} }},
		{"err", Text, func(r *row) any { return text[string]{&r.Err} }},
		{"state", Text, func(r *row) any { return text[port.DeadState]{&r.State} }},
	}
}

// shopOrderColumns: what is inserted is columns 2 to 5; the server gives the first and the last.
func shopOrderColumns() []Column[port.ShopOrder] {
	type row = port.ShopOrder
	return []Column[row]{
		{"id", Int8, func(r *row) any { return number[int64]{&r.ID} }},
		{"order_id", UUID, func(r *row) any { return id{&r.OrderID} }},
		{"sku_id", Text, func(r *row) any { return text[model.SKU]{&r.SKU} }},
		{"qty", Int8, func(r *row) any { return number[int64]{&r.Qty} }},
		{"status", Text, func(r *row) any { return text[port.ShopStatus]{&r.Status} }},
		{"created_ms", Int8, func(r *row) any { return number[int64]{&r.CreatedAt} }},
	}
}

func shopStockColumns() []Column[port.ShopStock] {
	type row = port.ShopStock
	return []Column[row]{
		{"sku_id", Text, func(r *row) any { return text[model.SKU]{&r.SKU} }},
		{"stock", Int8, func(r *row) any { return number[int64]{&r.Stock} }},
		{"recomputed", Int8, func(r *row) any { return number[int64]{&r.Recomputed} }},
		{"pending", Int8, func(r *row) any { return number[int64]{&r.Pending} }},
	}
}

func rowLockColumns() []Column[port.RowLockOrder] {
	type row = port.RowLockOrder
	return []Column[row]{
		{"command_id", UUID, func(r *row) any { return id{&r.Command} }},
		{"fingerprint", Bytea, func(r *row) any { return digest{&r.Fingerprint} }},
		{"order_id", UUID, func(r *row) any { return idOrNull{&r.OrderID} }},
		{"line_no", Int4, func(r *row) any { return number[int32]{&r.Line} }},
		{"kind", Int2, func(r *row) any { return number[model.Kind]{&r.Kind} }},
		{"ref", UUID, func(r *row) any { return idOrNull{&r.Ref} }},
		{"sku_id", Text, func(r *row) any { return text[model.SKU]{&r.SKU} }},
		{"qty", Int8, func(r *row) any { return number[int64]{&r.Qty} }},
		{"outcome", Int2, func(r *row) any { return number[model.Outcome]{&r.Outcome} }},
		{"granted", Int8, func(r *row) any { return number[int64]{&r.Granted} }},
		{"stock_after", Int8, func(r *row) any { return number[int64]{&r.Stock} }},
		{"state", Int2, func(r *row) any { return number[model.LineState]{&r.State} }},
		{"returned", Int8, func(r *row) any { return number[int64]{&r.Returned} }},
		{"decided_at", Int8, func(r *row) any { return number[int64]{&r.DecidedAt} }},
	}
}

// rowLockLineColumns: the command, then what UpdateRowLockLines writes.
func rowLockLineColumns() []Column[port.RowLockOrder] {
	all := rowLockColumns()
	return []Column[port.RowLockOrder]{all[0], all[9], all[11], all[12]}
}

func idColumn(name string) []Column[model.ID] {
	return []Column[model.ID]{{name, UUID, func(p *model.ID) any { return id{p} }}}
}

func int8Column(name string) []Column[int64] {
	return []Column[int64]{{name, Int8, func(p *int64) any { return number[int64]{p} }}}
}

func skuColumn() []Column[model.SKU] {
	return []Column[model.SKU]{{"sku_id", Text, func(p *model.SKU) any { return text[model.SKU]{p} }}}
}
