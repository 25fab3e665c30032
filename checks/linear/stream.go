package linear

import "fmt"

// Stream judges the history of one key while it happens, by version: what [Versioned] finds in a whole
// history, in O(1) per event, without allocating but to grow, in the memory of the window of operations
// under way (and 32 bytes by id). It is a reorder buffer before a replay: an answer is put at its
// version, and versions are replayed in order as soon as nothing under way can still take them.
//
// The basic lemma becomes one number: at its call, an operation notes the greatest version that had been
// returned, its floor; a mutation must come above its floor, an observer not below it.
//
// The caller gives events in the order of their times and, at equal times, in any order: intervals are
// closed. A stream belongs to one goroutine.
type Stream struct {
	spec    Spec
	limits  []limitFrom
	safety  int64
	window  window
	top     int64 // greatest version that was returned
	topThen int64 // the same, of what returned before now
	now     int64
	flights []*[1 << flightBits]flight // in pages: growing copies nothing
	handles Handle                     // in use or free
	free    Handle                     // list of unused flights
	oldest  Handle                     // list of flights in the order of their calls
	newest  Handle
	moving  int // SetLimits that may still be replayed
	strayed int // SetLimits that timed out
	ids     idTable
	vacant  []vacancy   // versions that were passed and nobody answered for, in order
	later   []unsettled // answers that are judged at the end, with what is known of unanswered operations
	tied    []Op        // rejections that returned now and saw no SetLimit under way
	ahead   bool        // a version was shown that is too far ahead to be right
	invoked int64
	problem Report // the first; its Why is "" while there is none
}

// Handle names an operation under way.
type Handle int32

// flightBits is the size of a page of flights: 64.
const flightBits = 6

// flight is an operation under way, or one that timed out.
type flight struct {
	op         Op
	floor      int64
	prev, next Handle
	state      flightState
}

type flightState uint8

const (
	unused flightState = iota
	underWay
	timedOut
)

// vacancy is a version that nobody was answered for, and the stock around it as far as it is known.
type vacancy struct{ seq, before, after int64 }

// limitFrom is what holds from a version on.
type limitFrom struct{ seq, limit int64 }

// NewStream starts a history at the specification's initial state.
func NewStream(spec Spec) *Stream {
	i := spec.Initial
	return &Stream{spec: spec, limits: []limitFrom{{i.Seq, i.Limit}}, safety: i.Safety, window: newWindow(i), top: i.Seq,
		topThen: i.Seq, now: -Open, free: none, oldest: none, newest: none}
}

// Invoke takes the call of an operation: op with its question and its Call.
func (s *Stream) Invoke(op *Op) Handle {
	s.clock(op.Call)
	s.invoked++
	if op.Kind == SetLimit {
		s.moving++
	}
	h := s.free
	if h == none {
		h = s.handles
		if s.handles++; int(h>>flightBits) == len(s.flights) {
			s.flights = append(s.flights, new([1 << flightBits]flight))
		}
	} else {
		s.free = s.flight(h).next
	}
	f := s.flight(h)
	f.op, f.floor, f.prev, f.next, f.state = *op, s.topThen, s.newest, none, underWay
	if s.newest == none {
		s.oldest = h
	} else {
		s.flight(s.newest).next = h
	}
	s.newest = h
	return h
}

func (s *Stream) flight(h Handle) *flight { return &s.flights[h>>flightBits][h&(1<<flightBits-1)] }

// clock notes the time of an event: what returns now binds only what is called later.
func (s *Stream) clock(at int64) {
	if at < s.now {
		s.undecided("time runs backwards, from %d to %d", s.now, at)
	}
	if at > s.now {
		s.untie()
		s.now, s.topThen = at, s.top
	}
}

// Timeout takes that nobody waits for the answer any more: the outcome is unknown. Return may follow all
// the same.
func (s *Stream) Timeout(h Handle) {
	if f := s.flight(h); f.state == underWay {
		f.state = timedOut
		s.unlink(h)
		if f.op.Kind == SetLimit {
			s.moving--
			s.strayed++
		}
		s.replay()
	}
}

// Return takes the answer: op as it was invoked, completed.
func (s *Stream) Return(h Handle, op *Op) {
	s.clock(op.Return)
	f := s.flight(h)
	if f.state == underWay {
		s.unlink(h)
	}
	floor, late := f.floor, f.state == timedOut
	if op.Kind == SetLimit {
		s.returned(op, late)
	}
	f.state, f.next = unused, s.free
	s.free = h
	if s.problem.Why == "" {
		s.answer(op, floor, late)
	}
	if s.problem.Why == "" {
		if !s.ahead {
			s.top = max(s.top, op.Seq)
		}
		s.replay()
	}
}

// returned keeps count of the SetLimits that may bear on what is judged.
func (s *Stream) returned(op *Op, late bool) {
	if late {
		s.strayed--
		s.moving++
	}
	if !takesVersion(op, s.spec.Sequenced) {
		s.moving--
	}
}

// unlink takes a flight out of the order of calls.
func (s *Stream) unlink(h Handle) {
	f := s.flight(h)
	if f.prev == none {
		s.oldest = f.next
	} else {
		s.flight(f.prev).next = f.next
	}
	if f.next == none {
		s.newest = f.prev
	} else {
		s.flight(f.next).prev = f.prev
	}
}

// lowest is the least floor of what is under way or can still be called now: floors never fall from call
// to call.
func (s *Stream) lowest() int64 {
	if s.oldest == none {
		return s.topThen
	}
	return s.flight(s.oldest).floor
}

func (s *Stream) undecided(format string, args ...any) {
	if s.problem.Why == "" {
		s.problem = Report{Why: fmt.Sprintf(format, args...)}
	}
}

// fail keeps the first broken rule; evidence may name the version of what is contradicted.
func (s *Stream) fail(rule Rule, why string, op *Op, contradicts int64) {
	if s.problem.Why != "" {
		return
	}
	s.problem = failed(rule, why, Evidence{Offender, none, *op, op.String()})
	if v := s.window.at(contradicts); v != nil && v.state == taken && v.op != *op {
		s.problem.Evidence = append(s.problem.Evidence, Evidence{Witness, none, v.op, v.op.String()})
	}
	if contradicts != Absent {
		s.problem.Slice = &Slice{min(contradicts, op.Seq) - 1, max(contradicts, op.Seq)}
	}
}

// beyond reports a broken limit, unless an unanswered SetLimit may have moved it.
func (s *Stream) beyond(rule Rule, why string, op *Op, seq int64) {
	if s.strayed > 0 && len(s.vacant) > 0 {
		s.undecided("%s; an unanswered operation may have moved the limit", why)
		return
	}
	s.fail(rule, why, op, seq)
}

// limitAt is the limit at a version that was replayed.
func (s *Stream) limitAt(seq int64) int64 {
	n := len(s.limits) - 1
	for n > 0 && s.limits[n].seq > seq {
		n--
	}
	return s.limits[n].limit
}
