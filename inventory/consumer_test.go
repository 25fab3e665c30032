package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"stockproof/adapters/live"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// script is a broker of one partition whose claim answers fetches as a test says, and remembers from
// where each of them was.
type script struct {
	fetch  []func() ([]port.Record, error) // one each; behind the last the test is over
	commit error
	over   context.CancelFunc

	from   []int64
	stored []int64
	handed bool
}

func (s *script) Produce(context.Context, ...port.Record) error { return nil }

func (s *script) End(context.Context, string) (model.ID, []int64, error) { return model.ID{}, nil, nil }

func (s *script) Join(context.Context, string, string) (port.Member, error) { return s, nil }

func (s *script) Leave(context.Context) error { return nil }

// Claim gives the partition once.
func (s *script) Claim(ctx context.Context) (port.Claim, error) {
	if s.handed {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	s.handed = true
	return scripted{s}, nil
}

type scripted struct{ *script }

func (scripted) Topic() string            { return "t" }
func (scripted) TopicID() model.ID        { return model.NameID("t") }
func (scripted) Partition() int32         { return 0 }
func (scripted) Committed() port.Position { return port.Position{Offset: 2} }
func (c scripted) Release()               { c.over() }

func (c scripted) Fetch(ctx context.Context, from port.Position, _ int, _ time.Duration) ([]port.Record, error) {
	if len(c.from) == len(c.fetch) {
		c.over()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	c.script.from = append(c.from, from.Offset)
	return c.fetch[len(c.from)-1]()
}

func (c scripted) Commit(_ context.Context, next port.Position) error {
	c.stored = append(c.stored, next.Offset)
	return c.commit
}

// steps is a handler that remembers how often it was started; its errors come in turn, then it works.
type steps struct {
	inventory.GroupPosition
	starts int
	errs   []error
	lost   int64
}

func (h *steps) Start(ctx context.Context, c port.Claim) (port.Position, error) {
	h.starts++
	return h.GroupPosition.Start(ctx, c)
}

func (h *steps) Handle(_ context.Context, _ port.Claim, at port.Position, rs []port.Record) (port.Position, error) {
	if len(h.errs) > 0 {
		err := h.errs[0]
		h.errs = h.errs[1:]
		return at, err
	}
	return inventory.After(rs[len(rs)-1]), nil
}

func (h *steps) Lost(_ context.Context, _ port.Claim, at port.Position, gone *port.OutOfRangeError) (port.Position, error) {
	h.lost = at.Offset
	return port.Position{Offset: gone.Earliest}, nil
}

func got(first, last int64) func() ([]port.Record, error) {
	var rs []port.Record
	for o := first; o <= last; o++ {
		rs = append(rs, port.Record{Topic: "t", Offset: o})
	}
	return func() ([]port.Record, error) { return rs, nil }
}

func fails(err error) func() ([]port.Record, error) {
	return func() ([]port.Record, error) { return nil, err }
}

func class(err error) error { return fmt.Errorf("stub: %w", err) }

// A consumer keeps its place: only a fence makes it ask again where to begin.
func TestAConsumerKeepsItsPlace(t *testing.T) {
	type fetches = []func() ([]port.Record, error)
	gone := &port.OutOfRangeError{Topic: "t", Asked: 5, Earliest: 9, Latest: 12}
	for name, c := range map[string]struct {
		fetch  fetches
		handle []error
		commit error
		from   []int64 // of every fetch
		starts int
	}{
		"a fetch fails": {fetch: fetches{got(2, 4), fails(class(port.ErrUnavailable)), got(5, 6), got(7, 7)},
			from: []int64{2, 5, 5, 7}, starts: 1},
		"fetches fail in several ways": {fetch: fetches{got(2, 4), fails(class(port.ErrUnknown)),
			fails(errors.New("of no class")), fails(nil), got(5, 5)}, from: []int64{2, 5, 5, 5, 5}, starts: 1},
		"the first fetch fails": {fetch: fetches{fails(class(port.ErrUnavailable)), got(2, 2)},
			from: []int64{2, 2}, starts: 1},
		"a handler tries again": {fetch: fetches{got(2, 4), got(5, 5)},
			handle: []error{class(port.ErrUnavailable), class(port.ErrUnknown), class(port.ErrConflict)},
			from:   []int64{2, 5}, starts: 1},
		"a handler cannot go on": {fetch: fetches{got(2, 4), got(2, 4), got(5, 5)},
			handle: []error{class(port.ErrContract)}, from: []int64{2, 2, 5}, starts: 1},
		"a handler is fenced": {fetch: fetches{got(2, 4), got(2, 4), got(5, 5)},
			handle: []error{class(port.ErrFenced)}, from: []int64{2, 2, 5}, starts: 2},
		"the position is lost": {fetch: fetches{got(2, 4), fails(gone), got(9, 9)}, from: []int64{2, 5, 9}, starts: 1},
		"the claim is gone":    {fetch: fetches{got(2, 4), fails(class(port.ErrFenced)), got(5, 5)}, from: []int64{2, 5}, starts: 1},
		"its generation is over": {fetch: fetches{got(2, 4), got(5, 5)}, commit: class(port.ErrFenced),
			from: []int64{2}, starts: 1},
		"an offset is not stored": {fetch: fetches{got(2, 4), got(5, 5)}, commit: class(port.ErrUnavailable),
			from: []int64{2, 5}, starts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			s, h := &script{fetch: c.fetch, commit: c.commit, over: cancel}, &steps{errs: c.handle}
			err := inventory.Consumer{Broker: s, Runtime: live.Runtime{}, Monitor: port.Quiet{}, Group: "g", Topic: "t",
				Max: 10, Handler: func() inventory.Handler { return h },
				Backoff: inventory.Backoff{Base: time.Millisecond, Cap: time.Millisecond}}.Run(ctx)
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if !slices.Equal(s.from, c.from) || h.starts != c.starts {
				t.Errorf("fetched from %v after %d starts, want %v after %d", s.from, h.starts, c.from, c.starts)
			}
			if name == "the position is lost" && h.lost != 5 {
				t.Errorf("lost at %d", h.lost)
			}
		})
	}
}
