package inventory

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"stockproof/inventory/port"
)

// Handler is what a design does with the records of one partition.
type Handler interface {
	// Start says where to read: the position in the truth, or the group's.
	Start(ctx context.Context, claim port.Claim) (port.Position, error)
	// Handle makes the records' effects durable and returns the position behind them. ErrFenced:
	// somebody else moved the position, Start again. Whatever else fails is tried again with backoff:
	// a record is never skipped.
	Handle(ctx context.Context, claim port.Claim, at port.Position, rs []port.Record) (port.Position, error)
	// Lost says where to go on when the log does not hold the position any more.
	Lost(ctx context.Context, claim port.Claim, at port.Position, gone *port.OutOfRangeError) (port.Position, error)
}

// Consumer is the process that every design reads a topic with: a member of a group that runs one
// sequential loop per claimed partition.
type Consumer struct {
	Broker  port.Broker
	Runtime port.Runtime
	Monitor port.Monitor
	Group   string
	Topic   string
	Max     int           // records per batch
	Linger  time.Duration // 0: what arrives during one round trip is the next batch
	// Handler makes the handler of one claim: what it remembers belongs to one partition's loop.
	Handler func() Handler
	Backoff Backoff
}

// Run implements [port.Process].
func (c Consumer) Run(ctx context.Context) error {
	for {
		err := c.member(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.Monitor.Alarm(fmt.Sprintf("group %s of %s: membership ended, joining again", c.Group, c.Topic), err)
		if err := c.Runtime.Sleep(ctx, jitter(c.Runtime, c.Backoff.Cap/4)); err != nil {
			return err
		}
	}
}

func (c Consumer) member(ctx context.Context) error {
	var m port.Member
	alarming := c.Backoff.Alarming(c.Monitor, "join group "+c.Group+" of "+c.Topic)
	err := Retry(ctx, c.Runtime, alarming, func() (err error) {
		m, err = c.Broker.Join(ctx, c.Group, c.Topic)
		return err
	})
	if err != nil {
		return err
	}
	loops := c.Runtime.Group(ctx)
	loops.Go("claims", func(ctx context.Context) error {
		for {
			claim, err := m.Claim(ctx)
			if err != nil {
				return err
			}
			loops.Go(place(claim), func(ctx context.Context) error {
				return c.consume(ctx, claim)
			})
		}
	})
	return errors.Join(loops.Wait(), m.Leave(ctx))
}

// consume is the loop of one claim. It ends when the claim is gone.
func (c Consumer) consume(ctx context.Context, claim port.Claim) error {
	defer claim.Release()
	handler := c.Handler()
	var at port.Position
	start := true
	for {
		next, err := at, error(nil)
		switch {
		case start:
			next, err = handler.Start(ctx, claim)
		default:
			next, err = c.step(ctx, handler, claim, at)
		}
		switch {
		case err == nil:
			at, start = next, false
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errClaimOver):
			return nil
		case errors.Is(err, port.ErrFenced):
			start = true
		default:
			// Infrastructure pauses the partition; so does what is left of anything else, because the
			// only other choice is to lose a record.
			c.Monitor.Alarm(Paused(claim), err)
		}
		if err != nil {
			if err := c.Runtime.Sleep(ctx, jitter(c.Runtime, c.Backoff.Base*4)); err != nil {
				return err
			}
		}
	}
}

// Paused says in an alarm that the records of a claim wait.
func Paused(claim port.Claim) string {
	return "partition paused: " + place(claim)
}

// place is where the records of a claim are: "inventory.command[0]".
func place(claim port.Claim) string {
	return claim.Topic() + "[" + strconv.Itoa(int(claim.Partition())) + "]"
}

// errClaimOver says that the partition has gone to another member.
var errClaimOver = errors.New("claim is over")

// step fetches and handles one batch, then stores the group's offset.
func (c Consumer) step(ctx context.Context, handler Handler, claim port.Claim, at port.Position) (port.Position, error) {
	rs, err := claim.Fetch(ctx, at, c.Max, c.Linger)
	var gone *port.OutOfRangeError
	switch {
	case errors.As(err, &gone):
		c.Monitor.Alarm("position lost", gone)
		return handler.Lost(ctx, claim, at, gone)
	case errors.Is(err, port.ErrFenced):
		return at, errClaimOver
	case err != nil || len(rs) == 0:
		return at, err
	}
	var next port.Position
	err = Retry(ctx, c.Runtime, c.Backoff.Alarming(c.Monitor, Paused(claim)), func() (err error) {
		next, err = handler.Handle(ctx, claim, at, rs)
		return err
	})
	if err != nil {
		return at, err
	}
	if err := claim.Commit(ctx, next); errors.Is(err, port.ErrFenced) {
		return at, errClaimOver
	} else if err != nil && ctx.Err() == nil {
		c.Monitor.Count("offset-commit-failed", 1) // the next one covers it
	}
	return next, nil
}

// After is the position behind a record.
func After(r port.Record) port.Position {
	return port.Position{Offset: r.Offset + 1, LeaderEpoch: r.LeaderEpoch}
}

// GroupPosition is the Start and Lost of handlers whose effects tolerate repetition: the group's
// offset, and the earliest record the log still holds.
type GroupPosition struct{}

// Start implements [Handler].
func (GroupPosition) Start(_ context.Context, claim port.Claim) (port.Position, error) {
	return claim.Committed(), nil
}

// Lost implements [Handler].
func (GroupPosition) Lost(_ context.Context, _ port.Claim, _ port.Position, gone *port.OutOfRangeError) (port.Position, error) {
	return port.Position{Offset: gone.Earliest, LeaderEpoch: -1}, nil
}
