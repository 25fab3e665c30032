package postgres

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// An index is a sorted map, whatever came and went before somebody walks it.
func TestAnIndexWalksWhatIsThereInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := newIndex[int, int](cmp.Compare[int])
		model := map[int]int{}
		key := rapid.IntRange(0, 2*blockSize)
		walk := func(from int) {
			var got, want []int
			x.from(from, func(k, v int) bool { got = append(got, k, v); return true })
			for k := range 2*blockSize + 1 {
				if v, ok := model[k]; ok && k >= from {
					want = append(want, k, v)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("from %d: %v, want %v", from, got, want)
			}
		}
		for range rapid.IntRange(1, 600).Draw(t, "steps") {
			k := key.Draw(t, "key")
			switch rapid.IntRange(0, 9).Draw(t, "op") {
			case 0:
				walk(k)
			case 1, 2, 3:
				x.drop(k)
				delete(model, k)
			default:
				x.put(k, k+1000)
				model[k] = k + 1000
			}
			if _, ok := x.get(k); ok != (model[k] != 0) {
				t.Fatalf("%d is there: %v", k, ok)
			}
		}
		walk(0)
	})
}

// What comes and goes leaves nothing behind.
func TestAnIndexForgetsWhatWasDropped(t *testing.T) {
	x := newIndex[int, int](cmp.Compare[int])
	for k := range 100_000 {
		x.put(k, k)
		if k%1000 == 0 {
			x.all(func(int, int) bool { return false })
		}
		if k >= 10 {
			x.drop(k - 10)
		}
	}
	kept := len(x.fresh)
	for _, b := range x.blocks {
		kept += len(b)
	}
	if kept > 1000 {
		t.Fatalf("%d keys are kept of 10", kept)
	}
}

// The indexes beside the key know the versions that are there, and no others, once nobody writes.
func TestSecondaryIndexesForgetOldVersions(t *testing.T) {
	ctx := context.Background()
	p := New(memory.NewPlain(time.Now, func(d time.Duration, fn func()) func() bool {
		return time.AfterFunc(d, fn).Stop
	}), Options{})
	truth := p.Client()
	do := func(commit bool, batch ...port.Statement) {
		t.Helper()
		tx := truth.Begin()
		if err := tx.Do(ctx, batch...); err != nil {
			t.Fatal(err)
		}
		if commit {
			if err := tx.Commit(ctx); err != nil {
				t.Fatal(err)
			}
		}
		tx.Rollback(ctx)
	}
	id, ref := model.ID{1}, model.ID{2}
	row := port.CommandRow{ID: id, Ref: ref}
	decided := row
	decided.Decision.Outcome = model.Granted
	line := func(order byte) model.Line { return model.Line{Command: id, OrderID: model.ID{order}} }
	accept := &port.AcceptCommands{Rows: []port.CommandRow{row}}
	decide := &port.DecideCommands{Rows: []port.CommandRow{decided}}
	want := func(undecided, referring, orderLines, outbox int) {
		t.Helper()
		got := [4]int{len(p.undecided.at), len(p.referring.at), len(p.orderLines.at), len(p.outboxLog.at)}
		if got != [4]int{undecided, referring, orderLines, outbox} {
			t.Fatalf("%v", got)
		}
	}
	do(false, accept)
	want(0, 0, 0, 0)
	do(true, accept, &port.WriteLines{Lines: []model.Line{line(1)}},
		&port.InsertOutbox{Rows: []port.OutboxRow{{ID: id}}})
	want(1, 1, 1, 1)
	do(false, decide, &port.WriteLines{Lines: []model.Line{line(2)}},
		&port.WriteLines{Lines: []model.Line{line(3)}},
		&port.DeleteOutbox{IDs: []model.ID{id}})
	want(1, 1, 1, 1)
	do(true, decide, &port.WriteLines{Lines: []model.Line{line(2)}},
		&port.WriteLines{Lines: []model.Line{line(3)}},
		&port.DeleteOutbox{IDs: []model.ID{id}})
	want(0, 0, 1, 0)
}
