package inventory_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stockproof/adapters/live"
	"stockproof/inventory"
)

// gathering runs loops whose flush decides for a second, says next, and commits for a second. It answers
// each question with when its batch was closed.
func gathering(t *testing.T, loops int, ask func(one func(q string))) (log []string) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var mu sync.Mutex
		note := func(what string, qs []string) {
			mu.Lock()
			defer mu.Unlock()
			log = append(log, fmt.Sprintf("%v %s %v", time.Since(began), what, qs))
		}
		g := (&inventory.Gather[string, int]{Name: "g", Runtime: live.Runtime{}, Max: 10, Loops: loops,
			Flush: func(ctx context.Context, qs []string, next func()) ([]inventory.Answered[int], error) {
				note("closed", qs)
				time.Sleep(time.Second)
				next()
				next() // as often as it likes
				time.Sleep(time.Second)
				return make([]inventory.Answered[int], len(qs)), nil
			}}).Open(10)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx) }()
		synctest.Wait()
		ask(func(q string) {
			go func() {
				if _, err := g.Ask(ctx, q); err != nil {
					t.Errorf("%s: %v", q, err)
				}
				note("answered", []string{q})
			}()
			synctest.Wait()
		})
		time.Sleep(time.Minute)
		stop()
		<-done
	})
	return log
}

// Two loops overlap, but never two decisions: the second batch closes when the first is decided, with
// everybody who asked until then, and while the first is committed.
func TestABatchClosesOnceTheOneBeforeItIsDecided(t *testing.T) {
	got := gathering(t, 2, func(one func(string)) {
		one("a")
		one("b")
		time.Sleep(500 * time.Millisecond)
		one("c")
		time.Sleep(time.Second)
		one("d") // b and c are deciding
	})
	want := []string{"0s closed [a]", "1s closed [b c]", "2s closed [d]", "2s answered [a]", "3s answered [b]",
		"3s answered [c]", "4s answered [d]"}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// A loop that is alone closes its next batch when it is done.
func TestOneLoopClosesABatchWhenItIsDone(t *testing.T) {
	got := gathering(t, 1, func(one func(string)) {
		one("a")
		one("b")
		time.Sleep(1500 * time.Millisecond)
		one("c")
	})
	want := []string{"0s closed [a]", "2s answered [a]", "2s closed [b c]", "4s answered [b]", "4s answered [c]"}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
