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
)

// tinyScope is two orders under a design, with at most one fault of the kinds.
func tinyScope(t *testing.T, d inventory.Design, kinds ...string) Scope {
	s, err := sim.LoadScenario("tiny")
	if err != nil {
		t.Fatal(err)
	}
	c := Scope{Design: d, Options: sim.CoreOptions(), Scenario: s, Kinds: kinds, Faults: min(1, len(kinds)), Cores: 1,
		Without: []string{"sweeper", "coordinator", "heart", "reconciler", "feed", "bootstrap", "emitter"}}
	c.Options.Channels = nil
	return c
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
}

func newProber(t *testing.T, c Scope) *prober {
	s, err := c.search()
	if err != nil {
		t.Fatal(err)
	}
	s.shared = c.Design.Name != "ledger"
	p := &prober{s: s, e: engine.New(engine.Options{}), lua: luahost.New()}
	t.Cleanup(p.e.Close)
	return p
}

func (p *prober) at(t *testing.T, to *path) (f frontier) {
	w := &walker{search: p.s, prefix: to.choices(), left: p.s.Faults}
	w.frontier = func(os []option, ready []*engine.Actor) {
		f.state = w.s.StateDigest(w.allowance())
		for _, o := range os {
			who, name := "", ""
			if o.crash == "" && o.kind == "" {
				who, name = fmt.Sprintf("%x %v", ready[o.actor].Identity(), ready[o.actor].Proc.Dead()), ready[o.actor].Point().String()
			}
			crashed, _, _ := strings.Cut(o.crash, "'")
			f.options = append(f.options, fmt.Sprint(who, o.fate, crashed, o.kind))
			f.names = append(f.names, fmt.Sprint(name, " ", o.fate, " ", o.crash, o.kind))
		}
	}
	if _, err := w.run(p.e, p.lua, p.s.base); err != nil {
		t.Fatalf("path %v: %v", to.choices(), err)
	}
	return f
}

// Where two paths lead to one state, the same can happen behind them, and leads to the same states again: what is
// left out of a state makes no difference.
func congruent(t *testing.T, c Scope, arrivals, executions int) {
	t.Helper()
	p := newProber(t, c)
	type arrival struct {
		path *path
		next map[string]uint64
	}
	first := map[uint64]arrival{}
	seen := map[uint64]int{}
	queue := []*path{nil}
	numbers := sim.Stream(1, "congruence") // near the start and far from it
	n, again, bad := 0, 0, 0
	for len(queue) > 0 && n < executions && bad < 3 {
		i := numbers.Intn(len(queue))
		at := queue[i]
		queue[i] = queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		f := p.at(t, at)
		if n++; seen[f.state] >= arrivals {
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
				bad++
				t.Errorf("%s: state %x by %v and by %v: %s leads to %x, and led to %x", c.Design.Name, f.state, before.path.choices(),
					at.choices(), f.names[i], next[o], to)
				break
			}
		}
		if len(before.next) != len(next) {
			bad++
			t.Errorf("%s: state %x by %v and by %v: %d ways to go on, and %d", c.Design.Name, f.state, before.path.choices(), at.choices(),
				len(before.next), len(next))
		}
	}
	t.Logf("%s %v: %d states, %d reached again another way, %d executions", c.Design.Name, c.Kinds, len(first), again, n)
}

func TestWhatIsLeftOutOfAStateMakesNoDifference(t *testing.T) {
	for _, d := range []inventory.Design{ledger.Design(), rowlock.Design(), dualwrite.Design(), article.Design()} {
		for _, kinds := range [][]string{nil, {"crash"}, {"lost", "lost-response", "late"}, {"duplicate"}, {"redis-failover", "pg-crash"}} {
			t.Run(fmt.Sprint(d.Name, kinds), func(t *testing.T) { congruent(t, tinyScope(t, d, kinds...), 3, 1500) })
		}
	}
}
