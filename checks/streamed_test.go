package checks

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"stockproof/model"
)

// jumbled makes the clients of a history run side by side: each command was decided where it was, and was called and
// answered some time around that. Some answers never come, some commands are sent again, some reads stand between.
func jumbled(t *rapid.T, w *world) []Event {
	type timed struct {
		at int64
		e  Event
	}
	var all []timed
	calls := map[uint64]Call{}
	draw := func(name string, most int) int64 { return int64(rapid.IntRange(0, most).Draw(t, name)) }
	attempt := uint64(1 << 20)
	for i, e := range w.events {
		at := int64(1000 + 10*i)
		switch e := e.(type) {
		case Call:
			calls[e.Attempt] = e
		case Return:
			call := calls[e.Attempt]
			call.At = at - draw("call", 60)
			all = append(all, timed{call.At, call})
			e.At = at + draw("return", 60)
			if draw("lost", 9) == 0 {
				all = append(all, timed{e.At, Unknown{Attempt: e.Attempt, At: e.At}})
			} else {
				all = append(all, timed{e.At, e})
			}
			if draw("again", 9) == 0 {
				attempt++
				call.Attempt, call.At = attempt, e.At+draw("later", 30)
				again := Return{Attempt: attempt, At: call.At + draw("return", 30), Decision: e.Decision, Duplicate: true}
				all = append(all, timed{call.At, call}, timed{again.At, again})
			}
		}
	}
	for _, r := range w.ledger {
		if r.Leg == 0 && draw("read", 4) == 0 {
			decided := int64(1000)
			for _, e := range all {
				if x, ok := e.e.(Return); ok && calls[x.Attempt].Command.ID == r.Command {
					decided = e.at
				}
			}
			read := Read{Client: 7, Call: decided - draw("call", 40), Lane: r.Lane, Known: true, Epoch: worldEpoch, Seq: r.Seq,
				Avail: r.AvailAfter, FromTruth: true}
			read.At = read.Call + draw("return", 40)
			all = append(all, timed{read.At, read})
		}
	}
	slices.SortStableFunc(all, func(x, y timed) int {
		_, xc := x.e.(Call)
		_, yc := y.e.(Call)
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(b2i(yc), b2i(xc)))
	})
	events := make([]Event, len(all))
	for i := range all {
		events[i] = all[i].e
	}
	return events
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// bugs of a design, put into what clients saw.
var bugs = []struct {
	name string
	put  func(t *rapid.T, e Event) Event
}{
	{"none", func(_ *rapid.T, e Event) Event { return e }},
	{"lost update", func(t *rapid.T, e Event) Event {
		if r, ok := e.(Return); ok && r.Decision.Seq > 1 && rapid.IntRange(0, 9).Draw(t, "strikes") == 0 {
			r.Decision.Seq--
			return r
		}
		return e
	}},
	{"stale read", func(t *rapid.T, e Event) Event {
		if r, ok := e.(Read); ok && rapid.IntRange(0, 3).Draw(t, "strikes") == 0 {
			r.Seq, r.Avail = max(0, r.Seq-2), r.Avail+1
			return r
		}
		return e
	}},
	{"another stock", func(t *rapid.T, e Event) Event {
		if r, ok := e.(Return); ok && r.Decision.Seq > 0 && rapid.IntRange(0, 9).Draw(t, "strikes") == 0 {
			r.Decision.Avail++
			return r
		}
		return e
	}},
	{"granted after all", func(t *rapid.T, e Event) Event {
		if r, ok := e.(Return); ok && r.Decision.Outcome == model.RejectedInsufficient && rapid.IntRange(0, 3).Draw(t, "strikes") == 0 {
			r.Decision.Outcome, r.Decision.Granted = model.Granted, 1
			return r
		}
		return e
	}},
}

// What is judged while it happens and what is judged from all of it say the same of any run and any damage, and name
// a lane that the other names too.
func TestTheStreamSaysOfALedgerWhatAllOfItSays(t *testing.T) {
	verdicts, same := map[Verdict]int{}, 0
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		for _, c := range randomCommands(t, w, 2, 25) {
			w.send(c)
		}
		h := w.history()
		h.Events = jumbled(t, w)
		bug := bugs[rapid.IntRange(0, len(bugs)-1).Draw(t, "bug")]
		for i, e := range h.Events {
			h.Events[i] = bug.put(t, e)
		}
		if n := rapid.IntRange(0, 2*len(corruptions)).Draw(t, "corruption"); n < len(corruptions) && len(h.Audit.Ledger) > 0 {
			corruptions[n].apply(&h.Audit, func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "row") })
		}
		s := New(h.Header)
		s.Remember()
		for _, e := range h.Events {
			s.Observe(e)
		}
		streamed := s.Finish(h.Audit)[Linearizable-1]
		c := s.checkers[Linearizable-1].(*linearizable)
		plain, _ := c.kept.plain(c.book)
		if streamed.Verdict != plain.Verdict {
			t.Fatalf("%s: streamed %s, %s\nplain %s, %s", bug.name, streamed.Verdict, evidenceText(streamed), plain.Verdict, evidenceText(plain))
		}
		verdicts[plain.Verdict]++
		if plain.Verdict == Fail {
			if streamed.Evidence[0].Lane != plain.Evidence[0].Lane || streamed.Count != plain.Count {
				t.Errorf("%s: streamed\n%s\nplain\n%s", bug.name, evidenceText(streamed), evidenceText(plain))
			}
			if streamed.Evidence[0].Command == plain.Evidence[0].Command {
				same++
			}
		}
	})
	t.Logf("%v, the same offender in %d", verdicts, same)
	if verdicts[Pass] == 0 || verdicts[Fail] == 0 {
		t.Errorf("one verdict only: %v", verdicts)
	}
}
