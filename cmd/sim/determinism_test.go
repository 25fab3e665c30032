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

// everySecondHasty makes every second projection of the whole program hasty.
func everySecondHasty(d *inventory.Design) {
	built := 0
	for i, r := range d.Roles {
		if r.Name == "projection" {
			d.Roles[i].New = func(p inventory.Ports, o inventory.Options) port.Process {
				if built++; built%2 == 0 {
					p.Speed = hasty{p.Speed}
				}
				return ledger.NewProjection(p, o)
			}
		}
	}
}

// An exhaustive search says the same of such a design.
func TestCheckDeterminismOfASearchReportsTheFirstStepThatDiffers(t *testing.T) {
	code, text, a := searched(t, "--scenario tiny --strategy exhaustive --faults none --check-determinism --json", func(p *proof) {
		p.scope.Cores = 1
		everySecondHasty(&p.scope.Design)
	})
	for _, want := range []string{"\nnondeterministic ", "is not deterministic: digest ", "the first step that differs: step ", "projection-1/",
		"\nsim explore --design ledger --scenario tiny --strategy exhaustive --faults none --check-determinism\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if code != 4 || a.Strategy != "nondeterministic" || !strings.HasPrefix(a.Divergence, "step ") || !strings.Contains(a.Reproduce, "--check-determinism") {
		t.Errorf("exit %d, %+v", code, a)
	}
}

// A design that is not deterministic ends the campaign with exit code 4, the first step that differs, and the command
// that shows it again.
func TestCheckDeterminismReportsTheFirstStepThatDiffers(t *testing.T) {
	code, text, a := explored(t, "--scenario tiny --faults none --seed 1 --executions 50 --check-determinism --json", func(c *campaign) {
		c.config.Cores = 1
		everySecondHasty(&c.config.Design)
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
