package sim_test

import (
	"strings"
	"testing"

	"stockproof/checks"
	"stockproof/inventory/article"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// refusedForEver is an order of which there is too little, under a worker that takes the update of the order's status
// for another order: each refusal writes the status, which is a message, which is refused (F18).
func refusedForEver(t *testing.T) sim.SimulationConfig {
	t.Helper()
	c := withFaults(t, article.Design(), "")
	c.Options.EveryOp = true
	s, err := scenario.Parse("loop", "loop", "stockproof scenario 1\nworkload stock sku=A qty=1\nworkload order=o1 sku=A qty=2\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Workload, err = s.Build(workload.DefaultParams(), 1); err != nil {
		t.Fatal(err)
	}
	return c
}

// Processes that make work for each other for ever hold the clock at one instant. That is no run without an end,
// which would show nothing: the client has its answer, the books are looked at, and liveness is violated.
func TestALiveLockViolatesLiveness(t *testing.T) {
	_, out := serversOf(t, refusedForEver(t))
	g, violated := explore.Violated(out)
	if !violated || g != checks.Convergence || out.Result != checks.Stalled || out.Cut {
		t.Fatalf("%s behind %d steps (cut %t), %s", out.Result, out.Steps, out.Cut, g)
	}
	for _, r := range out.Reports {
		if r.Guarantee == g && !strings.Contains(r.Why, "never comes to rest") {
			t.Errorf("why: %s", r.Why)
		}
	}
	if s := out.Summary; s.Rejected != 1 || out.Converged >= 0 {
		t.Errorf("%d rejected, converged in %s", s.Rejected, out.Converged)
	}
}

// What the step limit cuts short proves nothing about liveness, whatever it looked like.
func TestALiveLockThatTheStepLimitCutsIsNotComplete(t *testing.T) {
	c := refusedForEver(t)
	c.StepLimit = 10_000
	_, out := serversOf(t, c)
	if g, violated := explore.Violated(out); !out.Cut || violated {
		t.Errorf("cut %t, %s violated %t", out.Cut, g, violated)
	}
}
