package observe

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// Point is a place in a process where a fault may strike: behind a call that took effect, or before
// one.
type Point struct {
	Name  string // "deduct", "credit", "settle", "install", "produce", "offset-commit" (before it)
	Order string // of a script: whose order; "": not known
}

// Tap stands between an instance and its ports: it says what passes, and once the instance is dead
// nothing passes any more, not even what its deferred code still asks for.
type Tap struct {
	dead atomic.Bool
	// at is asked at every point; true: the instance dies here.
	at func(Point) bool
	// script hears the answer of every script of the article's.
	script func(op port.SpeedOp, since int)
	events func() int
	buried func(value []byte)
	// asks and handed hear of every fetch: from where, and what came.
	asks   func(who holder, from port.Position)
	handed func(who holder, rs []port.Record)
}

// NewTap listens for a watch.
func NewTap(w *Watch, at func(Point) bool) *Tap {
	return &Tap{at: at, script: w.script, events: w.Events, buried: w.buried, asks: w.holdings.asks,
		handed: func(who holder, rs []port.Record) { w.holdings.handed(who, rs, w.Micros()) }}
}

// Dead reports whether the instance has died.
func (t *Tap) Dead() bool { return t.dead.Load() }

// Kill ends the instance: from now on nothing passes.
func (t *Tap) Kill() { t.dead.Store(true) }

var errDead = fmt.Errorf("the process is dead: %w", port.ErrUnavailable)

// die is a point at which the instance may be told to die; then the caller gets an error that it
// never sees in real life, because it is gone.
func (t *Tap) die(p Point) error {
	if t.dead.Load() || t.at(p) {
		t.dead.Store(true)
		return errDead
	}
	return nil
}

// Wrap puts the tap before the ports.
func (t *Tap) Wrap(p inventory.Ports) inventory.Ports {
	p.Truth, p.Speed, p.Broker = tapTruth{t, p.Truth}, tapSpeed{t, p.Speed}, tapBroker{t, p.Broker}
	return p
}

type tapTruth struct {
	t     *Tap
	truth port.Truth
}

func (x tapTruth) Begin() port.Tx { return tapTx{x.t, x.truth.Begin()} }

func (x tapTruth) Do(ctx context.Context, batch ...port.Statement) error {
	if x.t.dead.Load() {
		return errDead
	}
	return x.truth.Do(ctx, batch...)
}

type tapTx struct {
	t  *Tap
	tx port.Tx
}

func (x tapTx) Do(ctx context.Context, batch ...port.Statement) error {
	if x.t.dead.Load() {
		return errDead
	}
	return x.tx.Do(ctx, batch...)
}

func (x tapTx) Commit(ctx context.Context, batch ...port.Statement) error {
	if x.t.dead.Load() {
		return errDead
	}
	if err := x.tx.Commit(ctx, batch...); err != nil {
		return err
	}
	return x.t.die(Point{Name: "settle"})
}

// Rollback passes even from the dead: the server rolls back what a lost connection leaves open, and
// without it the client would keep the connection for ever.
func (x tapTx) Rollback(ctx context.Context) { x.tx.Rollback(ctx) }

type tapSpeed struct {
	t     *Tap
	speed port.Speed
}

func (x tapSpeed) Do(ctx context.Context, ops ...port.SpeedOp) error {
	if x.t.dead.Load() {
		return errDead
	}
	since := x.t.events()
	err := x.speed.Do(ctx, ops...)
	for _, op := range ops {
		if op.SpeedOp().Err != nil {
			continue
		}
		var p Point
		switch op := op.(type) {
		case *port.Deduct:
			p = Point{Name: "deduct", Order: op.Order}
		case *port.Credit:
			p = Point{Name: "credit", Order: op.Order}
		case *port.InstallLane:
			p = Point{Name: "install"}
		default:
			continue
		}
		x.t.script(op, since)
		if dead := x.t.die(p); dead != nil {
			return dead
		}
	}
	return err
}

type tapBroker struct {
	t      *Tap
	broker port.Broker
}

func (x tapBroker) Produce(ctx context.Context, rs ...port.Record) error {
	if x.t.dead.Load() {
		return errDead
	}
	if err := x.broker.Produce(ctx, rs...); err != nil {
		return err
	}
	for _, r := range rs {
		if r.Topic == model.DeadTopic {
			x.t.buried(r.Value)
		}
	}
	return x.t.die(Point{Name: "produce"})
}

func (x tapBroker) Join(ctx context.Context, group, topic string) (port.Member, error) {
	if x.t.dead.Load() {
		return nil, errDead
	}
	m, err := x.broker.Join(ctx, group, topic)
	return tapMember{x.t, m, group}, err
}

func (x tapBroker) End(ctx context.Context, topic string) (id model.ID, ends []int64, err error) {
	if x.t.dead.Load() {
		return id, nil, errDead
	}
	return x.broker.End(ctx, topic)
}

type tapMember struct {
	t     *Tap
	m     port.Member
	group string
}

func (x tapMember) Claim(ctx context.Context) (port.Claim, error) {
	if x.t.dead.Load() {
		return nil, errDead
	}
	c, err := x.m.Claim(ctx)
	if err != nil {
		return nil, err
	}
	return tapClaim{c, x.t, holder{x.group, c.Topic(), c.Partition()}}, nil
}

func (x tapMember) Leave(ctx context.Context) error {
	if x.t.dead.Load() {
		return errDead
	}
	return x.m.Leave(ctx)
}

type tapClaim struct {
	port.Claim
	t   *Tap
	who holder
}

func (x tapClaim) Fetch(ctx context.Context, from port.Position, max int, linger time.Duration) ([]port.Record, error) {
	if x.t.dead.Load() {
		return nil, errDead
	}
	x.t.asks(x.who, from)
	rs, err := x.Claim.Fetch(ctx, from, max, linger)
	if err == nil && !x.t.dead.Load() {
		x.t.handed(x.who, rs)
	}
	return rs, err
}

func (x tapClaim) Commit(ctx context.Context, next port.Position) error {
	if err := x.t.die(Point{Name: "offset-commit"}); err != nil {
		return err
	}
	return x.Claim.Commit(ctx, next)
}

func (x tapClaim) Release() {
	if !x.t.dead.Load() {
		x.Claim.Release()
	}
}
