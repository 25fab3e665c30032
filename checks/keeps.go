package checks

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"stockproof/model"
)

// TB is the part of *testing.T, *testing.B and *rapid.T that a property needs.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Keeps fails the test for every one of the guarantees that the history does not keep, with the evidence; none
// named: those that its header claims. What the history cannot show, and what could not be decided, fails too:
// a property that was not checked was not tested. It reports whether all hold.
//
//	checks.Keeps(t, history, checks.NoOversell, checks.OneOutcome)
func Keeps(t TB, h History, gs ...Guarantee) bool {
	t.Helper()
	if len(gs) > 0 {
		h.Header.Claims = gs
	}
	holds := len(h.Header.Claims) > 0
	if !holds {
		t.Errorf("no guarantee is named, and the history claims none")
	}
	for _, r := range Check(h) {
		if r.Claimed && r.Verdict != Pass {
			holds = false
			t.Errorf("%s", failure(r))
		}
	}
	return holds
}

// Breaks fails the test unless the history breaks the guarantee: for a design that is known to be wrong.
func Breaks(t TB, h History, g Guarantee) bool {
	t.Helper()
	h.Header.Claims = []Guarantee{g}
	i := slices.IndexFunc(Check(h), func(r Report) bool { return r.Guarantee == g && r.Verdict == Fail })
	if i < 0 {
		t.Errorf("%s is not broken", g)
	}
	return i >= 0
}

// failure is a report as a test prints it: the verdict, and the first finding's evidence.
func failure(r Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s", r.Guarantee, r.Verdict, r.Why)
	for _, e := range r.Evidence {
		fmt.Fprintf(&b, "\n  %s", e)
	}
	return b.String()
}

// Recording is a history while it is made: what a test's clients ask and are told, by one clock that never runs
// backwards. Wrap the calls to the system under test in it. Safe for concurrent use.
type Recording struct {
	mu       sync.Mutex
	history  History
	began    time.Time
	attempts uint64
}

// NewRecording begins a history.
func NewRecording(h Header) *Recording {
	return &Recording{history: History{Header: h}, began: time.Now()}
}

// Call notes that a client sends a command, before it does, and names the attempt.
func (r *Recording) Call(client int32, c model.Command) (attempt uint64) {
	r.observe(func(at int64) Event {
		r.attempts++
		attempt = r.attempts
		return Call{Attempt: attempt, Client: client, At: at, Command: c}
	})
	return attempt
}

// Return notes the answer to an attempt, after it came.
func (r *Recording) Return(attempt uint64, d model.Decision) {
	r.observe(func(at int64) Event { return Return{Attempt: attempt, At: at, Decision: d} })
}

// Unknown notes that an attempt ended in an error: nobody can say what became of it.
func (r *Recording) Unknown(attempt uint64, err error) {
	r.observe(func(at int64) Event { return Unknown{Attempt: attempt, At: at, Why: err.Error()} })
}

// Observe notes any other event, where it happened.
func (r *Recording) Observe(e Event) { r.observe(func(int64) Event { return e }) }

// observe stamps an event and appends it as one step, so that times rise with the history.
func (r *Recording) observe(event func(at int64) Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history.Events = append(r.history.Events, event(time.Since(r.began).Microseconds()))
}

// History is what was recorded, with the state of everything after it went quiet.
func (r *Recording) History(a Audit) History {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.history
	h.Audit = a
	return h
}
