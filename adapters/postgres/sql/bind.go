package sql

import (
	"fmt"

	"stockproof/inventory/port"
	"stockproof/model"
)

// Bind is the query of a statement, viewing the statement's memory. A statement that this package does
// not know, or a shop statement of an unknown schema, is an error.
func Bind(statement port.Statement) (Query, error) {
	if q, ok := bindGate(statement); ok {
		return q, nil
	}
	if q, ok := bindCommands(statement); ok {
		return q, nil
	}
	if q, ok := bindOutbox(statement); ok {
		return q, nil
	}
	if q, ok := bindShop(statement); ok {
		return q, nil
	}
	return Query{}, fmt.Errorf("%T (%+v) is not a statement with a query", statement, statement)
}

func reads(text string, rows Rows, params ...Field) (Query, bool) {
	return Query{Text: text, Params: params, Rows: rows}, true
}

func writes(text string, rows Rows, params ...Field) (Query, bool) {
	return Query{Text: text, Params: params, Rows: rows, Writes: true}, true
}

// inserts is the insert of rows that differ in the varying columns only, where they do, else of any rows.
func inserts[R any](rows *[]R, columns []Column[R], text, alikeText string, varying ...string) (Query, bool) {
	if fields, ok := alike(rows, columns, varying...); ok {
		return writes(alikeText, nothing(), fields...)
	}
	return writes(text, nothing(), arrays(rows, columns)...)
}

func nothing() Rows { return Rows{} }

func uuidField(name string, p *model.ID) Field { return Field{name, UUID, id{p}} }

func int8Field[T integer](name string, p *T) Field { return Field{name, Int8, number[T]{p}} }

func int4Field[T integer](name string, p *T) Field { return Field{name, Int4, number[T]{p}} }

func int2Field[T integer](name string, p *T) Field { return Field{name, Int2, number[T]{p}} }

func textField[T ~string](name string, p *T) Field { return Field{name, Text, text[T]{p}} }

func boolField(name string, p *bool) Field { return Field{name, Bool, flag{p}} }

func bindGate(statement port.Statement) (Query, bool) {
	switch s := statement.(type) {
	case *port.CheckEpoch:
		return reads(CheckEpoch, single(boolField("open", &s.Open), int8Field("epoch", &s.Epoch),
			int8Field("now_ms", &s.NowMS), int8Field("xid", &s.XID)))
	case *port.ReadEpoch:
		return reads(ReadEpoch, single(int8Field("epoch", &s.Epoch), int8Field("now_ms", &s.NowMS)))
	case *port.SetEpoch:
		return writes(SetEpoch, single(int8Field("epoch", &s.Epoch)))
	case *port.Barrier:
		return writes(Barrier, single(int8Field("lsn", &s.LSN)))
	case *port.CreateProgress:
		return writes(CreateProgress, nothing(), uuidField("topic_id", &s.Topic), int4Field("part", &s.Part),
			int8Field("next_offset", &s.NextOffset), int4Field("leader_epoch", &s.LeaderEpoch))
	case *port.ReadProgress:
		return reads(ReadProgress, one(&s.Found, int8Field("next_offset", &s.NextOffset),
			int4Field("leader_epoch", &s.LeaderEpoch), int8Field("settled_at", &s.SettledAt)),
			uuidField("topic_id", &s.Topic), int4Field("part", &s.Part))
	case *port.AdvanceProgress:
		return writes(AdvanceProgress, one(&s.Moved, boolField("moved", &s.Moved)),
			uuidField("topic_id", &s.Topic), int4Field("part", &s.Part), int4Field("leader_epoch", &s.LeaderEpoch),
			int8Field("from", &s.From), int8Field("to", &s.To), int8Field("settled_at", &s.SettledAt))
	case *port.ResetProgress:
		return writes(ResetProgress, one(&s.Moved, boolField("moved", &s.Moved)),
			uuidField("topic_id", &s.Topic), int4Field("part", &s.Part),
			int8Field("from", &s.From), int8Field("to", &s.To),
			int4Field("from_epoch", &s.FromEpoch), int4Field("leader_epoch", &s.LeaderEpoch))
	case *port.CreateLanes:
		return writes(CreateLanes, nothing(), arrays(&s.Lanes, laneKeyColumns())...)
	case *port.LockLanes:
		return reads(LockLanes, list(&s.Found, laneColumns()), arrays(&s.Lanes, laneKeyColumns())...)
	case *port.ReadLanes:
		return reads(choose(s.Share, ReadLanesShare, ReadLanes), list(&s.Found, laneColumns()),
			arrays(&s.Lanes, laneKeyColumns())...)
	case *port.ScanLanes:
		if s.After == nil {
			return reads(choose(s.Share, ScanLanesFromFirstShare, ScanLanesFromFirst),
				list(&s.Lanes, laneColumns()), int8Field("max", &s.Max))
		}
		return reads(choose(s.Share, ScanLanesShare, ScanLanes), list(&s.Lanes, laneColumns()),
			textField("after_sku", &s.After.SKU), textField("after_loc", &s.After.Loc), int8Field("max", &s.Max))
	case *port.BumpLane:
		return writes(BumpLane, guarded(), textField("sku_id", &s.Lane.SKU), textField("loc", &s.Lane.Loc))
	case *port.WriteLanes:
		return writes(WriteLanes, guarded(), arrays(&s.Lanes, writtenLaneColumns())...)
	}
	return Query{}, false
}

func bindCommands(statement port.Statement) (Query, bool) {
	switch s := statement.(type) {
	case *port.KnownCommands:
		return reads(KnownCommands, list(&s.Rows, commandColumns()), ids("command_id", &s.IDs))
	case *port.IntakeVisible:
		return reads(IntakeVisible,
			single(boolField("in_progress", &s.InProgress), boolField("current", &s.Current)),
			int8Field("intake_epoch", &s.IntakeEpoch), int8Field("xid", &s.XID))
	case *port.AcceptCommands:
		return inserts(&s.Rows, commandColumns(), AcceptCommands, AcceptAlikeCommands,
			"command_id", "fingerprint", "body", "outcome", "granted", "lane_seq", "avail")
	case *port.DecideCommands:
		return writes(DecideCommands, guarded(), arrays(&s.Rows, decidedColumns())...)
	case *port.ResubmitCommands:
		return writes(ResubmitCommands, list(&s.Rows, commandColumns()), uuidField("topic_id", &s.Topic),
			arrays(&s.End, int8Column("end_offset"))[0], int8Field("max", &s.Max),
			int8Field("backoff_ms", &s.BackoffMS))
	case *port.ScanCommands:
		return reads(ScanCommands, list(&s.Rows, commandColumns()),
			uuidField("after", &s.After), int8Field("max", &s.Max))
	case *port.InsertLedger:
		return inserts(&s.Rows, ledgerColumns(), InsertLedger, InsertAlikeLedger,
			"seq", "command_id", "qty", "outcome", "granted", "reserved_after", "avail_after")
	case *port.ScanLedger:
		if s.After == nil {
			return reads(ScanLedgerFromFirst, list(&s.Rows, ledgerColumns()), int8Field("max", &s.Max))
		}
		return reads(ScanLedger, list(&s.Rows, ledgerColumns()),
			textField("after_sku", &s.After.SKU), textField("after_loc", &s.After.Loc),
			int8Field("after_seq", &s.AfterSeq), int8Field("max", &s.Max))
	case *port.ReadLines:
		return reads(ReadLines, list(&s.Lines, lineColumns()), ids("command_id", &s.Commands))
	case *port.InsertLines:
		return writes(InsertLines, nothing(), arrays(&s.Lines, lineColumns())...)
	case *port.WriteLines:
		if !s.Fresh {
			return writes(WriteLines, nothing(), arrays(&s.Lines, lineColumns())...)
		}
		return inserts(&s.Lines, lineColumns(), WriteFreshLines, WriteFreshAlikeLines,
			"command_id", "order_id", "line_no", "qty", "granted", "state")
	case *port.ReadOrderLines:
		return reads(ReadOrderLines, list(&s.Lines, lineColumns()), ids("order_id", &s.Orders))
	case *port.ScanLines:
		return reads(ScanLines, list(&s.Lines, lineColumns()),
			uuidField("after", &s.After), int8Field("max", &s.Max))
	case *port.KnownOrders:
		return reads(KnownOrders, list(&s.Rows, orderColumns()), ids("order_id", &s.IDs))
	case *port.InsertOrders:
		return inserts(&s.Rows, orderColumns(), InsertOrders, InsertAlikeOrders, "order_id", "customer", "siblings")
	case *port.AdvanceSaga:
		return writes(AdvanceSaga, guarded(), uuidField("order_id", &s.Order),
			int2Field("from", &s.From), int2Field("to", &s.To),
			int4Field("from_attempt", &s.FromAttempt), int4Field("to_attempt", &s.ToAttempt))
	case *port.DueOrders:
		return reads(DueOrders, single(int8Field("now_ms", &s.NowMS), ids("order_id", &s.IDs)),
			int8Field("max", &s.Max))
	}
	return Query{}, false
}

func bindOutbox(statement port.Statement) (Query, bool) {
	switch s := statement.(type) {
	case *port.InsertOutbox:
		return writes(choose(s.Passing, InsertPassingOutbox, InsertOutbox), nothing(), arrays(&s.Rows, outboxColumns())...)
	case *port.DeleteOutbox:
		return writes(DeleteOutbox, nothing(), ids("id", &s.IDs))
	case *port.ReadOutbox:
		return reads(ReadOutbox, list(&s.Rows, outboxColumns()),
			int8Field("shard", &s.Shard), int8Field("shards", &s.Shards), int8Field("max", &s.Max))
	case *port.ReadMarks:
		return reads(ReadMarks, list(&s.Open, idColumn("chain")), ids("chain", &s.Chains))
	case *port.InsertDead:
		return writes(InsertDead, nothing(), arrays(&s.Rows, deadColumns())...)
	case *port.ReadDead:
		return bindReadDead(s)
	case *port.CloseDead:
		return writes(CloseDead, guarded(),
			append(arrays(&s.Keys, deadKeyColumns()), textField("state", &s.State))...)
	case *port.RepairDead:
		return writes(RepairDead, guarded(),
			append(deadKeyFields(&s.Key), Field{"repaired", Bytea, blob{&s.Repair}})...)
	case *port.Beat:
		return writes(Beat, single(int8Field("now_ms", &s.NowMS)), int4Field("parts", &s.Parts))
	}
	return Query{}, false
}

func bindReadDead(s *port.ReadDead) (Query, bool) {
	rows, most := list(&s.Rows, deadColumns()), int8Field("max", &s.Max)
	switch {
	case len(s.Keys) > 0:
		return reads(ReadDeadByKey, rows, append(arrays(&s.Keys, deadKeyColumns()), most)...)
	case !s.Chain.IsZero():
		return reads(ReadDeadOfChain, rows, uuidField("chain", &s.Chain), most)
	case s.After == nil:
		return reads(ReadDeadOpen, rows, most)
	}
	return reads(ReadDeadOpenAfter, rows, append(deadKeyFields(s.After), most)...)
}

func deadKeyFields(k *port.DeadKey) []Field {
	return []Field{uuidField("topic_id", &k.Topic), int4Field("part", &k.Part),
		int4Field("leader_epoch", &k.LeaderEpoch), int8Field("off", &k.Offset), int4Field("idx", &k.Index)}
}

func choose(second bool, b, a string) string {
	if second {
		return b
	}
	return a
}
