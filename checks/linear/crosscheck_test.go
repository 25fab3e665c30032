package linear

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

var (
	histories = flag.Int("histories", 3000, "random histories of each mode that are given to porcupine too")
	seed      = flag.Uint64("seed", 1, "of the random histories")
)

// judge is a checker in the shape of the differential test.
type judge func(ops []Op, spec Spec, ledger []Entry) (Report, Linearization)

// mode is one kind of random history and the checker that it is for.
type mode struct {
	name  string
	work  workload
	judge judge
	gives int // up to how many of 100 histories may stay undecided
}

func modes() []mode {
	searched := Options{Order: true}
	blind := Options{Order: true, Candidates: -1}
	versions := func(o Options) judge {
		return func(ops []Op, spec Spec, _ []Entry) (Report, Linearization) { return Versioned(ops, spec, o) }
	}
	plain := workload{shows: Version, rises: true, ids: true, lost: 25, quantity: 3, spread: 12}
	coupled, sequenced, every, noLoss := plain, plain, plain, plain
	coupled.couples = true
	sequenced.sequenced = true
	every.sequenced, every.couples = true, true
	noLoss.lost, noLoss.couples = 0, true
	return []mode{
		{"versions", plain, versions(searched), 0},
		{"versions, all answered", noLoss, versions(blind), 0},
		{"versions, no search", plain, versions(blind), 20},
		{"versions, coupled", coupled, versions(searched), 0},
		{"versions, coupled, no search", coupled, versions(blind), 60},
		{"versions, refusals too", sequenced, versions(searched), 0},
		{"versions, refusals too, coupled", every, versions(searched), 0},
	}
}

// tally counts what was found.
type tally struct{ histories, pass, fail, undecided, wrong int }

func (t tally) String() string {
	return fmt.Sprintf("%d histories: %d pass, %d fail, %d undecided, %d disagreements", t.histories, t.pass, t.fail, t.undecided,
		t.wrong)
}

// crosscheck judges n random histories, half of them spoilt, and compares with porcupine's verdict.
func crosscheck(m mode, n int, seed uint64, disagree func(string)) (t tally) {
	r := rand.New(rand.NewPCG(seed, 0))
	for range n {
		ops, spec, ledger := m.work.random(r, 3+r.IntN(8))
		if r.IntN(2) == 0 {
			spoil(r, ops)
		}
		t.histories++
		report, order := m.judge(ops, spec, ledger)
		want := Porcupine(ops, spec, 0)
		why := ""
		switch {
		case report.Verdict == Undecided:
			t.undecided++
		case report.Verdict != want:
			why = fmt.Sprintf("porcupine says %s", want)
		case want == Pass:
			t.pass++
			if err := order.Verify(spec, ops); err != nil {
				why = fmt.Sprintf("the certificate %v is wrong: %v", order, err)
			}
		default:
			t.fail++
			if len(report.Evidence) == 0 || report.Evidence[0].Role != Offender || report.Why == "" {
				why = "no evidence"
			}
		}
		if why != "" {
			t.wrong++
			disagree(fmt.Sprintf("%s: %v\n%s\nfrom %+v\n%s", m.name, report, why, spec, listing(ops)))
		}
	}
	return t
}

func listing(ops []Op) string {
	var b strings.Builder
	for i := range ops {
		fmt.Fprintf(&b, "%d  %v\n", i, ops[i])
	}
	return b.String()
}

func TestEveryMethodAgreesWithPorcupine(t *testing.T) {
	for _, m := range modes() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			shown := 0
			got := crosscheck(m, *histories, *seed, func(s string) {
				if shown++; shown <= 3 {
					t.Error(s)
				}
			})
			t.Log(got)
			if got.wrong > 0 {
				t.Errorf("%d disagreements", got.wrong)
			}
			if got.undecided*100 > m.gives*got.histories {
				t.Errorf("%d of %d undecided, more than %d %%", got.undecided, got.histories, m.gives)
			}
			if got.pass == 0 || got.fail == 0 {
				t.Errorf("all histories got one verdict: %v", got)
			}
		})
	}
}
