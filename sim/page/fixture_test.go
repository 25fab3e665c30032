package page_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/ledger"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/page"
	"stockproof/sim/scenario"
	"stockproof/sim/timeline"
)

// ran is the run of a schedule, with the guarantee that it breaks accused.
func ran(t testing.TB, file, text string) page.Run {
	t.Helper()
	s, err := scenario.ParseSchedule(file, text)
	if err != nil {
		t.Fatal(err)
	}
	designs := map[string]inventory.Design{"article": article.Design(), "ledger": ledger.Design()}
	c, _, err := sim.ScheduleConfig(s, designs[s.DesignName()], sim.CoreOptions())
	if err != nil {
		t.Fatal(err)
	}
	e := engine.New(engine.Options{})
	defer e.Close()
	simulation, err := sim.NewSimulation(e, c)
	if err != nil {
		t.Fatal(err)
	}
	r := page.Run{File: file, Schedule: s, Timeline: timeline.New(simulation)}
	if r.Outcome, err = simulation.Run(); err != nil {
		t.Fatal(err)
	}
	r.Result, r.Verdict = r.Outcome.Result, r.Outcome.Result.String()
	broken, _ := s.Expected()
	for _, report := range r.Outcome.Reports {
		if report.Verdict == checks.Fail && report.Guarantee == broken {
			r.Accused = report
		}
	}
	return r
}

// recorded is the run of a recorded schedule.
func recorded(t testing.TB, name string) page.Run {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../testdata/schedules", name+".sched"))
	if err != nil {
		t.Fatal(err)
	}
	return ran(t, name+".sched", string(text))
}

// written is a page as text.
func written(t testing.TB, p page.Page) string {
	t.Helper()
	var b strings.Builder
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// pageOf is a page about one run.
func pageOf(r page.Run) page.Page {
	return page.Page{File: r.File, Design: r.Schedule.DesignName(), Command: "sim replay " + r.File, Run: r}
}

// asFound is the token's expiry before it was shrunk: with orders, and a fault, that it does not need.
const asFound = `stockproof schedule 1
design article ttl=24h
scenario token-expiry
workload stock sku=A qty=5
workload stock sku=B qty=4
workload order=o1 sku=A qty=1
workload order=o2 sku=B qty=2
workload read sku=A
fault evict role=worker after=deduct
fault advance-clock by=48h
expect exactly-once-effect
end 10
`

// shrunk is a page about a shrunk run and the one that was found.
func shrunk(t testing.TB) page.Page {
	original := ran(t, "token-expiry.original.sched", asFound)
	p := pageOf(recorded(t, "token-expiry"))
	p.Original = &original
	return p
}

// busy is a page about a run of many orders.
func busy(t testing.TB, orders int) page.Page {
	var b strings.Builder
	fmt.Fprintf(&b, "stockproof schedule 1\ndesign ledger\nscenario busy\nworkload clients=4\nworkload stock sku=A qty=%d\nworkload stock sku=B qty=%d\n", orders, orders)
	for i := range orders {
		fmt.Fprintf(&b, "workload order=o%d sku=%c qty=1\n", i+1, 'A'+i%2)
	}
	fmt.Fprintf(&b, "expect holds\nend %d\n", orders+6)
	return pageOf(ran(t, "busy.sched", b.String()))
}
