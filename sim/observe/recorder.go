package observe

import (
	"sync"
	"time"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/model"
)

// Recorder writes down what clients see, as events for the checkers. All clients share it, and one clock:
// events are stamped in the order in which they are told, so that time never runs backwards between two of
// them. Safe for concurrent use.
type Recorder struct {
	mu      sync.Mutex
	observe func(checks.Event)
	clock
	attempts uint64 // so far
}

// NewRecorder hands its events to observe; now is the clock that all clients share.
func NewRecorder(observe func(checks.Event), now func() time.Time) *Recorder {
	return &Recorder{observe: observe, clock: newClock(now)}
}

// Sent is one request: an attempt per command.
type Sent struct {
	first    uint64 // attempt of the first command; the others follow
	Commands []model.Command
}

// Call records a request before it leaves.
func (r *Recorder) Call(client int32, cs []model.Command) Sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.called(checks.Call{Client: client, At: r.Micros()}, cs)
}

// Late records a request that began at a time and whose commands are known only now.
func (r *Recorder) Late(client int32, began int64, cs []model.Command) Sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.called(checks.Call{Client: client, At: began, Late: true}, cs)
}

func (r *Recorder) called(e checks.Call, cs []model.Command) Sent {
	s := Sent{r.attempts + 1, cs}
	for _, c := range cs {
		r.attempts++
		e.Attempt, e.Command = r.attempts, c
		r.observe(e)
	}
	return s
}

// Answered records the answer to a request, one per command. What is accepted and not decided is
// answered once more by [Recorder.Decided].
func (r *Recorder) Answered(s Sent, as []inventory.Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.Micros()
	for i, a := range as {
		e := checks.Return{Attempt: s.first + uint64(i), At: at, Duplicate: a.Duplicate}
		switch a.Status {
		case inventory.Decided:
			e.Decision, e.Epoch = a.Decision, a.Epoch
		case inventory.Pending:
		default:
			e.Refused = a.Status.String()
		}
		r.observe(e)
	}
}

// Decided records that the client of a request has learnt the decisions which it waited for: those of
// the commands that before says were accepted only. It is the same call that is answered, so that the
// decision fell between its beginning and now. Whether the command was known before is in the first answer: a
// look-up finds every command known.
func (r *Recorder) Decided(s Sent, before []inventory.Status, as []inventory.Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.Micros()
	for i, a := range as {
		if before[i] == inventory.Pending && a.Status == inventory.Decided {
			r.observe(checks.Return{Attempt: s.first + uint64(i), At: at, Decision: a.Decision, Epoch: a.Epoch})
		}
	}
}

// Unknown records that a request ended in an error: nobody can say what became of it.
func (r *Recorder) Unknown(s Sent, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.Micros()
	for i := range s.Commands {
		r.observe(checks.Unknown{Attempt: s.first + uint64(i), At: at, Why: err.Error()})
	}
}

// Refused records that a request was against the contract: nothing of it was done.
func (r *Recorder) Refused(s Sent, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.Micros()
	for i := range s.Commands {
		r.observe(checks.Return{Attempt: s.first + uint64(i), At: at, Refused: err.Error()})
	}
}

// Read records what a client was shown.
func (r *Recorder) Read(client int32, called int64, space string, levels []inventory.Level) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.Micros()
	for _, l := range levels {
		r.observe(checks.Read{Client: client, Call: called, At: at, Space: space, Lane: l.Lane, Known: l.Known,
			Epoch: l.Epoch, Seq: l.Seq, Avail: l.Avail, AgeMS: l.AgeMS, FromTruth: l.FromTruth})
	}
}
