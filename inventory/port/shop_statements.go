package port

import "stockproof/model"

// The statements of the designs without a ledger: article, dualwrite and rowlock, each with a schema
// of its own, named for it. All three have stock(sku_id, initial, stock CHECK (stock >= 0)).

// Schema names the tables a shop statement works on.
type Schema string

// The schemas.
const (
	ArticleSchema   Schema = "article"
	DualWriteSchema Schema = "dualwrite"
	RowLockSchema   Schema = "rowlock"
)

// ShopStatus is orders.status. In article and dualwrite it also says what a row asks for: a row is
// inserted with the first status of a pair and gets the second when it was processed.
type ShopStatus string

// The statuses.
const (
	ShopPending       ShopStatus = "PENDING" // a purchase, not processed
	ShopGranted       ShopStatus = "GRANTED"
	ShopRejected      ShopStatus = "REJECTED"
	ShopOversold      ShopStatus = "OVERSOLD" // granted by Redis, refused by CHECK (stock >= 0)
	ShopRestock       ShopStatus = "RESTOCK"
	ShopRestocked     ShopStatus = "RESTOCKED"
	ShopCancel        ShopStatus = "CANCEL"
	ShopCancelled     ShopStatus = "CANCELLED"
	ShopReturn        ShopStatus = "RETURN"
	ShopReturned      ShopStatus = "RETURNED"
	ShopAdjust        ShopStatus = "ADJUST" // Qty is signed
	ShopAdjusted      ShopStatus = "ADJUSTED"
	ShopAdjustRefused ShopStatus = "ADJUST_REFUSED"
)

// ShopOrder is a row of article.orders or dualwrite.orders: one order line, or one event with an
// order id of its own. The columns are those of testdata/envelopes/raw-table.jsonl.
type ShopOrder struct {
	ID        int64 // bigserial, given by the server
	OrderID   model.ID
	SKU       model.SKU
	Qty       int64
	Status    ShopStatus
	CreatedAt int64 // ms, given by the server
}

// InsertShopOrders appends rows in the order given; the server numbers them.
type InsertShopOrders struct {
	Schema Schema
	Rows   []ShopOrder

	IDs []int64
}

// FindShopOrders reads the rows of orders, in (order id, id) order.
type FindShopOrders struct {
	Schema Schema
	Orders []model.ID

	Rows []ShopOrder
}

// ScanShopOrders reads at most Max rows behind After in id order (for audits).
type ScanShopOrders struct {
	Schema Schema
	After  int64
	Max    int

	Rows []ShopOrder
}

// SetShopStatus writes a row's status. Changed is false if the row does not exist.
type SetShopStatus struct {
	Schema Schema
	ID     int64
	Status ShopStatus

	Changed bool
}

// AddShopStock adds a signed number of units to a SKU's row, which it creates (initial 0) where it is
// missing. Below zero is ErrContract (CHECK stock_stock_check, 23514).
type AddShopStock struct {
	Schema Schema
	SKU    model.SKU
	Delta  int64
}

// RecomputeShopStock is the article's absolute stock from one statement: initial + restocks, returns,
// cancels and adjustments (processed or not) - granted orders; and beside it the units of purchases
// that are not final. In SKU order, for every SKU with a stock row.
type RecomputeShopStock struct {
	Schema Schema

	Rows []ShopStock
}

// ShopStock is one SKU's stock.
type ShopStock struct {
	SKU        model.SKU
	Stock      int64 // the stock row
	Recomputed int64
	Pending    int64
}

// LockShopStock is SELECT ... FOR UPDATE on the stock rows that exist, in SKU order.
type LockShopStock struct {
	Schema Schema
	SKUs   []model.SKU

	Found []ShopStock // SKU and Stock only
}

// ReadShopStock reads stock rows without a lock; all of them if SKUs is empty.
type ReadShopStock struct {
	Schema Schema
	SKUs   []model.SKU

	Found []ShopStock // SKU and Stock only
}

// RowLockOrder is a row of rowlock.orders: one decided command.
type RowLockOrder struct {
	Command     model.ID // unique
	Fingerprint model.Fingerprint
	OrderID     model.ID // absent for what is no order line
	Line        int32
	Kind        model.Kind
	Ref         model.ID
	SKU         model.SKU
	Qty         int64 // units asked for; of an ADJUST signed
	Outcome     model.Outcome
	Granted     int64 // units; of a RESERVE less what was cancelled
	Stock       int64 // after it
	State       model.LineState
	Returned    int64
	DecidedAt   int64 // ms
}

// InsertRowLockOrders inserts rows. A taken command is ErrConflict (23505).
type InsertRowLockOrders struct{ Rows []RowLockOrder }

// FindRowLockOrders reads rows by command, in id order.
type FindRowLockOrders struct {
	Commands []model.ID

	Rows []RowLockOrder
}

// FindRowLockLines reads the RESERVE rows of orders, in (order, line) order.
type FindRowLockLines struct {
	Orders []model.ID

	Rows []RowLockOrder
}

// UpdateRowLockLines writes Granted, State and Returned of RESERVE rows.
type UpdateRowLockLines struct{ Rows []RowLockOrder }

// ScanRowLockOrders reads at most Max rows behind After in command order (for audits).
type ScanRowLockOrders struct {
	After model.ID
	Max   int

	Rows []RowLockOrder
}

func (*InsertShopOrders) Statement()    {}
func (*FindShopOrders) Statement()      {}
func (*ScanShopOrders) Statement()      {}
func (*SetShopStatus) Statement()       {}
func (*AddShopStock) Statement()        {}
func (*RecomputeShopStock) Statement()  {}
func (*LockShopStock) Statement()       {}
func (*ReadShopStock) Statement()       {}
func (*InsertRowLockOrders) Statement() {}
func (*FindRowLockOrders) Statement()   {}
func (*FindRowLockLines) Statement()    {}
func (*UpdateRowLockLines) Statement()  {}
func (*ScanRowLockOrders) Statement()   {}
