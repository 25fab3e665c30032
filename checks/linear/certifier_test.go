package linear

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// What a ledger can say that is not so, each found by both who read it.
func TestALedgerThatIsNotSoIsFound(t *testing.T) {
	lost := func(id int64) Op { return unansweredOp(Deduct, id, 3, 1) }
	sold := ok(Deduct, 2, 2, 2, 3, 2, 5)
	right := []Entry{wrote(1, 1, 3, -3, 7, Deduct, OK), wrote(2, 2, 2, -2, 5, Deduct, OK)}
	read := ok(Read, Absent, 0, 8, 9, 2, 5)
	ops := []Op{lost(0), lost(1), sold, read}
	if r := certified(ops, shelf(10), right); r.Verdict != Pass {
		t.Error(r)
	}
	wrong := read
	wrong.Remaining = 8
	if r := certified([]Op{lost(0), lost(1), sold, wrong}, shelf(10), right); r.Verdict != Fail {
		t.Errorf("a read of 8 units: %v", r)
	}
	if r := certified(ops[:3], Spec{Initial: State{Stock: 4, Limit: 0}}, right); r.Verdict != Fail {
		t.Errorf("three units and two out of four: %v", r)
	}
	for _, c := range []struct {
		says   string
		change func(l []Entry) []Entry
	}{
		{"no operation asked for", func(l []Entry) []Entry { l[0].ID = 9; return l }},
		{"ledger has no version 2", func(l []Entry) []Entry { return l[:1] }},
		{"has id 1 twice", func(l []Entry) []Entry { return append(l, wrote(3, 1, 3, -3, 2, Deduct, OK)) }},
		{"is not 6", func(l []Entry) []Entry { l[0].Stock = 6; return l }},
		{"from version 0 to 2", func(l []Entry) []Entry { return l[1:] }},
		{"says otherwise of version 2", func(l []Entry) []Entry { l[1].Qty, l[1].Delta, l[1].Stock = 1, -1, 6; return l }},
		{"says otherwise of version 2", func(l []Entry) []Entry { l[0].ID, l[1].ID = 2, 1; return l }},
		{"not what the specification answers", func(l []Entry) []Entry { l[0].Qty = 4; return l }},
	} {
		r := certified(ops, shelf(10), c.change(slices.Clone(right)))
		if r.Verdict != Fail || !strings.Contains(r.Why, c.says) || len(r.Evidence) == 0 {
			t.Errorf("%v, want %q", r, c.says)
		}
	}
}

// What was not answered and is in the ledger took effect behind what had been returned before its call.
func TestWhatIsInTheLedgerWasCalledInTime(t *testing.T) {
	sold := ok(Deduct, 0, 2, 1, 3, 2, 5)
	rows := []Entry{wrote(1, 1, 3, -3, 7, Deduct, OK), wrote(2, 0, 2, -2, 5, Deduct, OK)}
	for call, want := range map[int64]Verdict{3: Pass, 4: Fail} { // closed intervals: at 3 they are concurrent
		r := certified([]Op{sold, unansweredOp(Deduct, 1, 3, call)}, shelf(10), rows)
		if r.Verdict != want || want == Fail && r.Rule != RuleRealTime {
			t.Errorf("called at %d: %v, want %s", call, r, want)
		}
	}
	own := slices.Clone(rows)
	own[0].Own = true
	if r := certified([]Op{sold}, shelf(10), own); r.Verdict != Pass {
		t.Errorf("what the system asked for itself: %v", r)
	}
}

// An early failure names at the end who stands where it should not.
func TestARealTimeViolationNamesBoth(t *testing.T) {
	first, second := ok(Deduct, 0, 1, 1, 2, 2, 8), ok(Deduct, 1, 1, 3, 4, 1, 9)
	r := certified([]Op{first, second}, shelf(10), []Entry{wrote(1, 1, 1, -1, 9, Deduct, OK), wrote(2, 0, 1, -1, 8, Deduct, OK)})
	if r.Rule != RuleRealTime || len(r.Evidence) != 2 || r.Evidence[0].Index != 1 || r.Evidence[1].Index != 0 {
		t.Errorf("%v", r)
	}
}

func TestACertifierKeepsNoReadThatAnAnswerShows(t *testing.T) {
	const rounds = 100_000
	c := NewCertifier(shelf(rounds))
	now := int64(0)
	for seq := int64(1); seq <= rounds; seq++ {
		now += 2
		read, sold := ok(Read, Absent, 0, now, now, seq, rounds-seq), ok(Deduct, seq, 1, now, now+1, seq, rounds-seq)
		c.Call(&sold, 0)
		c.Return(&read, 0) // before the answer
		c.Return(&sold, 0)
		c.Return(&read, 0)
	}
	if len(c.later) > 2 || c.Problem() {
		t.Errorf("%d reads kept: %v", len(c.later), c.problem)
	}
}

// Whatever is changed of a ledger, it is found.
func TestAnyChangeOfALedgerIsFound(t *testing.T) {
	r := rand.New(rand.NewPCG(*seed, 3))
	work := workload{shows: Ledger, rises: true, couples: true, sequenced: true, lost: 25, quantity: 3, spread: 12}
	changes := []func(l []Entry, e *Entry) []Entry{
		func(l []Entry, e *Entry) []Entry { e.Seq++; return l },
		func(l []Entry, e *Entry) []Entry { e.Stock++; return l },
		func(l []Entry, e *Entry) []Entry { e.Delta--; return l },
		func(l []Entry, e *Entry) []Entry { e.ID = 1000; return l },
		func(l []Entry, e *Entry) []Entry { return append(l, *e) },
		func(l []Entry, e *Entry) []Entry { l[0], *e = *e, l[0]; return l },
		func(l []Entry, _ *Entry) []Entry { return l[1:] },
	}
	judged := 0
	for range 3000 {
		ops, spec, ledger := work.random(r, 10)
		if len(ledger) < 2 {
			continue
		}
		judged++
		e := &ledger[1+r.IntN(len(ledger)-1)]
		n := r.IntN(len(changes))
		if got := certified(ops, spec, changes[n](ledger, e)); got.Verdict != Fail || len(got.Evidence) == 0 {
			t.Errorf("change %d: %v\n%s", n, got, listing(ops))
		}
	}
	if judged < 1000 {
		t.Errorf("%d histories only", judged)
	}
}
