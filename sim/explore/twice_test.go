package explore

import (
	"strings"
	"testing"
)

// Looking at the servers costs the more, the longer a run is: a run of a hundred thousand steps is looked at some 1 400 times, a
// short one behind each of its steps.
func TestALongRunIsLookedAtNowAndThen(t *testing.T) {
	looks, last := 0, 0
	for n := range 100_000 {
		if n%lookEvery(n) != 0 {
			continue
		}
		if n < 256 && n != looks {
			t.Fatalf("step %d was the first not to be looked at", looks)
		}
		if n-last > 1+n/128 {
			t.Fatalf("nobody looked between steps %d and %d", last, n)
		}
		looks, last = looks+1, n
	}
	if looks < 1200 || looks > 1600 {
		t.Errorf("looked at %d times", looks)
	}
	first, then := make(steps, 700), make(steps, 700)
	then[600].servers = 1
	if got, want := first.divergence(then), "something else behind it, perhaps since one of the 3 steps before"; !strings.HasSuffix(got, want) {
		t.Errorf("%q, want ... %q", got, want)
	}
	then[200].servers = 1
	if got := first.divergence(then); !strings.HasPrefix(got, "step 201: ") || !strings.HasSuffix(got, "something else behind it") {
		t.Errorf("%q", got)
	}
}
