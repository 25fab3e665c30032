package checks

import (
	"errors"
	"strings"
	"testing"
)

func TestTheTextOfASentinelIsTheGuarantee(t *testing.T) {
	names := []string{"no-oversell", "one-outcome", "exactly-once-effect", "linearizable",
		"no-false-reject", "conservation", "convergence", "no-loss", "monotone-reads", "no-block",
		"bounded-memory"}
	for i, g := range Guarantees() {
		if g.String() != names[i] || int(g) != i+1 {
			t.Errorf("guarantee %d is %s, want %s", g, g, names[i])
		}
		if back, err := ParseGuarantee(g.String()); back != g || err != nil {
			t.Errorf("%s parses as %s, %v", g, back, err)
		}
		if text := g.Err().Error(); !strings.HasPrefix(text, names[i]+": ") || len(text) < 40 {
			t.Errorf("%s says only %q", g, text)
		}
		failed := Report{Guarantee: g, Verdict: Fail, Why: "lane A"}
		if err := failed.Err(); !errors.Is(err, g.Err()) || !strings.HasSuffix(err.Error(), ": lane A") {
			t.Errorf("%s fails with %v", g, err)
		}
	}
	if _, err := ParseGuarantee("no-overselling"); err == nil {
		t.Error("an unknown name is accepted")
	}
}

func TestEveryGuaranteeHasACheckerAndIsListed(t *testing.T) {
	reports := New(Header{Claims: Guarantees()}).Finish(Audit{})
	if len(reports) != 11 {
		t.Errorf("%d reports", len(reports))
	}
	for i, r := range reports {
		if r.Guarantee != Guarantees()[i] || !r.Claimed {
			t.Errorf("%+v", r)
		}
	}
}

func TestExitCodesAndTheirPrecedence(t *testing.T) {
	precedence := []int{70, 64, 69, 7, 4, 1, 3, 2, 6, 5, 0}
	for i, code := range precedence {
		r := Result(i)
		if r.ExitCode() != code {
			t.Errorf("%s exits with %d, want %d", r, r.ExitCode(), code)
		}
		for weaker := r; weaker <= Holds; weaker++ {
			if got := Worst(weaker, r); got != r {
				t.Errorf("%s and %s make %s", weaker, r, got)
			}
		}
	}
	if Worst() != Holds {
		t.Error("nothing at all is not holds")
	}
}

func TestTheResultOfARun(t *testing.T) {
	ran := Conditions{Decisions: 1}
	report := func(g Guarantee, v Verdict, claimed bool) Report {
		return Report{Guarantee: g, Verdict: v, Claimed: claimed}
	}
	for _, c := range []struct {
		name    string
		reports []Report
		ran     Conditions
		want    Result
	}{
		{"all pass", []Report{report(NoOversell, Pass, true)}, ran, Holds},
		{"safety", []Report{report(NoLoss, Fail, true), report(NoOversell, Fail, true)}, ran, Violated},
		{"wrong books are safety", []Report{report(Conservation, Fail, true)}, ran, Violated},
		{"convergence is liveness", []Report{report(Convergence, Fail, true)}, ran, Stalled},
		{"no-loss is liveness", []Report{report(NoLoss, Fail, true)}, ran, Stalled},
		{"no-block is liveness", []Report{report(NoBlock, Fail, true)}, ran, Stalled},
		{"linearizability has its own", []Report{report(Linearizable, Fail, true),
			report(NoLoss, Fail, true)}, ran, NotLinearizable},
		{"undecided is never green", []Report{report(NoOversell, Undecided, true)}, ran, UndecidedResult},
		{"not claimed does not count", []Report{report(NoOversell, Fail, false),
			report(NoLoss, Undecided, false)}, ran, Holds},
		{"nothing decided", []Report{report(NoOversell, Pass, true)}, Conditions{}, Vacuous},
		{"a fault that never struck", nil, Conditions{Decisions: 9, NeverHappened: []string{"crash"}}, Vacuous},
		{"undecided before vacuous", []Report{report(NoOversell, Undecided, true)}, Conditions{},
			UndecidedResult},
		{"violated before vacuous", []Report{report(NoOversell, Fail, true)}, Conditions{}, Violated},
	} {
		if got := Judge(c.reports, c.ran); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
