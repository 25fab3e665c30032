package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
	"stockproof/sim/engine"
)

// choose is a chooser that is a function.
type choose func(last engine.Point, ready []*engine.Actor, usual int) int

func (f choose) Next(last engine.Point, ready []*engine.Actor, usual int) int {
	return f(last, ready, usual)
}

func TestWithoutAChooserAnActorGoesOnUntilItWaits(t *testing.T) {
	w := newWorld(t, engine.Options{})
	for _, name := range []string{"a", "b"} {
		w.begin(name, func(rt port.Runtime) {
			_ = w.note(name + "1")
			_ = w.note(name + "2")
			_ = rt.Sleep(context.Background(), time.Second)
			_ = w.note(name + "3")
		})
	}
	if end := w.run(); end != engine.Quiet {
		t.Errorf("it ended by %d", end)
	}
	w.wants(t, "a1", "a2", "b1", "b2", "b3", "a3")
}

func TestACallIsTwoPoints(t *testing.T) {
	var points []string
	w := newWorld(t, engine.Options{Passed: func(p engine.Point) bool {
		points = append(points, p.String())
		return false
	}})
	w.begin("p", func(port.Runtime) { _ = w.note("op") })
	w.run()
	if want := []string{"p/main: request server op", "p/main: response server op", "p/main: response server op"}; !slices.Equal(points, want) {
		t.Errorf("points %q, want %q", points, want)
	}
}

func TestTheChooserDecidesWhoRuns(t *testing.T) {
	var seen []string
	w := newWorld(t, engine.Options{Chooser: choose(func(_ engine.Point, ready []*engine.Actor, usual int) int {
		names := make([]string, len(ready))
		for i, a := range ready {
			names[i] = a.Name
		}
		seen = append(seen, strings.Join(names, " "))
		if usual < 0 || usual >= len(ready) {
			t.Errorf("%d is no index of %q", usual, names)
		}
		return len(ready) - 1
	})})
	for _, name := range []string{"a", "b"} {
		w.begin(name, func(port.Runtime) { _ = w.note(name) })
	}
	w.run()
	w.wants(t, "b", "a")
	if want := []string{"a/main b/main", "a/main b/main", "a/main b/main", "a/main", "a/main", "a/main"}; !slices.Equal(seen, want) {
		t.Errorf("it chose among %q, want %q", seen, want)
	}
}

func TestAChooserMayEndTheRun(t *testing.T) {
	w := newWorld(t, engine.Options{Chooser: choose(func(last engine.Point, _ []*engine.Actor, usual int) int {
		if last.Phase == engine.Request {
			return engine.Halt
		}
		return usual
	})})
	w.begin("p", func(port.Runtime) { _ = w.note("op") })
	if end := w.run(); end != engine.Halted || w.Steps() != 1 {
		t.Errorf("it ended by %d behind %d steps", end, w.Steps())
	}
	w.wants(t)
}

func TestActorsOfOneNameAreToldApart(t *testing.T) {
	w := newWorld(t, engine.Options{})
	p := w.NewProcess("p", "p")
	var names []string
	for range 3 {
		names = append(names, p.Go("loop", func() {}).Name)
	}
	if want := []string{"p/loop", "p/loop'2", "p/loop'3"}; !slices.Equal(names, want) {
		t.Errorf("names %q, want %q", names, want)
	}
}

func TestPausedProcessesDoNothingUntilTheyGoOn(t *testing.T) {
	o := engine.Options{}
	w := &world{}
	var paused *engine.Process
	o.Passed = when("slow/main: inside server op", func() { w.Pause(paused) })
	w.Engine = engine.New(o)
	t.Cleanup(w.Close)
	paused = w.begin("slow", func(port.Runtime) {
		_ = w.Call(context.Background(), memory.Call{Server: "server", Op: "op"}, func() error {
			w.log = append(w.log, "slow begins")
			w.Step()
			w.log = append(w.log, "slow ends")
			return nil
		})
		_ = w.note("slow goes on")
	})
	w.begin("other", func(port.Runtime) { _ = w.note("other") })
	if end := w.run(); end != engine.Quiet {
		t.Errorf("it ended by %d", end)
	}
	w.wants(t, "slow begins", "slow ends", "other")
	w.Resume(paused)
	w.run()
	w.wants(t, "slow begins", "slow ends", "other", "slow goes on")
}

func TestTheStepLimitCutsTheRun(t *testing.T) {
	w := newWorld(t, engine.Options{StepLimit: 10})
	w.begin("p", func(port.Runtime) {
		for range 1000 {
			_ = w.note("again")
		}
	})
	if end := w.run(); end != engine.Cut || !w.Cut() || w.Steps() != 10 {
		t.Errorf("ended by %d behind %d steps, cut %t", end, w.Steps(), w.Cut())
	}
	short := newWorld(t, engine.Options{StepLimit: 10})
	short.begin("p", func(port.Runtime) { _ = short.note("once") })
	if end := short.run(); end != engine.Quiet || short.Cut() {
		t.Errorf("a short run ended by %d, cut %t", end, short.Cut())
	}
}

func TestAPanicIsAFailureThatNamesTheActor(t *testing.T) {
	w := newWorld(t, engine.Options{})
	w.begin("broken", func(port.Runtime) { panic("out of order") })
	w.begin("other", func(port.Runtime) { _ = w.note("other") })
	if end := w.run(); end != engine.Failed {
		t.Errorf("it ended by %d", end)
	}
	fs := w.Failures()
	if len(fs) != 1 {
		t.Fatalf("failures %v", fs)
	}
	for _, want := range []string{"broken/main", "out of order", "schedule_test.go"} {
		if !strings.Contains(fs[0].Error(), want) {
			t.Errorf("the failure does not say %q: %v", want, fs[0])
		}
	}
}
