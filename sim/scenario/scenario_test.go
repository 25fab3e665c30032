package scenario

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/model"
	"stockproof/sim/random"
	"stockproof/sim/workload"
	"stockproof/testdata/scenarios"
)

// Every bad file is refused with its name, the line, and what is wrong there.
func TestBadScenariosAreRefusedByLine(t *testing.T) {
	const head = "stockproof scenario 1\n"
	for _, c := range []struct{ text, want string }{
		{"", `x:1: not a scenario: the first line must be "stockproof scenario 1"`},
		{"stockproof scen", "x:1: not a scenario"},
		{"stockproof schedule 1\n", "x:1: not a scenario"},
		{"#!/bin/sh\n", "x:1: not a scenario"},
		{"stockproof scenario 2\n", "x:1: version 2 is newer than this program, which reads version 1"},
		{"stockproof scenario 0\n", `x:1: "0" is not a version`},
		{"stockproof scenario 01\n", `x:1: "01" is not a version`},
		{"stockproof scenario \n", `x:1: "" is not a version`},
		{"stockproof scenario one\n", `x:1: "one" is not a version`},
		{"stockproof scenario 99999999999999999999\n", "is not a version"},
		{head + "\n# prose\nfrobnicate a=1\n", `x:4: unknown directive "frobnicate"`},
		{head + "design ledger\ndesign article\n", "x:3: a second design line, the first is line 2"},
		{head + "design ledger ttl=24h ttl=24h\n", "x:2: ttl stands twice on the line"},
		{head + "design ledger colour=red\n", "x:2: unknown key colour of design"},
		{head + "design ttl=24\n", `x:2: ttl: "24" is not a time in whole seconds`},
		{head + "design ttl=1.5s\n", "x:2: ttl"},
		{head + "design admission=maybe\n", "x:2: admission"},
		{head + "design shards=-1\n", "x:2: shards: -1 is outside 0..1024"},
		{head + "design shards=0x2\n", `x:2: shards: "0x2" is not a whole number`},
		{head + "design every-op=yes\n", "x:2: every-op"},
		{head + "design Ledger\n", `x:2: "Ledger" is not a name`},
		{head + "workload\n", "x:2: workload needs parameters or an entry"},
		{head + "workload orders=\n", "x:2: orders= has no value"},
		{head + "workload orders\n", `x:2: unknown workload entry "orders"`},
		{head + "workload orders=1 skus\n", "x:2: skus has no value"},
		{head + "workload orders=10 colour=red\n", "x:2: unknown key colour of workload"},
		{head + "workload orders=10\nworkload orders=20\n", "x:3: orders stands on line 2 already"},
		{head + "workload orders=ten\n", `x:2: orders: "ten" is not a whole number`},
		{head + "workload orders=10 supply=lots\n", `x:2: supply: "lots" is not a share`},
		{head + "workload hot=1.5\n", "x:2: hot: 1.5 is outside 0..1"},
		{head + "workload orders=10\nworkload stock sku=A qty=1\n", "x:2: orders is for a generated workload"},
		{head + "workload order=o1 sku=A\n", "x:2: workload order needs qty"},
		{head + "workload order=o1 sku=A qty=0\n", "x:2: qty: 0 is outside 1..1000000000"},
		{head + "workload order=o1 sku=A qty=-1\n", "x:2: qty: -1 is outside"},
		{head + "workload order=o1 sku=A qty=1.5\n", `x:2: qty: "1.5" is not a whole number`},
		{head + "workload order=o1 sku=A qty=1 line=0\n", "x:2: line: 0 is outside 1..1000"},
		{head + "workload order=o1 sku=A qty=1 colour=red\n", "x:2: unknown key colour of workload order"},
		{head + "workload order=o1 sku=A qty=1\nworkload order=o1 sku=B qty=1 line=1\n", "x:3: order o1 has two lines 1"},
		{head + "workload order=o1 sku=A qty=1\nworkload order=o1 sku=B qty=1 policy=all-or-nothing\n",
			"x:3: order o1 is partial on line 2"},
		{head + "workload order=o1 sku=A qty=1 policy=some\n", "x:2: policy"},
		{head + `workload order=o1 sku="\x00" qty=1` + "\n", "x:2: sku"},
		{head + `workload order=o1 sku="A qty=1` + "\n", "x:2: sku: the quoted value does not end"},
		{head + `workload order=o1 sku="A"qty=1` + "\n", `x:2: sku: "qty=1" follows the quoted value`},
		{head + `workload order=o1 sku=A"B qty=1` + "\n", "x:2: sku: the value must be quoted"},
		{head + "workload order=o1 sku=A#B qty=1\n", "x:2: sku: the value must be quoted"},
		{head + "workload stock sku=A qty=1\nworkload stock sku=A qty=1\n", `x:3: stock of "A" stands twice`},
		{head + "workload cancel order=o1\n", "x:2: no line before this one has order o1"},
		{head + "workload cancel order=o1\nworkload order=o1 sku=A qty=1\n", "x:2: no line before this one has order o1"},
		{head + "workload adjust sku=A delta=0\n", "x:2: delta"},
		{head + "fault\n", "x:2: fault needs a name"},
		{head + "fault role=worker\n", "x:2: fault needs a name"},
		{head + "fault crash role=worker role=api\n", "x:2: role stands twice on the line"},
		{head + "fault crash role=\n", "x:2: role= has no value"},
		{head + "fault crash role\n", "x:2: role has no value"},
		{head + "fault crash =1\n", `x:2: "" is not a name`},
		{head + "expect\n", "x:2: expect takes one guarantee, or holds"},
		{head + "expect speed\n", `x:2: unknown guarantee: "speed" is not a guarantee`},
		{head + "expect holds\nexpect no-loss\n", "x:3: no-loss contradicts line 2"},
		{head + "expect no-loss\nexpect no-loss\n", "x:3: no-loss stands on line 2 already"},
		{head + "# \xff\n", "x:2: is not valid UTF-8"},
		{head + strings.Repeat("#\n", maxBytes/2), "x: too large: at most 1048576 bytes are allowed"},
	} {
		_, err := Parse("x", "x", c.text)
		var input *checks.InputError
		if !errors.As(err, &input) || !strings.HasPrefix(err.Error(), c.want) && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: %v, want %s", c.text, err, c.want)
		}
	}
}

func anyWord(t *rapid.T, name string) string {
	return rapid.StringMatching(`[a-z][a-z0-9-]{0,8}`).Draw(t, name)
}

// anyScenario draws a scenario that the format can hold.
func anyScenario(t *rapid.T) *Scenario {
	s := &Scenario{Name: "any", File: "any.scenario"}
	line := 1
	next := func() int { line += rapid.IntRange(1, 3).Draw(t, "gap"); return line }
	text := func(name string) string {
		legal := func(v string) bool { return model.SKU(v).Validate() == nil }
		return rapid.String().Filter(legal).Draw(t, name)
	}
	for range rapid.IntRange(0, 2).Draw(t, "prose") {
		said := rapid.SampledFrom([]string{"", " why", "   a -> b", "# x"}).Draw(t, "said")
		s.Prose = append(s.Prose, Prose{next(), "#" + said})
	}
	if rapid.Bool().Draw(t, "has design") {
		s.Design = &Entry{Line: next(), Settings: []Setting{{"ttl", "24h"}}}
		if rapid.Bool().Draw(t, "named") {
			s.Design.Subject = anyWord(t, "design")
		}
	}
	if rapid.Bool().Draw(t, "explicit") {
		for i := range rapid.IntRange(1, 4).Draw(t, "entries") {
			qty := rapid.Int64Range(1, model.MaxQuantity).Draw(t, "qty")
			s.Workload = append(s.Workload, Entry{next(), "order", []Setting{
				{"order", text("order") + fmt.Sprint(i)}, {"sku", text("sku")}, {"qty", fmt.Sprint(qty)}}})
		}
	} else {
		var settings []Setting
		p := workload.DefaultParams()
		p.Orders, p.Qty = rapid.IntRange(1, 60).Draw(t, "orders"), rapid.Int64Range(1, 50).Draw(t, "qty")
		for _, p := range strings.Fields(p.Settings()) {
			key, value, _ := strings.Cut(p, "=")
			settings = append(settings, Setting{key, value})
		}
		s.Workload = append(s.Workload, Entry{next(), "", settings})
	}
	for range rapid.IntRange(0, 3).Draw(t, "faults") {
		f := Entry{Line: next(), Subject: anyWord(t, "fault")}
		for i := range rapid.IntRange(0, 3).Draw(t, "settings") {
			f.Settings = append(f.Settings, Setting{anyWord(t, "key") + fmt.Sprint(i), text("value")})
		}
		s.Faults = append(s.Faults, f)
	}
	if rapid.Bool().Draw(t, "expects") {
		g := rapid.SampledFrom(checks.Guarantees()).Draw(t, "guarantee")
		s.Expect = append(s.Expect, Expectation{Line: next(), Guarantee: g})
	}
	return s
}

// A scenario that is written and read again is the same, line by line: odd SKUs, empty values, gaps
// between the lines and all.
func TestScenariosRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyScenario(t)
		back, err := Parse(s.Name, s.File, s.String())
		if err != nil {
			t.Fatalf("%v\n%s", err, s)
		}
		if !reflect.DeepEqual(back, s) {
			t.Fatalf("wrote %+v\nread  %+v\n%s", s, back, s)
		}
	})
}

// A program need not number the lines: they follow one another in the order of the parts.
func TestScenariosMadeByAProgram(t *testing.T) {
	s := &Scenario{
		Prose:  []Prose{{0, "# Why."}, {0, "#"}},
		Design: &Entry{Subject: "ledger", Settings: []Setting{{"shards", "2"}}},
		Workload: []Entry{{0, "stock", []Setting{{"sku", "a b"}, {"qty", "1"}}},
			{0, "order", []Setting{{"order", "o1"}, {"sku", ""}, {"qty", "1"}}}},
		Faults: []Entry{{0, "crash", []Setting{{"role", "worker"}}}},
		Expect: []Expectation{{Holds: true}},
	}
	want := "stockproof scenario 1\n# Why.\n#\ndesign ledger shards=2\nworkload stock sku=\"a b\" qty=1\n" +
		"workload order=o1 sku=\"\" qty=1\nfault crash role=worker\nexpect holds\n"
	if s.String() != want {
		t.Errorf("got\n%s", s)
	}
	s.Prose[1].Line = 5 // and what has no line follows what is before it
	if got := s.String(); !strings.HasPrefix(got, "stockproof scenario 1\n# Why.\n\n\n#\ndesign ledger") {
		t.Errorf("got\n%s", got)
	}
}

// The parser answers anything with a scenario or a checks.InputError, and what it accepts it can write and
// build.
func FuzzParse(f *testing.F) {
	for _, i := range mustList(f) {
		text, err := scenarios.Files.ReadFile(i.Name + suffix)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("stockproof scenario 1\nworkload order=\"\\u00e9 \" sku=\"\" qty=1\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("x", "x", text)
		var input *checks.InputError
		if err != nil {
			if !errors.As(err, &input) {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		back, err := Parse("x", "x", s.String())
		if err != nil || !reflect.DeepEqual(back, s) {
			t.Fatalf("%v: wrote\n%s", err, s)
		}
		if s.Explicit() {
			w, err := s.Build(workload.DefaultParams(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Check(); err != nil {
				t.Error(err)
			}
		}
	})
}

func mustList(t testing.TB) []Info {
	t.Helper()
	all, err := List()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Every embedded scenario parses, says what it shows, is written the way the program would write it,
// and makes a workload.
func TestEmbeddedScenarios(t *testing.T) {
	var names []string
	for _, i := range mustList(t) {
		names = append(names, i.Name)
		s, err := Load(i.Name)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := scenarios.Files.ReadFile(i.Name + suffix)
		if s.String() != string(text) {
			t.Errorf("%s is not in the form that the program writes", s.File)
		}
		if i.About == "" || len(s.Expect) == 0 {
			t.Errorf("%s: about %q, %d expectations", s.File, i.About, len(s.Expect))
		}
		w, err := s.Build(workload.DefaultParams(), 1)
		if err != nil || w.Orders() == 0 {
			t.Errorf("%s: %d orders, %v", s.File, w.Orders(), err)
		}
		if err := w.Check(); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"tiny", "small", "medium", "flash-sale", "token-expiry", "connector-duplicates"} {
		if !slices.Contains(names, name) {
			t.Errorf("there is no scenario %s among %q", name, names)
		}
	}
}

// The fault entries of token-expiry are what the executing side is told, in order, with their lines.
func TestTokenExpirySaysWhatHappens(t *testing.T) {
	s, err := Load("token-expiry")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"crash [{role worker} {after deduct} {order o1} {nth 1}]", "advance-clock [{by 25h}]",
		"restart [{role worker}]"}
	var got []string
	for _, f := range s.Faults {
		got = append(got, fmt.Sprintf("%s %v", f.Subject, f.Settings))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if len(s.Expect) != 1 || s.Expect[0].Guarantee != checks.ExactlyOnceEffect || !s.ExpectsViolation() {
		t.Errorf("expects %+v", s.Expect)
	}
	o := DesignOptions{Options: inventory.DefaultOptions()}
	if err := s.DesignOptions(&o); err != nil || o.TokenTTL != "86400" || o.Partitions != 8 {
		t.Errorf("options %+v, %v", o, err)
	}
	w, err := s.Build(workload.DefaultParams(), 1)
	if err != nil {
		t.Fatal(err)
	}
	id, ok := w.Order("o1")
	if !ok || w.Names()[id] != "o1" || w.Names()[inventory.LineID(id, 1)] != "o1/1" {
		t.Errorf("order %s, %t", id, ok)
	}
	if len(w.Supply) != 1 || w.Supply[0].Units != 5 || w.Supply[0].Lane.SKU != "A" || len(w.Steps) != 1 || w.Clients != 1 {
		t.Errorf("workload %+v", w)
	}
}

// The medium scenario is the default workload in writing.
func TestMediumIsTheDefault(t *testing.T) {
	s, err := Load("medium")
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Params(workload.Params{})
	if err != nil || p != workload.DefaultParams() {
		t.Errorf("%+v, %v", p, err)
	}
}

// What the scenario does not set stays as the command line has it.
func TestScenarioParametersGoOverTheBase(t *testing.T) {
	s, err := Parse("x", "x", "stockproof scenario 1\nworkload orders=7 supply=1/3\n")
	if err != nil {
		t.Fatal(err)
	}
	base := workload.DefaultParams()
	base.Orders, base.Clients = 99, 5
	p, err := s.Params(base)
	if err != nil || p.Orders != 7 || p.Clients != 5 || p.Supply != (random.Ratio{Num: 1, Den: 3}) {
		t.Errorf("%+v, %v", p, err)
	}
}

// Several entries make one checkout, at the place of the first; a return keeps its place among the steps
// of its SKU, and a cancel waits for its order only.
func TestEntriesBecomeSteps(t *testing.T) {
	s, err := Parse("test", "test", `stockproof scenario 1
workload clients=3
workload order=o1 sku=A qty=1
workload read sku=A
workload order=o2 sku=B qty=1
workload order=o1 sku=B qty=2 line=7
workload cancel order=o2
workload return sku=B qty=1
workload order=o3 sku=B qty=1
workload order=o4 sku=A qty=1
`)
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Build(workload.DefaultParams(), 1)
	if err := errors.Join(err, w.Check()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range w.Steps {
		got = append(got, fmt.Sprintf("%s %v %d", s.Kind, s.After, len(s.Order.Lines)))
	}
	want := []string{"checkout [] 2", "read [] 0", "checkout [] 1", "cancel [2] 0", "return [0 2 3] 0", "checkout [4] 1",
		"checkout [] 1"}
	if !slices.Equal(got, want) || w.Clients != 3 {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if l := w.Steps[0].Order.Lines; l[0].Number != 1 || l[1].Number != 7 {
		t.Errorf("lines %+v", l)
	}
}

func TestLoadTakesANameOrAPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.scenario")
	if err := os.WriteFile(path, []byte("stockproof scenario 1\r\n# Mine.\r\nworkload orders=3\r\nexpect holds"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Load(path)
	if err != nil || s.Name != "mine" || s.About() != "Mine." || s.ExpectsViolation() {
		t.Errorf("%+v, %v", s, err)
	}
	var input *checks.InputError
	if _, err := Load("nonesuch"); !errors.As(err, &input) || !strings.HasPrefix(err.Error(), "nonesuch: ") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(path, []byte("stockproof scenario 1\nworkload orders=3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); !errors.As(err, &input) || input.Line != 3 || !strings.Contains(input.Reason, "cut short") {
		t.Errorf("cut at a line: %v", err)
	}
	if _, err := Load(t.TempDir()); !errors.As(err, &input) {
		t.Errorf("a folder: %v", err)
	}
}

// A generated workload and the list of its entries are the same orders.
func TestAGeneratedWorkloadAsEntries(t *testing.T) {
	s, err := Parse("g", "g.scenario", "stockproof scenario 1\nworkload orders=20 skus=3 clients=3 multi=0.5 cancels=0.3 restocks=0.3 reads=0.2\n")
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Build(workload.DefaultParams(), 7)
	if err != nil {
		t.Fatal(err)
	}
	x, err := s.AsEntries(workload.DefaultParams(), 7)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("g", "g.scenario", x.String())
	if err != nil {
		t.Fatalf("%v\n%s", err, x)
	}
	l, err := again.Build(workload.DefaultParams(), 1)
	if err != nil {
		t.Fatal(err)
	}
	kinds := func(w workload.Workload) (n [8]int) {
		for i := range w.Steps {
			n[w.Steps[i].Kind]++
		}
		return n
	}
	want := kinds(w)
	got := kinds(l)
	want[workload.StepRead], got[workload.StepRead] = 0, 0 // a read of several SKUs becomes several reads
	if l.Orders() != w.Orders() || l.Lines() != w.Lines() || l.Clients != w.Clients || len(l.Supply) != len(w.Supply) || got != want {
		t.Errorf("%d orders, %d lines, %v; as entries %d, %d, %v", w.Orders(), w.Lines(), want, l.Orders(), l.Lines(), got)
	}
	if same, err := again.AsEntries(workload.DefaultParams(), 9); err != nil || same != again {
		t.Errorf("a list is made a list again: %v", err)
	}
}
