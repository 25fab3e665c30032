package postgres

import (
	"cmp"
	"fmt"
	"strings"

	"stockproof/inventory/port"
	"stockproof/model"
)

// shopTables are the tables of the designs without a ledger.
type shopTables struct {
	article, dualwrite, rowlock shop
	rowLocks                    *table[model.ID, port.RowLockOrder]
	rowLockLines                *index[lineKey, *row[model.ID, port.RowLockOrder]]

	shopOrderSeen []func(schema port.Schema, before, after *port.ShopOrder)
	shopStockSeen []func(schema port.Schema, before, after *port.ShopStock)
}

// shop is one schema.
type shop struct {
	stock   *table[model.SKU, stockRow]
	orders  *table[int64, port.ShopOrder] // article and dualwrite
	byOrder *index[shopOrderKey, *row[int64, port.ShopOrder]]
	ids     sequence
}

type stockRow struct {
	sku            model.SKU
	initial, stock int64
}

type shopOrderKey struct {
	order model.ID
	id    int64
}

func (k shopOrderKey) compare(o shopOrderKey) int {
	return cmp.Or(k.order.Compare(o.order), cmp.Compare(k.id, o.id))
}

// OnShopOrder calls fn with every change of article.orders and dualwrite.orders when it becomes
// visible, and with the way back when a failover loses it; before or after is nil where there is none.
func (p *Server) OnShopOrder(fn func(schema port.Schema, before, after *port.ShopOrder)) {
	p.shopOrderSeen = append(p.shopOrderSeen, fn)
}

// OnShopStock calls fn with every change of a stock row when it becomes visible; SKU and Stock are
// set, before is nil for a new row.
func (p *Server) OnShopStock(fn func(schema port.Schema, before, after *port.ShopStock)) {
	p.shopStockSeen = append(p.shopStockSeen, fn)
}

func newShopTables(p *Server) (t shopTables) {
	t.article = newShop(p, port.ArticleSchema)
	t.dualwrite = newShop(p, port.DualWriteSchema)
	t.rowlock = newShop(p, port.RowLockSchema)
	t.rowlock.orders, t.rowlock.byOrder = nil, nil
	t.rowLocks = newTable(p,
		relation{schema: "rowlock", name: "orders", primary: "orders_pkey", keyColumns: 1},
		model.ID.Compare, func(r *port.RowLockOrder) model.ID { return r.Command })
	t.rowLocks.check = func(r *port.RowLockOrder) error { return checkText(string(r.SKU)) }
	t.rowLocks.columns = rowLockColumns
	t.rowLockLines = indexed(t.rowLocks, lineKey.compare, func(r *port.RowLockOrder) (lineKey, bool) {
		return lineKey{r.OrderID, r.Line, r.Command}, r.Kind == model.Reserve
	})
	return t
}

func (t *shopTables) reset() {
	for _, s := range [...]*shop{&t.article, &t.dualwrite, &t.rowlock} {
		s.stock.reset()
		if s.orders != nil {
			s.orders.reset()
		}
		s.ids = sequence{}
	}
	t.rowLocks.reset()
	t.shopOrderSeen, t.shopStockSeen = nil, nil
}

func newShop(p *Server, schema port.Schema) (s shop) {
	s.stock = newTable(p,
		relation{schema: string(schema), name: "stock", primary: "stock_pkey", keyColumns: 1},
		func(a, b model.SKU) int { return strings.Compare(string(a), string(b)) },
		func(r *stockRow) model.SKU { return r.sku })
	s.stock.check = func(r *stockRow) error {
		if r.stock < 0 {
			return violates("stock", "stock_stock_check")
		}
		return checkText(string(r.sku))
	}
	s.stock.columns = stockColumns
	s.stock.seen = func(before, after *stockRow) {
		for _, fn := range p.shopStockSeen {
			fn(schema, before.public(), after.public())
		}
	}
	s.stock.undone = s.stock.seen
	s.orders = newTable(p, relation{schema: string(schema), name: "orders", primary: "orders_pkey",
		keyColumns: 1, full: true}, cmp.Compare[int64], func(r *port.ShopOrder) int64 { return r.ID })
	s.orders.check = func(r *port.ShopOrder) error { return checkText(string(r.SKU), string(r.Status)) }
	s.orders.columns = shopOrderColumns
	s.orders.seen = func(before, after *port.ShopOrder) {
		for _, fn := range p.shopOrderSeen {
			fn(schema, before, after)
		}
	}
	s.orders.undone = func(gone, back *port.ShopOrder) {
		if back == nil {
			p.undone.shopOrders = append(p.undone.shopOrders, *gone)
		}
		s.orders.seen(gone, back)
	}
	s.byOrder = indexed(s.orders, shopOrderKey.compare, func(r *port.ShopOrder) (shopOrderKey, bool) {
		return shopOrderKey{r.OrderID, r.ID}, true
	})
	return s
}

func (r *stockRow) public() *port.ShopStock {
	if r == nil {
		return nil
	}
	return &port.ShopStock{SKU: r.sku, Stock: r.stock}
}

// shop is the schema's tables.
func (p *Server) shop(schema port.Schema) (*shop, error) {
	switch schema {
	case port.ArticleSchema:
		return &p.article, nil
	case port.DualWriteSchema:
		return &p.dualwrite, nil
	case port.RowLockSchema:
		return &p.rowlock, nil
	}
	return nil, undefinedTable(schema, "stock")
}

// shopWithOrders is a schema whose orders are events.
func (p *Server) shopWithOrders(schema port.Schema) (*shop, error) {
	s, err := p.shop(schema)
	if err == nil && s.orders == nil {
		return nil, undefinedTable(schema, "orders of that form")
	}
	return s, err
}

func undefinedTable(schema port.Schema, name string) error {
	return &SQLError{State: "42P01", Class: port.ErrContract,
		Message: fmt.Sprintf("schema %q has no %s", schema, name)}
}
