package cdc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"stockproof/adapters/debezium"
	"stockproof/adapters/fakes/cdc"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

func TestSkippedChangesAreConfirmed(t *testing.T) {
	l := transactions(1, 1)
	_ = l.run(cdc.Options{})
	l.changes = append(l.changes, transactions(1, 1, 1, 2).changes[2:]...)
	var skipped []int
	_ = l.run(cdc.Options{Faults: cdc.Faults{Lose: func(n int, c port.Change) bool {
		if cdc.SkipFirst(2)(n, c) {
			skipped = append(skipped, l.confirmed+n)
			l.records = append(l.records, l.confirmed+n) // else the log calls the confirmation a mistake
			return true
		}
		return false
	}}})
	if fmt.Sprint(skipped) != "[2 3]" || l.confirmed != 5 {
		t.Errorf("skipped %v, %d confirmed of %d", skipped, l.confirmed, len(l.changes))
	}
	l.want(t, 0, 1, 2, 3, 4)
}

func TestOfChangesThatShareALSNTheFirstIsLeft(t *testing.T) {
	l := transactions(3, 1)
	l.changes[0].LSN, l.changes[1].LSN = 3, 3
	l.records = []int{1, 2}
	_ = l.run(cdc.Options{Faults: cdc.Faults{LoseSharedLSN: true}})
	l.want(t, 1, 2, 0, 3)
}

// article runs the article's connector over its table until the slot is drained, and returns the classes
// and operations of what it wrote.
func article(t *testing.T, o cdc.Options, changes ...port.Change) (kinds []string) {
	t.Helper()
	c := inventory.Connector{Tables: []string{"article.orders"}, Topic: model.OrderTopic, KeyColumn: "sku_id"}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	l := &log{changes: changes, readErr: func() error { return nil }, stop: stop}
	sink := &decoded{log: l}
	err := cdc.New(l, sink, hasty{}, debezium.ForDesign(c), o).Run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return sink.kinds
}

type decoded struct {
	*log
	kinds []string
}

func (d *decoded) Produce(_ context.Context, rs ...port.Record) error {
	for _, r := range rs {
		ev, err := debezium.Decoder{}.Decode(r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Value, err)
		}
		kind := fmt.Sprint(ev.Class)
		if ev.Row != nil {
			kind = fmt.Sprintf("%c %s %d", ev.Row.Op, ev.Row.Source.Snapshot, ev.Row.Source.LSN)
			if len(r.Key) == 0 {
				kind += " without key"
			}
			if ev.Row.Transaction != nil {
				kind += " counted"
			}
		}
		d.kinds = append(d.kinds, kind)
	}
	return nil
}

func orderRow(op byte, lsn uint64, ordinal int, last bool) port.Change {
	return port.Change{Schema: "article", Table: "orders", Op: op, LSN: lsn, CommitLSN: 100 + lsn, XID: int64(lsn),
		Ordinal: ordinal, Last: last, After: []port.Column{{Name: "id", Value: int64(1)}, {Name: "sku_id", Value: "A"}}}
}

func TestNoiseIsWrittenBehindItsChange(t *testing.T) {
	for noise, want := range map[cdc.Noise]string{
		0:                    "",
		cdc.NoiseHeartbeat:   "heartbeat",
		cdc.NoiseTransaction: "transaction,transaction",
		cdc.NoiseUpdate:      "u false 7",
		cdc.NoiseDelete:      "d false 7,tombstone",
		cdc.NoiseTruncate:    "t false 7 without key",
	} {
		o := cdc.Options{Faults: cdc.Faults{Noise: func(n int, _ port.Change) cdc.Noise {
			if n == 1 {
				return 0
			}
			return noise
		}}}
		got := strings.Join(article(t, o, orderRow('c', 7, 1, true), orderRow('c', 8, 1, true)), ",")
		first := "transaction,c false 7 counted,transaction"
		if want != "" {
			first += "," + want
		}
		if got != first+",transaction,c false 8 counted,transaction" {
			t.Errorf("noise %b: %s", noise, got)
		}
	}
}

// snapshots is a slot whose server has two rows.
type snapshots struct {
	*log
	begun bool
	asked []bool
	first uint64 // that was confirmed
}

func (s *snapshots) Snapshot(_ context.Context, unlessBegun bool) ([]port.Change, uint64, error) {
	if s.asked = append(s.asked, unlessBegun); unlessBegun && s.begun {
		return nil, 0, nil
	}
	return []port.Change{orderRow('r', 5, 1, false), orderRow('r', 5, 2, true)}, 5, nil
}

func (s *snapshots) Confirm(_ context.Context, lsn uint64) error {
	if !s.begun {
		s.first = lsn
	}
	s.begun = true
	return nil
}

func TestASnapshotComesBeforeTheStreamWhereTheModeAsksForIt(t *testing.T) {
	for mode, want := range map[cdc.Snapshot][2]string{
		cdc.SnapshotNever:   {"c false 8", "c false 8"},
		cdc.SnapshotInitial: {"r first 5,r last 5,c false 8", "c false 8"},
		cdc.SnapshotAlways:  {"r first 5,r last 5,c false 8", "r first 5,r last 5,c false 8"},
	} {
		s := &snapshots{log: &log{readErr: func() error { return nil }}}
		s.changes = []port.Change{orderRow('c', 8, 1, true)}
		for life, want := range want {
			ctx, stop := context.WithCancel(context.Background())
			s.stop, s.at = stop, 0
			sink := &decoded{log: s.log}
			cfg := debezium.Config{TopicPrefix: "inv", Keys: []debezium.TableKey{{Table: "article.orders", Columns: []string{"id"}}}}
			o := cdc.Options{Snapshot: mode, Faults: cdc.Faults{LoseSharedLSN: true}}
			if err := cdc.New(s, sink, hasty{}, cfg, o).Run(ctx); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			stop()
			if got := strings.Join(sink.kinds, ","); got != want {
				t.Errorf("mode %d, life %d: %s, want %s", mode, life, got, want)
			}
			if want := map[bool]uint64{true: 108, false: 5}[mode == cdc.SnapshotNever]; s.first != want {
				t.Errorf("mode %d: %d was confirmed first, want %d", mode, s.first, want)
			}
		}
	}
	l := transactions(1)
	if err := l.run(cdc.Options{Snapshot: cdc.SnapshotAlways}); !errors.Is(err, port.ErrContract) {
		t.Error("a server without snapshots gave one: ", err)
	}
}

func TestIncrementalRowsHaveNoPosition(t *testing.T) {
	row := orderRow('r', 0, 1, true)
	row.XID = 0
	if got := strings.Join(article(t, cdc.Options{}, row), ","); got != "r incremental 0" {
		t.Error(got)
	}
}
