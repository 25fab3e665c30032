package explore_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stockproof/inventory/ledger"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

// troubled is a workload in which every kind of fault finds something to disturb.
const troubled = `stockproof scenario 1
# Grants, a rejection, a restock and a cancel.
workload clients=2
workload stock sku=A qty=4
workload order=o1 sku=A qty=2
workload order=o2 sku=A qty=3 policy=all-or-nothing
workload restock sku=A qty=2
workload cancel order=o1
`

// More executions than a test's share of time allows: -alone 2000.
var (
	aloneExecutions = flag.Int("alone", 40, "executions of every kind of fault alone")
	aloneSeed       = flag.Uint64("alone-seed", 1, "seed of these executions")
)

// The claims of ledger hold under every kind of fault inside its envelope, each one alone and as often as it
// comes.
func TestLedgerHoldsUnderEveryKindAlone(t *testing.T) {
	s, err := scenario.Parse("troubled", "troubled", troubled)
	if err != nil {
		t.Fatal(err)
	}
	o := sim.CoreOptions()
	// What strikes only behind another kind: a letter that is there.
	behind := map[string]string{"re-drive": "garbled"}
	for _, kind := range sim.DefaultFaultKinds(ledger.Design(), o) {
		if kind == "restart" {
			continue // of what crash has killed: it is no trouble of its own
		}
		t.Run(kind, func(t *testing.T) {
			kinds, executions := []string{kind}, *aloneExecutions
			if first, ok := behind[kind]; ok {
				kinds, executions = append(kinds, first), 15*executions // few draw both, in this order
			} else if k, _ := sim.FindFaultKind(kind); k.Hidden != "" {
				executions *= 4 // what is armed is often too late for what it waits for
			}
			r, err := explore.Run(context.Background(), explore.Config{Design: ledger.Design(), Options: o, Scenario: s,
				Seed: *aloneSeed, Executions: executions, Kinds: kinds, Twice: 16})
			if err != nil {
				t.Fatal(err)
			}
			if f := r.Finding; f != nil {
				why := ""
				for _, rep := range f.Outcome.Reports {
					if rep.Guarantee == f.Guarantee {
						why = rep.Why
					}
				}
				text := f.Schedule.String()
				if dir := os.Getenv("FOUND"); dir != "" {
					_ = os.WriteFile(filepath.Join(dir, "found-"+kind+".sched"), []byte(text), 0o644)
				}
				t.Fatalf("%v in execution %d: %s; faults %v, receipts %v", f.Guarantee, f.Execution, why,
					f.Schedule.Scenario.Faults, f.Outcome.Receipts)
			}
			if p := r.Search; p != nil && p.Finding != nil {
				t.Errorf("the search of %d states: %v after\n%s", p.States, p.Finding.Guarantee, strings.Join(p.Finding.Steps, "\n"))
			}
			if r.Struck[kind] == 0 || r.Cut > 0 {
				t.Errorf("struck in %d of %d executions, %d cut", r.Struck[kind], r.Executions, r.Cut)
			}
			t.Logf("struck in %d of %d, %d steps at most, %.1fs", r.Struck[kind], r.Executions, r.Deepest, r.Elapsed.Seconds())
		})
	}
}
