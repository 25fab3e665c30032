package linear

import (
	"strings"
	"testing"
)

func TestAStreamAllocatesNothingPerEvent(t *testing.T) {
	const clients, rounds = 64, 2000
	s := NewStream(shelf(1 << 40))
	handles := make([]Handle, clients)
	ops := make([]Op, clients)
	seq, left, now := int64(0), int64(1)<<40, int64(0)
	round := func() {
		for c := range ops {
			now++
			ops[c] = NewOp(Deduct, 1, now)
			handles[c] = s.Invoke(&ops[c])
		}
		for c := range ops {
			now, seq, left = now+1, seq+1, left-1
			answered := (c + clients/2) % clients
			op := &ops[answered]
			op.Seq, op.Remaining, op.Return, op.Outcome = seq, left, now, OK
			s.Return(handles[answered], op)
		}
	}
	round()
	if n := testing.AllocsPerRun(rounds, round); n != 0 {
		t.Errorf("%v allocations in %d events", n, 2*clients)
	}
	if len(s.window.ring) > 4*clients || s.handles > clients {
		t.Errorf("%d places and %d flights for %d clients", len(s.window.ring), s.handles, clients)
	}
	if r := s.Quiesce(nil, nil); r.Verdict != Pass {
		t.Error(r)
	}
}

func TestALateAnswerFillsItsVersion(t *testing.T) {
	for _, c := range []struct {
		remaining int64
		want      Verdict
	}{{7, Pass}, {6, Fail}} {
		s := NewStream(shelf(10))
		slow := NewOp(Deduct, 3, 1)
		h := s.Invoke(&slow)
		s.Timeout(h)
		sold := ok(Deduct, 1, 2, 2, 3, 2, 5)
		s.Return(s.Invoke(&sold), &sold)
		slow.Return, slow.Seq, slow.Remaining, slow.Outcome = 9, 1, c.remaining, OK
		s.Return(h, &slow)
		if r := s.Quiesce(nil, nil); r.Verdict != c.want {
			t.Errorf("%d left: %v", c.remaining, r)
		}
	}
}

func TestALedgerResolvesWhatAStreamCannot(t *testing.T) {
	begin := func() *Stream {
		s := NewStream(shelf(10))
		for id := range int64(2) { // two that are never answered, one of which took three units
			lost := NewOp(Deduct, 3, 1)
			lost.ID = id
			s.Timeout(s.Invoke(&lost))
		}
		sold := ok(Deduct, 2, 2, 2, 3, 2, 5)
		s.Return(s.Invoke(&sold), &sold)
		return s
	}
	ledger := []Entry{{1, 1, 3, -3, 7, Deduct, OK}, {2, 2, 2, -2, 5, Deduct, OK}}
	read := ok(Read, Absent, 0, 8, 9, 2, 5)
	if r := begin().Quiesce(ledger, []Op{read}); r.Verdict != Pass {
		t.Error(r)
	}
	read.Remaining = 8
	if r := begin().Quiesce(ledger, []Op{read}); r.Verdict != Fail {
		t.Errorf("a final read of 8 units: %v", r)
	}
	for _, c := range []struct {
		says   string
		change func(l []Entry) []Entry
	}{
		{"no operation asked for", func(l []Entry) []Entry { l[0].ID = 9; return l }},
		{"the operation was", func(l []Entry) []Entry { l[0].Kind = Restock; return l }},
		{"ledger ends at 1", func(l []Entry) []Entry { return l[:1] }},
		{"the answer was version 1", func(l []Entry) []Entry { return append(l, Entry{3, 1, 3, -3, 2, Deduct, OK}) }},
		{"is not 6", func(l []Entry) []Entry { l[0].Stock = 6; return l }},
		{"the answer was version 2", func(l []Entry) []Entry { l[0].ID, l[1].ID = 2, 1; l[0].Qty, l[1].Qty = 3, 2; return l }},
	} {
		r := begin().Quiesce(c.change(append([]Entry(nil), ledger...)), nil)
		if r.Verdict != Fail || !strings.Contains(r.Why, c.says) {
			t.Errorf("%v, want %q", r, c.says)
		}
	}
}

func TestTimeThatRunsBackwardsIsNotJudged(t *testing.T) {
	s := NewStream(shelf(10))
	late, early := ok(Deduct, 0, 1, 5, 6, 1, 9), ok(Deduct, 1, 1, 1, 2, 2, 8)
	s.Return(s.Invoke(&late), &late)
	s.Return(s.Invoke(&early), &early)
	if r := s.Quiesce(nil, nil); r.Verdict != Undecided || !strings.Contains(r.Why, "backwards") {
		t.Error(r)
	}
}
