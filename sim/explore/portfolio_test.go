package explore_test

import (
	"strings"
	"testing"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/ledger"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

func portfolio(t *testing.T, d inventory.Design, name string, executions, cores int, kinds ...string) explore.Config {
	return explore.Config{Design: d, Options: sim.CoreOptions(), Scenario: loaded(t, name), Seed: 7, Executions: executions, Twice: 1,
		Cores: cores, Kinds: kinds, MaxFaults: 1}
}

// Behind the executions that it draws a portfolio searches, as far as its share goes, and sees the same on one engine and
// on several.
func TestAPortfolioSearchesTheSameOnAnyNumberOfEngines(t *testing.T) {
	var drawn, searched uint64
	for cores := 1; cores <= 3; cores++ {
		r, err := explore.Run(t.Context(), portfolio(t, ledger.Design(), "tiny", 200, cores, "crash", "duplicate", "garbled"))
		if err != nil {
			t.Fatal(err)
		}
		if r.Executions != 200 || r.Search == nil {
			t.Fatalf("%d executions, search %v", r.Executions, r.Search)
		}
		if p := r.Search; p.Executions < 30 || p.Executions > 35 || p.Complete || p.States < 50 || p.Finding != nil {
			t.Errorf("the search: %+v", p)
		}
		if cores == 1 {
			drawn, searched = r.Digest, r.Search.Digest()
		} else if r.Digest != drawn || r.Search.Digest() != searched {
			t.Errorf("on %d engines: digests %x and %x; on one: %x and %x", cores, r.Digest, r.Search.Digest(), drawn, searched)
		}
	}
}

// Where there can be no search, the share says why; where there can be one, it offers what a state tells.
func TestTheShareOfAPortfolio(t *testing.T) {
	c := portfolio(t, ledger.Design(), "tiny", 400, 2, "crash", "garbled")
	s, err := c.Share()
	if err != nil || s.Executions != 70 || s.Cores != 1 || s.Faults != 1 || strings.Join(s.Kinds, ",") != "crash" {
		t.Errorf("%+v, %v", s, err)
	}
	c.MaxFaults = -1
	if s, err = c.Share(); err != nil || s.Faults != 0 {
		t.Errorf("without faults: %+v, %v", s, err)
	}
	for why, change := range map[string]func(*explore.Config){
		"strategy random has none":     func(c *explore.Config) { c.Strategy = explore.Random },
		"requests are too many":        func(c *explore.Config) { c.Scenario = loaded(t, "medium") },
		"a state does not tell":        func(c *explore.Config) { c.Kinds = []string{"garbled"} },
		"nothing about liveness":       func(c *explore.Config) { c.Want = []checks.Guarantee{checks.NoLoss} },
		"5 executions leave none":      func(c *explore.Config) { c.Executions = 5 },
		"faults strike at points that": func(c *explore.Config) { c.Scenario = withFaults(t, "token-expiry") },
	} {
		c := portfolio(t, ledger.Design(), "tiny", 400, 2)
		change(&c)
		if _, err := c.Share(); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, want %q", err, why)
		}
	}
}

func withFaults(t *testing.T, name string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What the search of a portfolio meets is a finding as any other: a schedule that violates the same guarantee when it is
// replayed.
func TestWhatAPortfolioFindsBySearchIsRecorded(t *testing.T) {
	const drawn = 22 // so few that none of them meets it, of this seed
	c := portfolio(t, article.Design(), "missing-key", drawn, 2, "delay", "redis-empty")
	c.Seed = 20
	c.Want = []checks.Guarantee{checks.NoFalseReject}
	r, err := explore.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Executions != drawn || r.Search == nil || r.Search.Finding == nil || r.Finding == nil {
		t.Fatalf("%d executions, search %+v, finding %+v", r.Executions, r.Search, r.Finding)
	}
	run, _, err := sim.ScheduleConfig(r.Finding.Schedule, c.Design, c.Options)
	if err != nil {
		t.Fatal(err)
	}
	out, err := sim.Simulate(run)
	if err != nil {
		t.Fatal(err)
	}
	if g, failed := explore.Violated(out, checks.NoFalseReject); !failed || g != r.Search.Finding.Guarantee {
		t.Errorf("the schedule violates %v (%v), the search saw %v", g, failed, r.Search.Finding.Guarantee)
	}
}

// A search whose executions never come to rest, as beneath a relay that polls while time stands still, is not complete, and
// takes nothing back of what the drawn executions show.
func TestASearchThatTheStepLimitEndsIsNotComplete(t *testing.T) {
	c := portfolio(t, ledger.Design(), "../../testdata/soak/relay.scenario", 20, 1, "crash")
	c.Twice = 0
	if err := c.Scenario.DesignOptions(&c.Options); err != nil {
		t.Fatal(err)
	}
	r, err := explore.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Finding != nil || r.Undecided > 0 || r.Search == nil || r.Search.Limited != 1 || r.Search.Complete || r.Search.Undecided > 0 {
		t.Errorf("undecided %d, the search %+v", r.Undecided, r.Search)
	}
}
