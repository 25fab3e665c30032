package contract

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"stockproof/inventory/port"
	"stockproof/model"
)

// TruthBed is one empty migrated database, without a cluster row, and what a test must be able to do
// to it.
type TruthBed struct {
	// Client opens the access of one more process, with connections of its own.
	Client func() port.Truth
	// Kill ends every connection of a client, as pg_terminate_backend does. The client may go on over
	// new ones.
	Kill func(port.Truth)
	// Depose makes another server the one that may write, as a failover does: the gate is closed here
	// until SetEpoch.
	Depose func()
	// Waiting is how many transactions wait for a lock.
	Waiting func() int
}

// truthCase is one test of the suite.
type truthCase struct {
	name string
	run  func(r *truthRig)
}

// Truth puts an implementation of [port.Truth] through the suite.
func Truth(t *testing.T, open func(t *testing.T) TruthBed) {
	for _, group := range [][]truthCase{truthEpochCases(), truthProgressCases(), truthLaneCases(),
		truthCommandCases(), truthResubmitCases(), truthLedgerCases(), truthLineCases(),
		truthOrderCases(), truthOutboxCases(), truthDeadCases(), truthShopCases(), truthRowLockCases(),
		truthTransactionCases(), truthLockCases(), truthWaitCases(), truthLossCases()} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) { c.run(newTruthRig(t, open(t))) })
		}
	}
}

// truthRig is a bed with two processes, and the calls that must succeed.
type truthRig struct {
	*testing.T
	bed  TruthBed
	ctx  context.Context
	a, b port.Truth
}

func newTruthRig(t *testing.T, bed TruthBed) *truthRig {
	return &truthRig{T: t, bed: bed, ctx: soon(t), a: bed.Client(), b: bed.Client()}
}

// do runs statements as one implicit transaction of process a.
func (r *truthRig) do(batch ...port.Statement) {
	r.Helper()
	r.must(r.a.Do(r.ctx, batch...))
}

// fails runs them and returns the error.
func (r *truthRig) fails(class error, batch ...port.Statement) error {
	r.Helper()
	err := r.a.Do(r.ctx, batch...)
	r.class(err, class)
	return err
}

// refused runs them and wants a constraint to refuse them.
func (r *truthRig) refused(class error, state, table, constraint string, batch ...port.Statement) {
	r.Helper()
	r.constraint(r.a.Do(r.ctx, batch...), class, state, table, constraint)
}

func (r *truthRig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *truthRig) class(err, class error) {
	r.Helper()
	if !errors.Is(err, class) || port.Class(err) != class {
		r.Fatalf("error of class %v wanted, not: %v", class, err)
	}
}

func (r *truthRig) constraint(err, class error, state, table, constraint string) {
	r.Helper()
	r.class(err, class)
	var c *port.ConstraintError
	if !errors.As(err, &c) || c.SQLState != state || c.Table != table || c.Constraint != constraint {
		r.Fatalf("SQLSTATE %s by %s of %s wanted, not: %v", state, constraint, table, err)
	}
}

// truthTx is an open transaction whose calls must succeed.
type truthTx struct {
	port.Tx
	r *truthRig
}

func (r *truthRig) begin(t port.Truth, batch ...port.Statement) *truthTx {
	r.Helper()
	tx := &truthTx{t.Begin(), r}
	r.Cleanup(func() { tx.Rollback(context.Background()) })
	if len(batch) > 0 {
		tx.do(batch...)
	}
	return tx
}

func (tx *truthTx) do(batch ...port.Statement) {
	tx.r.Helper()
	tx.r.must(tx.Do(tx.r.ctx, batch...))
}

func (tx *truthTx) commit(batch ...port.Statement) {
	tx.r.Helper()
	tx.r.must(tx.Commit(tx.r.ctx, batch...))
}

func (tx *truthTx) rollback() { tx.Rollback(tx.r.ctx) }

// pending is a call in the background.
type pending struct {
	r    *truthRig
	done chan error
}

// waits starts a call and returns when the server says that one more transaction waits.
func (r *truthRig) waits(call func() error) *pending {
	r.Helper()
	before := r.bed.Waiting()
	p := &pending{r, make(chan error, 1)}
	go func() { p.done <- call() }()
	p.waits(before + 1)
	return p
}

// waits returns when the server says that n transactions wait, this call being one of them.
func (p *pending) waits(n int) {
	p.r.Helper()
	for p.r.bed.Waiting() < n {
		select {
		case err := <-p.done:
			p.r.Fatalf("the call did not wait: %v", err)
		case <-p.r.ctx.Done():
			p.r.Fatal("nobody waits")
		case <-time.After(time.Millisecond):
		}
	}
}

// result is what the call returned.
func (p *pending) result() error {
	p.r.Helper()
	select {
	case err := <-p.done:
		return err
	case <-p.r.ctx.Done():
		p.r.Fatal("the call waits for ever")
		return nil
	}
}

func (p *pending) succeeds() { p.r.Helper(); p.r.must(p.result()) }

// same compares what was read with what was meant; lists without elements are alike.
func same[T any](r *truthRig, what string, got, want T) {
	r.Helper()
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	if g.Kind() == reflect.Slice && g.Len() == 0 && w.Len() == 0 {
		return
	}
	if !reflect.DeepEqual(got, want) {
		r.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// nth is an id whose place in the order is known.
func nth(n int) (id model.ID) {
	id[0], id[14], id[15] = 0x10, byte(n>>8), byte(n)
	return id
}

func nths(ns ...int) []model.ID {
	ids := make([]model.ID, len(ns))
	for i, n := range ns {
		ids[i] = nth(n)
	}
	return ids
}

// laneAt is a key for the given SKU.
func laneAt(sku string) model.LaneKey {
	return model.LaneKey{SKU: model.SKU(sku), Loc: model.MainLocation}
}

// stocked is a lane with stock.
func stocked(sku string, seq, onHand int64) model.Lane {
	return model.Lane{Key: laneAt(sku), Seq: seq, OnHand: onHand, StockVersion: seq}
}

// created makes lanes and writes their counters.
func (r *truthRig) created(lanes ...model.Lane) {
	r.Helper()
	keys := make([]model.LaneKey, len(lanes))
	for i, l := range lanes {
		keys[i] = l.Key
	}
	r.do(&port.CreateLanes{Lanes: keys}, &port.WriteLanes{Lanes: lanes})
}

// lane reads one lane.
func (r *truthRig) lane(sku string) model.Lane {
	r.Helper()
	st := &port.ReadLanes{Lanes: []model.LaneKey{laneAt(sku)}}
	r.do(st)
	if len(st.Found) != 1 {
		r.Fatalf("%d lanes %s", len(st.Found), sku)
	}
	return st.Found[0]
}

// undecidedCommand is a row as intake writes it.
func undecidedCommand(n int, sku string) port.CommandRow {
	c := model.Command{ID: nth(n), Kind: model.Restock, SKU: model.SKU(sku), Loc: model.MainLocation,
		Qty: int64(n + 1)}
	return port.CommandRow{ID: c.ID, Fingerprint: c.Fingerprint(), Kind: c.Kind, Lane: c.Lane(),
		Body: model.EncodeCommand(c), Part: 3, IntakeEpoch: 7, SubmittedAt: 1000 + int64(n),
		NextTry: 2000 + int64(n), SentAt: 1500, Tries: 0}
}

// decidedCommand is that row with an answer.
func decidedCommand(n int, sku string, seq int64) port.CommandRow {
	c := undecidedCommand(n, sku)
	c.Decision = model.Decision{Outcome: model.Granted, Granted: 4, Backordered: 1, Seq: seq, Avail: -1}
	c.Epoch, c.DecidedAt = model.WireEpoch(7, 1), 9000
	return c
}

func commandIDs(rows []port.CommandRow) string {
	s := ""
	for _, c := range rows {
		s += fmt.Sprintf(" %d", int(c.ID[14])<<8|int(c.ID[15]))
	}
	return s
}
