package timeline_test

import (
	"strings"
	"testing"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/ledger"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
	"stockproof/sim/timeline"
	"stockproof/sim/workload"
)

// configured is a run of a scenario with its faults, as a design can have it.
func configured(t *testing.T, d inventory.Design, name string) sim.SimulationConfig {
	t.Helper()
	s, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return configuredBy(t, d, s)
}

func configuredBy(t *testing.T, d inventory.Design, s *scenario.Scenario) (c sim.SimulationConfig) {
	t.Helper()
	var err error
	c = sim.SimulationConfig{Design: d, Options: sim.CoreOptions()}
	if c.Workload, err = s.Build(workload.DefaultParams(), 1); err != nil {
		t.Fatal(err)
	}
	if c.Faults, err = sim.CoreFaults(s, &c.Workload, d, c.Options); err != nil {
		t.Fatal(err)
	}
	if s.CheckOptions(d) == nil {
		if err := s.DesignOptions(&c.Options); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// drawn runs a scenario on the core tier and draws it.
func drawn(t *testing.T, d inventory.Design, name string) (*timeline.Timeline, sim.Outcome) {
	t.Helper()
	return drawnOf(t, configured(t, d, name))
}

func drawnOf(t *testing.T, c sim.SimulationConfig) (*timeline.Timeline, sim.Outcome) {
	t.Helper()
	e := engine.New(engine.Options{})
	defer e.Close()
	simulation, err := sim.NewSimulation(e, c)
	if err != nil {
		t.Fatal(err)
	}
	line := timeline.New(simulation)
	out, err := simulation.Run()
	if err != nil {
		t.Fatal(err)
	}
	return line, out
}

// reportOn is the report on a guarantee.
func reportOn(t *testing.T, out sim.Outcome, g checks.Guarantee) checks.Report {
	t.Helper()
	for _, r := range out.Reports {
		if r.Guarantee == g {
			return r
		}
	}
	t.Fatalf("nothing is said about %s", g)
	return checks.Report{}
}

// inOrder asserts that a text has lines with these words, one behind the other.
func inOrder(t *testing.T, text string, want ...string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	for _, w := range want {
		at := -1
		for i, l := range lines {
			if hasAll(l, strings.Split(w, " & ")) {
				at = i
				break
			}
		}
		if at < 0 {
			t.Fatalf("%q is missing, or not in its place, in\n%s", w, text)
		}
		lines = lines[at+1:]
	}
}

func hasAll(line string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(line, w) {
			return false
		}
	}
	return true
}

func TestATimelineShowsHowATokenExpires(t *testing.T) {
	line, out := drawn(t, article.Design(), "token-expiry")
	text := line.Text(timeline.Width, reportOn(t, out, checks.ExactlyOnceEffect))
	inOrder(t, text, "clients & postgres & kafka p & worker- & redis", "1  (stock A 5)", "submit o1: 2 A", "insert o1: 2 A", "o1@",
		"fetch o1@", "deduct o1 x2 & A 5 -> 3, token o1", "X crashed", "X clock +25h", "X restarted & token o1 gone",
		"fetch o1@", "deduct o1 x2 & A 3 -> 1, token o1 & <- second deduction", "commit offset", "o1: GRANTED 2")
	if n := strings.Count(text, "second deduction"); n != 1 {
		t.Errorf("%d steps are accused:\n%s", n, text)
	}
	lanes := line.LaneText(out, reportOn(t, out, checks.ExactlyOnceEffect))
	if want := "lane A   supply 5   granted by the script 2 + 2   credited by it 5   truth says 3   speed says 1\n"; strings.TrimSpace(lanes) != strings.TrimSpace(want) {
		t.Errorf("%q, want %q", lanes, want)
	}
}

func TestATimelineShowsALedgersDecisions(t *testing.T) {
	line, out := drawn(t, ledger.Design(), "tiny")
	text := line.Text(timeline.Width, checks.Report{})
	inOrder(t, text, "submit o1: 2 A", "submit o2: 2 A", "accept o", "fetch o", "o1 GRANTED 2, seq 2 & commit", "seq 3@", "A seq 3 avail 1")
	inOrder(t, text, "o1: GRANTED 2")
	inOrder(t, text, "o2: REJECTED")
	for _, noise := range []string{"<-", "heartbeat", "look", "restarts", "no newer"} {
		if strings.Contains(text, noise) {
			t.Errorf("%q is in\n%s", noise, text)
		}
	}
	if lanes := line.LaneText(out, checks.Report{}); !strings.Contains(lanes, "lane A   supply 3   granted 2   truth says 1   speed says 1") {
		t.Errorf("%s", lanes)
	}
}

// A connector that died sends again what it had sent: the same record at a new offset, which is absorbed.
func TestATimelineShowsWhatComesAgain(t *testing.T) {
	line, _ := drawn(t, article.Design(), "connector-duplicates")
	inOrder(t, line.Text(timeline.Width, checks.Report{}), "deduct o2 x3", "deduct o2 x3 & token o2: already done")
	inOrder(t, line.Text(timeline.Width, checks.Report{}), "o2@", "X crashed", "o2@")
}

// However narrow the page is, nothing is lost and no line is longer than it.
func TestATimelineFitsItsPage(t *testing.T) {
	line, out := drawn(t, article.Design(), "token-expiry")
	r := reportOn(t, out, checks.ExactlyOnceEffect)
	for _, width := range []int{90, 100, 120, 200} {
		text := line.Text(width, r)
		for _, l := range strings.Split(text, "\n") {
			if len(l) > width || strings.IndexFunc(l, func(r rune) bool { return r > '~' }) >= 0 {
				t.Errorf("width %d: %q has %d characters", width, l, len(l))
			}
		}
		if words := strings.Join(strings.Fields(text), ""); !strings.Contains(words, "clock+25h") || !strings.Contains(words, "<-seconddeduction") {
			t.Errorf("width %d lost something:\n%s", width, text)
		}
	}
}

// A fault stands in the column of whatever it struck.
func TestAFaultStandsWhereItStruck(t *testing.T) {
	for fault, column := range map[string]string{
		"crash role=worker after=deduct order=o1":             "worker-2",
		"resubmit after=admit":                                "clients",
		"connector-noise after=deduct":                        "connector",
		"connector-snapshot of=worker after=deduct":           "connector",
		"duplicate after=deduct order=o1":                     "kafka p0",
		"malformed form=negative after=deduct order=o1":       "kafka p0",
		"advance-clock by=1h after=deduct":                    "redis",
		"redis-empty after=deduct":                            "redis",
		"evict-keys policy=allkeys-lru n=1 after=deduct":      "redis",
		"pg-crash of=worker after=deduct":                     "postgres",
		"kill-backends role=api of=clients after=admit nth=1": "postgres",
	} {
		s, err := scenario.Parse("one", "one", "stockproof scenario 1\nworkload clients=1\nworkload stock sku=A qty=5\n"+
			"workload order=o1 sku=A qty=2\nworkload order=o2 sku=A qty=1\nfault "+fault+"\n")
		if err != nil {
			t.Fatal(err)
		}
		line, _ := drawnOf(t, configuredBy(t, article.Design(), s))
		var at []string
		for _, r := range line.Rows {
			for _, c := range r.Cells {
				if c.Fault {
					at = append(at, c.Column)
				}
			}
		}
		if len(at) != 1 || at[0] != column {
			t.Errorf("fault %s stands at %q, want %q", fault, at, column)
		}
	}
}

// Drawing a run does not change it.
func TestADrawnRunIsTheSameRun(t *testing.T) {
	for _, d := range []inventory.Design{ledger.Design(), article.Design()} {
		plain, err := sim.Simulate(configured(t, d, "tiny"))
		if err != nil {
			t.Fatal(err)
		}
		if _, out := drawn(t, d, "tiny"); out.Digest != plain.Digest || out.Steps != plain.Steps {
			t.Errorf("%s: digest %x in %d steps, drawn %x in %d", d.Name, plain.Digest, plain.Steps, out.Digest, out.Steps)
		}
	}
}
