package linear

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

var (
	histories = flag.Int("histories", 1000, "random histories of each mode that are given to porcupine too")
	record    = flag.String("record", "", "file to write the counts to")
	seed      = flag.Uint64("seed", 1, "of the random histories")
)

// judge is a checker in the shape of the differential test.
type judge func(ops []Op, spec Spec, ledger []Entry) (Report, Linearization)

// mode is one kind of random history and the checker that it is for.
type mode struct {
	name    string
	work    workload
	judge   judge
	gives   int  // up to how many of 100 histories may stay undecided
	streams bool // a pass has no certificate
}

func modes() []mode {
	searched := Options{Order: true}
	blind := Options{Order: true, Candidates: -1}
	versions := func(o Options) judge {
		return func(ops []Op, spec Spec, _ []Entry) (Report, Linearization) { return Versioned(ops, spec, o) }
	}
	streamed := func(ops []Op, spec Spec, _ []Entry) (Report, Linearization) { return stream(ops, spec), nil }
	searching := func(ops []Op, spec Spec, _ []Entry) (Report, Linearization) { return Window(ops, spec, Options{}) }
	bare := workload{shows: Bare, rises: true, ids: true, lost: 20, quantity: 3, spread: 12}
	left, leftAll, bareAll := bare, bare, bare
	left.shows, leftAll.shows = Remaining, Remaining
	leftAll.couples, leftAll.sequenced, bareAll.couples, bareAll.sequenced = true, true, true, true
	dropping := func(o Options) judge {
		return func(ops []Op, spec Spec, _ []Entry) (Report, Linearization) { return Monotone(ops, spec, o) }
	}
	falling := workload{shows: Remaining, ids: true, lost: 25, quantity: 3, spread: 12}
	rising := workload{shows: Epoch, rises: true, ids: true, lost: 25, quantity: 3, spread: 12}
	plain := workload{shows: Version, rises: true, ids: true, lost: 25, quantity: 3, spread: 12}
	coupled, sequenced, every, noLoss := plain, plain, plain, plain
	coupled.couples = true
	sequenced.sequenced = true
	every.sequenced, every.couples = true, true
	noLoss.lost, noLoss.couples = 0, true
	booked, bookedAll := plain, every
	booked.shows, booked.ids, bookedAll.shows, bookedAll.ids = Ledger, false, Ledger, false
	resolved := func(ops []Op, spec Spec, ledger []Entry) (Report, Linearization) {
		return Linearizable(ops, spec, Options{Capability: Ledger, Ledger: ledger, Order: true})
	}
	certificate := func(ops []Op, spec Spec, ledger []Entry) (Report, Linearization) {
		return certified(ops, spec, ledger), nil
	}
	return []mode{
		{"versions", plain, versions(searched), 0, false},
		{"versions, all answered", noLoss, versions(blind), 0, false},
		{"versions, no search", plain, versions(blind), 20, false},
		{"versions, coupled", coupled, versions(searched), 0, false},
		{"versions, coupled, no search", coupled, versions(blind), 60, false},
		{"versions, refusals too", sequenced, versions(searched), 0, false},
		{"versions, refusals too, coupled", every, versions(searched), 0, false},
		{"versions, ledger", booked, resolved, 0, false},
		{"versions, ledger, refusals too, coupled", bookedAll, resolved, 0, false},
		{"certificate", booked, certificate, 0, true},
		{"certificate, refusals too, coupled", bookedAll, certificate, 0, true},
		{"remaining, stock falls", falling, dropping(searched), 0, false},
		{"remaining, stock falls, no search", falling, dropping(blind), 30, false},
		{"epochs", rising, dropping(Options{Capability: Epoch, Order: true}), 5, false},
		{"window, bare", bare, searching, 0, false},
		{"window, bare, refusals remembered", bareAll, searching, 0, false},
		{"window, remaining", left, searching, 0, false},
		{"window, remaining, refusals remembered", leftAll, searching, 0, false},
		{"stream", plain, streamed, 20, true},
		{"stream, all answered", noLoss, streamed, 0, true},
		{"stream, coupled", coupled, streamed, 60, true},
		{"stream, refusals too", sequenced, streamed, 60, true},
		{"stream, refusals too, coupled", every, streamed, 70, true},
	}
}

// inTime tells a history event by event; what shares a time comes in any order.
func inTime(ops []Op, tell func(i int, calls bool)) {
	type event struct {
		at    int64
		op    int
		calls bool
	}
	var events []event
	for i := range ops {
		if op := &ops[i]; op.Call <= op.Return {
			ends := op.Return
			if ends == Open {
				ends = op.Call + 20 // nobody waits longer
			}
			events = append(events, event{op.Call, i, true}, event{ends, i, false})
		}
	}
	slices.SortStableFunc(events, func(x, y event) int { // calls first where an operation takes no time
		if x.op == y.op {
			return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(y.op, x.op))
		}
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.op, y.op))
	})
	for _, e := range events {
		tell(e.op, e.calls)
	}
}

// stream gives a history to a [Stream].
func stream(ops []Op, spec Spec) Report {
	s := NewStream(spec)
	handles := make([]Handle, len(ops))
	inTime(ops, func(i int, calls bool) {
		switch op := &ops[i]; {
		case calls:
			handles[i] = s.Invoke(op)
		case op.answered():
			s.Return(handles[i], op)
		default:
			s.Timeout(handles[i])
		}
	})
	return s.Quiesce(nil)
}

// certified gives a history and its ledger to a [Certifier].
func certified(ops []Op, spec Spec, ledger []Entry) Report {
	c := NewCertifier(spec)
	inTime(ops, func(i int, calls bool) {
		if op := &ops[i]; calls {
			c.Call(op, int32(i))
		} else if op.answered() {
			c.Return(op, int32(i))
		}
	})
	return c.Judge(ledger)
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
		want := oracle(ops, spec, ledger, m.work.shows)
		report, order := m.judge(ops, spec, ledger)
		why := ""
		switch {
		case report.Verdict == Undecided:
			t.undecided++
		case report.Verdict != want:
			why = fmt.Sprintf("porcupine says %s", want)
		case want == Pass:
			t.pass++
			if m.streams {
				break
			}
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

// oracle is porcupine's verdict, with a ledger on what that resolves.
func oracle(ops []Op, spec Spec, ledger []Entry, shows Capability) Verdict {
	if shows < Ledger {
		return Porcupine(ops, spec, 0)
	}
	if r := Certify(ops, spec, ledger); r.Verdict == Fail {
		return Fail
	}
	resolved := slices.Clone(ops)
	Resolve(resolved, spec, ledger)
	return Porcupine(resolved, spec, 0)
}

func listing(ops []Op) string {
	var b strings.Builder
	for i := range ops {
		fmt.Fprintf(&b, "%d  %v\n", i, ops[i])
	}
	return b.String()
}

func TestEveryMethodAgreesWithPorcupine(t *testing.T) {
	all := modes()
	counts := make([]tally, len(all))
	t.Run("beside", func(t *testing.T) {
		for n, m := range all {
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				shown := 0
				got := crosscheck(m, *histories, *seed, func(s string) {
					if shown++; shown <= 3 {
						t.Error(s)
					}
				})
				counts[n] = got
				t.Log(got)
				if got.undecided*100 > m.gives*got.histories {
					t.Errorf("%d of %d undecided, more than %d %%", got.undecided, got.histories, m.gives)
				}
				if got.pass == 0 || got.fail == 0 {
					t.Errorf("all histories got one verdict: %v", got)
				}
			})
		}
	})
	if *record == "" {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Random small histories, half of them spoilt, judged beside porcupine: make crosscheck HISTORIES=%d SEED=%d\n",
		*histories, *seed)
	for n, m := range all {
		fmt.Fprintf(&b, "%-42s %v\n", m.name, counts[n])
	}
	if err := os.WriteFile(*record, []byte(b.String()), 0o644); err != nil {
		t.Error(err)
	}
}

// TestABrokenCheckerIsCaught: the differential test finds what is wrong with a checker that drops unanswered operations,
// and with one that does not see an effect after the return, because it takes every call to be early enough.
func TestABrokenCheckerIsCaught(t *testing.T) {
	work := workload{shows: Version, rises: true, ids: true, lost: 25, quantity: 3, spread: 12}
	for name, spoilt := range map[string]func(ops []Op) []Op{
		"unanswered operations are dropped": func(ops []Op) []Op {
			return slices.DeleteFunc(ops, func(op Op) bool { return op.Outcome == Unknown })
		},
		"late effects are ignored": func(ops []Op) []Op {
			for i := range ops {
				ops[i].Call = 0
			}
			return ops
		},
	} {
		m := mode{name, work, func(ops []Op, spec Spec, _ []Entry) (Report, Linearization) {
			r, _ := Versioned(spoilt(slices.Clone(ops)), spec, Options{})
			return r, nil
		}, 100, true}
		caught := crosscheck(m, 4000, *seed, func(string) {})
		if caught.wrong == 0 {
			t.Errorf("%s: not one disagreement in %v", name, caught)
		}
		t.Logf("%s: %v", name, caught)
	}
}
