package checks_test

import (
	"fmt"

	"stockproof/checks"
	"stockproof/model"
)

// A script that deducts in the speed layer and remembers orders by a token that expires: the same line
// delivered again afterwards is deducted again.
func Example() {
	order := model.NameID("o1")
	s := checks.New(checks.Header{Design: "script", Capability: checks.ScriptReplies,
		Claims: []checks.Guarantee{checks.ExactlyOnceEffect, checks.Convergence},
		Names:  map[model.ID]string{order: "o1"}})
	deduct := checks.Effect{Kind: checks.Deduct, SKU: "A", Order: order, Qty: 2, Reply: checks.Done,
		Before: 5, After: 3}
	s.Observe(deduct)
	deduct.Before, deduct.After = 3, 1
	s.Observe(deduct)

	line := checks.CommandRow{Row: 1, Decision: model.Decision{Outcome: model.Granted, Granted: 2}}
	line.Kind, line.SKU, line.Loc, line.OrderID, line.Qty = model.Reserve, "A", model.MainLocation, order, 2
	reports := s.Finish(checks.Audit{
		Commands:  []checks.CommandRow{line},
		Stock:     []checks.StockRow{{SKU: "A", Initial: 5, Stock: 3}},
		SpeedRead: true,
		Speed: []checks.Shown{{Lane: model.LaneKey{SKU: "A", Loc: model.MainLocation}, Found: true,
			Avail: 1}}})
	for _, r := range reports {
		if r.Verdict != checks.Fail {
			continue
		}
		fmt.Println(r.Guarantee, "fails:", r.Why)
		for _, e := range r.Evidence {
			fmt.Println("  " + e.String())
		}
	}
	result := checks.Judge(reports, checks.Conditions{Decisions: 1})
	fmt.Println(result, result.ExitCode())
	// Output:
	// exactly-once-effect fails: order o1: 2 units of "A" were deducted 2 times for 1 line(s) (severity 2 units)
	//   offender: event 2: deduct 2 of "A" for order o1: done (stock 3 -> 1)
	//   witness: event 1: deduct 2 of "A" for order o1: done (stock 5 -> 3)
	// convergence fails: speed shows 1 units of "A", truth has 3 (severity 2 units)
	//   offender: speed has 1 units of "A" at (epoch 0, seq 0)
	//   witness: truth has 3 units of "A" at (epoch 0, seq 0)
	// violated 1
}
