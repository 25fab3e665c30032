package sim_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/dualwrite"
	"stockproof/inventory/ledger"
	"stockproof/inventory/rowlock"
	"stockproof/sim"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// faultWorkload is enough for every kind to find something: two SKUs, a restock, a cancel and a read.
const faultWorkload = `stockproof scenario 1
# Three orders.
workload clients=1
workload stock sku=A qty=5
workload stock sku=B qty=2
workload order=o1 sku=A qty=2
workload order=o2 sku=B qty=1
workload order=o3 sku=A qty=1
`

// struckBy is, for every kind, the fault lines that let it strike, under the article's design or, where
// the line begins with its name, under another one.
var struckBy = map[string]string{
	"lost":                 "fault lost role=worker before=deduct",
	"lost-response":        "fault lost-response role=worker after=deduct",
	"late":                 "fault late role=worker before=deduct",
	"delay":                "fault delay role=worker after=deduct by=15s",
	"crash":                "fault crash role=worker after=deduct order=o1",
	"restart":              "fault crash role=worker after=deduct order=o1\nfault restart role=worker",
	"pause":                "ledger: fault pause role=worker after=begin by=1m",
	"evict":                "fault evict role=worker after=deduct order=o1",
	"skew-clock":           "fault skew-clock role=connector by=25h after=produce",
	"advance-time":         "fault advance-time by=25h after=deduct",
	"run":                  "fault run role=reconciler of=worker after=deduct",
	"second-group":         "fault second-group after=admit",
	"bad-ttl":              "fault bad-ttl after=admit",
	"resubmit":             "fault resubmit n=2",
	"re-drive":             "fault malformed form=base64 of=worker after=deduct\nfault re-drive of=worker after=produce",
	"connector-loses":      "fault connector-loses n=1",
	"connector-noise":      "fault connector-noise form=all",
	"connector-snapshot":   "fault connector-snapshot after=deduct order=o1",
	"incremental-snapshot": "fault incremental-snapshot after=deduct order=o1",
	"copy":                 "ledger: fault copy",
	"malformed":            "fault malformed form=negative after=deduct order=o1",
	"garbled":              "fault garbled form=base64 n=1",
	"wrong-key":            "fault wrong-key form=plain n=2",
	"other-partitioner":    "fault other-partitioner n=2",
	"duplicate":            "fault duplicate after=deduct order=o1",
	"mirror-replay":        "fault mirror-replay after=deduct order=o2",
	"rewind":               "fault rewind n=1 of=worker after=offset-commit",
	"expire-offsets":       "fault expire-offsets role=worker after=offset-commit",
	"retention":            "fault retention of=worker before=deduct",
	"truncate":             "fault truncate n=1 of=worker after=deduct",
	"elect":                "fault elect of=worker after=deduct",
	"recreate-topic":       "fault recreate-topic of=worker after=deduct",
	"grow-partitions":      "fault grow-partitions n=1 of=worker after=deduct",
	"compact":              "fault compact of=connector after=produce",
	"advance-clock":        "fault advance-clock by=25h after=deduct",
	"redis-empty":          "fault redis-empty after=deduct",
	"redis-failover":       "fault redis-failover lose=1 after=deduct",
	"redis-split":          "fault redis-split role=worker by=15s after=deduct lose=1",
	"evict-keys":           "fault evict-keys policy=volatile-lru n=1 after=deduct",
	"deny-writes":          "fault deny-writes form=oom by=5s before=deduct",
	"refuse":               "fault refuse form=busy n=2 before=deduct",
	"script-flush":         "fault script-flush before=deduct",
	"replica-reads":        "fault replica-reads n=1 after=deduct",
	"foreign-value":        "fault foreign-value sku=A form=text before=deduct",
	"admin-set":            "fault admin-set sku=A n=9 after=deduct",
	"move-slot":            "fault move-slot sku=A by=5s after=deduct",
	"kill-backends":        "ledger: fault kill-backends role=worker before=settle",
	"pg-crash":             "fault pg-crash of=worker after=deduct",
	"pg-checkpoint":        "fault pg-checkpoint of=connector after=confirm-slot\nfault pg-crash of=worker after=deduct order=o3",
	"pg-failover":          "fault pg-failover of=worker after=deduct",
	"pg-failover-async":    "fault pg-failover-async lose=1 of=worker after=deduct",
	"pg-refuse":            "fault pg-refuse form=serialization n=2 of=worker after=deduct",
	"pg-clock":             "fault pg-clock by=1m after=deduct",
	"drop-slot":            "fault drop-slot by=5s of=worker after=deduct",
	"invalidate-slot":      "fault invalidate-slot by=5s of=worker after=deduct",
}

// Every kind strikes in a small simulation, says so, does the same twice, and does something: without it the run is another.
func TestEveryKindOfFaultStrikesAndLeavesAReceipt(t *testing.T) {
	for _, k := range sim.FaultKinds() {
		t.Run(k.Name, func(t *testing.T) {
			line, ok := struckBy[k.Name]
			if !ok {
				t.Fatal("no fault line says how this kind strikes")
			}
			d := article.Design()
			if rest, is := strings.CutPrefix(line, "ledger: "); is {
				line, d = rest, ledger.Design()
			}
			first := simulate(t, d, line)
			if n := strings.Count(line, "fault "); len(first.Receipts) != n || len(first.Missing) != 0 ||
				!slices.Contains(first.Struck, k.Name) {
				t.Fatalf("receipts %q, missing %q, struck %q", first.Receipts, first.Missing, first.Struck)
			}
			if len(first.Failures) != 0 || first.Result == checks.InternalError {
				t.Errorf("failures %v", first.Failures)
			}
			if again := simulate(t, d, line); again.Digest != first.Digest {
				t.Errorf("digest %x, then %x", first.Digest, again.Digest)
			}
			without := withFaults(t, d, strings.Join(slices.DeleteFunc(strings.Split(line, "\n"), func(l string) bool {
				return strings.HasPrefix(l, "fault "+k.Name+" ") || l == "fault "+k.Name
			}), "\n"))
			without.Kinds = []string{k.Name} // the same world, in which it does not happen
			if other, err := sim.Simulate(without); err != nil || other.Digest == first.Digest {
				t.Errorf("it did nothing: without it the run is the same (%v)", err)
			}
			t.Logf("%s: %s", first.Result, strings.Join(first.Receipts, "; "))
		})
	}
}

func simulate(t *testing.T, d inventory.Design, faults string) sim.Outcome {
	t.Helper()
	c := withFaults(t, d, faults)
	out, err := sim.Simulate(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func withFaults(t *testing.T, d inventory.Design, faults string) sim.SimulationConfig {
	t.Helper()
	s, err := scenario.Parse("faults", "faults", faultWorkload+faults+"\n")
	if err != nil {
		t.Fatal(err)
	}
	c := sim.SimulationConfig{Design: d, Options: sim.CoreOptions()}
	if c.Workload, err = s.Build(workload.DefaultParams(), 1); err != nil {
		t.Fatal(err)
	}
	if c.Faults, err = sim.CoreFaults(s, &c.Workload, d, c.Options); err != nil {
		t.Fatal(err)
	}
	for _, f := range c.Faults { // what a file says comes back from what it was read as
		e := f.Entry()
		again, err := sim.CoreFaults(&scenario.Scenario{Faults: []scenario.Entry{e}}, &c.Workload, d, c.Options)
		if err != nil || len(again) != 1 || again[0] != f {
			t.Errorf("%+v is written as %q, read as %+v (%v)", f, f.String(), again, err)
		}
	}
	return c
}

// How long a pause is, or how far a clock goes, nobody can guess; what only lasts, lasts until the faults end.
func TestFaultsWithoutADefaultNeedTheirTime(t *testing.T) {
	var need []string
	for _, k := range sim.FaultKinds() {
		if !slices.Contains(k.Keys, "by") {
			continue
		}
		line, _ := strings.CutPrefix(struckBy[k.Name], "ledger: ")
		s, err := scenario.Parse("faults", "faults", faultWorkload+regexp.MustCompile(` by=\w+`).ReplaceAllString(line, "")+"\n")
		if err != nil {
			t.Fatal(err)
		}
		w, err := s.Build(workload.DefaultParams(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = sim.CoreFaults(s, &w, ledger.Design(), sim.CoreOptions()); err != nil && strings.Contains(err.Error(), "it needs by=TIME") {
			need = append(need, k.Name)
		}
	}
	if want := []string{"delay", "pause", "skew-clock", "advance-time", "advance-clock", "pg-clock"}; !slices.Equal(need, want) {
		t.Errorf("%q need by=, want %q", need, want)
	}
}

// What can never strike a design is not drawn for it, and what is outside its envelope neither.
func TestWhatCannotStrikeADesignIsNotDrawn(t *testing.T) {
	o := sim.CoreOptions()
	relayed := o
	relayed.Relay = true
	for _, x := range []struct {
		d       inventory.Design
		o       scenario.DesignOptions
		kind    string
		applies bool
	}{
		{rowlock.Design(), o, "redis-empty", false},
		{rowlock.Design(), o, "rewind", false},
		{rowlock.Design(), o, "pg-crash", true},
		{dualwrite.Design(), o, "redis-empty", true},
		{dualwrite.Design(), o, "drop-slot", false},
		{ledger.Design(), o, "connector-loses", true},
		{ledger.Design(), relayed, "connector-loses", false},
		{ledger.Design(), o, "bad-ttl", false},
		{article.Design(), o, "bad-ttl", true},
		{article.Design(), o, "pg-failover-async", true},
	} {
		if got := slices.Contains(sim.DefaultFaultKinds(x.d, x.o), x.kind); got != x.applies {
			t.Errorf("%s under %s (relay %v): drawn %v", x.kind, x.d.Name, x.o.Relay, got)
		}
	}
	if slices.Contains(sim.DefaultFaultKinds(ledger.Design(), o), "pg-failover-async") {
		t.Error("ledger does not claim to survive the loss of what was acknowledged")
	}
	k, _ := sim.FindFaultKind("pg-failover-async")
	if !k.Applies(ledger.Design(), o) {
		t.Error("a fault outside the envelope may be asked for")
	}
}

func TestEveryKeyOfAFaultIsDocumented(t *testing.T) {
	said := map[string]bool{}
	for _, k := range sim.FaultKeys() {
		said[k[0]] = true
	}
	for _, k := range sim.FaultKinds() {
		for _, key := range k.Keys {
			if !said[key] {
				t.Errorf("%s takes %s, and nothing says what that is", k.Name, key)
			}
		}
		if k.About == "" {
			t.Errorf("%s says nothing about itself", k.Name)
		}
	}
}

// A fault outside the envelope may be asked for: what then breaks is a known limit, and no violation.
func TestWhatBreaksOutsideTheEnvelopeIsAKnownLimit(t *testing.T) {
	out := simulate(t, ledger.Design(), "fault pg-failover-async lose=3 of=worker after=settle nth=3")
	if len(out.Struck) != 1 || len(out.KnownLimits) == 0 || out.Result != checks.Holds {
		t.Errorf("%s, struck %v, known limits %q", out.Result, out.Struck, out.KnownLimits)
	}
	out = simulate(t, article.Design(), "fault pg-failover-async lose=3 of=worker after=deduct nth=3")
	if len(out.KnownLimits) != 0 || out.Result == checks.Holds {
		t.Errorf("article survives every fault or breaks a claim: %s, %q", out.Result, out.KnownLimits)
	}
}
