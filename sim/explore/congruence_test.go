package explore

import (
	"fmt"
	"strings"
	"testing"

	"stockproof/adapters/memory/luahost"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/dualwrite"
	"stockproof/inventory/ledger"
	"stockproof/inventory/rowlock"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/random"
	"stockproof/sim/scenario"
)

// tinyScope is two orders under a design, with at most one fault of the kinds.
func tinyScope(t *testing.T, d inventory.Design, kinds ...string) Scope {
	s, err := scenario.Load("tiny")
	if err != nil {
		t.Fatal(err)
	}
	c := Scope{Design: d, Options: sim.CoreOptions(), Scenario: s, Kinds: kinds, Faults: min(1, len(kinds)), Cores: 1,
		Without: []string{"sweeper", "coordinator", "heart", "reconciler", "feed", "bootstrap", "emitter"}}
	c.Options.Channels = nil
	return c
}

// eachTinyScope runs a test on every design's, with every family of faults.
func eachTinyScope(t *testing.T, test func(*testing.T, Scope)) {
	for _, d := range []inventory.Design{ledger.Design(), rowlock.Design(), dualwrite.Design(), article.Design()} {
		for _, kinds := range [][]string{nil, {"crash"}, {"lost", "lost-response", "late"}, {"duplicate"}, {"evict"}, {"redis-failover", "pg-crash"}} {
			t.Run(fmt.Sprint(d.Name, kinds), func(t *testing.T) { test(t, tinyScope(t, d, kinds...)) })
		}
	}
}

// frontier is what there is at the end of a path: the state, and who could go on.
type frontier struct {
	state   uint64
	options []string
	names   []string
}

// prober looks at the ends of paths.
type prober struct {
	s   *search
	e   *engine.Engine
	lua *luahost.Host
	sum func(w *walker) uint64 // what a state is taken to be
}

func newProber(t *testing.T, c Scope) *prober {
	s, err := c.search()
	if err != nil {
		t.Fatal(err)
	}
	s.shared, s.polls = c.Design.Name != "ledger", true
	p := &prober{s: s, e: engine.New(engine.Options{}), lua: luahost.New(),
		sum: func(w *walker) uint64 { return w.s.StateDigest(w.allowance()) }}
	t.Cleanup(p.e.Close)
	return p
}

func (p *prober) at(t *testing.T, to *path) (f frontier) {
	w := &walker{search: p.s, prefix: to.choices(), left: p.s.Faults}
	w.frontier = func(os []option, ready []*engine.Actor) {
		f.state = p.sum(w)
		for _, o := range os {
			who, name := "", ""
			if o.acts() {
				who, name = fmt.Sprintf("%x %v", ready[o.actor].Identity(), ready[o.actor].Proc.Dead()), ready[o.actor].Point().String()
			}
			crashed, _, _ := strings.Cut(o.crash, "'")
			f.options = append(f.options, fmt.Sprint(who, o.fate, crashed, o.evict, o.strike))
			f.names = append(f.names, fmt.Sprint(name, " ", o.fate, " ", o.crash, o.evict, o.strike))
		}
	}
	if _, err := w.run(p.e, p.lua, p.s.base); err != nil {
		t.Fatalf("path %v: %v", to.choices(), err)
	}
	return f
}

// Where two paths lead to one state, the same can happen behind them, and leads to the same states again: what is
// left out of a state makes no difference.
func (p *prober) compare(t *testing.T, arrivals, executions int) (again int, differ []string) {
	t.Helper()
	type arrival struct {
		path *path
		next map[string]uint64
	}
	first := map[uint64]arrival{}
	seen := map[uint64]int{}
	queue := []*path{nil}
	numbers := random.Stream(1, "congruence") // near the start and far from it
	n := 0
	for len(queue) > 0 && n < executions && len(differ) < 3 {
		i := numbers.Intn(len(queue))
		at := queue[i]
		queue[i] = queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		f := p.at(t, at)
		if n++; f.state == 0 || seen[f.state] >= arrivals { // 0: the run is over
			continue
		}
		seen[f.state]++
		next := map[string]uint64{}
		for i, o := range f.options {
			to := at.then(i)
			next[o] = p.at(t, to).state
			n++
			queue = append(queue, to)
		}
		before, ok := first[f.state]
		if !ok {
			first[f.state] = arrival{at, next}
			continue
		}
		again++
		for i, o := range f.options {
			if to, ok := before.next[o]; !ok || to != next[o] {
				differ = append(differ, fmt.Sprintf("state %x by %v and by %v: %s leads to %x, and led to %x", f.state,
					before.path.choices(), at.choices(), f.names[i], next[o], to))
				break
			}
		}
		if len(before.next) != len(next) {
			differ = append(differ, fmt.Sprintf("state %x by %v and by %v: %d ways to go on, and %d", f.state,
				before.path.choices(), at.choices(), len(before.next), len(next)))
		}
	}
	t.Logf("%d states, %d reached again another way, %d executions", len(first), again, n)
	return again, differ
}

func TestWhatIsLeftOutOfAStateMakesNoDifference(t *testing.T) {
	eachTinyScope(t, func(t *testing.T, c Scope) {
		again, differ := newProber(t, c).compare(t, 3, 1500)
		if len(differ) > 0 {
			t.Error(strings.Join(differ, "\n"))
		}
		if again == 0 {
			t.Error("no state was reached twice: nothing was compared")
		}
	})
}

// The comparison notices a state from which something is missing, and one that a counter makes unlike all others.
func TestTheComparisonNoticesWhatIsMissing(t *testing.T) {
	servers := newProber(t, tinyScope(t, ledger.Design()))
	servers.sum = func(w *walker) uint64 { return w.s.Postgres.Digest() + w.s.Redis.Digest() }
	if _, differ := servers.compare(t, 3, 300); len(differ) == 0 {
		t.Error("a state without its actors made no difference")
	}
	counted := newProber(t, tinyScope(t, ledger.Design()))
	n := uint64(0)
	counted.sum = func(w *walker) uint64 {
		n++
		return w.s.StateDigest(n)
	}
	if again, _ := counted.compare(t, 3, 300); again != 0 {
		t.Errorf("with a counter in it a state was reached %d times", again)
	}
}

// A state tells all about every kind of fault that a search offers: each of them alone. What a kind leaves hidden, the
// comparison notices, where it looks at all: such kinds are refused.
func TestAStateTellsAllAboutEveryKindThatIsOffered(t *testing.T) {
	d, offered := ledger.Design(), 0
	noticed := map[string][2]int{"rewind": {3, 400}, "pg-failover-async": {6, 6_000}} // in so many arrivals and executions
	for _, k := range sim.FaultKinds() {
		c := tinyScope(t, d, k.Name)
		if !k.Applies(d, c.Options) || CheckChoosable(k.Name) != nil && noticed[k.Name][0] == 0 {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			p := newProber(t, c)
			if k.Hidden != "" {
				// Where one order stands for several, fewer of the paths are met on which the hidden matters.
				p.s.striking, p.s.Off = []strike{{kind: k.Name}}, PrivateSteps
			} else {
				offered++
			}
			again, differ := p.compare(t, max(3, noticed[k.Name][0]), max(400, noticed[k.Name][1]))
			if (len(differ) > 0) != (k.Hidden != "") {
				t.Errorf("hidden %q, and: %s", k.Hidden, strings.Join(differ, "\n"))
			}
			if again == 0 {
				t.Error("no state was reached twice: nothing was compared")
			}
		})
	}
	if offered < 15 {
		t.Errorf("only %d kinds are offered", offered)
	}
	for _, kind := range []string{"pg-failover-async", "connector-loses", "garbled", "resubmit", "rewind", "bad-ttl", "refuse"} {
		if err := CheckChoosable(kind); err == nil || !strings.Contains(err.Error(), "a state does not tell") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// A fault that the search lets strike counts, whatever kind it is: without that a scope would be called vacuous.
func TestEveryFaultOfASearchIsCounted(t *testing.T) {
	for _, kind := range append([]string{"duplicate"}, ownKinds...) {
		c := tinyScope(t, ledger.Design(), kind)
		c.States = 300
		p, err := Exhaust(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if p.Struck[kind] == 0 || len(p.Never) > 0 {
			t.Errorf("%s: struck %v, never %q", kind, p.Struck, p.Never)
		}
	}
}
