package checks

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"stockproof/model"
)

// bareOp is one operation on lane A.
func bareOp(name string, k model.Kind, qty, call, ret int64, o model.Outcome, granted int64) Operation {
	c := model.Command{ID: model.NameID("bare", name), Kind: k, SKU: "A", Loc: model.MainLocation, Qty: qty}
	if k == model.Reserve {
		c.OrderID, c.Line, c.Policy = model.NameID("bare order", name), 1, model.AllOrNothing
	}
	return Operation{Command: c, Call: call, Return: ret,
		Decision: model.Decision{Outcome: o, Granted: granted}}
}

func releaseOf(op Operation, name string, call, ret int64, o model.Outcome, granted int64) Operation {
	r := bareOp(name, model.Release, 0, call, ret, o, granted)
	r.Command.Ref = op.Command.ID
	return r
}

func onShelf(units int64) BareOptions {
	return BareOptions{Initial: []model.Lane{{Key: at("A"), Seq: 1, OnHand: units}}}
}

func TestBareHistoriesAreJudgedLinearizable(t *testing.T) {
	reserve := func(name string, call, ret int64, o model.Outcome) Operation {
		granted := int64(0)
		if o.Grants() {
			granted = 1
		}
		return bareOp(name, model.Reserve, 1, call, ret, o, granted)
	}
	o1 := reserve("o1", 1, 2, model.Granted)
	for _, c := range []struct {
		name string
		ops  []Operation
		want Verdict
		says string
	}{
		{"one after the other", []Operation{o1, reserve("o2", 3, 4, model.RejectedInsufficient)}, Pass, ""},
		{"the last unit twice", []Operation{o1, reserve("o2", 3, 4, model.Granted)}, Fail, "GRANTED 1"},
		{"the last unit twice, at once", []Operation{reserve("o1", 1, 4, model.Granted),
			reserve("o2", 2, 3, model.Granted)}, Fail, "no order of the operations explains"},
		{"overlapping, either may be first", []Operation{reserve("o1", 1, 9, model.RejectedInsufficient),
			reserve("o2", 2, 3, model.Granted)}, Pass, ""},
		{"rejected with the unit still there", []Operation{reserve("o1", 1, 2, model.RejectedInsufficient),
			reserve("o2", 3, 4, model.Granted)}, Fail, "REJECTED_INSUFFICIENT"},
		{"an unknown outcome that took the unit", []Operation{reserve("o1", 1, Open, 0),
			reserve("o2", 3, 4, model.RejectedInsufficient)}, Pass, ""},
		{"an unknown outcome that never happened", []Operation{reserve("o1", 1, Open, 0),
			reserve("o2", 3, 4, model.Granted)}, Pass, ""},
		{"a restock and its sale", []Operation{o1, bareOp("r", model.Restock, 2, 3, 4, model.Granted, 2),
			reserve("o2", 5, 6, model.Granted)}, Pass, ""},
		{"a restock that was not seen", []Operation{o1, bareOp("r", model.Restock, 2, 3, 4, model.Granted, 2),
			reserve("o2", 5, 6, model.RejectedInsufficient)}, Fail, "REJECTED_INSUFFICIENT"},
		{"a release and its sale", []Operation{o1, releaseOf(o1, "c", 3, 4, model.Granted, 1),
			reserve("o2", 5, 6, model.Granted)}, Pass, ""},
		{"a release that gives back twice", []Operation{o1, releaseOf(o1, "c", 3, 4, model.Granted, 1),
			releaseOf(o1, "c again", 5, 6, model.Granted, 1)}, Fail, "RELEASE"},
		{"a cancel before the decision", []Operation{releaseOf(o1, "c", 0, 0, model.Granted, 0),
			reserve("o1", 1, 2, model.RejectedCancelled)}, Pass, ""},
	} {
		reports := Bare(c.ops, onShelf(1))
		if len(reports) != 1 || reports[0].Verdict != c.want {
			t.Errorf("%s: %v, want %s", c.name, reports, c.want)
			continue
		}
		if all := reports[0].Why + evidenceText(reports[0]); !strings.Contains(all, c.says) {
			t.Errorf("%s does not say %q: %s", c.name, c.says, all)
		}
		if c.want == Fail && (!strings.HasPrefix(reports[0].Why, `lane "A": `) ||
			reports[0].Evidence[0].Role != Offender) {
			t.Errorf("%s: no lane or offender: %v", c.name, reports[0])
		}
	}
}

func TestWhatIsTooLargeForTheSearchIsNotGreen(t *testing.T) {
	var many, wide []Operation
	for i := range int64(12) {
		o := bareOp(fmt.Sprint("n", i), model.Reserve, 1, 2*i, 2*i+1, model.Granted, 1)
		many = append(many, o)
		o.Call, o.Return = 0, 100
		wide = append(wide, o)
	}
	two := slices.Clone(many[:2])
	two[1].Command.OrderID, two[1].Command.Line = two[0].Command.OrderID, 2
	move := slices.Clone(many[:2])
	move[1].Command = model.Command{ID: model.NameID("move"), Kind: model.Transfer, SKU: "A", Qty: 1,
		Loc: "east", ToLoc: model.MainLocation}
	few := onShelf(20)
	few.MaxOperations = 10
	for _, c := range []struct {
		ops  []Operation
		o    BareOptions
		says string
	}{
		{many, few, "12 operations are more than 10"},
		{wide, onShelf(20), "12 operations at once are more than 8"},
		{two, onShelf(20), "several lines"},
		{move, onShelf(20), "TRANSFER"},
	} {
		for _, r := range Bare(c.ops, c.o) {
			if r.Verdict != Undecided || !strings.Contains(r.Why, c.says) {
				t.Errorf("%s %q, want undecided: %q", r.Verdict, r.Why, c.says)
			}
		}
	}
	if r := Bare(many, onShelf(20)); r[0].Verdict != Pass {
		t.Errorf("12 operations one by one: %v", r)
	}
}

func TestAllAttemptsOfACommandAreOneOperation(t *testing.T) {
	c := bareOp("o1", model.Reserve, 1, 0, 0, 0, 0).Command
	granted := model.Decision{Outcome: model.Granted, Granted: 1}
	ops := Operations([]Event{
		Call{Attempt: 1, At: 10, Client: 4, Command: c}, Unknown{Attempt: 1, At: 20},
		Call{Attempt: 2, At: 30, Command: c}, Call{Attempt: 3, At: 31, Command: c},
		Return{Attempt: 3, At: 45, Decision: granted, Duplicate: true},
		Return{Attempt: 2, At: 50, Decision: granted}})
	want := []Operation{{Command: c, Client: 4, Call: 10, Return: 45, Decision: granted, Event: 1}}
	if !slices.Equal(ops, want) {
		t.Errorf("%v, want %v", ops, want)
	}
}

// A history made by deciding one command after the other and stretching every interval around its
// decision is linearizable; the same history with one answer changed and no overlap is not.
func TestBareAgreesWithHowTheHistoryWasMade(t *testing.T) {
	judged := 0
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		var ops []Operation
		for i, c := range randomCommands(t, w, 2, 24) {
			if _, known := w.decided[c.ID]; known || c.Kind == model.Transfer {
				continue
			}
			d := w.settle(c)
			point := int64(10 * (i + 1))
			ops = append(ops, Operation{Command: c, Decision: d,
				Call:   point - rapid.Int64Range(0, 20).Draw(t, "before"),
				Return: point + rapid.Int64Range(0, 20).Draw(t, "after")})
		}
		for _, r := range Bare(ops, BareOptions{}) {
			if r.Verdict == Undecided && strings.Contains(r.Why, "another lane") {
				return
			}
			if r.Verdict != Pass {
				t.Fatalf("clean history: %s %s", r.Verdict, r.Why)
			}
		}
		if len(ops) == 0 {
			return
		}
		judged++
		for i := range ops {
			ops[i].Call, ops[i].Return = int64(2*i), int64(2*i+1)
		}
		i := rapid.IntRange(0, len(ops)-1).Draw(t, "changed")
		if ops[i].Decision.Outcome.Grants() && rapid.Bool().Draw(t, "units") {
			ops[i].Decision.Granted++
		} else {
			ops[i].Decision.Outcome = ops[i].Decision.Outcome%model.Invalid + 1
		}
		for _, r := range Bare(ops, BareOptions{}) {
			if r.Verdict == Fail {
				return
			}
		}
		t.Fatalf("the changed answer %v was not noticed", ops[i])
	})
	if judged == 0 {
		t.Fatal("no history was judged")
	}
}
