package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// written is a file with that text.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A write was answered before the read was called, and the read did not see it.
const staleRead = `{:process 0 :type :invoke :f :write :value 3 :time 1}
{:process 0 :type :ok :f :write :value 3 :time 2}
{:process 1 :type :invoke :f :read :value nil :time 5}
{:process 1 :type :ok :f :read :value %s :time 6}
`

func TestJepsensEDNOfARegisterIsJudged(t *testing.T) {
	holds := written(t, "h.edn", fmt.Sprintf(staleRead, "3"))
	if o := invoke(t, "check", holds); o.code != 0 || !strings.Contains(o.out, "format edn  model register") ||
		!strings.Contains(o.out, "holds      2 operations of 1 key, 0 of unknown outcome") {
		t.Errorf("exit %d\n%s%s", o.code, o.out, o.errors)
	}
	stale := written(t, "h.edn", fmt.Sprintf(staleRead, "nil"))
	page := filepath.Join(t.TempDir(), "p.html")
	o := invoke(t, "check", stale, "--html", page)
	if o.code != 3 || lastLine(o.out) != "sim check "+stale+" --format edn" {
		t.Errorf("exit %d\n%s%s", o.code, o.out, o.errors)
	}
	for _, want := range []string{"not-linearizable 2 operations", "FAIL: linearizable: no order of the operations explains",
		"offender  3     -     -    -      client 1: read -> nil [5, 6]", "porcupine's page about the operations that contradict each other: " + page} {
		if !strings.Contains(o.out, want) {
			t.Errorf("%q is missing in\n%s", want, o.out)
		}
	}
	drawn, err := os.ReadFile(page)
	if err != nil || !strings.Contains(string(drawn), "<html") || !strings.Contains(string(drawn), "write 3 -\\u003e ok") {
		t.Errorf("%v: %.300s", err, drawn)
	}
	if o := invoke(t, "check", stale, "--start", "3"); o.code != 3 {
		t.Errorf("a register that began at 3: exit %d\n%s", o.code, o.out)
	}
}

func TestJepsensLogIsJudged(t *testing.T) {
	const log = "INFO  jepsen.core - Running\nINFO  jepsen.util - 0\t:invoke\t:cas\t[3 4]\nINFO  jepsen.util - 0\t:%s\t:cas\t[3 4]\n"
	for _, c := range []struct {
		args, how string
		code      int
	}{
		{"", "ok", 3}, {"--start 3", "ok", 0}, {"--start 3 --fail-is-refusal", "fail", 3}, {"--fail-is-refusal", "fail", 0},
		{"", "info", 5},
	} {
		args := append([]string{"check", written(t, "j.log", fmt.Sprintf(log, c.how))}, strings.Fields(c.args)...)
		if o := invoke(t, args...); o.code != c.code || !strings.Contains(o.out, "format log  model register") {
			t.Errorf("%s, %s: exit %d, want %d\n%s%s", c.how, c.args, o.code, c.code, o.out, o.errors)
		}
	}
}

func TestACounterWithForeignNamesIsJudged(t *testing.T) {
	const shop = `[{:client 4 :type :invoke :f :take :n %[1]d :sku "a"} {:client 4 :type :ok :f :take :n %[1]d :sku "a" :left 2}
	{:client 5 :type :invoke :f :take :n 1 :sku "b"} {:client 5 :type :info :f :take :n 1 :sku "b"}]`
	for units, code := range map[int]int{3: 0, 4: 3} {
		o := invoke(t, "check", written(t, "h.edn", fmt.Sprintf(shop, units)), "--json", "--start", "5", "--model", "counter",
			"--map", "process=client,value=n,key=sku,deduct=take,remaining=left")
		var a struct {
			Result, Format, Model, Capability string
			Keys, Operations                  int
			Guarantees                        []struct{ Name, Verdict, Severity, Why string }
		}
		if err := json.Unmarshal([]byte(lastLine(o.out)), &a); err != nil {
			t.Fatalf("%v\n%s%s", err, o.out, o.errors)
		}
		if o.code != code || a.Format != "edn" || a.Model != "counter" || a.Capability != "remaining" || a.Keys != 2 ||
			a.Operations != 2 || len(a.Guarantees) != 1 || a.Guarantees[0].Name != "linearizable" {
			t.Errorf("%d units: exit %d, %+v", units, o.code, a)
		}
		if code == 3 && (a.Guarantees[0].Severity != "1 keys" || !strings.HasPrefix(a.Guarantees[0].Why, "key a: ")) {
			t.Errorf("%+v", a)
		}
	}
}

// More operations at one time than the window holds are undecided, and never a pass.
func TestTooManyAtOneTimeIsUndecided(t *testing.T) {
	var text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&text, "{:process %d :type :invoke :f :write :value %d}\n", i, i)
	}
	for i := range 300 {
		fmt.Fprintf(&text, "{:process %d :type :ok :f :write :value %d}\n", i, i)
	}
	file := written(t, "h.edn", text.String())
	o := invoke(t, "check", file, "--html", file+".html")
	if o.code != 6 || !strings.Contains(o.out, "UNDECIDED: linearizable: more than 256 operations are pending") ||
		!strings.Contains(o.out, "is not written: linearizable") {
		t.Errorf("exit %d\n%s%s", o.code, o.out, o.errors)
	}
	if _, err := os.Stat(file + ".html"); err == nil {
		t.Error("a page about nothing")
	}
}

// What is too large to draw is shown as text, and the page says so.
func TestASliceThatIsTooLargeIsText(t *testing.T) {
	var text strings.Builder
	for i := range 500 {
		fmt.Fprintf(&text, "{:process 0 :type :invoke :f :write :value %d}{:process 0 :type :ok :f :write :value %d}\n", i, i)
	}
	text.WriteString("{:process 1 :type :invoke :f :read}{:process 1 :type :ok :f :read :value 7}\n")
	file := written(t, "h.edn", text.String())
	o := invoke(t, "check", file, "--html", file+".html")
	const said = "the slice is shown as text: 501 operations are more than 400"
	if o.code != 3 || !strings.Contains(o.out, said+": "+file+".html") {
		t.Errorf("exit %d\n%s%s", o.code, o.out, o.errors)
	}
	page, err := os.ReadFile(file + ".html")
	if err != nil || !strings.Contains(string(page), "<p>"+said) || strings.Count(string(page), "\nclient ") != 400 {
		t.Errorf("%v: %.300s", err, page)
	}
}

func TestBadForeignHistoriesAreRefusedByCheck(t *testing.T) {
	const call = "{:process 1 :type :invoke :f :write :value 1 :time 5}\n"
	for _, c := range []struct{ text, want string }{
		{call + "{:process 1 :type :ok :f :write", "h:2: is cut short: '}' is missing"},
		{call + "{:process 1 :type :ok :f :write :value}", "h:2: a map has a key without a value"},
		{call + "{:process 2 :type :ok :f :write :value 1}", "h:2: process 2 is answered, and called nothing"},
		{call + "{:process 1 :type :ok :f :write :value 1 :time 4}", "h:2: time runs backwards, from 5 to 4"},
		{call + "{:process 2 :type :invoke :f :steal}", "h:2: :steal is an unknown kind of operation"},
		{"INFO jepsen.util - 3 :invoke :wri", "h:1: is cut short: a report has process, type, function and value"},
		{"INFO jepsen.util - 3 :invoke :steal nil", "h:1: :steal is an unknown kind of operation"},
		{"INFO jepsen.util - 3 :ok :read 1", "h:1: process 3 is answered, and called nothing"},
		{"order,sku,qty\n", "looks like neither jsonl nor edn nor log: --format says which"},
	} {
		refused(t, c.want, "check", written(t, "h", c.text))
	}
	file := written(t, "h.edn", call)
	for args, want := range map[string]string{
		"--format xml":                     `--format: "xml" is no format; there are auto, jsonl, edn, log`,
		"--format log":                     "h.edn: holds no operation",
		"--model queue":                    `--model: "queue" is no model; there are auto, register, counter`,
		"--model counter":                  "h.edn:1: write is no operation on a counter",
		"--map process":                    `--map: "process" is not of the form what=name`,
		"--claims linearizable":            "--claims is for histories of format jsonl",
		"--format edn --map process=actor": "h.edn:1: has no :actor",
	} {
		refused(t, want, append([]string{"check", file}, strings.Fields(args)...)...)
	}
	refused(t, "--model is for histories of Jepsen's", "check", histories+"ledger-tiny.jsonl", "--model", "counter")
	refused(t, `--start: "many" is no number of units`, "check", "--start", "many",
		written(t, "c.edn", "{:process 1 :type :invoke :f :add :value 1}"))
}

// A history of our own that is not linearizable is drawn too; of one that is, nothing is.
func TestAHistoryOfOursIsDrawn(t *testing.T) {
	text, err := os.ReadFile(histories + "ledger-tiny.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(t.TempDir(), "p.html")
	if o := invoke(t, "check", histories+"ledger-tiny.jsonl", "--html", page); o.code != 0 ||
		!strings.Contains(o.out, "is not written: linearizable") {
		t.Errorf("exit %d\n%s%s", o.code, o.out, o.errors)
	}
	const told = `"granted":2,"seq":2,"avail":1},"epoch":1048576}}`
	wrong := strings.Replace(string(text), told, strings.Replace(told, `"avail":1`, `"avail":2`, 1), 1)
	o := invoke(t, "check", written(t, "h.jsonl", wrong), "--claims", "linearizable", "--html", page)
	if o.code != 3 || !strings.Contains(o.out, "porcupine's page about the operations that contradict each other: "+page) {
		t.Errorf("exit %d\n%s%s", o.code, o.out, o.errors)
	}
	if drawn, err := os.ReadFile(page); err != nil || !strings.Contains(string(drawn), "seq 2 remaining 2") {
		t.Errorf("%v: %.300s", err, drawn)
	}
}
