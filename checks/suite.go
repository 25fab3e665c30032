package checks

import (
	"errors"
	"io"
	"slices"
	"sync"
)

// Checker judges one guarantee of one run. It is given every event, in order and not concurrently,
// and at the end the audit.
type Checker interface {
	// Observe takes event number index, from 1.
	Observe(index int, e Event)
	// Finish judges. It is called once, after the last event.
	Finish(a Audit) Report
}

// Suite runs the checkers of all guarantees side by side. Observe may be called from several
// goroutines: the order of its calls is the order of the history.
type Suite struct {
	mu       sync.Mutex
	header   Header
	calls    *calls
	events   int
	checkers []Checker // one per guarantee, nil where it is not claimed
	also     []func(Event)
}

// New prepares the checkers of what the header claims.
func New(h Header) *Suite {
	s := &Suite{header: h, calls: newCalls()}
	for _, g := range Guarantees() {
		var c Checker
		if slices.Contains(h.Claims, g) {
			c = newChecker(g, &s.header, s.calls)
		}
		s.checkers = append(s.checkers, c)
	}
	return s
}

func newChecker(g Guarantee, h *Header, sent *calls) Checker {
	switch g {
	case NoOversell:
		return &noOversell{header: h}
	case OneOutcome:
		return &oneOutcome{header: h, calls: sent}
	case ExactlyOnceEffect:
		return &exactlyOnce{header: h}
	case Linearizable:
		return newLinearizable(h, sent)
	case NoFalseReject:
		return &noFalseReject{header: h}
	case Conservation:
		return &conservation{header: h}
	case Convergence:
		return &convergence{header: h}
	case NoLoss:
		return &noLoss{header: h, calls: sent}
	case MonotoneReads:
		return newMonotoneReads(h)
	case NoBlock:
		return &noBlock{header: h}
	case BoundedMemory:
		return &boundedMemory{header: h}
	}
	panic("checks: " + g.String() + " has no checker")
}

// Also lets fn have every event too, in the order of the history and not concurrently: a recorder's
// place. It must be called before the first event.
func (s *Suite) Also(fn func(Event)) { s.also = append(s.also, fn) }

// Remember keeps the operations of clients, 100 bytes each, for [Suite.Explain] and [Suite.Triangulate], of a run of up
// to a million; the verdicts do without. It must be called before the first event.
func (s *Suite) Remember() {
	if l, ok := s.checkers[Linearizable-1].(*linearizable); ok {
		l.remember()
	}
}

// Observe records one event and returns its number.
func (s *Suite) Observe(e Event) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events++
	for _, fn := range s.also {
		fn(e)
	}
	s.calls.note(e)
	for _, c := range s.checkers {
		if c != nil {
			c.Observe(s.events, e)
		}
	}
	s.calls.forget(e)
	return s.events
}

// Events is the number of events so far.
func (s *Suite) Events() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events
}

// Found is how many violations are known before the audit, of guarantees that are judged while a run goes on.
func (s *Suite) Found() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.checkers {
		if f, ok := c.(interface{ found() int }); ok {
			n += f.found()
		}
	}
	return n
}

// Finish judges the run. The reports are in the order of [Guarantees]; a guarantee that the design does not
// claim is listed as undecided.
func (s *Suite) Finish(a Audit) []Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	var reports []Report
	a.shared = &shared{}
	for i, g := range Guarantees() {
		r := undecided(g, "not claimed")
		if c := s.checkers[i]; c != nil {
			r = c.Finish(a)
			r.Claimed = true
		}
		reports = append(reports, r)
	}
	return reports
}

// ErrNoPanel: no lane's operations contradict each other in a way that porcupine could draw.
var ErrNoPanel = errors.New("there is nothing that porcupine could draw")

// Explain writes porcupine's page about the first violation of linearizable that Finish found, as [linear.Explain] does;
// [ErrNoPanel] where there is none, or where it is about the ledger alone. The suite must remember ([Suite.Remember]).
func (s *Suite) Explain(w io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.checkers {
		if l, ok := c.(*linearizable); ok {
			return l.explain(w)
		}
	}
	return ErrNoPanel
}

// Check judges a whole history.
func Check(h History) []Report {
	s := New(h.Header)
	for _, e := range h.Events {
		s.Observe(e)
	}
	return s.Finish(h.Audit)
}
