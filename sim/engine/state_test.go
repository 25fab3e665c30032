package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"stockproof/adapters/memory"
	"stockproof/inventory/port"
	"stockproof/sim/engine"
)

// asking is the state in which a loop is about to ask, by then in its attempt of that number, while the servers are as
// they were when it slept last, and once they are not. fails is the call that its earlier attempts ended with.
func asking(t *testing.T, attempt int, fails string) (same, changed uint64) {
	t.Helper()
	tables, asked := uint64(1), 0
	w := &world{}
	chooser := choose(func(last engine.Point, _ []*engine.Actor, usual int) int {
		if last.Phase != engine.Request || last.Call.Op != "tx do" {
			return usual
		}
		if tables == 2 {
			changed = w.StateDigest(0)
			return engine.Halt
		}
		if asked++; asked < attempt {
			return usual
		}
		same, tables = w.StateDigest(0), 2
		return engine.Again
	})
	w.Engine = engine.New(engine.Options{Search: true, Chooser: chooser,
		World: func() (ws engine.Worlds) { ws[engine.Tables] = tables; return ws }})
	t.Cleanup(w.Close)
	call := func(server, op string, poll bool) error {
		return w.Call(context.Background(), memory.Call{Server: server, Op: op, Poll: poll}, func() error {
			if op == fails {
				return port.ErrUnavailable
			}
			return nil
		})
	}
	w.begin("loop", func(rt port.Runtime) {
		if err := call("kafka", "fetch", true); err != nil {
			t.Error(err)
		}
		for errors.Join(call("postgres", "tx do", false), call("kafka", "commit", false)) != nil {
			if err := rt.Sleep(context.Background(), time.Second); err != nil {
				t.Error(err)
			}
		}
	})
	if end := w.run(); end != engine.Halted || same == 0 || changed == 0 {
		t.Fatalf("attempt %d, behind a failed %q: it ended by %d, states %x and %x", attempt, fails, end, same, changed)
	}
	return same, changed
}

// A loop that asks once more is where it was when it asked first, whether or not it was answered then. Not so as long as the
// servers are what they were: should it fail again it has to wait for them. Not so either where another call failed that
// has not succeeded since: that may have left something undone.
func TestWhoAsksAgainIsWhereItWas(t *testing.T) {
	same, changed := asking(t, 1, "")
	againSame, againChanged := asking(t, 2, "tx do")
	_, other := asking(t, 2, "commit")
	if againChanged != changed {
		t.Errorf("behind a failed attempt, with other servers, it is in state %x, and was in %x", againChanged, changed)
	}
	if againSame == same {
		t.Errorf("as long as the servers are the same, a second failure is one more free wake: state %x", same)
	}
	if other == changed {
		t.Errorf("a failed call that nothing has made good makes no difference: state %x", other)
	}
}

// What an unseen call meets is no answer: who sleeps behind one wakes for what has changed since the call before it, too.
func TestWhoSleepsBehindAnUnseenCallWakesForWhatCameBeforeIt(t *testing.T) {
	for _, change := range []bool{false, true} {
		tables, asked := uint64(1), 0
		w := &world{}
		w.Engine = engine.New(engine.Options{Search: true, Resting: func() bool { return true },
			World: func() (ws engine.Worlds) { ws[engine.Tables] = tables; return ws },
			Chooser: choose(func(last engine.Point, _ []*engine.Actor, usual int) int {
				switch {
				case last.Phase != engine.Request:
				case last.Call.Op == "tx do":
					asked++
				case change && tables == 1:
					tables = 2
					return engine.Again
				}
				return usual
			})})
		t.Cleanup(w.Close)
		w.begin("loop", func(rt port.Runtime) {
			for {
				for _, c := range []memory.Call{{Server: "postgres", Op: "tx do"}, {Server: "postgres", Op: "tx rollback", Unseen: true}} {
					if err := w.Call(context.Background(), c, func() error { return nil }); err != nil {
						t.Error(err)
					}
				}
				if err := rt.Sleep(context.Background(), time.Second); err != nil {
					return
				}
			}
		})
		want := 1 // a second look would see what the first one saw
		if change {
			want = 2
		}
		if end := w.run(); end != engine.Halted || asked != want {
			t.Errorf("change %v: it asked %d times, want %d, and ended by %d", change, asked, want, end)
		}
	}
}
