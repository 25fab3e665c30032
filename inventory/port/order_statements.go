package port

import "stockproof/model"

// Statements of the ledger design: orders, their lines and their sagas.

// ReadLines reads the order lines of the commands that have one, in id order.
type ReadLines struct {
	Commands []model.ID

	Lines []model.Line
}

// InsertLines inserts pending lines; a tombstone that is there already stays (ON CONFLICT DO NOTHING).
type InsertLines struct{ Lines []model.Line }

// WriteLines inserts or replaces lines. CHECK (returned <= granted). Fresh: the caller read that none of
// them is there; one that came meanwhile is then ErrConflict (23505 on order_line_pkey).
type WriteLines struct {
	Lines []model.Line
	Fresh bool
}

// ReadOrderLines reads the lines of orders, in (order id, line number, command id) order.
type ReadOrderLines struct {
	Orders []model.ID

	Lines []model.Line
}

// ScanLines reads at most Max lines behind After in command order (for audits).
type ScanLines struct {
	After model.ID
	Max   int

	Lines []model.Line
}

// Saga is where an order of several commands is. The order's row is the commit point.
type Saga uint8

// The states of a saga.
const (
	SagaNone       Saga = iota // decided in one transaction
	SagaOpen                   // reservations going on, or waiting for the customer
	SagaCommitting             // COMMITs of all lines are emitted
	SagaReleasing              // RELEASEs or EXPIREs of all lines are emitted
)

// OrderRow is a row of the orders table.
type OrderRow struct {
	ID        model.ID
	Customer  string
	Saga      Saga
	Policy    model.Policy
	Siblings  model.ID
	Attempt   int32 // of COMMIT: raised when one was refused for stock
	Deadline  int64 // ms, 0: none (NULL)
	CreatedAt int64 // ms
}

// KnownOrders reads the orders that exist, in id order.
type KnownOrders struct {
	IDs []model.ID

	Rows []OrderRow
}

// InsertOrders inserts rows. A taken id is ErrConflict (23505 on orders_pkey).
type InsertOrders struct{ Rows []OrderRow }

// AdvanceSaga moves one order from state and attempt to the next ones. If it is not there any more
// that is ErrConflict, raised in the server.
type AdvanceSaga struct {
	Order                  model.ID
	From, To               Saga
	FromAttempt, ToAttempt int32
}

// DueOrders finds orders that the coordinator must move, at most Max in id order: open all-or-nothing
// ones with a rejected line, open ones whose deadline has passed, committing ones with a line still
// reserved and no undecided command that refers to it. Undecided lines of an order keep the last two
// away, not the first.
type DueOrders struct {
	Max int

	NowMS int64
	IDs   []model.ID
}

func (*ReadLines) Statement()      {}
func (*InsertLines) Statement()    {}
func (*WriteLines) Statement()     {}
func (*ReadOrderLines) Statement() {}
func (*ScanLines) Statement()      {}
func (*KnownOrders) Statement()    {}
func (*InsertOrders) Statement()   {}
func (*AdvanceSaga) Statement()    {}
func (*DueOrders) Statement()      {}
