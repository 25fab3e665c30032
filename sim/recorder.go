package sim

import (
	"sync/atomic"
	"time"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/model"
)

// Recorder writes down what clients see, as events for the checkers. Safe for concurrent use if observe
// is.
type Recorder struct {
	observe  func(checks.Event)
	now      func() time.Time
	attempts atomic.Uint64
}

// NewRecorder hands its events to observe; now is the clock that all clients share.
func NewRecorder(observe func(checks.Event), now func() time.Time) *Recorder {
	return &Recorder{observe: observe, now: now}
}

// sent is one request: an attempt per command.
type sent struct {
	first    uint64 // attempt of the first command; the others follow
	commands []model.Command
}

func (r *Recorder) clock() int64 { return r.now().UnixMicro() }

// call records a request before it leaves.
func (r *Recorder) call(client int32, at int64, cs []model.Command) sent {
	s := sent{r.attempts.Add(uint64(len(cs))) - uint64(len(cs)) + 1, cs}
	for i, c := range cs {
		r.observe(checks.Call{Attempt: s.first + uint64(i), Client: client, At: at, Command: c})
	}
	return s
}

// answered records the answer to a request, one per command. What is accepted and not decided is
// answered once more by decided.
func (r *Recorder) answered(s sent, as []inventory.Answer) {
	at := r.clock()
	for i, a := range as {
		e := checks.Return{Attempt: s.first + uint64(i), At: at, Duplicate: a.Duplicate}
		switch a.Status {
		case inventory.Decided:
			e.Decision = a.Decision
		case inventory.Pending:
		default:
			e.Refused = a.Status.String()
		}
		r.observe(e)
	}
}

// decided records that the client of a request has learnt the decisions which it waited for: those of
// the commands that before says were accepted only. It is the same call that is answered, so that the
// decision fell between its beginning and now.
func (r *Recorder) decided(s sent, before []inventory.Status, as []inventory.Answer) {
	at := r.clock()
	for i, a := range as {
		if before[i] == inventory.Pending && a.Status == inventory.Decided {
			r.observe(checks.Return{Attempt: s.first + uint64(i), At: at, Decision: a.Decision, Duplicate: a.Duplicate})
		}
	}
}

// unknown records that a request ended in an error: nobody can say what became of it.
func (r *Recorder) unknown(s sent, err error) {
	at := r.clock()
	for i := range s.commands {
		r.observe(checks.Unknown{Attempt: s.first + uint64(i), At: at, Why: err.Error()})
	}
}

// refused records that a request was against the contract: nothing of it was done.
func (r *Recorder) refused(s sent, err error) {
	at := r.clock()
	for i := range s.commands {
		r.observe(checks.Return{Attempt: s.first + uint64(i), At: at, Refused: err.Error()})
	}
}

// read records what a client was shown.
func (r *Recorder) read(client int32, called int64, space string, levels []inventory.Level) {
	at := r.clock()
	for _, l := range levels {
		r.observe(checks.Read{Client: client, Call: called, At: at, Space: space, Lane: l.Lane, Known: l.Known,
			Epoch: l.Epoch, Seq: l.Seq, Avail: l.Avail, AgeMS: l.AgeMS, FromTruth: l.FromTruth})
	}
}
