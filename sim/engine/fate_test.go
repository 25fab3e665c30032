package engine_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
	"stockproof/sim/engine"
)

// What the caller is told, what the server did by then and in the end, and how long it took.
func TestFates(t *testing.T) {
	for _, c := range []struct {
		fate          engine.Fate
		lost          bool
		before, after int // effects when the caller goes on, and when everything is over
		took          time.Duration
	}{
		{engine.Delivered, false, 1, 1, 0},
		{engine.Lost, true, 0, 0, 0},
		{engine.LostResponse, true, 1, 1, 0},
		{engine.Late, true, 0, 1, 0},
		{engine.Delayed, false, 1, 1, 7 * time.Second},
	} {
		t.Run(c.fate.String(), func(t *testing.T) {
			w := newWorld(t, engine.Options{Fate: func(engine.Point) engine.Fate { return c.fate },
				Delay: func(engine.Point) time.Duration { return 7 * time.Second }})
			w.begin("p", func(rt port.Runtime) {
				began := rt.Now()
				err := w.note("op")
				if errors.Is(err, engine.ErrLost) != c.lost || errors.Is(err, port.ErrUnknown) != c.lost || (err != nil) != c.lost {
					t.Errorf("the caller has %v", err)
				}
				if len(w.log) != c.before || rt.Now().Sub(began) != c.took {
					t.Errorf("%d effects behind %s, want %d behind %s", len(w.log), rt.Now().Sub(began), c.before, c.took)
				}
			})
			w.run()
			if len(w.log) != c.after {
				t.Errorf("%d effects in the end, want %d", len(w.log), c.after)
			}
		})
	}
}

// PostgreSQL's client knows whether a COMMIT was on the wire, and says itself what is unknown.
func TestALostRequestToPostgresIsNotUnknownByItself(t *testing.T) {
	w := newWorld(t, engine.Options{Fate: func(engine.Point) engine.Fate { return engine.Lost }})
	w.begin("p", func(port.Runtime) {
		err := w.Call(context.Background(), memory.Call{Server: "postgres", Op: "do"}, func() error { return nil })
		if !errors.Is(err, engine.ErrLost) || errors.Is(err, port.ErrUnknown) {
			t.Error(err)
		}
	})
	w.run()
}

func TestALateRequestArrivesWhenItIsChosen(t *testing.T) {
	late := false
	w := newWorld(t, engine.Options{Fate: func(p engine.Point) engine.Fate {
		if p.Call.Op == "first" {
			return engine.Late
		}
		return engine.Delivered
	}, Chooser: choose(func(_ engine.Point, ready []*engine.Actor, usual int) int {
		late = late || slices.ContainsFunc(ready, func(a *engine.Actor) bool { return a.Name == "servers/late first of p/main" })
		return 0 // the caller, as long as it can
	})})
	w.begin("p", func(port.Runtime) {
		_ = w.note("first")
		_ = w.note("second")
	})
	w.run()
	w.wants(t, "second", "first")
	if !late {
		t.Error("the late request has no name")
	}
}

func TestDelayedResponsesArriveWhenTheNetworkHeals(t *testing.T) {
	w := newWorld(t, engine.Options{Fate: func(engine.Point) engine.Fate { return engine.Delayed },
		Delay: func(engine.Point) time.Duration { return time.Hour }})
	w.begin("p", func(port.Runtime) { _ = w.note("op") })
	if end := w.Run(w.Now().Add(time.Minute), nil); end != engine.TimedUp {
		t.Errorf("it ended by %d", end)
	}
	w.DeliverDelayed()
	if end := w.run(); end != engine.Quiet || w.elapsed() != time.Minute {
		t.Errorf("it ended by %d behind %s", end, w.elapsed())
	}
}

// A server that answers when all is healed answers as usual, whatever was to happen to its answer.
func TestWhatIsAnsweredBehindTheFaultsIsNotDelayed(t *testing.T) {
	w := newWorld(t, engine.Options{Fate: func(p engine.Point) engine.Fate {
		if p.Call.Op == "fetch" {
			return engine.Delayed
		}
		return engine.Delivered
	}, Delay: func(engine.Point) time.Duration { return time.Hour }})
	there := false
	w.begin("p", func(r port.Runtime) {
		_ = w.Call(context.Background(), memory.Call{Server: "server", Op: "fetch"}, func() error {
			err := w.Block(context.Background(), memory.Wait{Key: "record", Until: func() bool { return there }})
			w.log = append(w.log, "fetch")
			return err
		})
	})
	if end := w.run(); end != engine.Quiet {
		t.Errorf("it ended by %d", end)
	}
	w.DeliverDelayed()
	there = true
	if end := w.run(); end != engine.Quiet || w.elapsed() != 0 {
		t.Errorf("it ended by %d behind %s", end, w.elapsed())
	}
	w.wants(t, "fetch")
}

func TestACallerDoesNotWaitLongerThanItsContext(t *testing.T) {
	w := newWorld(t, engine.Options{Fate: func(engine.Point) engine.Fate { return engine.Delayed },
		Delay: func(engine.Point) time.Duration { return time.Hour }})
	w.begin("p", func(port.Runtime) {
		ctx, cancel := w.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := w.Call(ctx, memory.Call{Server: "server", Op: "op"}, func() error { w.log = append(w.log, "op"); return nil })
		if !errors.Is(err, context.DeadlineExceeded) || w.elapsed() != time.Second {
			t.Errorf("%v behind %s", err, w.elapsed())
		}
	})
	w.run()
	w.wants(t, "op")
}
