package checks

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"stockproof/checks/linear"
)

// commits are the ledger's rows in their order: in this world a command takes effect while it is under way.
func (w *world) commits() (all []Commit) {
	called := map[uint64]Call{}
	for _, e := range w.events {
		switch e := e.(type) {
		case Call:
			called[e.Attempt] = e
		case Return:
			c := called[e.Attempt].Command
			for _, r := range w.ledger {
				if r.Command == c.ID && !e.Duplicate {
					all = append(all, Commit{Lane: r.Lane, Seq: r.Seq, Command: r.Command, At: e.At})
				}
			}
		}
	}
	return all
}

// finished is a suite that has judged a history.
func finished(h History) *Suite {
	s := New(h.Header)
	s.Remember()
	for _, e := range h.Events {
		s.Observe(e)
	}
	s.Finish(h.Audit)
	return s
}

// The witness, the versions and porcupine say the same of any run.
func TestThreeJudgesAgreeOnAnyRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		for _, c := range randomCommands(t, w, 2, 25) {
			w.send(c)
		}
		for _, d := range finished(w.history()).Triangulate(w.commits(), Triangulation{}.Judges()) {
			t.Error(d)
		}
	})
}

// A judge that is wrong is caught: one that never looks at real time, and one that takes nothing for right.
func TestAWrongJudgeIsCaught(t *testing.T) {
	w := newWorld()
	w.send(w.restock("in", "A", 5))
	w.send(w.reserve("o1", 1, "A", 2, 2))
	w.send(w.reserve("o2", 1, "A", 1, 2))
	right, commits := w.history(), w.commits()
	w.overtake() // o2 is answered before o1 is called
	inverted := w.history()

	timeless := LaneJudge{"timeless", func(d LaneDecisions) (linear.Verdict, string) {
		ops := append([]linear.Op(nil), d.Ops...)
		for i := range ops {
			ops[i].Call, ops[i].Return = 0, 0
		}
		r, _ := linear.Versioned(ops, linear.Spec{Sequenced: true}, linear.Options{})
		return r.Verdict, r.Why
	}}
	strict := LaneJudge{"strict", func(LaneDecisions) (linear.Verdict, string) { return linear.Fail, "nothing is right" }}
	judges := Triangulation{}.Judges()

	if d := finished(inverted).Triangulate(commits, judges); len(d) > 0 {
		t.Errorf("all say that it is broken, and yet: %q", d)
	}
	for _, c := range []struct {
		history History
		judge   LaneJudge
	}{{inverted, timeless}, {right, strict}} {
		d := finished(c.history).Triangulate(commits, append(judges[:len(judges):len(judges)], c.judge))
		if len(d) != 1 || !strings.Contains(d[0], `lane "A"`) || !strings.Contains(d[0], c.judge.Name) {
			t.Errorf("%s is not caught: %q", c.judge.Name, d)
		}
		if d := finished(c.history).Triangulate(commits, judges); len(d) > 0 {
			t.Errorf("without it they agree: %q", d)
		}
	}
}
