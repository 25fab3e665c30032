package live_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"stockproof/adapters/live"
	"stockproof/inventory/port"
)

// The tests run in a synctest bubble: its clock moves only when every goroutine waits, so that a
// duration in them is exact and none of them takes any time.
func bubble(t *testing.T, fn func(t *testing.T, ctx context.Context, rt port.Runtime)) {
	synctest.Test(t, func(t *testing.T) { fn(t, t.Context(), live.Runtime{}) })
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
