package explore_test

import (
	"context"
	"testing"
	"time"

	"stockproof/inventory/ledger"
	"stockproof/sim"
	"stockproof/sim/explore"
)

func TestExhaust(t *testing.T) {
	o := sim.CoreOptions()
	o.Channels = nil
	p, err := explore.Exhaust(context.Background(), explore.Scope{Design: ledger.Design(), Options: o, Scenario: scenario(t, "tiny"),
		Without: []string{"sweeper", "coordinator", "heart", "reconciler", "feed", "bootstrap"}, Budget: 30 * time.Second,
		Progress: func(p explore.Proof) { t.Logf("%+v", p) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", p)
	if p.Finding != nil {
		t.Log(p.Finding.Guarantee)
		for _, s := range p.Finding.Steps {
			t.Log(s)
		}
		t.Log(p.Finding.Outcome.Reports)
	}
}
