package sim

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"stockproof/adapters/live"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/sim/observe"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// fault is one fault of a scenario, ready to strike.
type fault struct {
	text   string
	strike *observe.Strike // crash: where; a point of "" is this moment
	role   string          // restart, crash
	by     time.Duration   // advance-clock
}

// crashPoints are where a crash may be placed: behind an effect, or before the offset commit.
var crashPoints = []string{"deduct", "credit", "settle", "install", "produce", "offset-commit"}

// readFaults reads the faults of a scenario and refuses by name what this tier cannot express.
func readFaults(s *scenario.Scenario, w *workload.Workload, d inventory.Design) ([]fault, error) {
	if s == nil {
		return nil, nil
	}
	var script []fault
	var dead []string // roles that crash
	for i := range s.Faults {
		e := &s.Faults[i]
		f, err := readFault(e, w, d)
		if err != nil {
			return nil, s.Errorf(e.Line, "fault %s: %v", e.Subject, err)
		}
		if crashed := f.strike != nil; crashed {
			dead = append(dead, f.role)
		} else if f.by == 0 && !slices.Contains(dead, f.role) {
			return nil, s.Errorf(e.Line, "fault %s: no crash of role %s stands before it", e.Subject, f.role)
		}
		script = append(script, f)
	}
	return script, nil
}

func readFault(e *scenario.Entry, w *workload.Workload, d inventory.Design) (fault, error) {
	f := fault{text: e.Text("fault")[len("fault "):]}
	allowed := map[string][]string{"crash": {"role", "after", "order", "nth"}, "restart": {"role"}, "advance-clock": {"by"}}
	keys, ok := allowed[e.Subject]
	if !ok {
		return f, fmt.Errorf("this tier cannot express it; it knows advance-clock, crash and restart")
	}
	for _, s := range e.Settings {
		if !slices.Contains(keys, s.Key) {
			return f, fmt.Errorf("unknown key %s, it takes %s", s.Key, strings.Join(keys, ", "))
		}
	}
	if e.Subject == "advance-clock" {
		by, _ := e.Get("by")
		var err error
		if f.by, err = time.ParseDuration(by); err != nil || f.by <= 0 {
			return f, fmt.Errorf("by=%q is no time such as 25h", by)
		}
		return f, nil
	}
	var named bool
	f.role, named = e.Get("role")
	if roles := rolesOf(d); !named {
		return f, fmt.Errorf("role=ROLE is missing; design %s has %s", d.Name, strings.Join(roles, ", "))
	} else if !slices.Contains(roles, f.role) {
		return f, fmt.Errorf("design %s has no role %q; it has %s", d.Name, f.role, strings.Join(roles, ", "))
	}
	if e.Subject == "restart" {
		return f, nil
	}
	return f, f.readCrash(e, w)
}

// rolesOf are the roles of a design that always run.
func rolesOf(d inventory.Design) (names []string) {
	if d.Connector != nil {
		names = append(names, "connector")
	}
	for _, r := range d.Roles {
		if r.Always {
			names = append(names, r.Name)
		}
	}
	return names
}

func (f *fault) readCrash(e *scenario.Entry, w *workload.Workload) error {
	f.strike = &observe.Strike{Role: f.role, Nth: 1}
	after, _ := e.Get("after")
	if f.strike.Point = after; after != "" && !slices.Contains(crashPoints, after) {
		return fmt.Errorf("after=%q is no point of a process; there are %s", after, strings.Join(crashPoints, ", "))
	}
	if nth, ok := e.Get("nth"); ok {
		n, err := strconv.Atoi(nth)
		if err != nil || n < 1 {
			return fmt.Errorf("nth=%q is not a number from 1", nth)
		}
		f.strike.Nth = n
	}
	name, ok := e.Get("order")
	if !ok {
		return nil
	}
	if after != "deduct" && after != "credit" {
		return fmt.Errorf("order=%s: only a deduct or credit names its order here", name)
	}
	id, ok := w.Order(name)
	if !ok {
		return fmt.Errorf("the workload has no order %q", name)
	}
	f.strike.Order = id.String()
	return nil
}

// play lets the faults of the scenario strike, one after the other. A process that dies at a point
// stays there until the faults behind it, up to the next crash or restart, have happened: nobody takes
// its place before.
func (r *run) play(ctx context.Context) {
	dead := map[string]string{}
	var held *observe.Strike
	for i, f := range r.script {
		if f.by == 0 {
			release(&held)
		}
		switch {
		case f.by > 0:
			r.world.AdvanceRedis(f.by)
		case f.strike != nil && f.strike.Point == "":
			dead[f.role] = r.dep.Names(f.role)[0]
			if err := r.dep.Crash(dead[f.role]); err != nil {
				r.abort(err)
				return
			}
		case f.strike != nil:
			r.watch.Arm(f.strike)
			name, struck := r.watch.Await(ctx, f.strike)
			if !struck {
				r.miss(r.script[i:])
				return
			}
			dead[f.role], held = name, f.strike
		default:
			if err := r.dep.Restart(dead[f.role]); err != nil {
				r.abort(err)
				return
			}
		}
		r.struck(f.text)
	}
	release(&held)
}

func release(s **observe.Strike) {
	if *s != nil {
		(*s).Resume()
		*s = nil
	}
}

// restarts kills workers between effect and offset commit, spread over the run. In synchronous
// admission the workers have nothing to do; there it is the projection, the consumer behind them.
func (r *run) restarts(ctx context.Context, total int) {
	role := "worker"
	if r.Design.Books == inventory.LedgerBooks && r.Options.Admission == inventory.Sync {
		role = "projection"
	}
	for i := range r.Restarts {
		s := &observe.Strike{Role: role, Point: "offset-commit", Nth: 1}
		name, struck := "", r.reached(ctx, total*(i+1)/(r.Restarts+1))
		if struck {
			r.watch.Arm(s)
			name, struck = r.watch.Await(ctx, s)
		}
		if !struck {
			r.miss([]fault{{text: fmt.Sprintf("restart %d of %d of a %s: it had no offset left to commit", i+1, r.Restarts, role)}})
			continue
		}
		s.Resume()
		if err := r.dep.Restart(name); err != nil {
			r.abort(err)
			return
		}
		r.struck(fmt.Sprintf("%s killed between effect and offset commit, and restarted", name))
	}
}

// lastKills gives the kills that are left their chance: behind the last order consumers still catch up, and
// a projection commits with every heartbeat that it stores. It ends when none has struck for Settle.
func (r *run) lastKills(ctx context.Context, over <-chan struct{}) {
	for before := -1; before != r.strikes(); {
		before = r.strikes()
		select {
		case <-over:
			return
		case <-ctx.Done():
			return
		case <-time.After(r.Settle):
		}
	}
}

func (r *run) strikes() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.receipts)
}

// abort ends the run without a verdict: a process could not be ended, or not be started again.
func (r *run) abort(err error) { r.cancel(err) }

// reached waits until so many orders are done.
func (r *run) reached(ctx context.Context, orders int) bool {
	for r.ordersDone.Load() < int64(orders) {
		select {
		case <-r.orderDone:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (r *run) struck(what string) {
	r.mu.Lock()
	r.receipts = append(r.receipts, what)
	r.mu.Unlock()
	r.progress(-1, what)
}

func (r *run) miss(fs []fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range fs {
		r.unstruck = append(r.unstruck, f.text)
	}
}

func (r *run) clientRuntime() port.Runtime { return live.Runtime{} }
