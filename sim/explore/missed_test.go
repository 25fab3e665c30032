package explore

import (
	"slices"
	"strings"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/dualwrite"
	"stockproof/inventory/ledger"
	"stockproof/sim"
	"stockproof/sim/random"
	"stockproof/sim/scenario"
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

// A crash is of a process of the design: one of the servers themselves would strike nobody, and use the allowance up.
func TestACrashIsOfAProcessOfTheDesign(t *testing.T) {
	c := tinyScope(t, ledger.Design(), "crash")
	c.Faults = 2
	p := newProber(t, c)
	numbers, restarts := random.Stream(1, "servers"), func(w way) bool { return strings.HasPrefix(w.text, "servers/restart worker-1: ") }
	at, crash := p.walkTo(t, nil, numbers, func(w way) bool { return w.text == "X worker-1" })
	at, restart := p.walkTo(t, p.then(t, at, crash), numbers, restarts)
	if restart == nil {
		t.Fatalf("%v: behind a crash nobody starts the worker again", at.choices())
	}
	if !restart.private {
		t.Errorf("%v: the restart is not private, so that the faults of its process are not offered alone", at.choices())
	}
	if c := p.crossing(t, at); c.among("X servers") != nil {
		t.Errorf("%v: a crash of the servers is offered", at.choices())
	}
}

// A step is private only as long as nothing may strike the server that it asks, be it by a second allowance, and a restart
// as long as nothing may end the connections that the new life opens.
func TestNothingIsPrivateThatAStrikeMayHinder(t *testing.T) {
	for _, x := range []struct {
		kinds, also []string
		faults      int
		step        string
		private     bool
	}{
		{nil, nil, 0, ": request redis/", true},
		{nil, []string{"duplicate"}, 0, ": request redis/", true},
		{nil, []string{"redis-empty"}, 0, ": request redis/", false},
		{[]string{"redis-empty"}, nil, 1, ": request redis/", false},
		{[]string{"crash"}, []string{"duplicate"}, 1, "servers/restart worker-1: ", true},
		{[]string{"crash"}, []string{"pg-crash"}, 1, "servers/restart worker-1: ", false},
		{[]string{"crash", "pg-crash"}, nil, 2, "servers/restart worker-1: ", false},
	} {
		c := tinyScope(t, ledger.Design(), x.kinds...)
		c.Faults, c.Also = x.faults, x.also
		p := newProber(t, c)
		numbers, at := random.Stream(1, "hinder"), (*path)(nil)
		if strings.Contains(x.step, "restart") {
			to, crash := p.walkTo(t, nil, numbers, func(w way) bool { return w.text == "X worker-1" })
			at = p.then(t, to, crash)
		}
		to, step := p.walkTo(t, at, numbers, func(w way) bool { return strings.Contains(w.text, x.step) })
		if step == nil {
			t.Fatalf("%v %v: %v ends without %q", x.kinds, x.also, to.choices(), x.step)
		}
		if step.private != x.private {
			t.Errorf("%v %v: at %v, %q is private: %v", x.kinds, x.also, to.choices(), step.text, step.private)
		}
	}
}

// A fault of the scenario's own strikes with some step, and with which is not known before: until then no step is private,
// none commutes with another, and an order that the fault waits for is like no other.
func TestNothingIsReducedBeforeAFaultOfTheScenario(t *testing.T) {
	c := tinyScope(t, ledger.Design())
	text := strings.Replace(c.Scenario.String(), "\nexpect", "\nfault pg-failover of=clients before=look-up\nexpect", 1)
	var err error
	if c.Scenario, err = scenario.Parse("own", "own", text); err != nil {
		t.Fatal(err)
	}
	p := newProber(t, c)
	p.s.shared = true // the promotion asks Redis, too
	numbers, ahead, behind := random.Stream(1, "own"), 0, 0
	for range 5 {
		at := (*path)(nil)
		for v := p.crossing(t, at); len(v.ways) > 0; v = p.crossing(t, at) {
			reduced := slices.ContainsFunc(v.ways, func(w way) bool { return w.private || !w.foot.never })
			switch {
			case v.ahead && reduced:
				t.Fatalf("%v: the fault is ahead, and a step is private or commutes", at.choices())
			case v.ahead:
				ahead++
			case reduced:
				behind++
			}
			at = at.then(numbers.Intn(len(v.ways)))
		}
	}
	if ahead == 0 || behind == 0 {
		t.Errorf("%d states before the fault, %d reduced ones behind it", ahead, behind)
	}
	faults := []sim.Fault{{Kind: "crash", When: sim.Trigger{Order: "o2"}}}
	if as := alikes(&p.s.base.Workload, faults); slices.ContainsFunc(as, func(o alike) bool { return o.name == "o2" }) {
		t.Errorf("an order that a fault waits for is like others: %v", as)
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
