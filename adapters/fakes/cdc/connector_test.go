package cdc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stockproof/adapters/debezium"
	"stockproof/adapters/fakes/cdc"
	"stockproof/adapters/live"
	"stockproof/inventory/port"
	"stockproof/model"
)

var config = debezium.Config{TopicPrefix: "inv", Outbox: &debezium.Outbox{Table: "ledger.inventory_outbox"}}

// hasty is the runtime of real processes that does not wait.
type hasty struct{ live.Runtime }

func (hasty) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// log is what slot and broker know of one run: records are numbered as their changes are.
type log struct {
	changes []port.Change

	confirmed int // changes before it are forgotten
	at        int // next change to send
	records   []int
	topics    []string

	stop     context.CancelFunc // a crash, or the end of the stream
	readErr  func() error       // what the next read fails with
	wreck    func(n int) (written int, crash bool, err error)
	contract []string // violations of the connector's contract
}

// transactions makes a log of transactions with the given numbers of outbox rows.
func transactions(sizes ...int) *log {
	l := &log{readErr: func() error { return nil }}
	l.wreck = func(n int) (int, bool, error) { return n, false, nil }
	for xid, size := range sizes {
		for i := range size {
			n := len(l.changes)
			l.changes = append(l.changes, port.Change{Schema: "ledger", Table: "inventory_outbox", Op: 'c',
				LSN: uint64(n + 1), CommitLSN: uint64(100 * (xid + 1)), XID: int64(xid + 1), Ordinal: i + 1, Last: i == size-1,
				After: []port.Column{{Name: "id", Value: [16]byte{15: 1}}, {Name: "aggregatetype", Value: "inventory.state"},
					{Name: "aggregateid", Value: "A"}, {Name: "type", Value: "state"}, {Name: "seq", Value: int64(n)},
					{Name: "payload", Value: fmt.Sprintf("%d", n)}}})
		}
	}
	return l
}

func (l *log) Read(ctx context.Context, max int) ([]port.Change, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := l.readErr(); err != nil {
		l.at = l.confirmed
		return nil, err
	}
	if l.at == len(l.changes) {
		l.stop()
		return nil, ctx.Err()
	}
	out := l.changes[l.at:min(l.at+max, len(l.changes))]
	l.at += len(out)
	return out, nil
}

func (l *log) Confirm(_ context.Context, lsn uint64) error {
	for l.confirmed < len(l.changes) && l.changes[l.confirmed].CommitLSN <= lsn {
		if !slices.Contains(l.records, l.confirmed) {
			l.contract = append(l.contract, fmt.Sprintf("confirmed change %d, which is not in the broker", l.confirmed))
		}
		l.confirmed++
	}
	return nil
}

func (l *log) Produce(_ context.Context, rs ...port.Record) error {
	written, crash, err := l.wreck(len(rs))
	for _, r := range rs[:written] {
		l.topics = append(l.topics, r.Topic)
		if !strings.HasPrefix(r.Topic, "inventory.") {
			continue
		}
		n := 0
		if _, err := fmt.Sscan(string(r.Value), &n); err != nil {
			l.contract = append(l.contract, err.Error())
		}
		l.records = append(l.records, n)
	}
	if crash {
		l.stop()
	}
	return err
}

func (l *log) Join(context.Context, string, string) (port.Member, error) {
	panic("a connector joins no group")
}
func (l *log) End(context.Context, string) (model.ID, []int64, error) {
	panic("a connector reads no topic")
}

// run runs one process until the stream is drained or wreck crashes it.
func (l *log) run(o cdc.Options) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	l.stop, l.at = stop, l.confirmed
	return cdc.New(l, l, hasty{}, config, o).Run(ctx)
}

func (l *log) want(t *testing.T, records ...int) {
	t.Helper()
	if !slices.Equal(l.records, records) || len(l.contract) > 0 {
		t.Errorf("the broker has %v, want %v (%v)", l.records, records, l.contract)
	}
}

func TestARestartEmitsAgainWhatWasNotFlushed(t *testing.T) {
	l := transactions(1, 1, 1, 1, 1)
	o := cdc.Options{BatchMax: 1, FlushBatches: 2}
	if err := l.run(o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	l.want(t, 0, 1, 2, 3, 4)
	if err := l.run(o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	l.want(t, 0, 1, 2, 3, 4, 4) // two flushes of two batches; the fifth was not
}

// slow is a runtime whose clock moves a second whenever it is read.
type slow struct {
	hasty
	now *time.Time
}

func (s slow) Now() time.Time {
	*s.now = s.now.Add(time.Second)
	return *s.now
}

func TestAFlushIsDueWhenItsIntervalHasPassed(t *testing.T) {
	for interval, confirmed := range map[time.Duration]int{0: 0, time.Nanosecond: 3, time.Hour: 0} {
		l := transactions(1, 1, 1)
		ctx, stop := context.WithCancel(context.Background())
		l.stop = stop
		o := cdc.Options{BatchMax: 1, FlushBatches: 1000, FlushInterval: interval}
		_ = cdc.New(l, l, slow{now: new(time.Time)}, config, o).Run(ctx)
		stop()
		l.want(t, 0, 1, 2)
		if l.confirmed != confirmed {
			t.Errorf("interval %v: %d confirmed, want %d", interval, l.confirmed, confirmed)
		}
	}
}

func TestATransactionIsConfirmedWholeOrNotAtAll(t *testing.T) {
	l := transactions(1, 3)
	calls := 0
	l.wreck = func(n int) (int, bool, error) {
		calls++
		return n, calls == 3, nil // the process dies inside the second transaction
	}
	_ = l.run(cdc.Options{BatchMax: 1})
	l.want(t, 0, 1, 2)
	_ = l.run(cdc.Options{BatchMax: 1})
	l.want(t, 0, 1, 2, 1, 2, 3)
}

func TestABatchOfUnknownOutcomeIsWrittenAgainInOrder(t *testing.T) {
	l := transactions(4)
	calls := 0
	l.wreck = func(n int) (int, bool, error) {
		switch calls++; calls {
		case 1:
			return 0, false, fmt.Errorf("no leader: %w", port.ErrUnavailable)
		case 2:
			return 2, false, fmt.Errorf("connection lost: %w", port.ErrUnknown)
		}
		return n, false, nil
	}
	_ = l.run(cdc.Options{})
	l.want(t, 0, 1, 0, 1, 2, 3)
}

func TestARefusalEndsTheProcess(t *testing.T) {
	l := transactions(1, 1)
	l.wreck = func(int) (int, bool, error) { return 0, false, fmt.Errorf("record too large: %w", port.ErrContract) }
	if err := l.run(cdc.Options{BatchMax: 1}); !errors.Is(err, port.ErrContract) || l.confirmed != 0 {
		t.Errorf("%v, %d confirmed", err, l.confirmed)
	}
	l = transactions(1, 1, 1)
	l.changes[1].Op = 'u'
	err := l.run(cdc.Options{})
	if !errors.Is(err, port.ErrContract) || !strings.Contains(err.Error(), "ledger.inventory_outbox at LSN 2") || l.confirmed != 0 {
		t.Errorf("%v, %d confirmed", err, l.confirmed)
	}
	l.want(t, 0) // what came before the change that cannot be encoded
}

func TestABrokenConfigurationIsTheErrorOfRun(t *testing.T) {
	l := transactions(1)
	err := cdc.New(l, l, hasty{}, debezium.Config{}, cdc.Options{}).Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "topic prefix") {
		t.Error(err)
	}
}

// TestAPositionOfAnotherTimelineIsNotConfirmed: after a failover positions start again below those of
// before, and an old one would confirm what nobody has read.
func TestAPositionOfAnotherTimelineIsNotConfirmed(t *testing.T) {
	l := transactions(1)
	l.changes[0].CommitLSN = 1000
	promoted := transactions(3).changes
	reads := 0
	l.readErr = func() error {
		if reads++; reads == 2 {
			l.changes = promoted
			return fmt.Errorf("terminating connection: %w", port.ErrUnavailable)
		}
		return nil
	}
	_ = l.run(cdc.Options{BatchMax: 1, FlushBatches: 2})
	l.want(t, 0, 0, 1, 2)
}

func TestDuplicatesFollowTheirBatch(t *testing.T) {
	l := transactions(3, 3)
	var seen []int
	_ = l.run(cdc.Options{BatchMax: 3, Duplicate: func(n int, rec port.Record) bool {
		seen = append(seen, n)
		return n%2 == 0 && rec.Topic == "inventory.state"
	}})
	l.want(t, 0, 1, 2, 0, 2, 3, 4, 5, 4)
	if !slices.Equal(seen, []int{0, 1, 2, 3, 4, 5}) {
		t.Errorf("asked for %v", seen)
	}
}

func TestHeartbeatsGoToTheirOwnTopic(t *testing.T) {
	l := transactions()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	l.wreck = func(n int) (int, bool, error) { return n, len(l.topics) == 2, nil }
	l.stop = stop
	blocked := blockedSlot{}
	err := cdc.New(blocked, l, hasty{}, config, cdc.Options{Heartbeat: time.Second}).Run(ctx)
	if !errors.Is(err, context.Canceled) || !slices.Equal(l.topics, []string{
		"__debezium-heartbeat.inv", "__debezium-heartbeat.inv", "__debezium-heartbeat.inv"}) {
		t.Errorf("%v, %v", err, l.topics)
	}
}

// blockedSlot never has a change.
type blockedSlot struct{}

func (blockedSlot) Read(ctx context.Context, _ int) ([]port.Change, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (blockedSlot) Confirm(context.Context, uint64) error { return nil }

// TestNothingIsLostAndOrderIsKept: whatever fails and however often the process dies, every change is in
// the broker, a record is never ahead of one that was not written before it, and nothing is confirmed
// that the broker does not have.
func TestNothingIsLostAndOrderIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := transactions(rapid.SliceOfN(rapid.IntRange(1, 4), 1, 6).Draw(t, "transactions")...)
		o := cdc.Options{BatchMax: rapid.IntRange(1, 5).Draw(t, "batch"), FlushBatches: rapid.IntRange(1, 3).Draw(t, "flush")}
		failures := rapid.IntRange(0, 12).Draw(t, "failures")
		fails := func() bool {
			if failures == 0 || !rapid.Bool().Draw(t, "fails") {
				return false
			}
			failures--
			return true
		}
		l.readErr = func() error {
			if fails() {
				return fmt.Errorf("connection lost: %w", port.ErrUnavailable)
			}
			return nil
		}
		l.wreck = func(n int) (int, bool, error) {
			if !fails() {
				return n, false, nil
			}
			written := rapid.IntRange(0, n).Draw(t, "written")
			return written, rapid.Bool().Draw(t, "crash"), fmt.Errorf("connection lost: %w", port.ErrUnknown)
		}
		for l.confirmed < len(l.changes) {
			if err := l.run(o); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if failures == 0 {
				o.FlushBatches = 1
			}
		}
		written := 0
		for _, n := range l.records {
			if n > written {
				t.Fatalf("record %d before record %d: %v", n, written, l.records)
			}
			written = max(written, n+1)
		}
		if written != len(l.changes) || len(l.contract) > 0 {
			t.Fatalf("%d of %d changes are in the broker: %v", written, len(l.changes), l.contract)
		}
	})
}
