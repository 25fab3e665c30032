package engine_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"stockproof/adapters/memory"
	"stockproof/adapters/memory/postgres"
	"stockproof/inventory/port"
	"stockproof/sim/engine"
)

// doomed is a world in which process "doomed" crashes at the first point that looks like this.
func doomed(t *testing.T, at string) (w *world, p *engine.Process) {
	w = &world{}
	w.Engine = engine.New(engine.Options{Passed: when(at, func() { w.Crash(p) })})
	t.Cleanup(w.Close)
	p = w.NewProcess("doomed", "doomed")
	return w, p
}

func TestACrashEndsAllActorsOfItsProcessAndNoOthers(t *testing.T) {
	w, p := doomed(t, "doomed/b: request server b")
	unwound := 0
	for _, name := range []string{"a", "b", "c"} {
		p.Go(name, func() {
			defer func() { unwound++ }()
			if name == "a" {
				_ = p.Runtime().Sleep(context.Background(), time.Second)
			}
			_ = w.note(name)
			t.Errorf("%s lives", name)
		})
	}
	w.begin("other", func(port.Runtime) { _ = w.note("other") })
	if end := w.run(); end != engine.Quiet {
		t.Errorf("it ended by %d", end)
	}
	w.wants(t, "other")
	if !p.Dead() || unwound != 2 { // c had not begun
		t.Errorf("dead %t, deferred code of %d actors ran, want 2", p.Dead(), unwound)
	}
	if fs := w.Failures(); len(fs) > 0 {
		t.Error("a crash is no failure:", fs)
	}
}

func TestDeferredCodeOfACrashReachesNoServer(t *testing.T) {
	w, p := doomed(t, "doomed/main: request server work")
	var errs []error
	offered := true
	p.Go("main", func() {
		rt := p.Runtime()
		box := rt.Mailbox(1)
		defer func() {
			errs = append(errs, w.note("deferred"), rt.Sleep(context.Background(), time.Second), box.Send(context.Background(), 1))
			offered = box.Offer(1)
			w.Later("deferred", func() { w.log = append(w.log, "later") })
			g := rt.Group(context.Background())
			g.Go("child", func(context.Context) error { t.Error("a dead process has a child"); return nil })
			errs = append(errs, g.Wait())
		}()
		_ = w.note("work")
	})
	w.run()
	w.wants(t)
	if len(errs) != 4 || slices.Contains(errs, nil) || offered {
		t.Errorf("the ports answered %v, and offered %t", errs, offered)
	}
	if w.elapsed() != 0 {
		t.Errorf("it slept %s", w.elapsed())
	}
}

func TestRecoverDoesNotSurviveACrash(t *testing.T) {
	w, p := doomed(t, "doomed/main: request server work")
	var recovered any
	p.Go("main", func() {
		func() {
			defer func() { recovered = recover() }()
			_ = w.note("work")
		}()
		t.Error("it went on")
	})
	w.run()
	if recovered != nil {
		t.Errorf("recovered %v", recovered)
	}
	w.wants(t)
}

func TestARequestInsideAServerSurvivesItsCaller(t *testing.T) {
	w, p := doomed(t, "doomed/main: inside server op")
	p.Go("main", func() {
		_ = w.Call(context.Background(), memory.Call{Server: "server", Op: "op"}, func() error {
			w.log = append(w.log, "begins")
			w.Step()
			w.log = append(w.log, "ends")
			return nil
		})
		t.Error("a dead caller has its answer")
	})
	if end := w.run(); end != engine.Quiet {
		t.Errorf("it ended by %d", end)
	}
	w.wants(t, "begins", "ends")
}

// A COMMIT that has arrived is done, whatever becomes of the client; one that has not is not.
func TestACommitGoesOnWithoutItsClient(t *testing.T) {
	for _, c := range []struct {
		at   string
		want int64
	}{
		{"doomed/main: request postgres tx commit", 0},
		{"doomed/main: inside postgres tx commit", 1},
		{"doomed/main: response postgres tx commit", 1},
	} {
		w, p := doomed(t, c.at)
		pg := postgres.New(w.Engine, postgres.Options{})
		ctx := context.Background()
		p.Go("main", func() {
			tx := pg.Client().Begin()
			defer tx.Rollback(ctx)
			_ = tx.Commit(ctx, &port.SetEpoch{})
			t.Error("it lives")
		})
		w.run()
		epoch := &port.ReadEpoch{}
		var err error
		w.Alone(func() { err = pg.Client().Do(ctx, epoch) })
		if err != nil || epoch.Epoch != c.want || !p.Dead() {
			t.Errorf("crash at %q: epoch %d (%v), want %d; dead %t", c.at, epoch.Epoch, err, c.want, p.Dead())
		}
	}
}

func TestALongPollEndsWithItsCallerAndAStatementThatWaitsDoesNot(t *testing.T) {
	for _, poll := range []bool{true, false} {
		w, p := doomed(t, "doomed/main: inside server op waits record")
		arrived := false
		var ended error
		p.Go("main", func() {
			_ = w.Call(context.Background(), memory.Call{Server: "server", Op: "op"}, func() error {
				ended = w.Block(context.Background(), memory.Wait{Key: "record", Until: func() bool { return arrived }, Poll: poll})
				w.log = append(w.log, "wait over")
				return ended
			})
			t.Error("a dead caller has its answer")
		})
		w.run()
		if poll {
			w.wants(t, "wait over")
			if ended == nil {
				t.Error("the poll ended as if there were something")
			}
			continue
		}
		w.wants(t)
		arrived = true
		w.run()
		w.wants(t, "wait over")
		if ended != nil {
			t.Error(ended)
		}
	}
}

// Nobody takes what comes in the moment of the crash: a claim that a dead member took would be nobody's.
func TestALongPollOfTheDeadFindsNothing(t *testing.T) {
	arrived := false
	w, p := &world{}, (*engine.Process)(nil)
	w.Engine = engine.New(engine.Options{Passed: when("doomed/main: inside server op waits record", func() { arrived = true; w.Crash(p) })})
	t.Cleanup(w.Close)
	p = w.NewProcess("doomed", "doomed")
	var ended error
	p.Go("main", func() {
		_ = w.Call(context.Background(), memory.Call{Server: "server", Op: "op"}, func() error {
			ended = w.Block(context.Background(), memory.Wait{Key: "record", Until: func() bool { return arrived }, Poll: true})
			w.log = append(w.log, "wait over")
			return ended
		})
	})
	w.run()
	if w.wants(t, "wait over"); ended == nil {
		t.Error("the poll ended with what had come")
	}
}

func TestAWaitEndsAtItsDeadlineOrWithItsContext(t *testing.T) {
	w := newWorld(t, engine.Options{})
	wait := func(ctx context.Context, deadlineMS int64) (err error) {
		_ = w.Call(ctx, memory.Call{Server: "server", Op: "op"}, func() error {
			err = w.Block(ctx, memory.Wait{Key: "lock", Until: func() bool { return false }, DeadlineMS: deadlineMS})
			return err
		})
		return err
	}
	w.begin("p", func(port.Runtime) {
		if err := wait(context.Background(), w.NowMS()+3000); !errors.Is(err, memory.ErrWaitTimeout) {
			t.Error(err)
		}
		ctx, cancel := w.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if err := wait(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
	if end := w.run(); end != engine.Quiet || w.elapsed() != 5*time.Second {
		t.Errorf("ended by %d behind %s", end, w.elapsed())
	}
}

// A poll ends with its caller: whoever waits there when its process dies does not get to see that.
func TestTheDeadDoNotSeeTheEndOfTheirPoll(t *testing.T) {
	for _, search := range []bool{false, true} {
		w := &world{}
		var p *engine.Process
		w.Engine = engine.New(engine.Options{Search: search, World: func() engine.Worlds { return engine.Worlds{} },
			Passed: when("doomed/main: inside server poll waits nothing", func() { w.Crash(p) })})
		t.Cleanup(w.Close)
		p = w.NewProcess("doomed", "doomed")
		p.Go("main", func() {
			err := w.Call(context.Background(), memory.Call{Server: "server", Op: "poll", Poll: true}, func() error {
				return w.Block(context.Background(), memory.Wait{Key: "nothing", Until: func() bool { return false }, Poll: true})
			})
			t.Errorf("search %v: the dead was told %v", search, err)
		})
		if end := w.run(); end != engine.Quiet || !p.Dead() {
			t.Errorf("search %v: it ended by %d, dead %v", search, end, p.Dead())
		}
	}
}
