package explore_test

import (
	"context"
	"testing"

	"stockproof/inventory/ledger"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

// Who says that a reservation is over and who takes the payment are two processes: whatever strikes them, one of them wins,
// and no unit leaves and comes back as well.
func TestAnExpiryAndAPaymentHaveOneWinner(t *testing.T) {
	s, err := scenario.Load("expiry")
	if err != nil {
		t.Fatal(err)
	}
	r, err := explore.Run(context.Background(), explore.Config{Design: ledger.Design(), Options: sim.CoreOptions(), Scenario: s, Seed: 1,
		Strategy: explore.Random, Executions: 300})
	if err != nil {
		t.Fatal(err)
	}
	if r.Finding != nil {
		t.Fatalf("%s\n%s", r.Finding.Guarantee, r.Finding.Schedule)
	}
	if r.Cut+r.Undecided > 0 || r.Granted == 0 || r.Struck["advance-time"] == 0 {
		t.Errorf("%d cut, %d undecided, %d granted, struck %v", r.Cut, r.Undecided, r.Granted, r.Struck)
	}
}
