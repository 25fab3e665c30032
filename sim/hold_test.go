package sim_test

import (
	"strings"
	"testing"

	"stockproof/checks"
	"stockproof/inventory/ledger"
	"stockproof/sim"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// held simulates the scenario expiry under ledger, with further lines.
func held(t *testing.T, more string) sim.Outcome {
	t.Helper()
	s, err := scenario.Load("expiry")
	if err != nil {
		t.Fatal(err)
	}
	x, err := scenario.Parse("faults", "faults", "stockproof scenario 1\nworkload clients=1\nworkload order=o1 sku=A qty=1\n"+more)
	if err != nil {
		t.Fatal(err)
	}
	s.Faults = x.Faults
	d := ledger.Design()
	c := sim.SimulationConfig{Design: d, Options: sim.CoreOptions()}
	if c.Workload, err = s.Build(workload.DefaultParams(), 1); err != nil {
		t.Fatal(err)
	}
	if c.Faults, err = sim.CoreFaults(s, &c.Workload, d, c.Options); err != nil {
		t.Fatal(err)
	}
	out, err := sim.Simulate(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// An order that nobody pays for in time is over; one that is paid for is not; and where payment comes too late, it is.
func TestAnOrderIsHeldForATime(t *testing.T) {
	out := held(t, "")
	if s := out.Summary; out.Result != checks.Holds || s.Granted != 1 || s.Cancelled != 1 || s.Rejected != 1 {
		t.Errorf("%s: %d granted, %d cancelled, %d rejected", out.Result, s.Granted, s.Cancelled, s.Rejected)
	}
	out = held(t, "fault advance-time by=15s of=worker after=settle\n")
	if s := out.Summary; out.Result != checks.Holds || s.Granted != 0 || s.Cancelled != 2 {
		t.Errorf("behind the time: %s: %d granted, %d cancelled", out.Result, s.Granted, s.Cancelled)
	}
}

func TestAHoldIsATimeAndOneOfAnOrder(t *testing.T) {
	const head = "stockproof scenario 1\nworkload stock sku=A qty=9\n"
	for text, want := range map[string]string{
		"workload order=o1 sku=A qty=1 hold=5\n":                                                `hold="5" is no time`,
		"workload order=o1 sku=A qty=1 hold=-5s\n":                                              `hold="-5s" is no time`,
		"workload order=o1 sku=A qty=1 hold=1ns\n":                                              `hold="1ns" is no time`,
		"workload order=o1 sku=A qty=1 hold=5s\nworkload order=o1 sku=A qty=1 line=2 hold=6s\n": "on the order's first line, line 3",
		"workload order=o1 sku=A qty=1\nworkload order=o1 sku=A qty=1 line=2 hold=6s\n":         "on the order's first line, line 3",
		"workload restock sku=A qty=1 hold=5s\n":                                                "unknown key hold",
	} {
		if _, err := scenario.Parse("x", "x", head+text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := scenario.Parse("x", "x", head+"workload order=o1 sku=A qty=1 hold=5s\nworkload order=o1 sku=A qty=1 line=2 hold=5s\n"); err != nil {
		t.Error(err)
	}
}
