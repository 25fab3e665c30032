package sql

import (
	"stockproof/inventory/port"
	"stockproof/model"
)

func bindShop(statement port.Statement) (Query, bool) {
	switch s := statement.(type) {
	case *port.InsertShopOrders:
		return inOrders(s.Schema, InsertShopOrders, true, list(&s.IDs, int8Column("id")),
			arrays(&s.Rows, shopOrderColumns()[1:5])...)
	case *port.FindShopOrders:
		return inOrders(s.Schema, FindShopOrders, false, list(&s.Rows, shopOrderColumns()),
			ids("order_id", &s.Orders))
	case *port.ScanShopOrders:
		return inOrders(s.Schema, ScanShopOrders, false, list(&s.Rows, shopOrderColumns()),
			int8Field("after", &s.After), int8Field("max", &s.Max))
	case *port.SetShopStatus:
		return inOrders(s.Schema, SetShopStatus, true, one(&s.Changed, boolField("changed", &s.Changed)),
			int8Field("id", &s.ID), textField("status", &s.Status))
	case *port.RecomputeShopStock:
		return inOrders(s.Schema, RecomputeShopStock, false, list(&s.Rows, shopStockColumns()))
	case *port.AddShopStock:
		return inStock(s.Schema, AddShopStock, true, nothing(),
			textField("sku_id", &s.SKU), int8Field("delta", &s.Delta))
	case *port.LockShopStock:
		return inStock(s.Schema, LockShopStock, false, list(&s.Found, shopStockColumns()[:2]), skus(&s.SKUs))
	case *port.ReadShopStock:
		if len(s.SKUs) == 0 {
			return inStock(s.Schema, ReadAllShopStock, false, list(&s.Found, shopStockColumns()[:2]))
		}
		return inStock(s.Schema, ReadShopStock, false, list(&s.Found, shopStockColumns()[:2]), skus(&s.SKUs))
	case *port.InsertRowLockOrders:
		return writes(InsertRowLockOrders, nothing(), arrays(&s.Rows, rowLockColumns())...)
	case *port.FindRowLockOrders:
		return reads(FindRowLockOrders, list(&s.Rows, rowLockColumns()), ids("command_id", &s.Commands))
	case *port.FindRowLockLines:
		return reads(FindRowLockLines, list(&s.Rows, rowLockColumns()), ids("order_id", &s.Orders))
	case *port.UpdateRowLockLines:
		return writes(UpdateRowLockLines, nothing(), arrays(&s.Rows, rowLockLineColumns())...)
	case *port.ScanRowLockOrders:
		return reads(ScanRowLockOrders, list(&s.Rows, rowLockColumns()),
			uuidField("after", &s.After), int8Field("max", &s.Max))
	}
	return Query{}, false
}

// inOrders binds to the orders table that article and dualwrite have; inStock to the stock table that
// rowlock has too. The schema is text inside the query, so nothing but these names may get there.
func inOrders(s port.Schema, text string, write bool, rows Rows, params ...Field) (Query, bool) {
	known := s == port.ArticleSchema || s == port.DualWriteSchema
	return Query{Text: In(s, text), Writes: write, Params: params, Rows: rows}, known
}

func inStock(s port.Schema, text string, write bool, rows Rows, params ...Field) (Query, bool) {
	known := s == port.ArticleSchema || s == port.DualWriteSchema || s == port.RowLockSchema
	return Query{Text: In(s, text), Writes: write, Params: params, Rows: rows}, known
}

func skus(list *[]model.SKU) Field {
	return arrays(list, skuColumn())[0]
}
