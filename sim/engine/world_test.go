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

// world is an engine and its one server, which remembers what reached it.
type world struct {
	*engine.Engine
	log []string
}

func newWorld(t testing.TB, o engine.Options) *world {
	w := &world{Engine: engine.New(o)}
	t.Cleanup(w.Close)
	return w
}

// begin starts an actor that is a process of its own.
func (w *world) begin(name string, fn func(rt port.Runtime)) *engine.Process {
	p := w.NewProcess(name, name)
	p.Go("main", func() { fn(p.Runtime()) })
	return p
}

// note asks the server to remember something.
func (w *world) note(what string) error {
	return w.Call(context.Background(), memory.Call{Server: "server", Op: what}, func() error {
		w.log = append(w.log, what)
		return nil
	})
}

// run lets a day pass at most.
func (w *world) run() engine.End { return w.Run(w.Now().Add(24*time.Hour), nil) }

func (w *world) wants(t *testing.T, log ...string) {
	t.Helper()
	if !slices.Equal(w.log, log) {
		t.Errorf("the server saw %q, want %q", w.log, log)
	}
}

// elapsed is the virtual time since the beginning.
func (w *world) elapsed() time.Duration {
	return w.Now().Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
}

// when does something once, at the first point whose text is this or begins with these words.
func when(text string, do func()) func(engine.Point) bool {
	done := false
	return func(p engine.Point) bool {
		strikes := !done && (p.String() == text || strings.HasPrefix(p.String(), text+" "))
		if strikes {
			done = true
			do()
		}
		return strikes
	}
}
