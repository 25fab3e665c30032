package sim

import (
	"fmt"
	"time"

	"stockproof/checks"
	"stockproof/model"
	"stockproof/sim/engine"
)

// plan lets the faults of a list strike, one after the other: each is armed when the one before it has
// struck.
type plan struct {
	s        *Simulation
	faults   []Fault
	kinds    []FaultKind
	orders   []model.ID // of the triggers
	next     int
	seen     int // how often the trigger of the next fault was passed
	receipts []string

	kindsStruck []string
	pending     func() string // of the next fault, which has begun: its receipt, once there is one
	delay       time.Duration // of the response that is delayed last
}

func newPlan(s *Simulation, faults []Fault) (*plan, error) {
	p := &plan{s: s, faults: faults}
	for _, f := range faults {
		k, ok := FindFaultKind(f.Kind)
		if !ok {
			return nil, fmt.Errorf("fault %s: there is no such kind of fault", f.Kind)
		}
		if k.fate != engine.Delivered && f.When.Point == "" {
			return nil, fmt.Errorf("fault %s: it needs a request: before=POINT or after=POINT", f.Kind)
		}
		var order model.ID
		if f.When.Order != "" {
			if order, ok = s.c.Workload.Order(f.When.Order); !ok {
				return nil, fmt.Errorf("fault %s: the workload has no order %q", f.Kind, f.When.Order)
			}
		}
		p.kinds, p.orders = append(p.kinds, k), append(p.orders, order)
	}
	return p, nil
}

// missing are the faults that never struck.
func (p *plan) missing() (names []string) {
	for _, f := range p.faults[p.next:] {
		names = append(names, f.String())
	}
	return names
}

// passes reports whether a point is the moment that the next fault waits for.
func (p *plan) passes(at *engine.Point) bool {
	w := &p.faults[p.next].When
	if w.Point == "" {
		return true
	}
	phase := engine.Response
	if w.Before {
		phase = engine.Request
	}
	if at.Phase != phase || at.Err != nil || w.Role != "" && at.Actor.Proc.Role != w.Role || PointName(at) != w.Point {
		return false
	}
	if order := p.orders[p.next]; (!order.IsZero() || w.SKU != "") && !mentions(at, order, w.SKU) {
		return false
	}
	p.seen++
	return p.seen >= max(w.Nth, 1)
}

func (p *plan) struck(what string) {
	p.receipts = append(p.receipts, what)
	p.kindsStruck = append(p.kindsStruck, p.faults[p.next].Kind)
	p.next++
	p.seen = 0
}

// passed is the engine between two steps. It reports whether it may have changed anything.
func (s *Simulation) passed(at engine.Point) (changed bool) {
	if s.c.Stepped != nil {
		s.c.Stepped(s, at)
	}
	if s.drawing != nil {
		s.drawing.Step(at)
		defer s.drawing.Settled()
	}
	if s.Engine.Steps()%instantSteps == 0 && !s.c.Search {
		s.restless.look(s.Engine)
	}
	if !s.open {
		return false
	}
	p := s.plan
	for p.next < len(p.faults) && p.kinds[p.next].strike != nil {
		what := ""
		switch {
		case p.pending != nil:
			what, changed = p.pending(), true
		case p.passes(&at):
			changed = true
			what = p.kinds[p.next].strike(s, &p.faults[p.next], at)
		}
		if what == "" {
			break // nothing there yet: at the next moment like this
		}
		p.pending = nil
		p.struck(what)
	}
	if s.c.Passed != nil {
		s.c.Passed(s, at)
		return true
	}
	return changed
}

// calm reports whether nothing can strike at the end of this step, and nobody asks the servers anything.
func (s *Simulation) calm() bool {
	return s.drawing == nil && s.c.Stepped == nil &&
		(!s.open || s.c.Passed == nil && !s.c.Search && s.plan.next == len(s.plan.faults))
}

// fate is what becomes of a request: what the list says, or else what the configuration does.
func (s *Simulation) fate(at engine.Point) engine.Fate {
	if !s.open {
		return engine.Delivered
	}
	p := s.plan
	if p.next < len(p.faults) && p.kinds[p.next].fate != engine.Delivered {
		w := p.faults[p.next].When
		at.Phase = engine.Response // whichever side of the request the trigger names, it is this one
		if w.Before {
			at.Phase = engine.Request
		}
		if p.passes(&at) {
			fate := p.kinds[p.next].fate
			p.delay = p.faults[p.next].By
			p.struck(fmt.Sprintf("%s of %s: %s", PointName(&engine.Point{Phase: engine.Request, Call: at.Call}), at.Actor.Name, fate))
			return fate
		}
	}
	if s.c.Fate != nil {
		return s.c.Fate(at)
	}
	return engine.Delivered
}

// await lets a fault that has begun count as struck when happened says what happened.
func (s *Simulation) await(happened func() string) string {
	s.plan.pending = happened
	return ""
}

// Strike lets a fault happen now, whatever its trigger: for searches that choose moments of their own. It
// says what happened, "" if there was nothing to strike. Of a fault that takes effect with something that
// comes later, such as the connector's next change, it says that it has begun. The world must have been
// made for its kind: [SimulationConfig].Kinds.
func (s *Simulation) Strike(f Fault, at engine.Point) string {
	k, ok := FindFaultKind(f.Kind)
	if !ok || k.strike == nil || f.complete(k) != nil {
		return ""
	}
	before := s.plan.pending
	s.plan.pending = nil
	what := k.strike(s, &f, at)
	if s.plan.pending != nil {
		what = f.Kind + " has begun"
	}
	s.plan.pending = before
	return what
}

// outside are the kinds of the faults that struck and that the design's claims do not survive.
func (s *Simulation) outside() (kinds []string) {
	for _, kind := range s.plan.kindsStruck {
		if !s.c.Design.Survives(kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// knownLimits takes back the claim of every guarantee that failed, if a fault struck that the design's
// claims do not survive.
func (s *Simulation) knownLimits(reports []checks.Report) (limits []KnownLimit) {
	outside := s.outside()
	for _, r := range checks.Unclaim(reports, outside) {
		limits = append(limits, KnownLimit{r.Guarantee, outside[0], r.Why})
	}
	return limits
}
