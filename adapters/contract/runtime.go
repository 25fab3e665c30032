package contract

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"stockproof/inventory/port"
)

// Runtime is the contract of [port.Runtime] as the production code relies on it. run executes body as a
// process of its own in a world whose time passes only when nobody in it can go on, so that durations
// are exact; body starts nothing side by side but through the runtime.
func Runtime(t *testing.T, run func(t *testing.T, body func(ctx context.Context, rt port.Runtime))) {
	for _, c := range []struct {
		name string
		body func(w world)
	}{
		{"sleep takes its time and ends with its context", sleepIsExact},
		{"random draws differ", randomDiffers},
		{"receive takes what is there in order and at most max", receiveTakesInOrder},
		{"receive waits for the first item", receiveWaits},
		{"linger counts from the first item", lingerCounts},
		{"linger ends early when max is there", lingerEndsEarly},
		{"a cancelled receive keeps what it has", receiveKeeps},
		{"a full mailbox holds senders back and refuses offers", fullHoldsBack},
		{"every item is received once, and nobody receives nothing", receivedOnce},
		{"a group's first error cancels the others and is returned", groupFails},
		{"a group waits for all of its functions", groupWaits},
		{"a group ends with its context, and what it started does not", groupEnds},
	} {
		t.Run(c.name, func(t *testing.T) {
			ended := false
			run(t, func(ctx context.Context, rt port.Runtime) {
				c.body(world{t, ctx, rt})
				ended = true
			})
			if !ended {
				t.Error("the process did not come to its end")
			}
		})
	}
}

// world is what a case sees of the runtime. It reports with Errorf only: a process is not the test's
// own goroutine.
type world struct {
	*testing.T
	ctx context.Context
	rt  port.Runtime
}

// within is a context that ends after d, by cancellation.
func (w world) within(d time.Duration) context.Context {
	ctx, cancel := context.WithCancel(w.ctx)
	w.rt.Group(w.ctx).Go("cancel", func(ctx context.Context) error {
		defer cancel()
		return w.rt.Sleep(ctx, d)
	})
	return ctx
}

// takes calls fn and expects it to take as long.
func (w world) takes(want time.Duration, fn func()) {
	w.Helper()
	began := w.rt.Now()
	fn()
	if d := w.rt.Now().Sub(began); d != want {
		w.Errorf("it took %s, want %s", d, want)
	}
}

func (w world) send(ctx context.Context, box port.Mailbox, vs ...int) {
	w.Helper()
	for _, v := range vs {
		if err := box.Send(ctx, v); err != nil {
			w.Errorf("send %d: %v", v, err)
		}
	}
}

func (w world) receives(ctx context.Context, box port.Mailbox, max int, linger time.Duration, want ...int) {
	w.Helper()
	vs, err := box.Receive(ctx, max, linger)
	if err != nil || len(vs) != len(want) {
		w.Errorf("received %v, %v, want %v", vs, err, want)
		return
	}
	for i, v := range vs {
		if v != any(want[i]) {
			w.Errorf("received %v, want %v", vs, want)
		}
	}
}

func (w world) cancelled(what string, err error) {
	w.Helper()
	if !errors.Is(err, context.Canceled) {
		w.Errorf("%s: %v, want the context's error", what, err)
	}
}

func sleepIsExact(w world) {
	w.takes(90*time.Second, func() {
		if err := w.rt.Sleep(w.ctx, 90*time.Second); err != nil {
			w.Error(err)
		}
	})
	w.takes(time.Second, func() { w.cancelled("sleep", w.rt.Sleep(w.within(time.Second), time.Hour)) })
	over := w.within(0)
	_ = w.rt.Sleep(w.ctx, time.Second)
	w.takes(0, func() { w.cancelled("sleep with a dead context", w.rt.Sleep(over, time.Hour)) })
}

func randomDiffers(w world) {
	seen := map[uint64]bool{}
	for range 32 {
		seen[w.rt.Random()] = true
	}
	if len(seen) < 30 {
		w.Errorf("32 draws gave %d numbers", len(seen))
	}
}

func receiveTakesInOrder(w world) {
	box := w.rt.Mailbox(10)
	w.send(w.ctx, box, 1, 2, 3, 4, 5)
	w.takes(0, func() {
		w.receives(w.ctx, box, 3, 0, 1, 2, 3)
		w.receives(w.ctx, box, 3, 0, 4, 5)
	})
}

// later sends items with a pause in front of each.
func (w world) later(box port.Mailbox, pauses ...time.Duration) {
	w.rt.Group(w.ctx).Go("later", func(ctx context.Context) error {
		for i, pause := range pauses {
			if err := w.rt.Sleep(ctx, pause); err != nil {
				return err
			}
			w.send(ctx, box, i)
		}
		return nil
	})
}

func receiveWaits(w world) {
	box := w.rt.Mailbox(1)
	w.later(box, time.Hour)
	w.takes(time.Hour, func() { w.receives(w.ctx, box, 10, 0, 0) })
	w.takes(time.Second, func() {
		_, err := box.Receive(w.within(time.Second), 10, 0)
		w.cancelled("receive from an empty box", err)
	})
}

func lingerCounts(w world) {
	const ms = time.Millisecond
	box := w.rt.Mailbox(10)
	w.later(box, 10*ms, 3*ms, 3*ms, 3*ms) // at 10, 13, 16 and 19 ms
	w.takes(17*ms, func() { w.receives(w.ctx, box, 10, 7*ms, 0, 1, 2) })
	w.takes(2*ms, func() { w.receives(w.ctx, box, 10, 0, 3) })
}

func lingerEndsEarly(w world) {
	box := w.rt.Mailbox(10)
	w.send(w.ctx, box, 7)
	w.later(box, time.Millisecond)
	w.takes(time.Millisecond, func() { w.receives(w.ctx, box, 2, time.Hour, 7, 0) })
}

func receiveKeeps(w world) {
	box := w.rt.Mailbox(10)
	w.send(w.ctx, box, 1)
	ctx := w.within(time.Second)
	w.receives(ctx, box, 2, time.Hour, 1) // what was taken is never dropped
	_, err := box.Receive(ctx, 2, time.Hour)
	w.cancelled("receive from an empty box with a dead context", err)
}

func fullHoldsBack(w world) {
	box := w.rt.Mailbox(2)
	if !box.Offer(1) || !box.Offer(2) || box.Offer(3) {
		w.Error("a box of two takes two offers and refuses the third")
	}
	w.takes(time.Second, func() { w.cancelled("send to a full box", box.Send(w.within(time.Second), 3)) })
	sent := false
	senders := w.rt.Group(w.ctx)
	senders.Go("send", func(ctx context.Context) error {
		w.send(ctx, box, 4)
		sent = true
		return nil
	})
	_ = w.rt.Sleep(w.ctx, time.Second)
	if sent {
		w.Error("a sender was not held back")
	}
	w.receives(w.ctx, box, 1, 0, 1)
	if err := senders.Wait(); err != nil || !sent {
		w.Errorf("a sender was not let go when there was room: %v", err)
	}
	w.receives(w.ctx, box, 10, 0, 2, 4)
}

func receivedOnce(w world) {
	const senders, each, receivers = 4, 25, 3
	box := w.rt.Mailbox(4)
	receiving, stop := context.WithCancel(w.ctx)
	defer stop()
	got := make([][]any, receivers)
	in, out := w.rt.Group(w.ctx), w.rt.Group(receiving)
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
				if len(vs) == 0 {
					w.Error("somebody received nothing, and no error")
				}
				got[r] = append(got[r], vs...)
			}
		})
	}
	if err := in.Wait(); err != nil {
		w.Error(err)
	}
	_ = w.rt.Sleep(w.ctx, time.Second)
	stop()
	if err := out.Wait(); err != nil {
		w.Error(err)
	}
	seen := make([]int, senders*each)
	for _, vs := range got {
		last := make([]int, senders)
		for _, v := range vs {
			n := v.(int)
			seen[n]++
			if n < last[n/each] {
				w.Errorf("item %d came behind %d of the same sender", n, last[n/each])
			}
			last[n/each] = n
		}
	}
	for n, times := range seen {
		if times != 1 {
			w.Errorf("item %d was received %d times", n, times)
		}
	}
}

func groupFails(w world) {
	first, second := errors.New("first"), errors.New("second")
	g := w.rt.Group(w.ctx)
	errs := make([]error, 3)
	for i := range errs {
		g.Go("waits", func(ctx context.Context) error {
			errs[i] = w.rt.Sleep(ctx, time.Hour)
			return second
		})
	}
	g.Go("fails", func(ctx context.Context) error {
		_ = w.rt.Sleep(ctx, time.Second)
		return first
	})
	w.takes(time.Second, func() {
		if err := g.Wait(); err != first {
			w.Errorf("the group returned %v, want the first error", err)
		}
	})
	for _, err := range errs {
		w.cancelled("a sibling's sleep", err)
	}
	if w.ctx.Err() != nil {
		w.Error("a group's error cancelled its parent")
	}
}

func groupWaits(w world) {
	g := w.rt.Group(w.ctx)
	var ended atomic.Int32
	for i := range 3 {
		g.Go("works", func(ctx context.Context) error {
			defer ended.Add(1)
			return w.rt.Sleep(ctx, time.Duration(i)*time.Minute+time.Second)
		})
	}
	w.takes(2*time.Minute+time.Second, func() {
		if err := g.Wait(); err != nil || ended.Load() != 3 {
			w.Errorf("wait: %v with %d of 3 ended", err, ended.Load())
		}
	})
}

func groupEnds(w world) {
	ctx, cancel := context.WithCancel(w.ctx)
	g := w.rt.Group(ctx)
	ended := false
	g.Go("tidies up", func(ctx context.Context) error {
		w.cancelled("sleep", w.rt.Sleep(ctx, time.Hour))
		err := w.rt.Sleep(context.WithoutCancel(ctx), time.Minute)
		ended = true
		return err
	})
	_ = w.rt.Sleep(w.ctx, time.Second)
	cancel()
	w.takes(time.Minute, func() {
		if err := g.Wait(); err != nil || !ended {
			w.Errorf("wait: %v, ended %v", err, ended)
		}
	})
}
