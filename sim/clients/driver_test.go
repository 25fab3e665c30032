package clients_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/clients"
	"stockproof/sim/random"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

func generated(t *testing.T, change func(*workload.Params)) workload.Workload {
	t.Helper()
	p := workload.DefaultParams()
	p.Orders, p.SKUs, p.Clients = 400, 10, 8
	p.Repeat, p.Cancels = random.Ratio{Num: 1, Den: 10}, random.Ratio{Num: 1, Den: 10}
	if change != nil {
		change(&p)
	}
	w, err := workload.Generate(p, 7)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// entries is an explicit workload.
func entries(t *testing.T, lines ...string) workload.Workload {
	t.Helper()
	s, err := scenario.Parse("test", "test.scenario", "stockproof scenario 1\n"+strings.Join(lines, "\n")+"\n")
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Build(workload.DefaultParams(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// The summary is what the ledger of the fixture says, and what was recorded passes every checker:
// whether decisions come with the answer or later, and although every tenth answer is lost.
func TestDriveCountsAndRecordsWhatHappened(t *testing.T) {
	for _, async := range []bool{false, true} {
		for _, lossy := range []bool{false, true} {
			t.Run(fmt.Sprintf("async=%t lossy=%t", async, lossy), func(t *testing.T) {
				f := newFixture()
				f.async = async
				if lossy {
					f.lose = func(n int) error {
						if n%10 == 0 {
							return fmt.Errorf("lost: %w", port.ErrUnknown)
						}
						return nil
					}
				}
				w := generated(t, nil)
				s, l, err := f.drive(t.Context(), w, nil)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, f, w, s)
				if why := failed(f.judge(l, s.Supply)); len(why) > 0 {
					t.Errorf("the checkers say %q", why)
				}
				if lossy != (s.Retries > 0) || lossy != (s.Duplicates > 0) {
					t.Errorf("lossy %t: %d retries, %d duplicates", lossy, s.Retries, s.Duplicates)
				}
				unknown := ofKind[checks.Unknown](l)
				if lossy != (len(unknown) > 0) {
					t.Errorf("lossy %t: %d unknown", lossy, len(unknown))
				}
			})
		}
	}
}

// compare counts the fixture's rows by themselves.
func compare(t *testing.T, f *fixture, w workload.Workload, s clients.Summary) {
	t.Helper()
	want := clients.Summary{Orders: w.Orders(), Lines: w.Lines()}
	for _, line := range f.lines {
		switch line.State {
		case model.LineReserved, model.LineCommitted:
			want.Granted++
			want.UnitsGranted += line.Granted
		case model.LineReleased:
			want.Cancelled++
		case model.LineRejected:
			want.Rejected++
		}
		want.UnitsReturned += line.Returned
	}
	want.Rejected += s.Lines - len(f.lines) // on a SKU that nobody ever supplied there is no line
	for _, row := range f.rows {
		if row.Decision.Outcome.Grants() && (row.Kind == model.Restock || row.Kind == model.Adjust) {
			want.UnitsSupplied += row.Decision.Granted
		}
	}
	got := clients.Summary{Orders: s.Orders, Lines: s.Lines, Granted: s.Granted, Rejected: s.Rejected, Cancelled: s.Cancelled,
		UnitsGranted: s.UnitsGranted, UnitsSupplied: s.UnitsSupplied, UnitsReturned: s.UnitsReturned}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("summary\n %+v, the fixture's own rows say\n %+v", got, want)
	}
	if s.Granted+s.Rejected+s.Cancelled+s.Undecided+s.Refused != s.Lines {
		t.Errorf("the outcomes of %+v do not add up to its lines", s)
	}
	if s.Granted == 0 || s.Rejected == 0 || s.Cancelled == 0 || s.Reads == 0 || s.Restocks == 0 {
		t.Errorf("%+v: something never happened", s)
	}
	if s.P50 <= 0 || s.P99 < s.P50 {
		t.Errorf("p50 %s p99 %s", s.P50, s.P99)
	}
}

// What is recorded as called is what the design was given, to the last field: it is what checkers and
// fingerprints compare.
func TestRecordedCallsAreTheCommandsThatWereAdmitted(t *testing.T) {
	f := newFixture()
	_, l, err := f.drive(t.Context(), generated(t, nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	called := map[model.ID]model.Command{}
	for _, c := range ofKind[checks.Call](l) {
		called[c.Command.ID] = c.Command
	}
	for id, row := range f.rows {
		if called[id] != row.Command {
			t.Fatalf("admitted %+v\nrecorded %+v", row.Command, called[id])
		}
	}
	if len(called) != len(f.rows) {
		t.Errorf("%d commands recorded, %d admitted", len(called), len(f.rows))
	}
	if calls, returns := len(ofKind[checks.Call](l)), len(ofKind[checks.Return](l)); calls != returns {
		t.Errorf("%d calls, answered %d times", calls, returns)
	}
}

// A retry carries the ids and the body of the first attempt, and goes to another front.
func TestARetryRepeatsTheIdsOfTheFirstAttempt(t *testing.T) {
	f := newFixture()
	f.lose = func(n int) error {
		switch n {
		case 2:
			return fmt.Errorf("lost: %w", port.ErrUnavailable)
		case 3:
			return context.DeadlineExceeded
		}
		return nil
	}
	s, l, err := f.drive(t.Context(), entries(t, "workload stock sku=A qty=5",
		"workload order=o1 sku=A qty=2", "workload order=o1 sku=A qty=1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.Retries != 2 || s.Duplicates != 2 || s.Granted != 2 || s.UnitsGranted != 3 || len(f.ledger) != 3 {
		t.Errorf("%+v, %d ledger rows", s, len(f.ledger))
	}
	if n := len(ofKind[checks.Unknown](l)); n != 4 {
		t.Errorf("%d unknown, want 2 lines in 2 attempts", n)
	}
	for _, again := range f.admitted[2:] {
		if !slices.Equal(again.Commands, f.admitted[1].Commands) {
			t.Errorf("sent %+v, then %+v", f.admitted[1].Commands, again.Commands)
		}
	}
}

// Shedding is no decision: the client comes again, and the refusals are recorded as such.
func TestAShedRequestIsSentAgain(t *testing.T) {
	f := newFixture()
	f.shed = func(n int) bool { return n == 2 || n == 3 }
	s, l, err := f.drive(t.Context(), entries(t, "workload stock sku=A qty=5", "workload order=o1 sku=A qty=2"), nil)
	if err != nil || s.Granted != 1 || s.Retries != 2 {
		t.Fatalf("%+v, %v", s, err)
	}
	refused := 0
	for _, r := range ofKind[checks.Return](l) {
		if r.Refused == inventory.Shed.String() {
			refused++
		}
	}
	if refused != 2 {
		t.Errorf("%d refusals recorded", refused)
	}
}

// A cancel is sent behind the decision, and only if something was granted; so is a commit, and units
// come back to the latest line that has some left, then to the one before it, then by adjustment.
func TestConclusionsAndReturnsFollowWhatWasGranted(t *testing.T) {
	f := newFixture()
	w := entries(t, "workload stock sku=A qty=9", "workload stock sku=B qty=1",
		"workload order=o1 sku=A qty=4", "workload order=o2 sku=A qty=4", "workload order=o3 sku=A qty=1",
		"workload order=o4 sku=A qty=1", // refused
		"workload order=o4 sku=B qty=3", // partial: 1
		"workload commit order=o1", "workload commit order=o2", "workload cancel order=o3", "workload commit order=o4",
		"workload order=o5 sku=B qty=1", "workload cancel order=o5", // refused: nothing to cancel
		"workload return sku=A qty=6", "workload return sku=A qty=4", "workload return sku=B qty=1")
	s, l, err := f.drive(t.Context(), w, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, id := range f.ids {
		row := f.rows[id]
		if row.Kind != model.Reserve && row.Kind != model.Restock {
			ref := w.Names()[row.Ref]
			got = append(got, fmt.Sprintf("%s %s %s %d", row.Kind, ref, row.SKU, row.Decision.Granted))
		}
	}
	want := []string{"COMMIT o1/1 A 4", "COMMIT o2/1 A 4", "RELEASE o3/1 A 1", "COMMIT o4/2 B 1",
		"RETURN o2/1 A 4", "RETURN o1/1 A 2", "RETURN o1/1 A 2", "ADJUST  A 2", "RETURN o4/2 B 1"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if s.Refusal != nil {
		t.Errorf("a conclusion was asked for that cannot be: %v", s.Refusal)
	}
	if s.Granted != 3 || s.Rejected != 2 || s.Cancelled != 1 || s.UnitsReturned != 9 || s.Adjusts != 1 {
		t.Errorf("%+v", s)
	}
	if why := failed(f.judge(l, s.Supply)); len(why) > 0 {
		t.Errorf("the checkers say %q", why)
	}
}

// Where there is no COMMIT, a grant is as good.
func TestReturnsWithoutCommitGoAgainstGrants(t *testing.T) {
	f := newFixture()
	f.supports = []model.Kind{model.Reserve, model.Release, model.Restock, model.Adjust, model.Return}
	_, l, err := f.drive(t.Context(), entries(t, "workload stock sku=A qty=5", "workload order=o1 sku=A qty=2",
		"workload commit order=o1", "workload order=o2 sku=A qty=2", "workload cancel order=o2",
		"workload return sku=A qty=1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	last := f.rows[f.ids[len(f.ids)-1]]
	if w := inventory.LineID(workload.OrderID("test", "o1"), 1); last.Kind != model.Return || last.Ref != w {
		t.Errorf("the last command is %+v", last)
	}
	for _, c := range ofKind[checks.Call](l) {
		if c.Command.Kind == model.Commit || c.Command.ID.IsZero() {
			t.Errorf("sent %+v", c.Command)
		}
	}
}

// A line that is never decided costs its client its patience, not the run; it is counted and no
// decision of it is recorded.
func TestALostDecisionIsCountedUndecided(t *testing.T) {
	f := newFixture()
	lost := func(c model.Command) bool { return c.Kind == model.Reserve && c.Line == 2 }
	f.drop = lost
	s, l, err := f.drive(t.Context(), entries(t, "workload stock sku=A qty=5", "workload order=o1 sku=A qty=2",
		"workload order=o1 sku=A qty=1", "workload order=o2 sku=A qty=1"), func(c *clients.DriveConfig) {
		c.Patience = 20 * time.Millisecond
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.Undecided != 1 || s.Granted != 2 {
		t.Errorf("%+v", s)
	}
	reports := f.judge(l, s.Supply)
	if !slices.ContainsFunc(reports, func(r checks.Report) bool {
		return r.Guarantee == checks.NoLoss && r.Verdict == checks.Fail
	}) {
		t.Errorf("no-loss does not see it: %+v", reports)
	}
}

// A decision that comes after its client went on is learnt at the end.
func TestALateDecisionIsLearntAtTheEnd(t *testing.T) {
	f := newFixture()
	f.async = true
	late := true
	f.drop = func(c model.Command) bool {
		return late && (c.Kind == model.Release || c.Kind == model.Restock && c.Qty == 7)
	}
	w := entries(t, "workload stock sku=A qty=5", "workload order=o1 sku=A qty=2", "workload cancel order=o1",
		"workload restock sku=A qty=7", "workload order=o2 sku=A qty=1")
	s, _, err := f.drive(t.Context(), w, func(c *clients.DriveConfig) {
		c.Patience, c.Settle = 20*time.Millisecond, time.Minute
		c.Progress = func(n int) {
			if n == 2 {
				f.mu.Lock()
				late = false
				f.mu.Unlock()
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.Cancelled != 1 || s.Granted != 1 || s.UnitsSupplied != 12 || len(s.Supply) != 1 || s.Supply[0].Units != 12 {
		t.Errorf("%+v", s)
	}
}

// A decision that is learnt in one round of the wait at the end counts once, however many rounds are
// made for others.
func TestALateDecisionCountsOnce(t *testing.T) {
	f := newFixture()
	f.async = true
	late, rounds := true, 0
	f.drop = func(c model.Command) bool {
		switch {
		case c.Kind == model.Restock && c.Qty == 7:
			return late
		case c.Kind == model.Reserve && !late:
			rounds++
		}
		return c.Kind == model.Reserve && rounds < 5
	}
	w := entries(t, "workload stock sku=A qty=5", "workload restock sku=A qty=7", "workload order=o1 sku=A qty=2")
	s, _, err := f.drive(t.Context(), w, func(c *clients.DriveConfig) {
		c.Clients, c.Patience, c.Settle = 1, 20*time.Millisecond, time.Minute
		c.Progress = func(int) {
			f.mu.Lock()
			late = false
			f.mu.Unlock()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if rounds != 5 || s.Granted != 1 || s.Restocks != 1 || s.UnitsSupplied != 12 || fmt.Sprint(s.Supply) != "[{{A main} 12}]" {
		t.Errorf("%d rounds: %+v", rounds, s)
	}
}

// What came in is only stated for lanes of which everything is known.
func TestSupplyLeavesOutWhatNobodyKnows(t *testing.T) {
	f := newFixture()
	f.drop = func(c model.Command) bool { return c.Qty == 7 }
	s, _, err := f.drive(t.Context(), entries(t, "workload stock sku=A qty=5", "workload stock sku=B qty=4",
		"workload restock sku=A qty=7", "workload restock sku=B qty=2"), func(c *clients.DriveConfig) { c.Patience = 10 * time.Millisecond })
	if err != nil || fmt.Sprint(s.Supply) != "[{{B main} 6}]" || s.UnitsSupplied != 11 {
		t.Errorf("%+v, %v", s, err)
	}
}

// Without its stock a run says nothing about anything.
func TestDriveRefusesToStartWithoutItsStock(t *testing.T) {
	f := newFixture()
	f.drop = func(c model.Command) bool { return c.SKU == "B" }
	_, _, err := f.drive(t.Context(), entries(t, "workload stock sku=A qty=5", "workload stock sku=B qty=3",
		"workload order=o1 sku=A qty=2"), func(c *clients.DriveConfig) {
		c.Patience, c.SupplyPatience = 10*time.Millisecond, 20*time.Millisecond
	})
	if err == nil || !strings.Contains(err.Error(), `of 3 units of "B" only 0`) {
		t.Errorf("%v", err)
	}
}

// An error that is none of the port's classes is a bug of ours: the run ends with it.
func TestAnUnclassifiedErrorEndsTheRun(t *testing.T) {
	f := newFixture()
	broken := errors.New("broken")
	f.lose = func(n int) error {
		if n == 3 {
			return broken
		}
		return nil
	}
	_, _, err := f.drive(t.Context(), generated(t, nil), nil)
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

// The end of the run's context ends the clients, wherever they wait.
func TestDriveEndsWithItsContext(t *testing.T) {
	f := newFixture()
	f.drop = func(c model.Command) bool { return c.Kind == model.Reserve }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, _, err := f.drive(ctx, generated(t, nil), func(c *clients.DriveConfig) { c.Supplied = cancel })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// What moves is waited for, however short the time that nothing may move: every round learns another
// decision. No look-up asks for more than a bounded number of commands.
func TestTheEndWaitsAsLongAsAnythingMoves(t *testing.T) {
	f := newFixture()
	f.drop = func(c model.Command) bool { return c.Kind == model.Reserve } // until a look-up decides it
	w, err := workload.Generate(workload.Params{Orders: 700, SKUs: 3, Qty: 2, MaxLines: 2, Policy: model.Partial, Supply: random.Ratio{Num: 1, Den: 1}, Clients: 4}, 1)
	if err != nil {
		t.Fatal(err)
	}
	trickle := &trickle{fixture: f}
	s, l, err := f.drive(t.Context(), w, func(c *clients.DriveConfig) {
		for i := range c.Fronts {
			c.Fronts[i].Orders.Admission = trickle
		}
		c.Patience, c.Settle = time.Nanosecond, time.Nanosecond
	})
	if err != nil || s.Undecided != 0 || s.Lines < 700 {
		t.Fatalf("%v, %+v", err, s)
	}
	if trickle.most > clients.LookMax || trickle.rounds < 7 {
		t.Errorf("%d commands in one look-up, %d look-ups", trickle.most, trickle.rounds)
	}
	if why := failed(f.judge(l, s.Supply)); len(why) > 0 {
		t.Error(why)
	}
}

// trickle decides 100 lines per look-up.
type trickle struct {
	*fixture
	most, rounds int
}

func (t *trickle) Lookup(ctx context.Context, asked []inventory.Submission) ([]inventory.Answer, error) {
	t.mu.Lock()
	t.rounds++
	t.most = max(t.most, len(asked))
	n := 0
	for _, s := range asked {
		if row := t.rows[s.Commands[0].ID]; row != nil && !row.Decision.Decided() && n < 100 {
			t.decide(row.Command)
			n++
		}
	}
	t.mu.Unlock()
	return t.fixture.Lookup(ctx, asked)
}
