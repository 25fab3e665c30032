package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"stockproof/checks"
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
	f, err := parseExplore(strings.Fields("--scenario tiny --faults none --seed 1 --executions 50 --check-determinism --json"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c := &campaign{flags: f, people: &stderr}
	if err := c.configure(); err != nil {
		t.Fatal(err)
	}
	built := 0 // in the whole program: every second projection is hasty
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
	c.config.Cores = 1
	err = c.run(t.Context(), &output{w: &stdout}, &stderr)
	var v verdict
	if !errors.As(err, &v) || v.ExitCode() != 4 || v.Result != checks.Nondeterministic {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	for _, want := range []string{"nondeterministic", "is not deterministic: digest ", "the first step that differs: step ", "projection-1/",
		"--check-determinism --seed 0x1 --executions "} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("%q is missing in\n%s", want, stderr.String())
		}
	}
	a := coreAnswer(t, outcome{out: stdout.String()})
	if a.Strategy != "nondeterministic" || !strings.HasPrefix(a.Divergence, "step ") || !strings.Contains(a.Reproduce, "--check-determinism") {
		t.Errorf("%+v", a)
	}
}
