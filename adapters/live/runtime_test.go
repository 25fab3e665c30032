package live_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"stockproof/adapters/live"
	"stockproof/inventory/port"
)

// The tests run in a synctest bubble: its clock moves only when every goroutine waits, so that a
// duration in them is exact and none of them takes any time.
func bubble(t *testing.T, fn func(t *testing.T, ctx context.Context, rt port.Runtime)) {
	synctest.Test(t, func(t *testing.T) { fn(t, t.Context(), live.Runtime{}) })
}

func send(t *testing.T, ctx context.Context, box port.Mailbox, vs ...int) {
	t.Helper()
	for _, v := range vs {
		if err := box.Send(ctx, v); err != nil {
			t.Error(err)
		}
	}
}

func wantItems(t *testing.T, vs []any, err error, want ...int) {
	t.Helper()
	got := make([]int, len(vs))
	for i, v := range vs {
		got[i] = v.(int)
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("received %v, %v, want %v", got, err, want)
	}
}

func TestReceiveTakesWhatIsThereInOrderAndAtMostMax(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, rt port.Runtime) {
		box := rt.Mailbox(10)
		send(t, ctx, box, 1, 2, 3, 4, 5)
		began := rt.Now()
		vs, err := box.Receive(ctx, 3, 0)
		wantItems(t, vs, err, 1, 2, 3)
		vs, err = box.Receive(ctx, 3, 0)
		wantItems(t, vs, err, 4, 5)
		if d := rt.Now().Sub(began); d != 0 {
			t.Errorf("receiving without linger took %s", d)
		}
	})
}

func TestReceiveBlocksForTheFirstItem(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, rt port.Runtime) {
		box := rt.Mailbox(1)
		go func() {
			rt.Sleep(ctx, time.Hour)
			send(t, ctx, box, 7)
		}()
		vs, err := box.Receive(ctx, 10, 0)
		wantItems(t, vs, err, 7)
	})
}

func TestLingerIsCountedFromTheFirstItem(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, rt port.Runtime) {
		box := rt.Mailbox(10)
		go func() {
			for i, pause := range []time.Duration{10, 3, 3, 3} { // at 10, 13, 16 and 19 ms
				rt.Sleep(ctx, pause*time.Millisecond)
				send(t, ctx, box, i)
			}
		}()
		began := rt.Now()
		vs, err := box.Receive(ctx, 10, 7*time.Millisecond)
		wantItems(t, vs, err, 0, 1, 2)
		if d := rt.Now().Sub(began); d != 17*time.Millisecond {
			t.Errorf("returned after %s, want 10 ms for the first and 7 ms linger", d)
		}
		vs, err = box.Receive(ctx, 10, 0)
		wantItems(t, vs, err, 3)
	})
}

func TestLingerEndsEarlyWhenMaxIsThere(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, rt port.Runtime) {
		box := rt.Mailbox(10)
		go func() {
			send(t, ctx, box, 1)
			rt.Sleep(ctx, time.Millisecond)
			send(t, ctx, box, 2)
		}()
		began := rt.Now()
		vs, err := box.Receive(ctx, 2, time.Hour)
		wantItems(t, vs, err, 1, 2)
		if d := rt.Now().Sub(began); d != time.Millisecond {
			t.Errorf("returned after %s, want 1 ms", d)
		}
	})
}

func TestACancelledReceiveKeepsWhatItHas(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, rt port.Runtime) {
		box := rt.Mailbox(10)
		send(t, ctx, box, 1)
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		vs, err := box.Receive(short, 2, time.Hour)
		wantItems(t, vs, err, 1) // an item that was taken is never dropped
		if _, err := box.Receive(short, 2, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("receive from an empty box with a dead context: %v", err)
		}
	})
}

func TestAFullMailboxHoldsSendersBackAndRefusesOffers(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, rt port.Runtime) {
		box := rt.Mailbox(2)
		if !box.Offer(1) || !box.Offer(2) || box.Offer(3) {
			t.Fatal("a box of two takes two offers and refuses the third")
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := box.Send(short, 3); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("send to a full box: %v", err)
		}
		sent := false
		go func() {
			send(t, ctx, box, 4)
			sent = true
		}()
		synctest.Wait()
		if sent {
			t.Fatal("a sender was not held back")
		}
		vs, err := box.Receive(ctx, 1, 0)
		wantItems(t, vs, err, 1)
		synctest.Wait()
		if !sent {
			t.Fatal("a sender was not let go when there was room")
		}
		vs, err = box.Receive(ctx, 10, 0)
		wantItems(t, vs, err, 2, 4)
	})
}

func TestEverySentItemIsReceivedOnceByOneOfManyReceivers(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, rt port.Runtime) {
		const senders, each, receivers = 8, 100, 3
		box := rt.Mailbox(4)
		got := make([][]any, receivers)
		receiving, stop := context.WithCancel(ctx)
		in, out := rt.Group(ctx), rt.Group(receiving)
		for s := range senders {
			in.Go("send", func(ctx context.Context) error {
				for i := range each {
					if err := box.Send(ctx, s*each+i); err != nil {
						return err
					}
				}
				return nil
			})
		}
		for r := range receivers {
			out.Go("receive", func(ctx context.Context) error {
				for {
					vs, err := box.Receive(ctx, 7, time.Millisecond)
					if err != nil {
						return nil
					}
					got[r] = append(got[r], vs...)
				}
			})
		}
		if err := in.Wait(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		stop()
		if err := out.Wait(); err != nil {
			t.Fatal(err)
		}
		seen := map[any]int{}
		last := make([][]int, receivers)
		for r := range got {
			last[r] = slices.Repeat([]int{-1}, senders)
			for _, v := range got[r] {
				seen[v]++
				s, i := v.(int)/each, v.(int)%each
				if i < last[r][s] {
					t.Fatalf("item %d of sender %d came after %d", i, s, last[r][s])
				}
				last[r][s] = i
			}
		}
		for v := range senders * each {
			if seen[v] != 1 {
				t.Fatalf("item %d was received %d times", v, seen[v])
			}
		}
	})
}

func TestAGroupsFirstErrorCancelsTheOthersAndIsReturned(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, rt port.Runtime) {
		first, second := errors.New("first"), errors.New("second")
		g := rt.Group(ctx)
		var cancelled atomic.Int32
		for range 3 {
			g.Go("waits", func(ctx context.Context) error {
				err := rt.Sleep(ctx, time.Hour)
				if errors.Is(err, context.Canceled) {
					cancelled.Add(1)
				}
				return second
			})
		}
		g.Go("fails", func(ctx context.Context) error {
			rt.Sleep(ctx, time.Second)
			return first
		})
		began := rt.Now()
		if err := g.Wait(); err != first {
			t.Errorf("the group returned %v, want the first error", err)
		}
		if d := rt.Now().Sub(began); d != time.Second || cancelled.Load() != 3 {
			t.Errorf("%d of 3 were cancelled, after %s", cancelled.Load(), d)
		}
		if ctx.Err() != nil {
			t.Error("a group's error cancelled its parent")
		}
	})
}

func TestAGroupEndsWithItsContextAndWaitsForAll(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, rt port.Runtime) {
		ctx, cancel := context.WithCancel(ctx)
		g := rt.Group(ctx)
		ended := 0
		g.Go("tidies up", func(ctx context.Context) error {
			<-ctx.Done()
			rt.Sleep(context.WithoutCancel(ctx), time.Minute)
			ended++
			return nil
		})
		cancel()
		if err := g.Wait(); err != nil || ended != 1 {
			t.Errorf("wait: %v with %d of 1 ended", err, ended)
		}
	})
}

func TestSleepIsExactAndEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, rt port.Runtime) {
		began := rt.Now()
		if err := rt.Sleep(ctx, 90*time.Second); err != nil || rt.Now().Sub(began) != 90*time.Second {
			t.Errorf("slept %s, %v", rt.Now().Sub(began), err)
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		began = rt.Now()
		err := rt.Sleep(short, time.Hour)
		if !errors.Is(err, context.DeadlineExceeded) || rt.Now().Sub(began) != time.Second {
			t.Errorf("slept %s, %v", rt.Now().Sub(began), err)
		}
	})
}

func TestTheTypedQueueIsTheMailbox(t *testing.T) {
	bubble(t, func(t *testing.T, ctx context.Context, rt port.Runtime) {
		q := port.NewQueue[string](rt, 2)
		if err := q.Send(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		if !q.Offer("b") || q.Offer("c") {
			t.Error("a queue of two holds two")
		}
		vs, err := q.Receive(ctx, 5, 0)
		if err != nil || !slices.Equal(vs, []string{"a", "b"}) {
			t.Errorf("received %q, %v", vs, err)
		}
	})
}
