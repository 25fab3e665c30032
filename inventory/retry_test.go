package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"stockproof/adapters/live"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// hurried is a runtime that sleeps no time at all, and ends its context after some sleeps.
type hurried struct {
	live.Runtime
	mu     sync.Mutex
	sleeps int
	end    func()
}

func (h *hurried) Sleep(ctx context.Context, _ time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sleeps--; h.sleeps == 0 {
		h.end()
	}
	return ctx.Err()
}

// ear is a monitor that remembers its alarms.
type ear struct {
	port.Quiet
	mu     sync.Mutex
	alarms []string
}

func (e *ear) Alarm(what string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.alarms = append(e.alarms, fmt.Sprint(what, ": ", err))
}

// away is a server of any kind that does not answer.
type away struct{ port.Broker }

var errAway = fmt.Errorf("server-7 refuses connections: %w", port.ErrUnavailable)

func (away) Do(context.Context, ...port.Statement) error               { return errAway }
func (away) Begin() port.Tx                                            { return awayTx{} }
func (away) Join(context.Context, string, string) (port.Member, error) { return nil, errAway }

type awayTx struct{}

func (awayTx) Do(context.Context, ...port.Statement) error     { return errAway }
func (awayTx) Commit(context.Context, ...port.Statement) error { return errAway }
func (awayTx) Rollback(context.Context)                        {}

type awaySpeed struct{}

func (awaySpeed) Do(context.Context, ...port.SpeedOp) error { return errAway }

// yes is a speed layer that takes every deduction.
type yes struct{}

func (yes) Do(_ context.Context, ops ...port.SpeedOp) error {
	for _, op := range ops {
		op.(*port.Deduct).Reply = port.DeductOK
	}
	return nil
}

// stays is a handler whose server stays away.
type stays struct{ inventory.GroupPosition }

func (stays) Handle(_ context.Context, _ port.Claim, at port.Position, _ []port.Record) (port.Position, error) {
	return at, errAway
}

// backoff reaches its cap at the fifth wait.
var backoff = inventory.Backoff{Base: time.Millisecond, Cap: 16 * time.Millisecond}

// What is tried without an end, by whichever role, is heard of once the wait has reached its cap, and then
// at every attempt: what is being done, to what, and which server does not answer.
func TestAServerThatStaysAwayIsHeardOf(t *testing.T) {
	row := port.ShopOrder{ID: 3, OrderID: model.NameID("o"), SKU: "A", Qty: 1, Status: port.ShopPending}
	for name, c := range map[string]struct {
		run   func(ctx context.Context, rt port.Runtime, m port.Monitor) error
		names string
	}{
		"a handler": {func(ctx context.Context, rt port.Runtime, m port.Monitor) error {
			s := &script{fetch: []func() ([]port.Record, error){got(2, 4)}, over: func() {}}
			return inventory.Consumer{Broker: s, Runtime: rt, Monitor: m, Group: "g", Topic: "t", Max: 10, Backoff: backoff,
				Handler: func() inventory.Handler { return stays{} }}.Run(ctx)
		}, "partition paused: t[0]: server-7"},
		"a group": {func(ctx context.Context, rt port.Runtime, m port.Monitor) error {
			return inventory.Consumer{Broker: away{}, Runtime: rt, Monitor: m, Group: "g", Topic: "t", Backoff: backoff}.Run(ctx)
		}, "join group g of t: server-7"},
		"a relay": {func(ctx context.Context, rt port.Runtime, m port.Monitor) error {
			return inventory.Relay{Truth: away{}, Runtime: rt, Monitor: m, Backoff: backoff}.Run(ctx)
		}, "relay the outbox: relay: read the outbox: server-7"},
		"what is done once": {func(ctx context.Context, rt port.Runtime, m port.Monitor) error {
			return inventory.Once{Name: "promote", Runtime: rt, Monitor: m, Backoff: backoff,
				Do: func(context.Context) error { return errAway }}.Run(ctx)
		}, "promote: server-7"},
		"a shop's Redis": {func(ctx context.Context, rt port.Runtime, m port.Monitor) error {
			s := inventory.Shop{Truth: away{}, Speed: awaySpeed{}, Runtime: rt, Monitor: m, Backoff: backoff}
			return s.Apply(ctx, row)
		}, fmt.Sprintf("row 3 of order %s, SKU \"A\", waits for Redis: server-7", row.OrderID)},
		"a shop's truth": {func(ctx context.Context, rt port.Runtime, m port.Monitor) error {
			s := inventory.Shop{Truth: away{}, Speed: yes{}, Runtime: rt, Monitor: m, Backoff: backoff}
			return s.Apply(ctx, row)
		}, fmt.Sprintf("row 3 of order %s, SKU \"A\", waits for the truth: write", row.OrderID)},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			e := &ear{}
			if err := c.run(ctx, &hurried{sleeps: 12, end: cancel}, e); !errors.Is(err, context.Canceled) {
				t.Fatalf("it gave up: %v", err)
			}
			// Waits of 1, 2, 4 and 8 ms are nobody's business; eight more of 16 ms are.
			if len(e.alarms) != 8 {
				t.Errorf("%d alarms of 12 attempts: %q", len(e.alarms), e.alarms)
			}
			for _, a := range e.alarms {
				if !strings.Contains(a, c.names) || !strings.Contains(a, "server-7") {
					t.Errorf("the alarm is %q, want it to name %q", a, c.names)
				}
			}
		})
	}
}

// What works before the wait has reached its cap is no alarm, and neither is the end of a process.
func TestAPassingFailureIsNoAlarm(t *testing.T) {
	e, attempts := &ear{}, 0
	rt := &hurried{sleeps: -1}
	err := inventory.Retry(t.Context(), rt, backoff.Alarming(e, "x"), func() error {
		if attempts++; attempts < 5 {
			return errAway
		}
		return nil
	})
	if err != nil || attempts != 5 || len(e.alarms) != 0 {
		t.Errorf("%v after %d attempts, alarms %q", err, attempts, e.alarms)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = inventory.Retry(ctx, rt, inventory.Backoff{}.Alarming(e, "x"), func() error { return errAway })
	if !errors.Is(err, context.Canceled) || len(e.alarms) != 0 {
		t.Errorf("%v, alarms %q", err, e.alarms)
	}
}

// Whoever gives up does not know, if any attempt was unknown: the last one may have failed cleanly, and an
// earlier one have happened.
func TestAnUnknownAttemptIsNotForgotten(t *testing.T) {
	lost := fmt.Errorf("connection lost at COMMIT: %w", port.ErrUnknown)
	for name, c := range map[string]struct {
		attempts []error
		class    error
	}{
		"first":      {[]error{lost, errAway, errAway}, port.ErrUnknown},
		"in between": {[]error{errAway, lost, errAway}, port.ErrUnknown},
		"never":      {[]error{errAway, errAway, errAway}, port.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			b, n := backoff, 0
			b.Attempts = len(c.attempts)
			err := inventory.Retry(t.Context(), &hurried{sleeps: -1}, b, func() error { n++; return c.attempts[n-1] })
			if port.Class(err) != c.class || n != len(c.attempts) || !strings.Contains(err.Error(), "server-7") {
				t.Errorf("after %d attempts: %v, want class %v and the last server named", n, err, c.class)
			}
		})
	}
}
