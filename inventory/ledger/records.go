package ledger

import (
	"encoding/json"
	"fmt"

	"stockproof/inventory/port"
	"stockproof/model"
)

// records are the outbox rows of a transaction's decisions: a state per lane, a decision per order.
func (f *fold) records() []port.OutboxRow {
	rows := make([]port.OutboxRow, 0, len(f.laneKeys)+len(f.decisionK))
	for _, k := range f.laneKeys {
		l := f.lanes[k]
		rows = append(rows, stateRow(l.Lane, f.epoch, l.before+1, l.entries, f.nowMS))
	}
	decisions := len(rows)
	text := make([]byte, 0, 384*len(f.decisionK)) // all payloads, one behind the other: one string for all of them
	ends := make([]int, len(f.decisionK))
	for i, order := range f.decisionK {
		entries := f.decisions[order]
		id := model.NameID("decision", string(order[:]), string(entries[0].Command[:])).At(f.nowMS)
		rows = append(rows, port.OutboxRow{ID: id, AggregateType: model.DecisionTopic, AggregateID: order.String(),
			Type: "decision"})
		text = model.AppendDecision(text, model.DecisionRecord{OrderID: order, Entries: entries})
		ends[i] = len(text)
	}
	payloads, from := string(text), 0
	for i, end := range ends {
		rows[decisions+i].Payload, from = payloads[from:end], end
	}
	return rows
}

// letterRecords are the outbox rows of dead letters.
func letterRecords(dead []port.DeadRow) []port.OutboxRow {
	rows := make([]port.OutboxRow, len(dead))
	for i, d := range dead {
		rows[i] = deadRecord(d)
	}
	return rows
}

// stateRow is a lane's state on its way out. fromSeq 0: it is not the result of decisions.
func stateRow(l model.Lane, epoch, fromSeq int64, entries []model.StateEntry, atMS int64) port.OutboxRow {
	wire := model.WireEpoch(epoch, l.Bump)
	return port.OutboxRow{
		ID: model.NameID("state", string(l.Key.SKU), string(l.Key.Loc),
			fmt.Sprint(wire, l.Seq, fromSeq, atMS)),
		AggregateType: model.StateTopic, AggregateID: model.LaneTopicKey(l.Key), Type: "state", Seq: l.Seq,
		Payload: string(model.EncodeState(model.StateRecord{Lane: l.Key, Epoch: wire, FromSeq: fromSeq,
			Seq: l.Seq, OnHand: l.OnHand, Reserved: l.Reserved, Avail: l.Avail(), Limit: l.BackorderLimit,
			Entries: entries, DecidedAt: atMS})),
	}
}

// commandRows packs commands into records of one SKU each, in order, within the record's limits.
func commandRows(cs []model.Command, epoch, xid int64, try string) []port.OutboxRow {
	var rows []port.OutboxRow
	bySKU := make(map[model.SKU][]model.Command)
	var skus []model.SKU
	for _, c := range cs {
		if _, ok := bySKU[c.SKU]; !ok {
			skus = append(skus, c.SKU)
		}
		bySKU[c.SKU] = append(bySKU[c.SKU], c)
	}
	for _, sku := range skus {
		rest := bySKU[sku]
		for len(rest) > 0 {
			n, size := 0, 64
			for n < len(rest) && n < model.MaxRecordCommands {
				size += len(model.EncodeCommand(rest[n])) + 1
				if n > 0 && size > model.MaxRecordBytes {
					break
				}
				n++
			}
			rec := model.CommandRecord{IntakeEpoch: epoch, IntakeXID: xid, Commands: rest[:n]}
			rows = append(rows, port.OutboxRow{ID: model.NameID("command", rest[0].ID.String(), try),
				AggregateType: model.CommandTopic, AggregateID: string(sku), Type: rest[0].Kind.String(),
				Payload: string(model.EncodeCommandRecord(rec))})
			rest = rest[n:]
		}
	}
	return rows
}

// outbox are the statements that let rows leave: a connector reads the log, so they are deleted in
// the same transaction; a relay reads the table.
func outbox(rows []port.OutboxRow, keep bool) []port.Statement {
	return leave(port.InsertOutbox{Rows: rows}, keep)
}

// firstOutbox is outbox of what the transaction does for the first time: it cannot have left before.
func firstOutbox(rows []port.OutboxRow, keep bool) []port.Statement {
	return leave(port.InsertOutbox{Rows: rows, Passing: !keep}, keep)
}

func leave(insert port.InsertOutbox, keep bool) []port.Statement {
	if len(insert.Rows) == 0 {
		return nil
	}
	b := []port.Statement{&insert}
	if !keep {
		ids := make([]model.ID, len(insert.Rows))
		for i, r := range insert.Rows {
			ids[i] = r.ID
		}
		b = append(b, &port.DeleteOutbox{IDs: ids})
	}
	return b
}

func deadRecord(d port.DeadRow) port.OutboxRow {
	v, err := json.Marshal(struct {
		V       int            `json:"v"`
		Topic   model.ID       `json:"topic_id"`
		Part    int32          `json:"partition"`
		Epoch   int32          `json:"leader_epoch"`
		Offset  int64          `json:"offset"`
		Index   int32          `json:"index"`
		Command model.ID       `json:"command_id"`
		Chain   model.ID       `json:"chain"`
		SKU     model.SKU      `json:"sku,omitempty"`
		Loc     model.Location `json:"loc,omitempty"`
		Class   port.DeadClass `json:"class"`
		Err     string         `json:"error"`
		Raw     []byte         `json:"raw"`
	}{model.WireVersion, d.Topic, d.Part, d.LeaderEpoch, d.Offset, d.Index, d.Command, d.Chain, d.Lane.SKU,
		d.Lane.Loc, d.Class, d.Err, d.Raw})
	if err != nil {
		panic("ledger: encode dead letter: " + err.Error()) // strings and bytes always encode
	}
	id := model.NameID("dead", d.Topic.String(), fmt.Sprint(d.Part, d.LeaderEpoch, d.Offset, d.Index))
	return port.OutboxRow{ID: id, AggregateType: model.DeadTopic, AggregateID: string(d.Key), Type: string(d.Class),
		Payload: string(v)}
}
