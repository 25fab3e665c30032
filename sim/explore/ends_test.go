package explore

import (
	"testing"

	"stockproof/adapters/memory"
	"stockproof/checks"
	"stockproof/model"
	"stockproof/sim"
)

// An end is what the books say and which guarantees held. When something was decided is no part of it.
func TestWhatAnEndIs(t *testing.T) {
	end := func(change func(*sim.Outcome)) uint64 {
		out := sim.Outcome{RunResult: sim.RunResult{Reports: []checks.Report{{Guarantee: checks.NoLoss, Verdict: checks.Pass}}},
			Audit: checks.Audit{Lanes: []checks.Lane{{Epoch: 1}}, Stock: []checks.StockRow{{Stock: 1}}, Speed: []checks.Shown{{Seq: 1}},
				Ledger: []checks.LedgerRow{{Seq: 1, Outcome: model.Granted, DecidedAt: 1}, {Seq: 2, Outcome: model.Granted, DecidedAt: 2}}}}
		change(&out)
		s := &search{verdicts: map[uint64]bool{}}
		s.judged(out, memory.NewShapes())
		return s.verdictSum()
	}
	first := end(func(*sim.Outcome) {})
	for what, c := range map[string]struct {
		same   bool
		change func(*sim.Outcome)
	}{
		"decided later":      {true, func(o *sim.Outcome) { o.Audit.Ledger[1].DecidedAt = 9 }},
		"decided otherwise":  {false, func(o *sim.Outcome) { o.Audit.Ledger[1].Outcome = model.RejectedInsufficient }},
		"not decided":        {false, func(o *sim.Outcome) { o.Audit.Ledger = o.Audit.Ledger[:1] }},
		"in another order":   {false, func(o *sim.Outcome) { l := o.Audit.Ledger; l[0].Seq, l[1].Seq = 2, 1 }},
		"of another epoch":   {false, func(o *sim.Outcome) { o.Audit.Lanes[0].Epoch = 2 }},
		"with other stock":   {false, func(o *sim.Outcome) { o.Audit.Stock[0].Stock = 2 }},
		"seen otherwise":     {false, func(o *sim.Outcome) { o.Audit.Speed[0].Seq = 2 }},
		"judged otherwise":   {false, func(o *sim.Outcome) { o.Reports[0].Verdict = checks.Fail }},
		"of other guarantee": {false, func(o *sim.Outcome) { o.Reports[0].Guarantee = checks.NoOversell }},
	} {
		if same := end(c.change) == first; same != c.same {
			t.Errorf("%s: the same end: %v", what, same)
		}
	}
}
