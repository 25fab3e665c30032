package checks_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"stockproof/checks"
	"stockproof/checks/jsonl"
	"stockproof/model"
)

// said is a test that keeps what it is told.
type said struct{ lines []string }

func (s *said) Helper() {}

func (s *said) Errorf(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

func sampleHistory(t *testing.T, name string) checks.History {
	t.Helper()
	h, err := jsonl.Load(filepath.Join("..", "testdata", "histories", name))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestKeepsIsSilentOnlyWhereEverythingPasses(t *testing.T) {
	good, bad := sampleHistory(t, "ledger-tiny.jsonl"), sampleHistory(t, "article-token-expiry.jsonl")
	for _, c := range []struct {
		name string
		ask  func(checks.TB) bool
		says []string // none: it holds
	}{
		{"one line", func(t checks.TB) bool { return checks.Keeps(t, good, checks.NoOversell, checks.Linearizable) }, nil},
		{"broken", func(t checks.TB) bool { return checks.Keeps(t, bad, checks.ExactlyOnceEffect) },
			[]string{"exactly-once-effect: fail: order o1", "offender: event 8", "witness: event 6"}},
		{"what cannot be seen", func(t checks.TB) bool { return checks.Keeps(t, bad, checks.Linearizable) }, []string{"undecided"}},
		{"nothing named", func(t checks.TB) bool {
			h := good
			h.Header.Claims = nil
			return checks.Keeps(t, h)
		}, []string{"no guarantee is named"}},
		{"breaks", func(t checks.TB) bool { return checks.Breaks(t, bad, checks.ExactlyOnceEffect) }, nil},
		{"does not break", func(t checks.TB) bool { return checks.Breaks(t, good, checks.ExactlyOnceEffect) },
			[]string{"exactly-once-effect is not broken"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s said
			if got := c.ask(&s); got != (len(c.says) == 0) || got != (len(s.lines) == 0) {
				t.Errorf("%t, %q", got, s.lines)
			}
			for _, want := range c.says {
				if !strings.Contains(strings.Join(s.lines, "\n"), want) {
					t.Errorf("%q is missing in %q", want, s.lines)
				}
			}
		})
	}
}

// ExampleKeeps states a property of a user's own deductor in one line.
func ExampleKeeps() {
	r := checks.NewRecording(checks.Header{Design: "mine", Capability: checks.BareAnswers})
	ask := func(name string, k model.Kind, qty int64, answer model.Outcome, granted int64) {
		c := model.Command{ID: model.NameID(name), Kind: k, SKU: "A", Loc: model.MainLocation, Qty: qty}
		if k == model.Reserve {
			c.OrderID, c.Line, c.Policy = model.NameID(name, "order"), 1, model.AllOrNothing
		}
		attempt := r.Call(1, c)
		r.Return(attempt, model.Decision{Outcome: answer, Granted: granted}) // what the deductor said
	}
	ask("stock", model.Restock, 1, model.Granted, 1)
	ask("o1", model.Reserve, 1, model.Granted, 1)
	ask("o2", model.Reserve, 1, model.Granted, 1) // the last unit, sold twice
	var t said                                    // in a test, its *testing.T
	fmt.Println(checks.Keeps(&t, r.History(checks.Audit{}), checks.Linearizable))
	// Output: false
}

// The module in testdata uses the checkers as anybody would, from outside: it builds, and its suite passes.
func TestTheExampleModulePassesFromOutside(t *testing.T) {
	run := exec.Command("go", "test", "./...")
	run.Dir = filepath.Join("..", "testdata", "example")
	run.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if out, err := run.CombinedOutput(); err != nil || !strings.Contains(string(out), "ok  \texample.com/shop") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A client that was not answered may have been served: the refusal that follows is explained by it, and by
// nothing where it was never sent.
func TestARecordingKeepsWhatNobodyKnows(t *testing.T) {
	record := func(unanswered bool) checks.History {
		r := checks.NewRecording(checks.Header{Design: "mine", Capability: checks.BareAnswers})
		reserve := func(name string) model.Command {
			return model.Command{ID: model.NameID(name), Kind: model.Reserve, SKU: "A", Loc: model.MainLocation, Qty: 1,
				OrderID: model.NameID(name, "order"), Line: 1, Policy: model.AllOrNothing}
		}
		in := r.Call(1, model.Command{ID: model.NameID("in"), Kind: model.Restock, SKU: "A", Loc: model.MainLocation, Qty: 1})
		r.Return(in, model.Decision{Outcome: model.Granted, Granted: 1})
		if unanswered {
			r.Unknown(r.Call(1, reserve("o1")), errors.New("connection reset"))
		}
		r.Return(r.Call(2, reserve("o2")), model.Decision{Outcome: model.RejectedInsufficient})
		return r.History(checks.Audit{})
	}
	checks.Keeps(t, record(true), checks.Linearizable)
	checks.Breaks(t, record(false), checks.Linearizable)
}

// What is no call is recorded where it happened: here a script that ran twice for one order.
func TestARecordingKeepsEffects(t *testing.T) {
	r := checks.NewRecording(checks.Header{Design: "mine", Capability: checks.ScriptReplies})
	for stock := int64(2); stock > 0; stock-- {
		r.Observe(checks.Effect{Kind: checks.Deduct, SKU: "A", Order: model.NameID("o1"), Row: 1, Qty: 1, Reply: checks.Done,
			Before: stock, After: stock - 1})
	}
	checks.Breaks(t, r.History(checks.Audit{}), checks.ExactlyOnceEffect)
}
