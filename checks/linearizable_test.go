package checks

import (
	"strings"
	"testing"

	"stockproof/model"
)

// readTruth lets a client read a lane in the truth.
func (w *world) readTruth(l model.Lane) {
	w.events = append(w.events, Read{Client: 9, Call: w.tick(), At: w.tick(), Space: "inv", Lane: l.Key, Known: l.Known(),
		Epoch: worldEpoch, Seq: l.Seq, Avail: l.Avail(), FromTruth: true})
}

// overtake lets what was told of the last two commands change places in time: the later one was answered before
// the earlier one was sent.
func (w *world) overtake() {
	n := len(w.events)
	a, b := w.events[n-4:n-2], w.events[n-2:n]
	for i := range 2 {
		x, y := a[i], b[i]
		a[i], b[i] = stamped(y, x), stamped(x, y)
	}
}

// stamped is e at the time of another.
func stamped(e, like Event) Event {
	at := func(e Event) int64 {
		if c, ok := e.(Call); ok {
			return c.At
		}
		return e.(Return).At
	}
	switch e := e.(type) {
	case Call:
		e.At = at(like)
		return e
	case Return:
		e.At = at(like)
		return e
	}
	return e
}

func TestWhatFitsNoOrderOfTheLaneIsNotLinearizable(t *testing.T) {
	start := func() (*world, model.Command) {
		w := newWorld()
		w.send(w.restock("in", "A", 5))
		return w, w.reserve("o1", 1, "A", 2, model.Partial)
	}
	cancelled := func() *world { // before who came after it, and asked for only then
		w, o1 := start()
		w.send(o1)
		w.send(w.refer("cancel", model.Release, o1))
		w.send(w.reserve("o2", 1, "A", 1, model.Partial))
		w.overtake()
		return w
	}
	for _, c := range []struct {
		name string
		run  func() *world
		says []string // none: it passes
	}{
		{"one after the other", func() *world {
			w, o1 := start()
			w.send(o1)
			w.readTruth(w.lane(at("A")))
			w.send(w.refer("pay", model.Commit, o1))
			w.send(w.reserve("o2", 1, "A", 9, model.AllOrNothing))
			w.readTruth(w.lane(at("A")))
			return w
		}, nil},
		{"a decision that stands before one that came first", func() *world {
			w, o1 := start()
			w.send(o1)
			w.send(w.reserve("o2", 1, "A", 1, model.Partial))
			w.overtake()
			return w
		}, []string{`lane "A": `, "offender", "witness", "reserve o"}},
		{"a cancel of what the design had cancelled before", func() *world {
			w := cancelled()
			r := w.events[len(w.events)-1].(Return)
			r.Duplicate = true
			w.events[len(w.events)-1] = r
			return w
		}, nil},
		{"a cancel that was answered before it was asked for", cancelled, []string{`lane "A": `, "offender", "witness", "reserve o"}},
		{"a truth that shows less than was told", func() *world {
			w, o1 := start()
			before := w.lane(at("A"))
			w.send(o1)
			w.readTruth(before)
			return w
		}, []string{"read -> ok seq 1 remaining 5", "deduct 2"}},
		{"an answer with another stock", func() *world {
			w, o1 := start()
			w.send(o1)
			r := w.events[len(w.events)-1].(Return)
			r.Decision.Avail++
			w.events[len(w.events)-1] = r
			return w
		}, []string{"the ledger says otherwise of version 2", "reserve o1"}},
		{"an answer that the ledger does not have", func() *world {
			w, o1 := start()
			w.record(o1, model.Decision{Outcome: model.Granted, Granted: 2, Seq: 2, Avail: 3}, false)
			return w
		}, []string{"the ledger has no version 2"}},
		{"two commands at one version", func() *world {
			w, o1 := start()
			d := w.send(o1)
			w.record(w.reserve("o2", 1, "A", 2, model.Partial), d, false)
			return w
		}, []string{"version 2"}},
		{"what nobody was answered, and is in the ledger", func() *world {
			w, o1 := start()
			w.send(o1)
			w.events[len(w.events)-1] = Unknown{Attempt: w.attempt, At: w.clock}
			w.send(w.refer("cancel", model.Release, o1))
			w.events[len(w.events)-1] = Unknown{Attempt: w.attempt, At: w.clock}
			w.readTruth(w.lane(at("A")))
			return w
		}, nil},
		{"what nobody was answered, in effect before it was sent", func() *world {
			w, o1 := start()
			w.send(o1)
			w.send(w.reserve("o2", 1, "A", 1, model.Partial))
			w.overtake()
			for i, e := range w.events { // o1's answer is lost
				if r, ok := e.(Return); ok && r.Decision.Seq == 2 {
					w.events[i] = Unknown{Attempt: r.Attempt, At: r.At}
				}
			}
			return w
		}, []string{"reserve o1"}},
		{"the design's own commands", func() *world {
			w, o1 := start()
			w.send(o1)
			w.settle(w.refer("expired", model.Release, o1)) // nobody called for it
			w.readTruth(w.lane(at("A")))
			return w
		}, nil},
		{"a transfer", func() *world {
			w, _ := start()
			c := w.command("move", model.Transfer, "A")
			c.ToLoc, c.Qty = "east", 2
			w.send(c)
			w.readTruth(w.lane(c.ToLane()))
			return w
		}, nil},
		{"a transfer that arrives before it was sent", func() *world {
			w, _ := start()
			c := w.command("move", model.Transfer, "A")
			c.ToLoc, c.Qty = "east", 2
			w.send(c)
			o2 := w.reserve("o2", 1, "A", 1, model.Partial)
			o2.Loc = "east"
			w.send(o2)
			w.overtake()
			return w
		}, []string{`lane "A" at "east": `, "move", "reserve o2"}},
		{"a lane that nobody stocked", func() *world {
			w, _ := start()
			w.send(w.reserve("o9", 1, "Z", 1, model.Partial))
			return w
		}, nil},
		{"a lane that was stocked before", func() *world {
			w, _ := start()
			w.record(w.reserve("o9", 1, "A", 1, model.Partial), model.Decision{Outcome: model.Invalid}, false)
			return w
		}, []string{"seq 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			reports := Check(c.run().history())
			if r := reportOn(t, reports, Linearizable); len(c.says) == 0 && r.Verdict != Pass {
				t.Errorf("%s: %s\n%s", r.Verdict, r.Why, evidenceText(r))
			} else if len(c.says) > 0 {
				wantFail(t, reports, Linearizable, -1, c.says...)
			}
		})
	}
}

// What the search gives up is undecided, is told from what no history could show, and makes the run undecided.
func TestWhatTheSearchGivesUpIsNeverGreen(t *testing.T) {
	h := History{Header: Header{Claims: []Guarantee{Linearizable}, Capability: BareAnswers}}
	var answers []Event
	for i := range uint64(12) { // all at once
		c := model.Command{ID: model.NameID("bare", string(rune('a'+i))), Kind: model.Restock, SKU: "A", Loc: model.MainLocation, Qty: 1}
		h.Events = append(h.Events, Call{Attempt: i + 1, Client: int32(i), At: int64(i), Command: c})
		answers = append(answers, Return{Attempt: i + 1, At: 100 + int64(i), Decision: model.Decision{Outcome: model.Granted, Granted: 1}})
	}
	h.Events = append(h.Events, answers...)
	reports := Check(h)
	if r := reportOn(t, reports, Linearizable); r.Verdict != Undecided || r.NotChecked || !strings.Contains(r.Why, "12 operations at once") {
		t.Errorf("%+v", r)
	}
	if got := Judge(reports, Conditions{Decisions: 12}); got != UndecidedResult || got.ExitCode() != 6 {
		t.Errorf("the run is %s", got)
	}
}
