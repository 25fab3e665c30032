package clients

import (
	"fmt"
	"testing"

	"stockproof/inventory"
	"stockproof/model"
	"stockproof/sim/workload"
)

// The answers of a conclusion name their lanes only. They are matched with the lines by what they can
// be, and with none rather than with the wrong one.
func TestConcludesMatchesAnswersWithLines(t *testing.T) {
	o := workload.NewOrder(model.NameID("o"), model.Partial,
		inventory.OrderLine{SKU: "A", Qty: 1}, inventory.OrderLine{SKU: "B", Qty: 1},
		inventory.OrderLine{SKU: "A", Qty: 2}, inventory.OrderLine{SKU: "A", Qty: 3})
	of := &placed{order: o}
	for i, granted := range []bool{false, true, true, true} {
		a := &inventory.Answer{Status: inventory.Decided}
		if a.Outcome = model.RejectedInsufficient; granted {
			a.Outcome, a.Granted = model.Granted, o.Lines[i].Qty
		}
		of.lines = append(of.lines, &soldLine{answer: a, number: o.Lines[i].Number})
	}
	for _, c := range []struct {
		skus string
		want string
	}{
		{"ABAA", "[1 2 3 4]"}, // all lines
		{"BAA", "[2 3 4]"},    // those that were granted
		{"BA", "[2 0]"},       // which of A's cannot be told
		{"C", "[0]"},
	} {
		var as []inventory.Answer
		for _, sku := range c.skus {
			as = append(as, inventory.Answer{Lane: workload.LaneOf(model.SKU(sku))})
		}
		var got []int32
		for _, l := range concludes(of, as) {
			if l == nil {
				got = append(got, 0)
				continue
			}
			got = append(got, l.number)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, want %s", c.skus, got, c.want)
		}
	}
}
