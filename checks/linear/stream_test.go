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
	if r := s.Quiesce(nil); r.Verdict != Pass {
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
		if r := s.Quiesce(nil); r.Verdict != c.want {
			t.Errorf("%d left: %v", c.remaining, r)
		}
	}
}

func TestTimeThatRunsBackwardsIsNotJudged(t *testing.T) {
	s := NewStream(shelf(10))
	late, early := ok(Deduct, 0, 1, 5, 6, 1, 9), ok(Deduct, 1, 1, 1, 2, 2, 8)
	s.Return(s.Invoke(&late), &late)
	s.Return(s.Invoke(&early), &early)
	if r := s.Quiesce(nil); r.Verdict != Undecided || !strings.Contains(r.Why, "backwards") {
		t.Error(r)
	}
}
