package scenario_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"stockproof/checks"
	"stockproof/inventory/article"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
)

const expiry = `stockproof schedule 1
# Token expiry.
#
#   deduct -> crash ... 25h ... deduct again
design article ttl=24h
scenario small
workload stock sku=A qty=5
workload order=o1 sku=A qty=2
fault crash role=worker after=deduct order=o1
fault advance-clock by=25h
fault restart role=worker
run actor=worker-1/main of=clients/drive at="start" nth=3
expect exactly-once-effect severity=2
ledger: holds
rowlock: n/a it has no worker
end 11
`

func TestAScheduleReadsAndWrites(t *testing.T) {
	s, err := scenario.ParseSchedule("dir/expiry.sched", expiry)
	if err != nil {
		t.Fatal(err)
	}
	d := engine.Deviation{Actor: "clients/drive", Point: "start", Nth: 3, Run: "worker-1/main", Line: 12}
	if len(s.Deviations) != 1 || s.Deviations[0] != d {
		t.Errorf("deviations %+v, want %+v", s.Deviations, d)
	}
	if g, ok := s.Expected(); g != checks.ExactlyOnceEffect || !ok || s.Severity != 2 {
		t.Errorf("expects %v %v, severity %d", g, ok, s.Severity)
	}
	if s.Name != "small" || s.DesignName() != "article" || len(s.Scenario.Faults) != 3 || len(s.Workload) != 2 {
		t.Errorf("%+v", s)
	}
	others := []scenario.OtherDesign{{Design: "ledger", Holds: true, Line: 14}, {Design: "rowlock", Note: "it has no worker", Line: 15}}
	if !reflect.DeepEqual(s.Others, others) {
		t.Errorf("others %+v", s.Others)
	}
	want := strings.Replace(expiry, `at="start"`, "at=start", 1)
	if got := s.String(); got != want {
		t.Errorf("it writes\n%s\nwant\n%s", got, want)
	}
}

// What a schedule is cannot get lost in its file.
func TestSchedulesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := aSchedule(t)
		text := s.String()
		back, err := scenario.ParseSchedule("x.sched", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if back.String() != text {
			t.Fatalf("it reads as\n%s\nand was\n%s", back, text)
		}
		if got, want := bare(back), bare(s); !reflect.DeepEqual(got, want) {
			t.Fatalf("it reads as %+v\nand was    %+v", got, want)
		}
	})
}

// bare is a schedule without what a file gives it: its name and the lines.
func bare(s *scenario.Schedule) *scenario.Schedule {
	b := *s
	b.File = ""
	b.Prose, b.Workload, b.Scenario.Faults, b.Expect, b.Deviations, b.Others = nil, nil, nil, nil, nil, nil
	design := *s.Design
	design.Line = 0
	b.Design = &design
	for _, p := range s.Prose {
		b.Prose = append(b.Prose, scenario.Prose{Text: p.Text})
	}
	for _, e := range s.Workload {
		e.Line = 0
		if _, ok := e.Get("order"); ok && e.Subject == "" {
			e.Subject = "order"
		}
		b.Workload = append(b.Workload, e)
	}
	for _, e := range s.Scenario.Faults {
		e.Line = 0
		b.Scenario.Faults = append(b.Scenario.Faults, e)
	}
	for _, x := range s.Expect {
		x.Line = 0
		b.Expect = append(b.Expect, x)
	}
	for _, d := range s.Deviations {
		d.Line = 0
		b.Deviations = append(b.Deviations, d)
	}
	for _, o := range s.Others {
		o.Line = 0
		b.Others = append(b.Others, o)
	}
	return &b
}

// aSchedule draws a schedule, names and points with anything in them.
func aSchedule(t *rapid.T) *scenario.Schedule {
	s := &scenario.Schedule{}
	s.Name = rapid.StringMatching(`[a-z][a-z0-9-]{0,9}`).Draw(t, "scenario")
	s.Design = &scenario.Entry{Subject: rapid.SampledFrom([]string{"article", "ledger"}).Draw(t, "design")}
	if rapid.Bool().Draw(t, "ttl") {
		s.Design.Settings = []scenario.Setting{{Key: "ttl", Value: "24h"}}
	}
	for range rapid.IntRange(0, 3).Draw(t, "prose") {
		s.Prose = append(s.Prose, scenario.Prose{Text: strings.TrimSpace("# " + rapid.StringMatching(`[ -~]{0,30}`).Draw(t, "text"))})
	}
	sku := rapid.StringMatching(`[A-Z "#=é\\]{1,6}`).Draw(t, "sku")
	s.Workload = []scenario.Entry{{Subject: "stock", Settings: []scenario.Setting{{Key: "sku", Value: sku}, {Key: "qty", Value: "5"}}}}
	orders := rapid.IntRange(1, 3).Draw(t, "orders")
	for i := range orders {
		s.Workload = append(s.Workload, scenario.Entry{Settings: []scenario.Setting{{Key: "order", Value: fmt.Sprintf("o%d", i+1)},
			{Key: "sku", Value: sku}, {Key: "qty", Value: fmt.Sprint(rapid.IntRange(1, 9).Draw(t, "qty"))}}})
	}
	for range rapid.IntRange(0, 3).Draw(t, "faults") {
		s.Scenario.Faults = append(s.Scenario.Faults, aFault(t, orders))
	}
	for range rapid.IntRange(0, 4).Draw(t, "deviations") {
		s.Deviations = append(s.Deviations, engine.Deviation{
			Run:   rapid.StringN(1, 12, -1).Draw(t, "run"),
			Actor: rapid.StringN(1, 12, -1).Draw(t, "actor"),
			Point: rapid.StringN(1, 30, -1).Draw(t, "point"),
			Nth:   rapid.IntRange(1, 50).Draw(t, "nth")})
	}
	s.Expect = []scenario.Expectation{{Holds: true}}
	if rapid.Bool().Draw(t, "violated") {
		s.Expect = []scenario.Expectation{{Guarantee: rapid.SampledFrom(checks.Guarantees()).Draw(t, "guarantee")}}
		s.Severity = rapid.Int64Range(0, 99).Draw(t, "severity")
	}
	switch rapid.IntRange(0, 2).Draw(t, "other") {
	case 1:
		s.Others = []scenario.OtherDesign{{Design: "ledger", Holds: true}}
	case 2:
		s.Others = []scenario.OtherDesign{{Design: "rowlock", Note: "no broker: nothing to lose"}}
	}
	return s
}

func aFault(t *rapid.T, orders int) scenario.Entry {
	f := sim.Fault{Kind: "crash", Role: "worker"}
	if rapid.Bool().Draw(t, "triggered") {
		f.When = sim.Trigger{Role: "worker", Point: rapid.SampledFrom([]string{"deduct", "settle", "fetch"}).Draw(t, "point"),
			Before: rapid.Bool().Draw(t, "before"), Nth: rapid.IntRange(1, 4).Draw(t, "nth"),
			Order: fmt.Sprintf("o%d", rapid.IntRange(1, orders).Draw(t, "order"))}
	}
	return f.Entry()
}

// A fault that is written into a file and read from it is the same fault.
func TestFaultsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := sim.Fault{Kind: "crash", Role: "worker", When: sim.Trigger{Role: rapid.SampledFrom([]string{"worker", "api"}).Draw(t, "of"),
			Point: "deduct", Before: rapid.Bool().Draw(t, "before"), Order: "o1", SKU: "A", Nth: rapid.IntRange(2, 9).Draw(t, "nth")}}
		s, err := scenario.ParseSchedule("x.sched", strings.Join([]string{"stockproof schedule 1", "design article",
			"workload stock sku=A qty=5", "workload order=o1 sku=A qty=2", "fault " + f.String(), "end 4", ""}, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		c, _, err := sim.ScheduleConfig(s, article.Design(), sim.CoreOptions())
		if err != nil {
			t.Fatal(err)
		}
		f.Line = 5
		if len(c.Faults) != 1 || c.Faults[0] != f {
			t.Fatalf("%+v reads as %+v", f, c.Faults)
		}
	})
}

// What is wrong with a schedule is named by line; nothing of it runs.
func TestBadSchedulesAreRefusedByLine(t *testing.T) {
	edit := func(old, new string) string {
		if !strings.Contains(expiry, old) {
			t.Fatalf("%q is not in the schedule", old)
		}
		return strings.Replace(expiry, old, new, 1)
	}
	for name, c := range map[string]struct {
		text, want string
		line       int
	}{
		"no end":            {edit("end 11\n", ""), "the file ends after 11 entries, `end 11` is missing: it was cut short", 15},
		"cut in the middle": {expiry[:strings.Index(expiry, "fault advance")], "the file ends after 5 entries", 9},
		"cut in a word":     {expiry[:strings.Index(expiry, "deduct order=o1")], "after= has no value", 9},
		"nothing":           {"", "not a schedule", 1},
		"a line is missing": {edit("workload order=o1 sku=A qty=2\n", ""), "end 11, and there are 10 entries", 15},
		"end without count": {edit("end 11", "end"), "end takes the number", 16},
		"end with a word":   {edit("end 11", "endless"), `unknown directive "endless"`, 16},
		"behind the end":    {expiry + "expect holds\n", "stands behind the end on line 16", 17},
		"newer":             {edit("schedule 1", "schedule 2"), "version 2 is newer than this program", 1},
		"no version":        {edit("schedule 1", "schedule one"), "is not a version", 1},
		"a scenario":        {edit("stockproof schedule", "stockproof scenario"), "not a schedule", 1},
		"foreign":           {"{\"a\": 1}\n", "not a schedule", 1},
		"binary":            {edit("ttl=24h", "ttl=\xff\xfe"), "not valid UTF-8", 5},
		"binary choice":     {edit("at=\"start\"", "at=\xff"), "not valid UTF-8", 12},
		"no workload":       {strings.Replace(expiry[:strings.Index(expiry, "workload")]+expiry[strings.Index(expiry, "fault"):], "end 11", "end 9", 1), "no workload line", 0},
		"no design":         {strings.Replace(edit("design article ttl=24h\n", ""), "end 11", "end 10", 1), "no design line", 0},
		"two designs":       {edit("scenario small", "design ledger"), "a second design line", 6},
		"unknown directive": {edit("fault crash", "falut crash"), `unknown directive "falut"`, 9},
		"unknown guarantee": {edit("expect exactly-once-effect", "expect exactly-twice"), "unknown guarantee", 13},
		"severity":          {edit("severity=2", "severity=many"), "severity", 13},
		"severity of none":  {edit("expect exactly-once-effect severity=2", "expect holds severity=2"), "none is expected", 13},
		"two scenarios":     {edit("workload stock sku=A qty=5", "scenario tiny"), "a second scenario line, the first is line 6", 7},
		"a design twice":    {edit("rowlock: n/a it has no worker", "ledger: n/a it has no worker"), "ledger stands on line 14 already", 15},
		"holds, somehow":    {edit("ledger: holds", "ledger: holds mostly"), `"holds mostly" is neither holds nor n/a`, 14},
		"option":            {edit("ttl=24h", "ttl=soon"), "ttl", 5},
		"run without at":    {edit(` at="start"`, ""), "run needs actor=WHO of=WHOM at=POINT", 12},
		"run without of":    {edit(" of=clients/drive", ""), "run needs actor=WHO of=WHOM at=POINT", 12},
		"run, unknown key":  {edit("nth=3", "when=3"), "unknown key when of run", 12},
		"run, nth":          {edit("nth=3", "nth=0"), "nth", 12},
		"half a quote":      {edit(`"start"`, `"start`), "quoted value does not end", 12},
		"neither":           {edit("ledger: holds", "ledger: maybe"), `"maybe" is neither holds nor n/a`, 14},
		"no reason":         {edit("n/a it has no worker", "n/a"), "n/a needs a reason", 15},
		"scenario":          {edit("scenario small", "scenario a b"), "scenario takes one name", 6},
		"quantity":          {edit("order=o1 sku=A qty=2", "order=o1 sku=A qty=-2"), "qty", 8},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scenario.ParseSchedule("bad.sched", c.text)
			var input *checks.InputError
			if !errors.As(err, &input) {
				t.Fatalf("%v", err)
			}
			if input.File != "bad.sched" || input.Line != c.line || !strings.Contains(input.Reason, c.want) {
				t.Errorf("%v, want line %d: %s", err, c.line, c.want)
			}
		})
	}
}

// What only the design and the workload can tell is wrong, before anything runs.
func TestSchedulesNameOnlyWhatTheirFileHas(t *testing.T) {
	for _, c := range []struct {
		old, new, want string
		line           int
	}{
		{"fault crash", "fault crush", "no such kind of fault", 9},
		{"role=worker after", "role=cleaner after", `no process "cleaner"`, 9},
		{"deduct order=o1", "deduct order=o9", `the workload has no order "o9"`, 9},
		{"deduct order=o1", "deduct sku=B", `the workload has no SKU "B"`, 9},
		{"after=deduct", "after=deduckt", `after: there is no point "deduckt"; there are of the API admit`, 9},
		{"after=deduct order=o1", "order=o1", "a trigger needs before=POINT or after=POINT", 9},
		{"by=25h", "by=soon", "no time such as 25h", 10},
		{" by=25h", "", "it needs by=TIME", 10},
		{"ttl=24h", "admission=sync", "design article has no such option", 5},
		{"ttl=24h", "record-key=frob", `the records of design article have no column "frob"; they have id, order_id, sku_id`, 5},
	} {
		s, err := scenario.ParseSchedule("bad.sched", strings.Replace(expiry, c.old, c.new, 1))
		if err != nil {
			t.Fatalf("%s: %v", c.new, err)
		}
		_, _, err = sim.ScheduleConfig(s, article.Design(), sim.CoreOptions())
		var input *checks.InputError
		if !errors.As(err, &input) || input.Line != c.line || !strings.Contains(input.Reason, c.want) {
			t.Errorf("%s: %v, want line %d: %s", c.new, err, c.line, c.want)
		}
	}
}
