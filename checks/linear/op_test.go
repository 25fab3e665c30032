package linear

import (
	"testing"
	"unsafe"
)

func TestNamesAreReadAsTheyAreWritten(t *testing.T) {
	for k := Deduct; k <= Append; k++ {
		if back, err := ParseKind(k.String()); err != nil || back != k {
			t.Errorf("kind %d: %v, %v", k, back, err)
		}
	}
	for o := Unknown; o <= Never; o++ {
		if back, err := ParseOutcome(o.String()); err != nil || back != o {
			t.Errorf("outcome %d: %v, %v", o, back, err)
		}
	}
	for c := Bare; c <= Ledger; c++ {
		if back, err := ParseCapability(c.String()); err != nil || back != c {
			t.Errorf("capability %d: %v, %v", c, back, err)
		}
	}
	for v := Undecided; v <= Fail; v++ {
		var back Verdict
		text, _ := v.MarshalText()
		if err := back.UnmarshalText(text); err != nil || back != v {
			t.Errorf("verdict %d: %v, %v", v, back, err)
		}
	}
	if _, err := ParseKind("steal"); err == nil {
		t.Error(`"steal" is a kind`)
	}
}

func TestAnOperationIsCompact(t *testing.T) {
	if n := unsafe.Sizeof(Op{}); n > 72 {
		t.Errorf("%d bytes", n)
	}
}

func TestOperationsReadLikeASentence(t *testing.T) {
	for want, op := range map[string]Op{
		"client 0: deduct 3 (id 7) -> ok seq 4 remaining -1 [10, 20]":  ok(Deduct, 7, 3, 10, 20, 4, -1),
		"client 0: cancel of 7 (id 8) -> unknown [30, open)":           about(func() Op { op := NewOp(Cancel, Absent, 30); op.ID = 8; return op }(), 7),
		"client 0: cas 2 if 1 -> rejected [1, 2]":                      told(about(ok(CompareAndSet, Absent, 2, 1, 2, Absent, Absent), 1), Rejected),
		"client 0: read -> ok nil [1, 2]":                              ok(Read, Absent, 0, 1, 2, Absent, Nil),
		"client 0: set-limit 5 limit 9 -> ok seq 2 remaining 0 [1, 2]": about(ok(SetLimit, Absent, 5, 1, 2, 2, 0), 9),
	} {
		if got := op.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestInterningKeepsWhoIsWho(t *testing.T) {
	ops := []Op{ok(Deduct, 900, 1, 1, 2, 1, 9), about(ok(Cancel, 5, 1, 3, 4, 2, 10), 900), ok(Read, Absent, 0, 5, 6, 2, 10)}
	Intern(ops)
	if ops[0].ID != 0 || ops[1].ID != 1 || ops[1].Arg != 0 || ops[2].ID != Absent {
		t.Error(ops)
	}
}
