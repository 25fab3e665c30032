package main

import (
	"context"
	"strings"
	"testing"

	"stockproof/inventory"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
)

// hasty asks Redis a question more each time.
type hasty struct{ port.Speed }

// Do implements [port.Speed].
func (h hasty) Do(ctx context.Context, ops ...port.SpeedOp) error {
	if err := h.Speed.Do(ctx, &port.GetStock{SKU: "A"}); err != nil && port.Class(err) != port.ErrContract {
		return err
	}
	return h.Speed.Do(ctx, ops...)
}

// A design that is not deterministic ends the campaign with exit code 4, the first step that differs, and the command
// that shows it again.
func TestCheckDeterminismReportsTheFirstStepThatDiffers(t *testing.T) {
	built := 0 // in the whole program: every second projection is hasty
	code, text, a := explored(t, "--scenario tiny --faults none --seed 1 --executions 50 --check-determinism --json", func(c *campaign) {
		c.config.Cores = 1
		for i, r := range c.config.Design.Roles {
			if r.Name == "projection" {
				c.config.Design.Roles[i].New = func(p inventory.Ports, o inventory.Options) port.Process {
					if built++; built%2 == 0 {
						p.Speed = hasty{p.Speed}
					}
					return ledger.NewProjection(p, o)
				}
			}
		}
	})
	if code != 4 {
		t.Fatalf("exit %d\n%s", code, text)
	}
	for _, want := range []string{"nondeterministic", "is not deterministic: digest ", "the first step that differs: step ", "projection-1/",
		"--check-determinism --seed 0x1 --executions "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if a.Strategy != "nondeterministic" || !strings.HasPrefix(a.Divergence, "step ") || !strings.Contains(a.Reproduce, "--check-determinism") {
		t.Errorf("%+v", a)
	}
}
