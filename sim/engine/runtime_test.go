package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"stockproof/inventory/port"
	"stockproof/sim/engine"
)

// inside runs one function as the only process and wants it to end by itself.
func inside(t *testing.T, fn func(w *world, rt port.Runtime)) {
	t.Helper()
	w, ended := newWorld(t, engine.Options{}), false
	w.begin("p", func(rt port.Runtime) {
		fn(w, rt)
		ended = true
	})
	if end := w.run(); end != engine.Quiet || !ended {
		t.Errorf("ended by %d, the process by itself: %t; %v", end, ended, w.Failures())
	}
}

func TestSleepTakesExactlyItsTime(t *testing.T) {
	inside(t, func(w *world, rt port.Runtime) {
		began := rt.Now()
		if err := rt.Sleep(context.Background(), 90*time.Minute); err != nil || rt.Now().Sub(began) != 90*time.Minute {
			t.Errorf("%v behind %s", err, rt.Now().Sub(began))
		}
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		began = rt.Now()
		if err := rt.Sleep(ended, time.Hour); !errors.Is(err, context.Canceled) || rt.Now() != began {
			t.Errorf("in an ended context it slept %s: %v", rt.Now().Sub(began), err)
		}
	})
}

func TestTimePassesOnlyWhenNobodyCanGoOn(t *testing.T) {
	w := newWorld(t, engine.Options{})
	w.begin("sleeper", func(rt port.Runtime) {
		_ = rt.Sleep(context.Background(), time.Nanosecond)
		_ = w.note("sleeper")
	})
	w.begin("busy", func(port.Runtime) {
		for range 3 {
			_ = w.note("busy")
		}
	})
	w.run()
	w.wants(t, "busy", "busy", "busy", "sleeper")
}

func TestASleepEndsWithItsTimeout(t *testing.T) {
	inside(t, func(w *world, rt port.Runtime) {
		ctx, cancel := w.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := rt.Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || w.elapsed() != time.Second {
			t.Errorf("%v behind %s", err, w.elapsed())
		}
		ctx, cancel = w.WithTimeout(context.Background(), time.Second)
		defer cancel()
		child, stop := context.WithCancel(ctx)
		defer stop()
		if err := rt.Sleep(child, time.Hour); !errors.Is(err, context.Canceled) || w.elapsed() != 2*time.Second {
			t.Errorf("in a child of package context: %v behind %s", err, w.elapsed())
		}
	})
}

func TestTheClockOfAProcessIsItsOwn(t *testing.T) {
	w := newWorld(t, engine.Options{})
	fast := w.NewProcess("fast", "fast")
	exact := w.NewProcess("exact", "exact")
	w.SkewClock(fast, time.Minute)
	if d := fast.Runtime().Now().Sub(exact.Runtime().Now()); d != time.Minute {
		t.Errorf("they differ by %s", d)
	}
}

func TestJitterDependsOnTheActorAndNotOnOthers(t *testing.T) {
	draw := func(others int) (ns []uint64) {
		w := newWorld(t, engine.Options{Seed: 7})
		for i := range others {
			w.begin(fmt.Sprint("other-", i), func(rt port.Runtime) { rt.Random() })
		}
		w.begin("p", func(rt port.Runtime) { ns = append(ns, rt.Random(), rt.Random()) })
		w.run()
		return ns
	}
	alone := draw(0)
	if !slices.Equal(alone, draw(3)) || alone[0] == alone[1] {
		t.Errorf("it drew %v alone and %v among others", alone, draw(3))
	}
}

func items(vs []any) (ns []int) {
	for _, v := range vs {
		ns = append(ns, v.(int))
	}
	return ns
}

func TestReceiveTakesWhatIsThereInOrderAndAtMostMax(t *testing.T) {
	inside(t, func(w *world, rt port.Runtime) {
		ctx, box := context.Background(), rt.Mailbox(10)
		for i := range 5 {
			if err := box.Send(ctx, i); err != nil {
				t.Error(err)
			}
		}
		for _, want := range [][]int{{0, 1, 2}, {3, 4}} {
			vs, err := box.Receive(ctx, 3, 0)
			if err != nil || !slices.Equal(items(vs), want) {
				t.Errorf("received %v, %v, want %v", vs, err, want)
			}
		}
		if w.elapsed() != 0 {
			t.Errorf("it took %s", w.elapsed())
		}
	})
}

func TestOfferTellsWhetherThereWasRoom(t *testing.T) {
	inside(t, func(_ *world, rt port.Runtime) {
		box := rt.Mailbox(1)
		if !box.Offer(1) || box.Offer(2) {
			t.Error("a mailbox of one takes one item")
		}
		if vs, err := box.Receive(context.Background(), 2, 0); err != nil || !slices.Equal(items(vs), []int{1}) {
			t.Error(vs, err)
		}
	})
}

func TestSendWaitsForRoom(t *testing.T) {
	inside(t, func(w *world, rt port.Runtime) {
		ctx, box := context.Background(), rt.Mailbox(1)
		box.Offer(1)
		g := rt.Group(ctx)
		g.Go("receive", func(ctx context.Context) error {
			if err := rt.Sleep(ctx, time.Minute); err != nil {
				return err
			}
			_, err := box.Receive(ctx, 1, 0)
			return err
		})
		if err := box.Send(ctx, 2); err != nil || w.elapsed() != time.Minute {
			t.Errorf("%v behind %s", err, w.elapsed())
		}
		limited, cancel := w.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := box.Send(limited, 3); !errors.Is(err, context.DeadlineExceeded) {
			t.Error("there is no room, and it sent:", err)
		}
		if vs, _ := box.Receive(ctx, 5, 0); !slices.Equal(items(vs), []int{2}) {
			t.Error("in the box:", vs)
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func TestReceiveWaitsForTheFirstItemAndLingersForMore(t *testing.T) {
	for _, c := range []struct {
		max  int
		want []int
		took time.Duration
	}{
		{5, []int{0, 1, 2}, 35 * time.Second}, // the first comes after 10 s
		{2, []int{0, 1}, 20 * time.Second},
		{1, []int{0}, 10 * time.Second},
	} {
		inside(t, func(w *world, rt port.Runtime) {
			ctx, box := context.Background(), rt.Mailbox(10)
			g := rt.Group(ctx)
			g.Go("send", func(ctx context.Context) error {
				for i := range 4 {
					if err := rt.Sleep(ctx, 10*time.Second); err != nil {
						return err
					}
					box.Offer(i)
				}
				return nil
			})
			vs, err := box.Receive(ctx, c.max, 25*time.Second)
			if err != nil || !slices.Equal(items(vs), c.want) || w.elapsed() != c.took {
				t.Errorf("at most %d: %v, %v behind %s, want %v behind %s", c.max, vs, err, w.elapsed(), c.want, c.took)
			}
			if err := g.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestReceiveEndsWithItsContextButNotBeforeTheItems(t *testing.T) {
	inside(t, func(w *world, rt port.Runtime) {
		box := rt.Mailbox(1)
		ctx, cancel := w.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := box.Receive(ctx, 1, 0); !errors.Is(err, context.DeadlineExceeded) || w.elapsed() != time.Second {
			t.Errorf("%v behind %s", err, w.elapsed())
		}
		box.Offer(1)
		if vs, err := box.Receive(ctx, 1, 0); err != nil || len(vs) != 1 {
			t.Error("an item lies there:", vs, err)
		}
	})
}

func TestTheFirstErrorOfAGroupEndsItsOthers(t *testing.T) {
	inside(t, func(w *world, rt port.Runtime) {
		first := errors.New("first")
		g := rt.Group(context.Background())
		var other error
		ended := 0
		g.Go("other", func(ctx context.Context) error {
			other = rt.Sleep(ctx, time.Hour)
			ended++
			return errors.New("second")
		})
		g.Go("failing", func(ctx context.Context) error {
			_ = rt.Sleep(ctx, time.Second)
			ended++
			return first
		})
		if err := g.Wait(); err != first || !errors.Is(other, context.Canceled) || ended != 2 || w.elapsed() != time.Second {
			t.Errorf("wait: %v, the other %v, %d had ended, behind %s", err, other, ended, w.elapsed())
		}
	})
}

func TestAGroupEndsWithItsParentAndItsContextWithWait(t *testing.T) {
	inside(t, func(w *world, rt port.Runtime) {
		ctx, cancel := w.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		g := rt.Group(ctx)
		var own context.Context
		g.Go("child", func(ctx context.Context) error {
			own = ctx
			return rt.Sleep(ctx, time.Hour)
		})
		if err := g.Wait(); !errors.Is(err, context.DeadlineExceeded) || w.elapsed() != time.Minute {
			t.Errorf("%v behind %s", err, w.elapsed())
		}
		g = rt.Group(context.Background())
		g.Go("child", func(ctx context.Context) error { own = ctx; return nil })
		if err := g.Wait(); err != nil || own.Err() == nil {
			t.Errorf("wait: %v; its context behind it: %v", err, own.Err())
		}
	})
}
