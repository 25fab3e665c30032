package engine

import (
	"context"
	"testing"
	"time"

	"stockproof/adapters/memory"
)

func forever(t *testing.T, e *Engine, body func(p *Process)) {
	t.Helper()
	p := e.NewProcess("p", "p")
	p.Go("main", func() { body(p) })
	if end := e.Run(e.Now().Add(time.Hour), func() bool { return e.Steps() > 50 }); end != Done && end != Quiet {
		t.Fatalf("the run ended by %d", end)
	}
}

func TestACoroutineIsUsedAgain(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	unwound := 0
	for range 3 {
		e.Reset(Options{})
		forever(t, e, func(p *Process) {
			defer func() { unwound++ }()
			for {
				_ = p.Runtime().Sleep(context.Background(), time.Second)
			}
		})
		e.Stop()
		if len(e.pool) != 1 || !e.pool[0].idle {
			t.Fatalf("%d coroutines lie ready, want the one", len(e.pool))
		}
	}
	if unwound != 3 {
		t.Errorf("deferred code ran %d times, want 3", unwound)
	}
	if len(e.Failures()) > 0 {
		t.Error(e.Failures())
	}
}

func TestNobodySurvivesTheEndByRecovering(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	served := 0
	forever(t, e, func(p *Process) {
		for {
			func() {
				defer func() { _ = recover() }()
				_ = e.Call(context.Background(), memory.Call{Server: "s", Op: "op"}, func() error { served++; return nil })
			}()
		}
	})
	before := served
	e.Stop()
	if served != before {
		t.Errorf("a server was reached %d times behind the end", served-before)
	}
	if len(e.pool) != 0 {
		t.Error("a coroutine whose body went on is used again")
	}
}

func TestAnActorThatNeverRanIsForgotten(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	p := e.NewProcess("p", "p")
	p.Go("main", func() { t.Error("it ran") })
	e.Stop()
	e.Reset(Options{})
	forever(t, e, func(*Process) {})
}

func TestStandardContextsEndWithVirtualOnes(t *testing.T) {
	e := New(Options{})
	defer e.Close()
	p := e.NewProcess("p", "p")
	p.Go("main", func() {
		outer, cancel := e.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		inner, stop := e.WithTimeout(outer, time.Hour)
		defer stop()
		standard, end := context.WithCancel(context.WithValue(inner, keyOfTest{}, 1))
		defer end()
		if standard.Err() != nil || outer.Err() != nil {
			t.Error("ended before its time")
		}
		if err := p.Runtime().Sleep(standard, time.Hour); err == nil {
			t.Error("slept an hour under a timeout of a minute")
		}
		select {
		case <-inner.Done():
		default:
			t.Error("the channel is open")
		}
		if outer.Err() != context.DeadlineExceeded || inner.Err() == nil {
			t.Errorf("outer %v, inner %v", outer.Err(), inner.Err())
		}
	})
	e.Run(e.Now().Add(24*time.Hour), nil)
	if took := e.Now().Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)); took != time.Minute {
		t.Errorf("it took %s", took)
	}
	e.Stop()
}

// keyOfTest is a context key.
type keyOfTest struct{}
