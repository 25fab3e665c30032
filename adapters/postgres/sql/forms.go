package sql

import (
	"stockproof/inventory/port"
	"stockproof/model"
)

// Form is one text: a statement type with its options chosen.
type Form struct {
	Name string
	// New makes a statement whose options choose this text. Bind it and scan parameters into it.
	New func() port.Statement
}

// Forms lists every text once.
func Forms() []Form {
	forms := append(ledgerForms(), rowLockForms()...)
	for _, schema := range []port.Schema{port.ArticleSchema, port.DualWriteSchema} {
		forms = append(forms, orderForms(schema)...)
	}
	for _, schema := range []port.Schema{port.ArticleSchema, port.DualWriteSchema, port.RowLockSchema} {
		forms = append(forms, stockForms(schema)...)
	}
	return forms
}

func ledgerForms() []Form {
	return []Form{
		{"CheckEpoch", func() port.Statement { return &port.CheckEpoch{} }},
		{"ReadEpoch", func() port.Statement { return &port.ReadEpoch{} }},
		{"SetEpoch", func() port.Statement { return &port.SetEpoch{} }},
		{"Barrier", func() port.Statement { return &port.Barrier{} }},
		{"CreateProgress", func() port.Statement { return &port.CreateProgress{} }},
		{"ReadProgress", func() port.Statement { return &port.ReadProgress{} }},
		{"AdvanceProgress", func() port.Statement { return &port.AdvanceProgress{} }},
		{"ResetProgress", func() port.Statement { return &port.ResetProgress{} }},
		{"CreateLanes", func() port.Statement { return &port.CreateLanes{} }},
		{"LockLanes", func() port.Statement { return &port.LockLanes{} }},
		{"ReadLanes", func() port.Statement { return &port.ReadLanes{} }},
		{"ReadLanes share", func() port.Statement { return &port.ReadLanes{Share: true} }},
		{"ScanLanes", func() port.Statement { return &port.ScanLanes{After: &model.LaneKey{}} }},
		{"ScanLanes share", func() port.Statement { return &port.ScanLanes{After: &model.LaneKey{}, Share: true} }},
		{"ScanLanes first", func() port.Statement { return &port.ScanLanes{} }},
		{"ScanLanes first share", func() port.Statement { return &port.ScanLanes{Share: true} }},
		{"BumpLane", func() port.Statement { return &port.BumpLane{} }},
		{"WriteLanes", func() port.Statement { return &port.WriteLanes{} }},
		{"KnownCommands", func() port.Statement { return &port.KnownCommands{} }},
		{"IntakeVisible", func() port.Statement { return &port.IntakeVisible{} }},
		{"AcceptCommands", func() port.Statement { return &port.AcceptCommands{} }},
		{"AcceptCommands alike", func() port.Statement { return &port.AcceptCommands{Rows: make([]port.CommandRow, 1)} }},
		{"DecideCommands", func() port.Statement { return &port.DecideCommands{} }},
		{"ResubmitCommands", func() port.Statement { return &port.ResubmitCommands{} }},
		{"ScanCommands", func() port.Statement { return &port.ScanCommands{} }},
		{"InsertLedger", func() port.Statement { return &port.InsertLedger{} }},
		{"InsertLedger alike", func() port.Statement { return &port.InsertLedger{Rows: make([]port.LedgerRow, 1)} }},
		{"ScanLedger", func() port.Statement { return &port.ScanLedger{After: &model.LaneKey{}} }},
		{"ScanLedger first", func() port.Statement { return &port.ScanLedger{} }},
		{"ReadLines", func() port.Statement { return &port.ReadLines{} }},
		{"InsertLines", func() port.Statement { return &port.InsertLines{} }},
		{"WriteLines", func() port.Statement { return &port.WriteLines{} }},
		{"WriteLines fresh", func() port.Statement { return &port.WriteLines{Fresh: true} }},
		{"WriteLines fresh alike", func() port.Statement {
			return &port.WriteLines{Fresh: true, Lines: make([]model.Line, 1)}
		}},
		{"ReadOrderLines", func() port.Statement { return &port.ReadOrderLines{} }},
		{"ScanLines", func() port.Statement { return &port.ScanLines{} }},
		{"KnownOrders", func() port.Statement { return &port.KnownOrders{} }},
		{"InsertOrders", func() port.Statement { return &port.InsertOrders{} }},
		{"InsertOrders alike", func() port.Statement { return &port.InsertOrders{Rows: make([]port.OrderRow, 1)} }},
		{"AdvanceSaga", func() port.Statement { return &port.AdvanceSaga{} }},
		{"DueOrders", func() port.Statement { return &port.DueOrders{} }},
		{"InsertOutbox", func() port.Statement { return &port.InsertOutbox{} }},
		{"InsertOutbox passing", func() port.Statement { return &port.InsertOutbox{Passing: true} }},
		{"DeleteOutbox", func() port.Statement { return &port.DeleteOutbox{} }},
		{"ReadOutbox", func() port.Statement { return &port.ReadOutbox{} }},
		{"ReadMarks", func() port.Statement { return &port.ReadMarks{} }},
		{"InsertDead", func() port.Statement { return &port.InsertDead{} }},
		{"ReadDead by key", func() port.Statement { return &port.ReadDead{Keys: make([]port.DeadKey, 1)} }},
		{"ReadDead of chain", func() port.Statement { return &port.ReadDead{Chain: model.ID{15: 1}} }},
		{"ReadDead open", func() port.Statement { return &port.ReadDead{} }},
		{"ReadDead open after", func() port.Statement { return &port.ReadDead{After: &port.DeadKey{}} }},
		{"CloseDead", func() port.Statement { return &port.CloseDead{} }},
		{"RepairDead", func() port.Statement { return &port.RepairDead{} }},
		{"Beat", func() port.Statement { return &port.Beat{} }},
	}
}

func rowLockForms() []Form {
	return []Form{
		{"InsertRowLockOrders", func() port.Statement { return &port.InsertRowLockOrders{} }},
		{"FindRowLockOrders", func() port.Statement { return &port.FindRowLockOrders{} }},
		{"FindRowLockLines", func() port.Statement { return &port.FindRowLockLines{} }},
		{"UpdateRowLockLines", func() port.Statement { return &port.UpdateRowLockLines{} }},
		{"ScanRowLockOrders", func() port.Statement { return &port.ScanRowLockOrders{} }},
	}
}

func orderForms(schema port.Schema) []Form {
	in := " in " + string(schema)
	return []Form{
		{"InsertShopOrders" + in, func() port.Statement { return &port.InsertShopOrders{Schema: schema} }},
		{"FindShopOrders" + in, func() port.Statement { return &port.FindShopOrders{Schema: schema} }},
		{"ScanShopOrders" + in, func() port.Statement { return &port.ScanShopOrders{Schema: schema} }},
		{"SetShopStatus" + in, func() port.Statement { return &port.SetShopStatus{Schema: schema} }},
		{"RecomputeShopStock" + in, func() port.Statement { return &port.RecomputeShopStock{Schema: schema} }},
	}
}

func stockForms(schema port.Schema) []Form {
	in := " in " + string(schema)
	return []Form{
		{"AddShopStock" + in, func() port.Statement { return &port.AddShopStock{Schema: schema} }},
		{"LockShopStock" + in, func() port.Statement { return &port.LockShopStock{Schema: schema} }},
		{"ReadShopStock" + in, func() port.Statement {
			return &port.ReadShopStock{Schema: schema, SKUs: make([]model.SKU, 1)}
		}},
		{"ReadShopStock all" + in, func() port.Statement { return &port.ReadShopStock{Schema: schema} }},
	}
}
