package explore

import (
	"slices"
	"strings"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/dualwrite"
	"stockproof/inventory/ledger"
	"stockproof/sim/random"
)

// What a search once left out: no comparison of the states that it visits shows one that it does not visit.

// walkTo goes on at random from a path, without faults, until one of the ways to go on is wanted. It gives the path to
// there and the way, nil where the walk ends before.
func (p *prober) walkTo(t *testing.T, from *path, numbers *random.Rand, wanted func(way) bool) (at *path, found *way) {
	t.Helper()
	at = from
	for c := p.crossing(t, at); len(c.ways) > 0; c = p.crossing(t, at) {
		if i := slices.IndexFunc(c.ways, wanted); i >= 0 {
			return at, &c.ways[i]
		}
		steps := 0 // they come before the faults
		for steps < len(c.ways) && c.ways[steps].step {
			steps++
		}
		if steps == 0 {
			break
		}
		at = at.then(numbers.Intn(steps))
	}
	return at, nil
}

// among is the way whose text begins so, nil if there is none.
func (c *crossing) among(text string) *way {
	if i := slices.IndexFunc(c.ways, func(w way) bool { return strings.HasPrefix(w.text, text) }); i >= 0 {
		return &c.ways[i]
	}
	return nil
}

// Behind a commit of offsets comes the next fetch, and it is a step of its own even if a record lies ready: in between
// others may act, and what the fetch brings depends on that.
func TestACommitDoesNotRunOnIntoTheNextFetch(t *testing.T) {
	p := newProber(t, tinyScope(t, ledger.Design()))
	numbers, ready := random.Stream(1, "commits"), 0
	for range 20 {
		at, commit := p.walkTo(t, nil, numbers, func(w way) bool {
			return strings.Contains(w.text, "request kafka commit") && strings.HasPrefix(w.process, "worker-")
		})
		if commit == nil {
			t.Fatalf("%v ends without a commit", at.choices())
		}
		loop, _, _ := strings.Cut(commit.text, ": ")
		next := p.behind(t, at, commit.name).among(loop + ": ")
		if next == nil { // no record lies ready
			continue
		}
		ready++
		if !strings.Contains(next.text, "kafka fetch waits") {
			t.Errorf("%v: behind its commit the loop stands at %q", at.choices(), next.text)
		}
	}
	if ready < 3 {
		t.Errorf("a record lay ready %d times: too few to show anything", ready)
	}
}

// then is the path on along one of the ways behind it.
func (p *prober) then(t *testing.T, at *path, to *way) *path {
	t.Helper()
	return at.then(slices.IndexFunc(p.crossing(t, at).ways, func(w way) bool { return w.name == to.name }))
}

// Clients see that nobody is there: a request to an API process that has crashed may come before the restart, which
// refuses it, and behind it.
func TestClientsSeeARefusedConnection(t *testing.T) {
	p := newProber(t, tinyScope(t, ledger.Design(), "crash"))
	numbers := random.Stream(1, "refused")
	admits := func(w way) bool { return strings.Contains(w.text, "request api admit") }
	at, _ := p.walkTo(t, nil, numbers, admits)
	before := p.crossing(t, at)
	at = p.then(t, at, before.among("X api-1"))
	down := p.crossing(t, at)
	admit, restart := down.among("clients/"), down.among("servers/restart api-1: ")
	if admit == nil || !admits(*admit) || restart == nil {
		t.Fatalf("%v: nobody is there, and what may happen is %v", at.choices(), down.ways)
	}
	if refused := p.behind(t, at, admit.name); refused.among("api-1") != nil || refused.among("servers/restart api-1: ") == nil {
		t.Errorf("%v: a request while nobody is there was served: %v", at.choices(), refused.ways)
	}
	up, again := p.walkTo(t, p.then(t, at, restart), numbers, admits)
	if again == nil {
		t.Fatalf("%v: behind the restart nobody asks", at.choices())
	}
	if served := p.behind(t, up, again.name); served.among("api-1'2/admit") == nil {
		t.Errorf("%v: a request behind the restart was not served: %v", at.choices(), served.ways)
	}
}

// A crash ends the process that it names, be it an instance's second life: one that struck nobody would use the
// allowance up, and what follows a crash of the second life would not be seen.
func TestACrashEndsTheProcessThatItNames(t *testing.T) {
	c := tinyScope(t, ledger.Design(), "crash")
	c.Faults = 2
	for _, name := range []string{"api-1", "connector", "worker-1", "projection-1"} {
		p := newProber(t, c)
		numbers, at := random.Stream(1, name), (*path)(nil)
		for _, life := range []string{name, name + "'2"} {
			to, crash := p.walkTo(t, at, numbers, func(w way) bool { return w.text == "X "+life })
			if crash == nil {
				t.Fatalf("%v: nowhere is a crash of %s offered", to.choices(), life)
			}
			at = p.then(t, to, crash)
			if _, restart := p.walkTo(t, at, numbers, func(w way) bool { return strings.HasPrefix(w.text, "servers/restart "+life+": ") }); restart == nil {
				t.Errorf("%v: behind the crash of %s nobody starts it again", at.choices(), life)
			}
		}
	}
}

// A request to Redis is nobody else's affair only as long as nobody else asks Redis: which of two comes first may show.
func TestACallOfASharedServerIsNoPrivateStep(t *testing.T) {
	for _, d := range []inventory.Design{dualwrite.Design(), article.Design()} {
		p := newProber(t, tinyScope(t, d))
		at, call := p.walkTo(t, nil, random.Stream(1, "shared"), func(w way) bool { return strings.Contains(w.text, ": request redis/") })
		if call == nil {
			t.Fatalf("%s: %v ends without a call of Redis", d.Name, at.choices())
		}
		if call.private {
			t.Errorf("%s: at %v %s is taken for private", d.Name, at.choices(), call.text)
		}
	}
}
