package contract

import (
	"stockproof/inventory/port"
	"stockproof/model"
)

func truthShopCases() (cases []truthCase) {
	for _, schema := range []port.Schema{port.ArticleSchema, port.DualWriteSchema} {
		s := shopRig{schema: schema}
		for _, c := range []struct {
			name string
			run  func(s shopRig)
		}{
			{"orders are numbered in the order given", shopInsert},
			{"orders are found by their id", shopFind},
			{"the status of a row changes, if there is the row", shopStatus},
			{"the recomputed stock is that of the events", shopRecompute},
		} {
			cases = append(cases, truthCase{string(schema) + ": " + c.name, s.with(c.run)})
		}
	}
	for _, schema := range []port.Schema{port.ArticleSchema, port.DualWriteSchema, port.RowLockSchema} {
		s := shopRig{schema: schema}
		cases = append(cases,
			truthCase{string(schema) + ": stock is added and never below zero", s.with(shopStock)},
			truthCase{string(schema) + ": additions to one SKU wait for each other", s.with(shopStockWaits)},
			truthCase{string(schema) + ": locked stock is what was committed", s.with(shopLock)})
	}
	return cases
}

// shopRig is a rig and the schema under test.
type shopRig struct {
	*truthRig
	schema port.Schema
}

func (s shopRig) with(run func(shopRig)) func(*truthRig) {
	return func(r *truthRig) { run(shopRig{r, s.schema}) }
}

func shopOrder(order int, sku string, qty int64, status port.ShopStatus) port.ShopOrder {
	return port.ShopOrder{OrderID: nth(order), SKU: model.SKU(sku), Qty: qty, Status: status}
}

func (s shopRig) insert(rows ...port.ShopOrder) []int64 {
	s.Helper()
	st := &port.InsertShopOrders{Schema: s.schema, Rows: rows}
	s.do(st)
	return st.IDs
}

func (s shopRig) add(sku string, delta int64) *port.AddShopStock {
	return &port.AddShopStock{Schema: s.schema, SKU: model.SKU(sku), Delta: delta}
}

func (s shopRig) stock(skus ...model.SKU) []port.ShopStock {
	s.Helper()
	st := &port.ReadShopStock{Schema: s.schema, SKUs: skus}
	s.do(st)
	return st.Found
}

func shopInsert(s shopRig) {
	rows := []port.ShopOrder{shopOrder(2, "A", 5, port.ShopPending), shopOrder(1, "", -3, port.ShopAdjust),
		shopOrder(2, "B", 1, port.ShopPending)}
	ids := s.insert(rows...)
	if len(ids) != 3 || ids[0] < 1 || ids[1] <= ids[0] || ids[2] <= ids[1] {
		s.Fatal(ids)
	}
	more := s.insert(shopOrder(3, "A", 1, port.ShopPending))
	first, rest := &port.ScanShopOrders{Schema: s.schema, Max: 2},
		&port.ScanShopOrders{Schema: s.schema, After: ids[1], Max: 5}
	s.do(first, rest)
	got := append(first.Rows, rest.Rows...)
	var read port.ReadEpoch
	s.do(&read)
	for i, id := range append(ids, more...) {
		if got[i].ID != id || got[i].CreatedAt <= 0 || got[i].CreatedAt > read.NowMS {
			s.Fatalf("%+v", got[i])
		}
		got[i].ID, got[i].CreatedAt = 0, 0
	}
	same(s.truthRig, "rows", got, append(rows, shopOrder(3, "A", 1, port.ShopPending)))
}

func shopFind(s shopRig) {
	ids := s.insert(shopOrder(2, "A", 5, port.ShopPending), shopOrder(1, "A", 3, port.ShopPending),
		shopOrder(2, "B", 1, port.ShopPending), shopOrder(4, "B", 1, port.ShopPending))
	st := &port.FindShopOrders{Schema: s.schema, Orders: nths(1, 2, 3)}
	s.do(st)
	var found []int64
	for _, row := range st.Rows {
		found = append(found, row.ID)
	}
	same(s.truthRig, "found", found, []int64{ids[1], ids[0], ids[2]})
}

func shopStatus(s shopRig) {
	ids := s.insert(shopOrder(1, "A", 5, port.ShopPending), shopOrder(2, "A", 5, port.ShopPending))
	there := &port.SetShopStatus{Schema: s.schema, ID: ids[0], Status: port.ShopGranted}
	absent := &port.SetShopStatus{Schema: s.schema, ID: ids[1] + 100, Status: port.ShopGranted}
	s.do(there, absent)
	st := &port.ScanShopOrders{Schema: s.schema, Max: 5}
	s.do(st)
	if !there.Changed || absent.Changed || st.Rows[0].Status != port.ShopGranted ||
		st.Rows[1].Status != port.ShopPending {
		s.Fatalf("%v %v %+v", there.Changed, absent.Changed, st.Rows)
	}
}

func shopRecompute(s shopRig) {
	s.do(s.add("A", 7), s.add("B", 1), s.add("", 2))
	s.insert(shopOrder(1, "A", 100, port.ShopRestock), shopOrder(2, "A", 200, port.ShopRestocked),
		shopOrder(3, "A", 1, port.ShopCancel), shopOrder(4, "A", 2, port.ShopCancelled),
		shopOrder(5, "A", 3, port.ShopReturn), shopOrder(6, "A", 4, port.ShopReturned),
		shopOrder(7, "A", -10, port.ShopAdjust), shopOrder(8, "A", -20, port.ShopAdjusted),
		shopOrder(9, "A", -50, port.ShopAdjustRefused), shopOrder(10, "A", 40, port.ShopGranted),
		shopOrder(11, "A", 9, port.ShopRejected), shopOrder(12, "A", 9, port.ShopOversold),
		shopOrder(13, "A", 5, port.ShopPending), shopOrder(13, "A", 6, port.ShopPending),
		shopOrder(14, "no stock row", 6, port.ShopRestock))
	st := &port.RecomputeShopStock{Schema: s.schema}
	s.do(st)
	same(s.truthRig, "recomputed", st.Rows,
		[]port.ShopStock{{SKU: "", Stock: 2}, {SKU: "A", Stock: 7, Recomputed: 240, Pending: 11},
			{SKU: "B", Stock: 1}})
}

func shopStock(s shopRig) {
	s.do(s.add("A", 5), s.add("A", -5), s.add("A", 3), s.add("B", 0))
	s.refused(port.ErrContract, "23514", "stock", "stock_stock_check", s.add("A", 1), s.add("A", -5))
	s.refused(port.ErrContract, "23514", "stock", "stock_stock_check", s.add("C", -1))
	want := []port.ShopStock{{SKU: "A", Stock: 3}, {SKU: "B"}}
	same(s.truthRig, "all", s.stock(), want)
	same(s.truthRig, "some", s.stock("A", "C"), want[:1])
}

func shopStockWaits(s shopRig) {
	tx := s.begin(s.a, s.add("A", 5))
	p := s.waits(func() error { return s.b.Do(s.ctx, s.add("A", 3)) })
	tx.commit()
	p.succeeds()
	tx = s.begin(s.a, s.add("A", -6))
	p = s.waits(func() error { return s.b.Do(s.ctx, s.add("A", -6)) })
	tx.commit()
	s.class(p.result(), port.ErrContract)
	same(s.truthRig, "stock", s.stock(), []port.ShopStock{{SKU: "A", Stock: 2}})
}

func shopLock(s shopRig) {
	s.do(s.add("A", 5), s.add("B", 6))
	lock := func() *port.LockShopStock {
		return &port.LockShopStock{Schema: s.schema, SKUs: []model.SKU{"A", "B", "C"}}
	}
	first, second := lock(), lock()
	tx := s.begin(s.a, first)
	same(s.truthRig, "locked", first.Found, []port.ShopStock{{SKU: "A", Stock: 5}, {SKU: "B", Stock: 6}})
	p := s.waits(func() error { return s.b.Do(s.ctx, second) })
	tx.commit(s.add("A", -4))
	p.succeeds()
	same(s.truthRig, "locked then", second.Found, []port.ShopStock{{SKU: "A", Stock: 1}, {SKU: "B", Stock: 6}})
}
