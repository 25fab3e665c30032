package engine_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"stockproof/inventory/port"
	"stockproof/sim/engine"
	"stockproof/sim/random"
)

// traffic is a program with something to choose at almost every step: three processes with two actors each,
// which call, hand over and sleep.
func traffic(w *world, calls int) {
	for i := range 3 {
		name := fmt.Sprint("p-", i)
		w.begin(name, func(rt port.Runtime) {
			ctx, box := context.Background(), rt.Mailbox(1)
			g := rt.Group(ctx)
			g.Go("sender", func(ctx context.Context) error {
				for n := range calls {
					_ = rt.Sleep(ctx, time.Duration(rt.Random()%5))
					_ = box.Send(ctx, n)
				}
				return nil
			})
			for range calls {
				_, _ = box.Receive(ctx, 1, 0)
				_ = w.note(name)
			}
			_ = g.Wait()
		})
	}
}

// ran is a run of traffic.
type ran struct {
	digest uint64
	log    []string
}

func drive(t testing.TB, c engine.Chooser, calls int) ran {
	w := newWorld(t, engine.Options{Chooser: c})
	traffic(w, calls)
	if end := w.run(); end != engine.Quiet {
		t.Fatalf("it ended by %d", end)
	}
	if w.Steps() < 10*calls {
		t.Fatalf("only %d steps", w.Steps())
	}
	return ran{w.Digest(), w.log}
}

func walk(seed uint64) engine.Chooser {
	return &engine.Walk{Numbers: random.Stream(seed, "choices"), Stay: 1}
}

func TestEqualRunsHaveEqualDigestsAndDifferentOnesDoNot(t *testing.T) {
	digests := map[uint64][]string{}
	for seed := range uint64(50) {
		first, again := drive(t, walk(seed), 5), drive(t, walk(seed), 5)
		if first.digest != again.digest || !slices.Equal(first.log, again.log) {
			t.Errorf("seed %d ran differently the second time", seed)
		}
		if log, ok := digests[first.digest]; ok && !slices.Equal(log, first.log) {
			t.Errorf("seed %d: one digest for %v and %v", seed, log, first.log)
		}
		digests[first.digest] = first.log
	}
	if len(digests) != 50 {
		t.Errorf("50 walks of %d steps had %d digests", 150, len(digests))
	}
	if drive(t, nil, 5).digest == drive(t, nil, 6).digest {
		t.Error("one more call does not show in the digest")
	}
}

func TestADigestDoesNotDependOnTheCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var digests [2][]uint64
	for i := range digests {
		runtime.GOMAXPROCS(i + 1)
		for seed := range uint64(100) {
			digests[i] = append(digests[i], drive(t, walk(seed), 5).digest)
		}
	}
	if !slices.Equal(digests[0], digests[1]) {
		t.Error("GOMAXPROCS 1 and 2 give different runs")
	}
}

func TestAnEngineThatIsUsedAgainRunsLikeANewOne(t *testing.T) {
	w := newWorld(t, engine.Options{})
	for seed := range uint64(20) {
		w.Stop()
		w.Reset(engine.Options{Chooser: walk(seed)})
		w.log = nil
		traffic(w, 5)
		w.run()
		if fresh := drive(t, walk(seed), 5); w.Digest() != fresh.digest || !slices.Equal(w.log, fresh.log) {
			t.Fatalf("seed %d: used again it ran differently", seed)
		}
	}
}

func TestWhatIsRecordedCanBeReplayed(t *testing.T) {
	for seed := range uint64(30) {
		rec := &engine.Recorder{Chooser: walk(seed)}
		first := drive(t, rec, 5)
		if len(rec.Deviations) == 0 {
			t.Fatalf("seed %d: a random walk never left the usual way", seed)
		}
		replay := engine.Replay(rec.Deviations)
		if again := drive(t, replay, 5); again.digest != first.digest || !slices.Equal(again.log, first.log) {
			t.Errorf("seed %d: the replay ran differently", seed)
		}
		if drift := replay.Drift(); len(drift) > 0 {
			t.Errorf("seed %d: %d entries found no place: %v", seed, len(drift), drift[0])
		}
	}
	usual := engine.Replay(nil)
	if drive(t, usual, 5).digest != drive(t, nil, 5).digest {
		t.Error("a schedule without deviations is not the usual way")
	}
}

func TestDriftIsTheDeviationsThatFoundNoPlace(t *testing.T) {
	rec := &engine.Recorder{Chooser: walk(1)}
	drive(t, rec, 5)
	foreign := engine.Deviation{Actor: "p-9/main", Point: "request server p-9", Nth: 1, Run: "p-0/main"}
	late := rec.Deviations[0]
	late.Nth = 1000
	replay := engine.Replay(append([]engine.Deviation{foreign, late}, rec.Deviations...))
	drive(t, replay, 5)
	if drift := replay.Drift(); !slices.Equal(drift, []engine.Deviation{foreign, late}) {
		t.Errorf("drift %v, want the two that were made up", drift)
	}
}

// A deviation is keyed by what its actor does: another process that comes or goes moves none of them.
func TestDeviationsSurviveAChangeElsewhere(t *testing.T) {
	program := func(c engine.Chooser, with bool) *world {
		w := newWorld(t, engine.Options{Chooser: c})
		for _, name := range []string{"a", "b"} {
			w.begin(name, func(port.Runtime) { _ = w.note(name) })
		}
		if with {
			w.begin("new", func(port.Runtime) { _ = w.note("new") })
		}
		w.run()
		return w
	}
	ds := []engine.Deviation{{Actor: "a/main", Point: "request server a", Nth: 1, Run: "b/main"}}
	program(engine.Replay(ds), false).wants(t, "b", "a")
	program(engine.Replay(ds), true).wants(t, "b", "new", "a")
	program(nil, true).wants(t, "a", "b", "new")
}
