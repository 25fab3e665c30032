package inventory

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"stockproof/inventory/port"
	"stockproof/model"
)

// Status says how far a command is.
type Status uint8

// The statuses of an answer.
const (
	Pending     Status = iota + 1 // accepted, not decided
	Decided                       // the outcome is in the answer
	Mismatch                      // the id is known with another body: nothing was done
	Shed                          // refused under load before deciding: nothing was done, try later
	Unsupported                   // this design has no such command
	Absent                        // nobody accepted such a command
)

func (s Status) String() string {
	return [...]string{"", "pending", "decided", "mismatch", "shed", "unsupported", "absent"}[s]
}

// Answer is what a caller is told of one command.
type Answer struct {
	Command model.ID
	Kind    model.Kind
	Lane    model.LaneKey
	OrderID model.ID // of a RESERVE
	Line    int32    // of a RESERVE
	Status  Status
	model.Decision
	Epoch     int64 // wire epoch of the decision: (Lane, Epoch, Seq) reads one's own write
	Duplicate bool  // the command was known before this call
}

// AnswerTo is the answer to c, with nothing decided.
func AnswerTo(c model.Command, s Status) Answer {
	return Answer{Command: c.ID, Kind: c.Kind, Lane: c.Lane(), OrderID: c.OrderID, Line: c.Line, Status: s}
}

// String is what became of the command: a status, or an outcome with the units granted.
func (a Answer) String() string {
	switch {
	case a.Status != Decided:
		return a.Status.String()
	case a.Granted != 0:
		return fmt.Sprintf("%s %d", a.Outcome, a.Granted)
	default:
		return a.Outcome.String()
	}
}

// asked is the command that the answer speaks of, as far as a look-up needs it.
func (a Answer) asked() model.Command {
	return model.Command{ID: a.Command, Kind: a.Kind, SKU: a.Lane.SKU, Loc: a.Lane.Loc, OrderID: a.OrderID, Line: a.Line}
}

// OrderLine is one line of a checkout.
type OrderLine struct {
	// Command is the client's id of this line and revision; absent, it is derived from the order's id
	// and Number, so that a client that repeats the order repeats the id.
	Command model.ID
	Number  int32 // 1..model.MaxLines, unique within the order; 0: its place in the list
	SKU     model.SKU
	Loc     model.Location // absent: model.MainLocation
	Qty     int64
}

// Order is a checkout. ID is the client's idempotency key: the same order again is answered with the
// same outcomes, the same id with other lines is a mismatch. UUIDv7 is best (see [model.ID]).
type Order struct {
	ID       model.ID
	Customer string
	Policy   model.Policy
	Lines    []OrderLine
	TTL      time.Duration // how long a reservation is held; 0: until it is concluded
}

// Submission is what a design is asked to admit: one order's lines, or one other command.
type Submission struct {
	Order    *port.OrderRow // nil for commands that are no order
	TTL      time.Duration
	Commands []model.Command // valid, with ids
}

// Ending is how an order is concluded.
type Ending uint8

// The endings.
const (
	EndCommit  Ending = iota + 1 // the goods leave: COMMIT every granted line
	EndRelease                   // cancelled: RELEASE every line, decided or not
)

// Admission is what a design does with commands.
type Admission interface {
	// Admit accepts or decides the commands of one submission, in order. An error means that nothing
	// is known: asking again with the same ids is always safe.
	Admit(ctx context.Context, s Submission) ([]Answer, error)
	// Conclude ends an order as a whole. The order's row has one winner: saga says who.
	Conclude(ctx context.Context, order model.ID, end Ending) (saga port.Saga, as []Answer, err error)
	// Lookup answers for commands that were admitted before, in order.
	Lookup(ctx context.Context, asked []Submission) ([]Answer, error)
}

// Orders is the API's front: it validates, names and submits. Safe for concurrent use.
type Orders struct {
	Admission Admission
	Runtime   port.Runtime
	Supports  []model.Kind
	Poll      time.Duration // between two looks at an undecided command; 0: 2 ms
}

// Checkout submits an order. Bad input is a *[model.ContractError] that wraps into
// [port.ErrContract]; nothing of the order was done then.
func (o *Orders) Checkout(ctx context.Context, order Order) ([]Answer, error) {
	s, err := submission(order)
	if err != nil {
		return nil, err
	}
	return o.admit(ctx, s)
}

// Submit submits a command that is no order line: RESTOCK, ADJUST, RETURN, TRANSFER, SET_LIMIT.
// COMMIT, RELEASE and EXPIRE belong to an order as a whole: see Commit and Cancel.
func (o *Orders) Submit(ctx context.Context, c model.Command) (Answer, error) {
	if c.Loc == "" {
		c.Loc = model.MainLocation
	}
	switch c.Kind {
	case model.Reserve, model.Commit, model.Release, model.Expire:
		return Answer{}, refused("command "+c.ID.String(),
			model.Contractf("kind", "%s belongs to an order as a whole", c.Kind))
	}
	if err := c.Validate(); err != nil {
		return Answer{}, refused("command "+c.ID.String(), err)
	}
	as, err := o.admit(ctx, Submission{Commands: []model.Command{c}})
	if err != nil {
		return Answer{}, err
	}
	return as[0], nil
}

// Commit lets the granted lines of an order leave the building.
func (o *Orders) Commit(ctx context.Context, order model.ID) (port.Saga, []Answer, error) {
	return o.conclude(ctx, order, EndCommit, model.Commit)
}

// Cancel gives an order's units back; lines that are not decided yet never will be granted.
func (o *Orders) Cancel(ctx context.Context, order model.ID) (port.Saga, []Answer, error) {
	return o.conclude(ctx, order, EndRelease, model.Release)
}

// Await polls until every answer of as is decided, and fills it in: the truth is asked after Poll, then
// after twice as long, at most every 50 ms.
func (o *Orders) Await(ctx context.Context, as []Answer) error {
	poll := o.Poll
	if poll == 0 {
		poll = 2 * time.Millisecond
	}
	for {
		var asked []Submission
		var at []int
		for i, a := range as {
			if a.Status == Pending {
				asked = append(asked, Submission{Commands: []model.Command{a.asked()}})
				at = append(at, i)
			}
		}
		if len(asked) == 0 {
			return nil
		}
		if err := o.Runtime.Sleep(ctx, jitter(o.Runtime, poll)); err != nil {
			return err
		}
		poll = min(2*poll, 50*time.Millisecond)
		found, err := o.Admission.Lookup(ctx, asked)
		if err != nil && !Retryable(err) {
			return err
		}
		if err != nil {
			continue
		}
		for i, f := range found {
			a := &as[at[i]]
			a.Status, a.Decision, a.Epoch = f.Status, f.Decision, f.Epoch
		}
	}
}

func (o *Orders) admit(ctx context.Context, s Submission) ([]Answer, error) {
	for _, c := range s.Commands {
		if !o.supports(c.Kind) {
			as := make([]Answer, len(s.Commands))
			for i, c := range s.Commands {
				as[i] = AnswerTo(c, Unsupported)
			}
			return as, nil
		}
	}
	return o.Admission.Admit(ctx, s)
}

func (o *Orders) conclude(ctx context.Context, order model.ID, end Ending, k model.Kind) (port.Saga, []Answer, error) {
	if order.IsZero() {
		return 0, nil, refused("order", model.Contractf("order_id", "is absent"))
	}
	if !o.supports(k) {
		return 0, []Answer{{Kind: k, Status: Unsupported}}, nil
	}
	return o.Admission.Conclude(ctx, order, end)
}

func (o *Orders) supports(k model.Kind) bool {
	for _, s := range o.Supports {
		if s == k {
			return true
		}
	}
	return false
}

// submission names and validates the commands of an order.
func submission(order Order) (Submission, error) {
	s, err := placing(order)
	if err != nil {
		return Submission{}, refused("order "+order.ID.String(), err)
	}
	return s, nil
}

func placing(order Order) (Submission, error) {
	switch {
	case order.ID.IsZero():
		return Submission{}, model.Contractf("order_id", "is absent")
	case len(order.Lines) == 0 || len(order.Lines) > model.MaxLines:
		return Submission{}, model.Contractf("lines", "%d, outside 1..%d", len(order.Lines), model.MaxLines)
	case order.TTL < 0:
		return Submission{}, model.Contractf("ttl", "%s is negative", order.TTL)
	}
	cs := make([]model.Command, len(order.Lines))
	for i, l := range order.Lines {
		cs[i] = lineCommand(order, l, i)
	}
	if err := distinct(cs); err != nil {
		return Submission{}, err
	}
	siblings := model.SiblingsID(cs)
	for i := range cs {
		cs[i].Siblings = siblings
		if err := cs[i].Validate(); err != nil {
			return Submission{}, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	row := port.OrderRow{ID: order.ID, Customer: order.Customer, Policy: order.Policy, Siblings: siblings}
	return Submission{Order: &row, TTL: order.TTL, Commands: cs}, nil
}

// distinct refuses lines with one number or one id.
func distinct(cs []model.Command) error {
	if len(cs) == 1 {
		return nil
	}
	ids, numbers := make(map[model.ID]int, len(cs)), make(map[int32]int, len(cs))
	for i, c := range cs {
		if j, taken := numbers[c.Line]; taken {
			return model.Contractf("line", "lines %d and %d have the same number %d", j+1, i+1, c.Line)
		}
		if j, taken := ids[c.ID]; taken {
			return model.Contractf("command_id", "lines %d and %d have the same id %s", j+1, i+1, c.ID)
		}
		ids[c.ID], numbers[c.Line] = i, i
	}
	return nil
}

func lineCommand(order Order, l OrderLine, i int) model.Command {
	if l.Number == 0 {
		l.Number = int32(i) + 1
	}
	if l.Loc == "" {
		l.Loc = model.MainLocation
	}
	if l.Command.IsZero() {
		l.Command = LineID(order.ID, l.Number)
	}
	return model.Command{ID: l.Command, Kind: model.Reserve, SKU: l.SKU, Loc: l.Loc, OrderID: order.ID,
		Line: l.Number, Qty: l.Qty, Policy: order.Policy}
}

// LineID is the command id of an order line whose client gave none: it stands beside the order's.
func LineID(order model.ID, number int32) model.ID {
	return model.NameID("line", order.String(), strconv.Itoa(int(number))).Beside(order)
}

func refused(what string, err error) error {
	return fmt.Errorf("%s: %w: %w", what, port.ErrContract, err)
}
